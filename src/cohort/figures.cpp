#include "cohort/figures.h"

#include <fmt/format.h>

#include <algorithm>

#include "cohort/cohort_document.h"
#include "cohort/report/figure_plots.h"
#include "cohort/report/html.h"
#include "cohort/report/parts.h"
#include "metrics/estimate_json.h"
#include "metrics/statistics/proportion.h"
#include "metrics/vocabulary.h"

namespace medperf::cohort {
namespace {

using metrics::or_null;
using metrics::or_ok;

Json document_of(const Figure& figure) {
  const metrics::Estimate& e = figure.estimate;
  Json row = Json::object(
      {{"metric", figure.metric}, {"of", figure.of.empty() ? Json() : Json(figure.of)}});
  if (const metrics::MetricEntry* entry = metrics::find_metric(figure.metric)) {
    row.set("name", entry->name);
    row.set("unit", entry->unit);
    row.set("direction", metrics::to_string(entry->direction));
  }
  metrics::set_members(row, e);
  row.set("convention", convention_of(figure));
  if (figure.bound) row.set("bound", or_null(figure.bound));
  if (figure.test) {
    row.set("statistic", or_null(figure.test->statistic));
    row.set("p_value", or_null(figure.test->p_value));
  }
  for (const auto& [what, cases] : figure.altered) row.set(what, cases);
  return row;
}

/// The worst cases and all of them, as far as they are shown.
std::string cases_part(const FigureSet& set) {
  const CaseRows& rows = set.rows;
  if (rows.first.empty()) return {};
  std::string out = fmt::format("<h2>Worst cases</h2>\n<p>The worst first: {}.</p>\n",
                                report::escaped(rows.worst_by));
  out += report::table({fmt::format("The {} worst of {} cases", rows.worst.size(), set.cases),
                        rows.heads, rows.worst});
  const bool cut = rows.first.size() < set.cases;
  return out + "<h2>Cases</h2>\n" +
         report::table({cut ? fmt::format("The first {} of {} cases", rows.first.size(), set.cases)
                            : fmt::format("All {} cases", set.cases),
                        rows.heads, rows.first});
}

}  // namespace

bool has_tests(const FigureSet& set) {
  return std::any_of(set.figures.begin(), set.figures.end(),
                     [](const Figure& one) { return one.test.has_value(); });
}

std::string remark_of(const Figure& figure) {
  std::string text(figure.estimate.flag);
  for (const auto& [what, cases] : figure.altered) {
    if (cases == 0) continue;
    text += what == figure.estimate.flag ? fmt::format(" ({} cases)", cases)
            : text.empty()               ? fmt::format("{} cases {}", cases, what)
                                         : fmt::format(", {} cases {}", cases, what);
  }
  return text;
}

std::string convention_of(const Figure& figure) {
  const std::string_view own = figure.estimate.convention;
  if (figure.interval.empty()) return std::string(own);
  const bool only_interval =
      own.empty() || own == metrics::kWilsonConvention || own == metrics::kClopperPearsonConvention;
  if (only_interval) return std::string(figure.interval);
  return fmt::format("{}; interval {}", own, figure.interval);
}

Json figures_document(const FigureSet& set, std::string_view program, const Json& options) {
  Json::Array figures;
  for (const Figure& one : set.figures) figures.push_back(document_of(one));
  Json document = Json::object({{"format", kFiguresFormat},
                                {"kind", set.kind},
                                {"program", program},
                                {"n_cases", set.cases},
                                {"n_patients", set.patients},
                                {"options", options},
                                {"figures", Json(std::move(figures))}});
  for (const auto& [key, value] : set.more.members()) document.set(key, value);
  for (const auto& [key, value] : set.curves.members()) document.set(key, value);
  return document;
}

std::string figures_csv(const FigureSet& set) {
  const bool tests = has_tests(set);
  std::string text = "metric,of,value,se,low,high,flag,convention";
  text += tests ? ",statistic,p_value\n" : "\n";
  const auto field = [](const std::optional<double>& value) {
    return value ? fmt::format("{}", *value) : std::string();
  };
  for (const Figure& one : set.figures) {
    const metrics::Estimate& e = one.estimate;
    text += fmt::format("{},{},{},{},{},{},{},{}", one.metric, csv_field(one.of), field(e.value),
                        field(e.se), e.interval ? fmt::format("{}", e.interval->low) : "",
                        e.interval ? fmt::format("{}", e.interval->high) : "", or_ok(e.flag),
                        convention_of(one));
    if (tests) {
      const FigureTest test = one.test.value_or(FigureTest{});
      text += fmt::format(",{},{}", field(test.statistic), field(test.p_value));
    }
    text += '\n';
  }
  return text;
}

std::string figures_report(const FigureSet& set, std::string_view program, const Json& options) {
  report::Table table{"Figures of the cohort. Undefined is no value, and the remark says why.",
                      {"Metric", "Value", "Interval", "Remark", "Convention"},
                      {}};
  const bool tests = has_tests(set);
  if (tests) table.heads.emplace_back("p");
  for (const Figure& one : set.figures) {
    const metrics::Estimate& e = one.estimate;
    const std::string remark = remark_of(one);
    table.rows.push_back(
        {one.of.empty() ? one.metric : one.metric + ", " + one.of, report::number(e.value),
         e.interval ? fmt::format("{:.4g} to {:.4g}", e.interval->low, e.interval->high) : "-",
         remark.empty() ? "ok" : remark, convention_of(one)});
    if (tests)
      table.rows.back().push_back(report::number(one.test ? one.test->p_value : std::nullopt));
  }
  std::string body =
      fmt::format("<p>{} cases of {} patients.</p>\n<h2>Figures</h2>\n", set.cases, set.patients);
  body += report::table(table);
  const std::string plots = report::plots_of(set);
  if (!plots.empty()) body += "<h2>Plots</h2>\n" + plots;
  body += cases_part(set);
  body += "<h2>How this was made</h2>\n" +
          report::settings_part({set.kind, std::string(program), options});
  return report::page("A cohort: " + set.kind, body);
}

}  // namespace medperf::cohort
