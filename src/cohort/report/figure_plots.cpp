#include "cohort/report/figure_plots.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "cohort/report/html.h"
#include "cohort/report/plots.h"

namespace medperf::cohort::report {
namespace {

/// Below it a decision curve is of no use to anybody, and would squeeze the rest.
constexpr double kLeastBenefit = -0.1;

const Json::Array& items_of(const Json* list) {
  static const Json::Array none;
  return list == nullptr ? none : list->items();
}

std::vector<Point> points_of(const Json* list) {
  std::vector<Point> points;
  for (const Json& point : items_of(list)) {
    points.emplace_back(point.items()[0].as_double(), point.items()[1].as_double());
  }
  return points;
}

std::string figure_of(const XyPlot& plot) {
  return fmt::format("<figure>\n{}<figcaption>{}</figcaption>\n</figure>\n", xy_plot(plot),
                     escaped(plot.description));
}

// Beyond these a picture has no room.
constexpr std::size_t kMostClasses = 40;

std::string of_two_classes(const FigureSet& set) {
  std::string out;
  XyPlot plot;
  plot.unit_square = plot.diagonal = true;
  plot.line = points_of(set.curves.find("roc"));
  if (!plot.line.empty()) {
    plot.title = "ROC curve";
    plot.description = "Each point is a threshold. The dashed line is chance.";
    plot.x_label = "1 - specificity";
    plot.y_label = "Sensitivity";
    out += figure_of(plot);
  }
  plot.line.clear();
  for (const Json& bin : items_of(set.curves.find("reliability"))) {
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
  for (const Json& point : items_of(set.curves.find("decision_curve"))) {
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
  return out;
}

std::string bland_altman(const FigureSet& set) {
  XyPlot plot;
  plot.dots = points_of(set.curves.find("agreement"));
  if (plot.dots.empty()) return {};
  plot.title = "Bland-Altman plot";
  plot.description =
      "Each dot is a case: its mean of prediction and reference, and their difference.";
  const std::size_t drawn = std::min(plot.dots.size(), kMaxDots);
  if (drawn < set.cases) {
    plot.description +=
        fmt::format(" Only the first {} of {} cases are drawn as dots.", drawn, set.cases);
  }
  plot.x_label = "Mean of prediction and reference";
  plot.y_label = "Prediction - reference";
  for (const Figure& one : set.figures) {
    if (!one.estimate.value) continue;
    if (one.metric == "bias") plot.guides.push_back({*one.estimate.value, "bias"});
    if (one.metric == "limits-of-agreement") {
      plot.guides.push_back({*one.estimate.value, one.of + " limit"});
    }
  }
  return figure_of(plot);
}

/// A curve for each class or label, as many as are there.
std::string curves_of_each(const FigureSet& set) {
  const Json* const curves = set.curves.find("roc_of_each");
  if (curves == nullptr || curves->members().empty()) return {};
  const bool classes = set.more.find("confusion") != nullptr;
  std::string out = fmt::format("<h3>ROC curves of each {}</h3>\n", classes ? "class" : "label");
  const Json* const all = set.more.find(classes ? "classes" : "labels");
  const std::size_t count = classes ? all->items().size() : all->members().size();
  if (curves->members().size() < count) {
    out += fmt::format("<p>{} of {}: {}.</p>\n", curves->members().size(), count,
                       classes ? "the classes with the most cases that have a case and a rest"
                               : "the first labels that some cases have and some have not");
  }
  out += "<div class=\"plots\">\n";
  for (const auto& [name, points] : curves->members()) {
    XyPlot plot;
    plot.unit_square = plot.diagonal = true;
    plot.line = points_of(&points);
    plot.title = "ROC curve of " + name;
    plot.description = fmt::format("ROC curve of {}{}. The dashed line is chance.", name,
                                   classes ? " against the rest" : "");
    plot.x_label = "1 - specificity";
    plot.y_label = "Sensitivity";
    out += figure_of(plot);
  }
  return out + "</div>\n";
}

/// The classes that are shown: all, or those with the most reference cases, in the given order.
std::vector<std::size_t> shown_classes(const Json::Array& rows) {
  std::vector<std::size_t> shown(rows.size());
  std::iota(shown.begin(), shown.end(), std::size_t{0});
  if (rows.size() <= kMostClasses) return shown;
  std::vector<std::int64_t> totals;
  for (const Json& row : rows) {
    std::int64_t total = 0;
    for (const Json& count : row.items()) total += count.as_int();
    totals.push_back(total);
  }
  std::stable_sort(shown.begin(), shown.end(),
                   [&](std::size_t a, std::size_t b) { return totals[a] > totals[b]; });
  shown.resize(kMostClasses);
  std::sort(shown.begin(), shown.end());
  return shown;
}

std::string confusion_part(const FigureSet& set) {
  const Json* const matrix = set.more.find("confusion");
  if (matrix == nullptr) return {};
  const Json::Array& rows = matrix->items();
  const Json::Array& names = set.more.find("classes")->items();
  const std::vector<std::size_t> shown = shown_classes(rows);
  HeatMap map;
  map.title = "Confusion matrix";
  map.description =
      "Rows are the reference, columns the prediction, in the same order. A cell's shade is its "
      "share of the cases of its row; on the diagonal the two agree.";
  if (shown.size() < rows.size()) {
    map.description +=
        fmt::format(" The {} classes with the most cases of {}.", shown.size(), rows.size());
  }
  Table table{shown.size() < rows.size() ? map.title + ", the classes shown above" : map.title,
              {"Reference"},
              {}};
  for (const std::size_t i : shown) {
    map.names.push_back(names[i].as_string());
    table.heads.push_back("called " + names[i].as_string());
    std::vector<std::string> cells = {names[i].as_string()};
    std::vector<std::int64_t> counts;
    for (const std::size_t j : shown) {
      counts.push_back(rows[i].items()[j].as_int());
      cells.push_back(std::to_string(counts.back()));
    }
    map.counts.push_back(std::move(counts));
    table.rows.push_back(std::move(cells));
  }
  return fmt::format("<figure>\n{}<figcaption>{}</figcaption>\n</figure>\n", heat_map(map),
                     escaped(map.description)) +
         report::table(table);
}

/// The 2x2 table of each label.
std::string label_counts(const FigureSet& set) {
  const Json* const labels = set.more.find("labels");
  if (labels == nullptr || labels->members().empty()) return {};
  Table table{"Cases of each label at the threshold",
              {"Label", "True positive", "False positive", "True negative", "False negative"},
              {}};
  for (const auto& [name, counts] : labels->members()) {
    std::vector<std::string> row = {name};
    for (const char* const key : {"tp", "fp", "tn", "fn"}) {
      row.push_back(std::to_string(counts.find(key)->as_int()));
    }
    table.rows.push_back(std::move(row));
  }
  return report::table(table);
}

}  // namespace

std::string plots_of(const FigureSet& set) {
  return of_two_classes(set) + confusion_part(set) + label_counts(set) + curves_of_each(set) +
         bland_altman(set);
}

}  // namespace medperf::cohort::report
