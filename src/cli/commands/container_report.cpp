#include "cli/commands/container_report.h"

#include <fmt/format.h>
#include "cli/exit_codes.h"

namespace medperf::cli {

Status write_page(const Invocation& call, const std::string& page) {
  if (!call.has("html")) return {};
  const fs::path file = call.text("html");
  MEDPERF_CHECK(write_file_atomically(file, page));
  call.out().line("the report as a page: " + file.string());
  return {};
}

Result<int> show_report(const Invocation& call, const site::GateReport& report) {
  call.out().line(fmt::format("container {} '{}' (owner: user {})", report.container.value,
                              report.name, report.publisher.value));
  call.out().line(site::report_text(report));
  MEDPERF_CHECK(write_page(call, site::report_html(report)));
  call.out().result(site::to_json(report));
  if (report.refusal.empty()) return kOk;
  return exit_code_of(make_error(ErrorKind::kRefused, "container", report.refusal));
}

}  // namespace medperf::cli
