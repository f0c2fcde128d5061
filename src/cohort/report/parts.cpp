#include "cohort/report/parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cohort/report/html.h"
#include "cohort/report/plots.h"
#include "metrics/vocabulary.h"

namespace medperf::cohort::report {
namespace {

constexpr std::size_t kMaxCases = 2000;
constexpr std::size_t kMaxFailures = 200;

std::string reasons(const std::map<std::string, std::int64_t>& counts) {
  std::string text;
  for (const auto& [reason, cases] : counts) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", cases, reason);
  }
  return text.empty() ? "-" : text;
}

std::vector<double> values_of(const CohortResult& result, std::size_t column) {
  std::vector<double> values;
  for (const CaseResult& one : result.cases) {
    if (!one.failure && one.values[column].value) values.push_back(*one.values[column].value);
  }
  return values;
}

}  // namespace

std::string number(const std::optional<double>& value) {
  return value ? fmt::format("{:.4g}", *value) : "-";
}

std::string figure(const metrics::Estimate& value) {
  if (!value.value) return fmt::format("undefined: {}", value.flag);
  if (value.flag.empty()) return number(value.value);
  return fmt::format("{} ({})", number(value.value), value.flag);
}

std::string summary_table(const CohortResult& result, std::span<const Summary> summaries) {
  const bool groups = std::any_of(summaries.begin(), summaries.end(),
                                  [](const Summary& one) { return !one.group.empty(); });
  Table table{"Each metric over the cohort. Undefined values are in no mean.", {"Metric"}, {}};
  if (groups) table.heads.emplace_back("Group");
  for (const char* head : {"Cases", "Patients", "Mean", "Interval", "Median", "Quartiles",
                           "Undefined", "By convention", "Failed"}) {
    table.heads.emplace_back(head);
  }
  for (const Summary& one : summaries) {
    std::vector<std::string> row = {result.columns[one.column].title()};
    if (groups) row.push_back(one.group.empty() ? "all" : one.group);
    const auto& spread = one.spread;
    const auto& interval = one.mean.interval;
    row.insert(row.end(),
               {std::to_string(one.n), std::to_string(one.patients), number(one.mean.value),
                interval ? fmt::format("{:.4g} to {:.4g}", interval->low, interval->high) : "-",
                spread ? number(spread->median) : "-",
                spread ? fmt::format("{:.4g} to {:.4g}", spread->q25, spread->q75) : "-",
                reasons(one.undefined), reasons(one.remarked), std::to_string(one.failed)});
    table.rows.push_back(std::move(row));
  }
  return report::table(table);
}

std::string box_plots(const CohortResult& result, std::span<const Summary> summaries) {
  std::vector<BoxPlot> plots;
  for (const Summary& one : summaries) {
    if (!one.group.empty() || !one.spread) continue;
    const Column& column = result.columns[one.column];
    auto plot = std::find_if(plots.begin(), plots.end(),
                             [&column](const BoxPlot& p) { return p.title == column.metric; });
    if (plot == plots.end()) {
      const metrics::MetricEntry* const entry = metrics::find_metric(column.metric);
      plots.push_back({column.metric, entry ? std::string(entry->unit) : "", {}});
      plot = plots.end() - 1;
    }
    plot->rows.push_back({column.of(), *one.spread, values_of(result, one.column)});
  }
  std::string out;
  for (const BoxPlot& plot : plots) {
    std::size_t most = 0;
    for (const BoxRow& row : plot.rows) most = std::max(most, row.values.size());
    out += fmt::format(
        "<figure>\n{}<figcaption>{}: box = quartiles, thick line = median, thin line = 5th to 95th "
        "percentile, a dot a case{}.</figcaption>\n</figure>\n",
        box_plot(plot), escaped(plot.title),
        most > kMaxDotsOfBox
            ? fmt::format("; only the first {} of up to {} are drawn as dots", kMaxDotsOfBox, most)
            : "");
  }
  return out;
}

std::string failures(const CohortResult& result) {
  if (result.failed() == 0) return {};
  std::string out = fmt::format(
      "<h2>Failed cases</h2>\n<p class=\"failed\">{} of {} cases could not be measured. They are "
      "in "
      "no figure of this report, so the means may flatter.</p>\n",
      result.failed(), result.cases.size());
  Table table{result.failed() > kMaxFailures
                  ? fmt::format("The first {} of {} cases without figures, and what to do",
                                kMaxFailures, result.failed())
                  : "Cases without figures, and what to do",
              {"Case", "What", "Where", "What to do"},
              {}};
  for (const CaseResult& one : result.cases) {
    if (!one.failure || table.rows.size() == kMaxFailures) continue;
    table.rows.push_back(
        {one.files.id, one.failure->what, one.failure->where, one.failure->advice});
  }
  return out + report::table(table);
}

std::string case_table(const CohortResult& result) {
  Table table{fmt::format("The figures of {} cases", result.cases.size()), {"Case"}, {}};
  if (result.cases.size() > kMaxCases) {
    table.caption =
        fmt::format("The figures of the first {} of {} cases", kMaxCases, result.cases.size());
  }
  for (const Column& column : result.columns) table.heads.push_back(column.title());
  table.heads.emplace_back("Remarks");
  for (const CaseResult& one : result.cases) {
    if (table.rows.size() == kMaxCases) break;
    std::vector<std::string> row = {one.files.id};
    for (std::size_t i = 0; i < result.columns.size(); ++i) {
      row.push_back(one.failure ? "failed" : figure(one.values[i]));
    }
    std::string remarks;
    for (const std::string& remark : one.remarks) remarks += remark + " ";
    row.push_back(remarks);
    table.rows.push_back(std::move(row));
  }
  return report::table(table);
}

std::string settings_part(const CohortSettings& settings) {
  return fmt::format("<p>Made by {} with the options <code>{}</code></p>\n",
                     escaped(settings.program), escaped(to_text(settings.options)));
}

}  // namespace medperf::cohort::report
