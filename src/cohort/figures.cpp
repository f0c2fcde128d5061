#include "cohort/figures.h"

#include <fmt/format.h>

#include <algorithm>

#include "cohort/cohort_document.h"
#include "cohort/report/html.h"
#include "cohort/report/parts.h"
#include "cohort/report/plots.h"
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

/// Below it a decision curve is of no use to anybody, and would squeeze the rest.
constexpr double kLeastBenefit = -0.1;

const Json::Array& items_of(const Json* list) {
  static const Json::Array none;
  return list == nullptr ? none : list->items();
}

std::vector<report::Point> points_of(const Json* list) {
  std::vector<report::Point> points;
  for (const Json& point : items_of(list)) {
    points.emplace_back(point.items()[0].as_double(), point.items()[1].as_double());
  }
  return points;
}

std::string figure_of(const report::XyPlot& plot) {
  return fmt::format("<figure>\n{}<figcaption>{}</figcaption>\n</figure>\n", report::xy_plot(plot),
                     report::escaped(plot.description));
}

std::string plots_of(const FigureSet& set) {
  std::string out;
  report::XyPlot plot;
  plot.unit_square = plot.diagonal = true;
  plot.line = points_of(set.more.find("roc"));
  if (!plot.line.empty()) {
    plot.title = "ROC curve";
    plot.description = "Each point is a threshold. The dashed line is chance.";
    plot.x_label = "1 - specificity";
    plot.y_label = "Sensitivity";
    out += figure_of(plot);
  }
  plot.line.clear();
  for (const Json& bin : items_of(set.more.find("reliability"))) {
    plot.line.emplace_back(bin.find("mean_probability")->as_double(),
                           bin.find("event_rate")->as_double());
  }
  if (!plot.line.empty()) {
    plot.dots = plot.line;
    plot.title = "Reliability diagram";
    plot.description =
        "Mean predicted probability and share of positive cases of each bin that holds cases. On "
        "the dashed line they are equal.";
    plot.x_label = "Predicted probability";
    plot.y_label = "Share of positive cases";
    out += figure_of(plot);
  }
  plot = {};
  for (const Json& point : items_of(set.more.find("decision_curve"))) {
    const double threshold = point.items()[0].as_double();
    plot.line.emplace_back(threshold, std::max(kLeastBenefit, point.items()[1].as_double()));
    plot.dots.emplace_back(threshold, std::max(kLeastBenefit, point.items()[2].as_double()));
  }
  if (!plot.line.empty()) {
    plot.title = "Decision curve";
    plot.description =
        "Net benefit at each threshold probability. The line is the model, the dots are treating "
        "everybody; treating nobody is 0. Values below -0.1 are drawn at -0.1.";
    plot.x_label = "Threshold probability";
    plot.y_label = "Net benefit";
    plot.guides.push_back({0, "nobody treated"});
    out += figure_of(plot);
  }
  report::XyPlot agreement;
  agreement.dots = points_of(set.more.find("agreement"));
  if (!agreement.dots.empty()) {
    agreement.title = "Bland-Altman plot";
    agreement.description =
        "Each dot is a case: its mean of prediction and reference, and their difference.";
    agreement.x_label = "Mean of prediction and reference";
    agreement.y_label = "Prediction - reference";
    for (const Figure& one : set.figures) {
      if (!one.estimate.value) continue;
      if (one.metric == "bias") agreement.guides.push_back({*one.estimate.value, "bias"});
      if (one.metric == "limits-of-agreement") {
        agreement.guides.push_back({*one.estimate.value, one.of + " limit"});
      }
    }
    out += figure_of(agreement);
  }
  return out;
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
  if (own.empty() || own == metrics::kWilsonConvention) return std::string(figure.interval);
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
  const std::string plots = plots_of(set);
  if (!plots.empty()) body += "<h2>Plots</h2>\n" + plots;
  body += "<h2>How this was made</h2>\n" +
          report::settings_part({set.kind, std::string(program), options});
  return report::page("A cohort: " + set.kind, body);
}

}  // namespace medperf::cohort
