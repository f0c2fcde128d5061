#include <array>

#include <fmt/format.h>
#include "cli/commands/groups.h"
#include "cli/exit_codes.h"
#include "cli/invocation.h"
#include "ledger/ledger.h"

namespace medperf::cli {
namespace {

Result<int> verify(Invocation& call) {
  fs::path file = call.text("log");
  if (file.empty()) {
    MEDPERF_TRY(site::Site * site, call.site());
    file = site->workspace().audit_log();
  }
  MEDPERF_TRY(ledger::Verification found, ledger::verify_file(file));
  call.out().result(Json::object({{"file", file.string()},
                                  {"lines", found.lines},
                                  {"head", found.head},
                                  {"first_bad_line", found.first_bad_line},
                                  {"problem", found.problem}}));
  if (found.first_bad_line > 0) {
    return make_error(
        ErrorKind::kCorrupt, fmt::format("{}: line {}", file.string(), found.first_bad_line),
        found.problem,
        "the log was changed or damaged from this line on; keep a copy and find out why");
  }
  call.out().line(fmt::format("{}: {} lines, the chain holds; head {}", file.string(), found.lines,
                              found.head));
  return kOk;
}

Result<int> show(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  auto text = read_file(site->workspace().audit_log(), mebibytes(256));
  if (!text.ok() && text.error().kind == ErrorKind::kNotFound) {
    call.out().line("the log is empty");
    call.out().result(Json::array());
    return kOk;
  }
  if (!text.ok()) return std::move(text).error();
  Json::Array lines;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    if (!call.out().is_json()) call.out().line(line);
    if (call.out().is_json()) {
      MEDPERF_TRY(Json parsed, parse_json(line));
      lines.push_back(std::move(parsed));
    }
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  call.out().result(Json(std::move(lines)));
  return kOk;
}

constexpr std::array kVerify = {
    Argument{"--log", "FILE", "Another log file, e.g. a copy.", ArgumentKind::kText, false}};

}  // namespace

std::span<const Command> audit_commands() {
  static constexpr std::array kCommands = {
      Command{"verify", "Check the chain of the log; names the first changed line.",
              "medperf audit verify", kVerify, verify},
      Command{"show", "Print the log.", "medperf audit show", {}, show},
  };
  return kCommands;
}

}  // namespace medperf::cli
