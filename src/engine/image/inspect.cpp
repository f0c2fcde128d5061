// The first look at an image, in the manner of the CIS Docker Benchmark v1.6, section 4 (images).
#include <algorithm>
#include <array>
#include <cctype>

#include "base/encoding.h"
#include "engine/image/archive.h"

namespace medperf::engine {
namespace {

#if defined(__x86_64__)
constexpr std::string_view kHere = "amd64";
#elif defined(__aarch64__)
constexpr std::string_view kHere = "arm64";
#else
constexpr std::string_view kHere = "unknown";
#endif

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

// At most five names, so that a report stays readable.
std::string some(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < 5; ++i) out += (i ? ", " : "") + names[i];
  if (names.size() > 5)
    out += " and " + std::to_string(names.size() - 5) + (names.size() >= 50 ? "+ more" : " more");
  return out;
}

bool secret_name(std::string_view name) {
  static constexpr std::array<std::string_view, 7> kWords = {
      "password", "passwd", "secret", "api_key", "apikey", "private", "credential"};
  const auto text = lower(name);
  if (text.ends_with("token")) return true;
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

// The user part of "user", "user:group", "0:0".
bool is_root(std::string_view user) {
  const auto name = user.substr(0, user.find(':'));
  return name.empty() || name == "0" || name == "root";
}

void inspect_config(const ImageArchive& image, std::vector<Finding>& out) {
  if (is_root(image.user)) {
    out.push_back(
        {Severity::kNotice, "CIS 4.1 user",
         image.user.empty()
             ? "the image names no user and would run as root; it is run as an ordinary user here"
             : "the image wants to run as root; it is run as an ordinary user here"});
  }
  for (const auto& variable : image.environment) {
    const auto equals = variable.find('=');
    if (equals == std::string::npos || equals + 1 == variable.size()) continue;
    const auto name = variable.substr(0, equals);
    if (secret_name(name)) {
      out.push_back({Severity::kSerious, "CIS 4.10 secrets",
                     "the environment variable " + printable(name, 100) +
                         " looks like a secret stored in the image"});
    }
  }
  if (!image.exposed_ports.empty()) {
    out.push_back({Severity::kNotice, "CIS 5.8 ports",
                   "the image wants to serve on " + printable(some(image.exposed_ports), 300) +
                       "; it gets no network"});
  }
  if (!image.volumes.empty()) {
    out.push_back({Severity::kInfo, "volumes",
                   "the image declares volumes (" + printable(some(image.volumes), 300) +
                       "); its root is read-only here"});
  }
  if (image.architecture != kHere || image.os != "linux") {
    out.push_back({Severity::kSerious, "platform",
                   "the image is made for " + printable(image.os + "/" + image.architecture, 100) +
                       ", this machine is linux/" + std::string(kHere)});
  }
  for (const auto& tag : image.tags) {
    if (tag.ends_with(":latest") || tag.find(':') == std::string::npos) {
      out.push_back(
          {Severity::kInfo, "CIS 4.7 tag",
           "the tag " + printable(tag, 200) + " can change; the image is run by its digest alone"});
    }
  }
}

void inspect_contents(const ImageContents& contents, std::vector<Finding>& out) {
  const auto add = [&](Severity severity, const char* check, const char* what,
                       const std::vector<std::string>& names) {
    if (!names.empty()) out.push_back({severity, check, what + some(names)});
  };
  add(Severity::kSerious, "file names",
      "names that leave the image or are no text: ", contents.odd_names);
  add(Severity::kSerious, "CIS 4.10 secrets",
      "files that usually hold secrets: ", contents.secrets);
  add(Severity::kSerious, "devices", "device nodes: ", contents.devices);
  add(Severity::kWarning, "CIS 4.8 setuid",
      "setuid or setgid programs (they gain nothing here): ", contents.setuid);
  add(Severity::kNotice, "world-writable",
      "files or folders that anyone may write: ", contents.world_writable);
  add(Severity::kNotice, "CIS 4.3 packages", "package managers: ", contents.package_managers);
  add(Severity::kInfo, "CIS 4.3 packages", "shells: ", contents.shells);
}

Json list(const std::vector<std::string>& items) {
  Json out = Json::array();
  for (const auto& item : items) out.push(printable(item, 1000));
  return out;
}

}  // namespace

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "info";
    case Severity::kNotice:
      return "notice";
    case Severity::kWarning:
      return "warning";
    case Severity::kSerious:
      return "serious";
  }
  return "info";
}

std::vector<Finding> inspect(const ImageArchive& image) {
  std::vector<Finding> findings;
  inspect_config(image, findings);
  inspect_contents(image.contents, findings);
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  return findings;
}

Json to_json(const ImageArchive& image, const std::vector<Finding>& findings) {
  Json layers = Json::array();
  for (const auto& layer : image.layers) {
    layers.push(Json::object({{"diff_id", layer.diff_id.prefixed()},
                              {"size", static_cast<std::int64_t>(layer.size.value)}}));
  }
  // Values of the environment may be secrets: only the names are shown.
  std::vector<std::string> names;
  for (const auto& variable : image.environment)
    names.push_back(variable.substr(0, variable.find('=')));
  Json graded = Json::array();
  for (const auto& finding : findings) {
    graded.push(Json::object({{"severity", to_string(finding.severity)},
                              {"check", finding.check},
                              {"what", finding.what}}));
  }
  return Json::object({{"format", image.format},
                       {"image_id", image.image.prefixed()},
                       {"tags", list(image.tags)},
                       {"platform", printable(image.os + "/" + image.architecture, 100)},
                       {"created", printable(image.created, 100)},
                       {"user", printable(image.user, 100)},
                       {"entrypoint", list(image.entrypoint)},
                       {"command", list(image.command)},
                       {"environment_names", list(names)},
                       {"exposed_ports", list(image.exposed_ports)},
                       {"volumes", list(image.volumes)},
                       {"entries", static_cast<std::int64_t>(image.contents.entries)},
                       {"layers", std::move(layers)},
                       {"findings", std::move(graded)}});
}

}  // namespace medperf::engine
