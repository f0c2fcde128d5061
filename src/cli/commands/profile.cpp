#include <algorithm>
#include <array>

#include <fmt/format.h>
#include "base/yaml.h"
#include "cli/commands/groups.h"
#include "cli/invocation.h"
#include "site/workspace/options.h"

namespace medperf::cli {
namespace {

/// Sets "hub.url" in the nested document of config.yaml.
void set_dotted(Json& document, std::string_view key, const std::string& value) {
  const std::size_t dot = key.find('.');
  if (dot == std::string_view::npos) {
    document.set(key, value);
    return;
  }
  const std::string_view section = key.substr(0, dot);
  Json* inner = document.find(section);
  if (inner == nullptr || !inner->is_object()) {
    document.set(section, Json::object());
    inner = document.find(section);
  }
  set_dotted(*inner, key.substr(dot + 1), value);
}

Result<int> set(Invocation& call) {
  MEDPERF_TRY(site::Workspace workspace, site::Workspace::open(call.workspace_path()));
  std::string yaml;
  auto text = read_file(workspace.config_file(), mebibytes(1));
  if (text.ok()) yaml = *text;
  MEDPERF_TRY(Json document, parse_yaml(yaml));
  if (!document.is_object()) document = Json::object();
  for (const std::string& word : call.words("settings")) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
      return make_error(ErrorKind::kInvalid, word, "is no KEY=VALUE",
                        "write for example hub.url=https://hub.example");
    }
    set_dotted(document, word.substr(0, equals), word.substr(equals + 1));
  }
  const std::string content = to_yaml(document);
  // Unknown keys and wrong types are refused before anything is written.
  auto checked = Options::load(site::client_options(), content, {});
  if (!checked.ok()) return std::move(checked).error();
  MEDPERF_CHECK(write_file_atomically(workspace.config_file(), content));
  call.out().line("wrote " + workspace.config_file().string());
  call.out().result(document);
  return 0;
}

Result<int> show(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  call.out().line("# workspace " + site->workspace().root().string());
  const std::string text = site->options().print(site::client_options());
  call.out().line(text);
  if (call.out().is_json()) {
    MEDPERF_TRY(Json document, parse_yaml(text));
    call.out().result(document);
  }
  return 0;
}

constexpr std::array kSet = {Argument{
    "settings", "KEY=VALUE", "Settings; 'profile show' lists them.", ArgumentKind::kWords, true}};

}  // namespace

std::span<const Command> profile_commands() {
  static constexpr std::array kCommands = {
      Command{"set", "Change settings in config.yaml.",
              "medperf profile set hub.url=https://hub.example hub.ca_file=/etc/medperf/ca.pem",
              kSet, set},
      Command{"show", "Show every setting.", "medperf profile show", {}, show},
  };
  return kCommands;
}

}  // namespace medperf::cli
