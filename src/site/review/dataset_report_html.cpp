// The report of a preparation as a page, in the frame of the project's other reports.
#include <fmt/format.h>
#include "cohort/report/html.h"
#include "site/review/dataset_report.h"

namespace medperf::site {
namespace {

using cohort::report::escaped;
using cohort::report::Table;

std::string steps(const DatasetReport& report) {
  std::string out;
  for (const PreparationStep& step : report.steps) {
    const bool good = step.text.empty() && step.state != "not ready";
    out += fmt::format("<div{}><h3>{}: {}</h3>\n", good ? "" : " class=\"failed\"",
                       escaped(step.name), escaped(step.state));
    if (!step.text.empty()) out += fmt::format("<p>Its last words: {}</p>\n", escaped(step.text));
    out += "</div>\n";
  }
  return out;
}

std::string cases(const DatasetReport& report) {
  if (!report.problem.empty()) {
    return fmt::format("<p class=\"failed\">The preparation's own report cannot be read: {}</p>\n",
                       escaped(report.problem));
  }
  if (report.cases.empty()) return "<p>The preparation reports no cases one by one.</p>\n";
  std::string out = cohort::report::table({"Cases by state", {"state", "cases"}, report.counts});
  Table table{"State of each case", {"case"}, {}};
  table.heads.insert(table.heads.end(), report.columns.begin(), report.columns.end());
  for (const ReportedCase& one : report.cases) {
    table.rows.push_back({one.id});
    table.rows.back().insert(table.rows.back().end(), one.values.begin(), one.values.end());
  }
  out += cohort::report::table(table);
  if (report.cases_in_all > report.cases.size()) {
    out += fmt::format("<p>The {} least advanced of {} cases are shown.</p>\n", report.cases.size(),
                       report.cases_in_all);
  }
  return out;
}

}  // namespace

std::string report_html(const DatasetReport& report) {
  std::string body = report.ready() ? "<p>The data is prepared, checked and counted.</p>\n"
                                    : "<p class=\"failed\"><strong>The data is not ready.</strong> "
                                      "'medperf dataset prepare' goes on with it.</p>\n";
  body += "<p>This page is for this site: it may name cases.</p>\n";
  body += "<h2>Steps</h2>\n" + steps(report);
  body += "<h2>Statistics</h2>\n";
  body +=
      report.statistics.empty()
          ? "<p>There are none yet.</p>\n"
          : "<p>These leave the site when the dataset is set operational, after you agreed.</p>\n" +
                cohort::report::table({"Statistics", {"name", "value"}, report.statistics});
  body += "<h2>Cases</h2>\n" + cases(report);
  return cohort::report::page(fmt::format("Preparation of dataset {}", report.dataset.value), body);
}

}  // namespace medperf::site
