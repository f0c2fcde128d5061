// The report as a page. Its frame, style and policy are those of the project's other reports.
#include <fmt/format.h>
#include "cohort/report/html.h"
#include "site/review/gate_report.h"

namespace medperf::site {
namespace {

using cohort::report::escaped;
using cohort::report::Table;

std::string or_none(const std::string& text) {
  return text.empty() ? std::string("none") : text;
}

/// Name and text below each other: digests and commands are long, telephones narrow.
void entry(std::string& out, std::string_view name, std::string_view text) {
  out += fmt::format("<dt><strong>{}</strong></dt><dd>{}</dd>\n", escaped(name), escaped(text));
}

std::string identity(const GateReport& report) {
  std::string out = "<dl>\n";
  entry(out, "Container",
        report.container.value == 0 ? report.name + ", not registered"
                                    : fmt::format("{} '{}'", report.container.value, report.name));
  if (report.publisher.value != 0)
    entry(out, "Publisher", fmt::format("user {}", report.publisher.value));
  entry(out, "Signature", report.signature.empty() ? report.signature_state : report.signature);
  entry(out, "Image", report.image);
  entry(out, "Archive", report.archive + ", verified, a " + report.format);
  if (!report.manifest.empty()) entry(out, "Manifest", report.manifest);
  entry(out, "Platform", report.platform);
  entry(out, "User", report.user.empty() ? "none named" : report.user);
  entry(out, "Starts", or_none(fmt::format("{}", fmt::join(report.starts, " "))));
  entry(out, "Parameters", or_none(report.parameters));
  return out + "</dl>\n";
}

std::string findings(const GateReport& report) {
  if (report.findings.empty()) return "<p>Nothing was found.</p>\n";
  std::string out;
  for (const engine::Finding& finding : report.findings) {
    const bool grave = finding.severity >= engine::Severity::kWarning;
    out += fmt::format("<div{}><h3>{}: {}</h3>\n<p>{}</p>\n", grave ? " class=\"failed\"" : "",
                       engine::to_string(finding.severity), escaped(finding.check),
                       escaped(finding.what));
    if (!finding.advice.empty())
      out += fmt::format("<p>What to do: {}.</p>\n", escaped(finding.advice));
    out += "</div>\n";
  }
  return out;
}

std::string access(const ReportTask& task) {
  std::string out = fmt::format("<h3>{}</h3>\n", escaped(task.name));
  if (!task.gpus.empty()) out += fmt::format("<p>Asks for GPUs: {}</p>\n", escaped(task.gpus));
  if (!task.shm_size.empty())
    out += fmt::format("<p>Asks for shared memory: {}</p>\n", escaped(task.shm_size));
  Table table{"Mounts of " + task.name, {"label", "may", "holds", "inside"}, {}};
  for (const ReportMount& mount : task.mounts) {
    table.rows.push_back(
        {mount.label, mount.writable ? "read and write" : "read", mount.holds, mount.inside});
  }
  return out + cohort::report::table(table);
}

std::string walls(const GateReport& report) {
  std::string out =
      "<p>It runs only where each of these is proved by a container that tried:</p>\n<ul>\n";
  for (const std::string& wall : report.walls) out += fmt::format("<li>{}</li>\n", escaped(wall));
  return out + fmt::format("</ul>\n<p>Within {} of memory, {} processes, {:.0f} seconds.</p>\n",
                           medperf::to_string(report.limits.memory), report.limits.pids,
                           report.limits.wall.count());
}

std::string contents(const GateReport& report) {
  std::string out = "<h3>Bill of materials</h3>\n<ul>\n";
  for (const std::string& bill : report.bills) out += fmt::format("<li>{}</li>\n", escaped(bill));
  out += report.bills.empty() ? "<li>none, and no list of packages</li>\n</ul>\n" : "</ul>\n";
  Table table{fmt::format("Layers, {} unpacked", medperf::to_string(report.size())),
              {"layer", "size", "digest"},
              {}};
  for (std::size_t i = 0; i < report.layers.size(); ++i) {
    table.rows.push_back({std::to_string(i + 1), medperf::to_string(report.layers[i].size),
                          report.layers[i].diff_id.prefixed()});
  }
  return out + "<h3>Layers</h3>\n" + cohort::report::table(table);
}

}  // namespace

std::string report_html(const GateReport& report) {
  std::string body;
  body += report.refusal.empty()
              ? "<p>This site's policy admits it; whether it runs is decided by a person.</p>\n"
              : fmt::format(
                    "<p class=\"failed\"><strong>Refused by this site's policy.</strong> "
                    "{}</p>\n",
                    escaped(report.refusal));
  body += "<h2>What it is</h2>\n" + identity(report);
  body += "<h2>Inspection</h2>\n" + findings(report);
  body += "<h2>What it gets</h2>\n";
  for (const ReportTask& task : report.tasks) body += access(task);
  for (const std::string& request : report.requests)
    body += fmt::format("<p>Requests: {}.</p>\n", escaped(request));
  body += "<h2>Behind which walls</h2>\n" + walls(report);
  body += "<h2>What is in it</h2>\n" + contents(report);
  return cohort::report::page("Report of container " + report.name, body);
}

}  // namespace medperf::site
