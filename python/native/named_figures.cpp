#include "named_figures.h"

#include <string>

#include "metrics/statistics/mean.h"
#include "metrics/statistics/quantile_interval.h"
#include "tasks.h"

namespace medperf::python {
namespace {

using metrics::ClassProbabilities;
using metrics::ConfusionMatrix;
using metrics::Direction;
using metrics::Estimate;
using metrics::FigureOptions;
using metrics::MeasuredPair;
using metrics::ScoredCase;
using Positions = std::span<const std::uint32_t>;
using Values = std::span<const double>;
using ValueFigure = metrics::FigureOf<Values>;

/// Of values alone; the metric that they are of is the caller's.
constexpr ValueFigure kValues[] = {
    {"mean",
     [](Values values, const FigureOptions& options) {
       return metrics::mean_estimate(values, options.intervals.level);
     }},
    {"median", [](Values values, const FigureOptions& options) {
       return metrics::quantile_estimate(values, 0.5, options.intervals.level);
     }}};

template <typename Figure>
Result<const Figure*> find(std::span<const Figure> figures, std::string_view name) {
  if (const Figure* const found = metrics::find_figure(figures, name)) return found;
  std::string known;
  for (const Figure& one : figures) known += (known.empty() ? "" : ", ") + std::string(one.id);
  return wrong("figure", "there is none of the name " + std::string(name) + " of such cases",
               "Choose one of: " + known + ".");
}

Direction direction_of(std::string_view id) {
  const auto* const entry = metrics::find_metric(id);
  return entry == nullptr ? Direction::kNone : entry->direction;
}

/// Undefined where a resample has what a figure refuses.
Estimate or_undefined(Result<Estimate> found) {
  return found ? *found : Estimate{};
}

/// A figure of rows that are picked out of a list.
template <typename Row>
NamedFigure of_rows(std::vector<Row> rows, const metrics::FigureOf<std::span<const Row>>& entry,
                    const FigureOptions& options) {
  const std::size_t cases = rows.size();
  auto of = [rows = std::move(rows), figure = entry.of, options](Positions positions) {
    std::vector<Row> picked(positions.size());
    for (std::size_t i = 0; i < picked.size(); ++i) picked[i] = rows[positions[i]];
    return or_undefined(figure(picked, options));
  };
  return {cases, direction_of(entry.id), std::move(of)};
}

/// The parts of an array that hold the models' values.
template <typename T>
Result<std::vector<std::span<const T>>> by_model(std::span<const T> all, std::size_t models,
                                                 std::size_t each) {
  if (all.size() != models * each) {
    return wrong("predicted", "it holds " + std::to_string(all.size()) + " values and not " +
                                  std::to_string(each) + " for each of " + std::to_string(models));
  }
  std::vector<std::span<const T>> parts;
  for (std::size_t i = 0; i < models; ++i) parts.push_back(all.subspan(i * each, each));
  return parts;
}

struct Request {
  std::string figure;
  std::size_t models = 1;
  int classes = 2;
  FigureOptions options;
};

Result<std::vector<NamedFigure>> of_scores(Arguments& arguments, const Request& request) {
  MEDPERF_TRY(const auto predicted, arguments.numbers("predicted"));
  MEDPERF_TRY(const auto reference, arguments.yes_or_no("reference"));
  MEDPERF_TRY(const auto parts, by_model(predicted, request.models, reference.size()));
  MEDPERF_TRY(const auto* const entry, find(metrics::scored_figures(), request.figure));
  std::vector<NamedFigure> figures;
  for (const auto part : parts) {
    std::vector<ScoredCase> cases(part.size());
    for (std::size_t i = 0; i < cases.size(); ++i) cases[i] = {part[i], reference[i] != 0};
    if (auto tried = entry->of(cases, request.options); !tried) {
      return std::move(tried).error().at("predicted");
    }
    figures.push_back(of_rows(std::move(cases), *entry, request.options));
  }
  return figures;
}

Result<std::vector<NamedFigure>> of_measures(Arguments& arguments, const Request& request) {
  MEDPERF_TRY(const auto predicted, arguments.numbers("predicted"));
  MEDPERF_TRY(const auto reference, arguments.numbers("reference"));
  MEDPERF_TRY(const auto parts, by_model(predicted, request.models, reference.size()));
  MEDPERF_TRY(const auto* const entry, find(metrics::measured_figures(), request.figure));
  std::vector<NamedFigure> figures;
  for (const auto part : parts) {
    std::vector<MeasuredPair> cases(part.size());
    for (std::size_t i = 0; i < cases.size(); ++i) cases[i] = {reference[i], part[i]};
    MEDPERF_CHECK(entry->of(cases, request.options));
    figures.push_back(of_rows(std::move(cases), *entry, request.options));
  }
  return figures;
}

Result<std::vector<NamedFigure>> of_values(Arguments& arguments, const Request& request) {
  MEDPERF_TRY(const auto values, arguments.numbers("predicted"));
  MEDPERF_TRY(const auto parts, by_model(values, request.models, values.size() / request.models));
  MEDPERF_TRY(const auto* const entry, find(std::span<const ValueFigure>(kValues), request.figure));
  std::vector<NamedFigure> figures;
  for (const auto part : parts) {
    figures.push_back(
        of_rows(std::vector<double>(part.begin(), part.end()), *entry, request.options));
  }
  return figures;
}

Result<std::vector<NamedFigure>> of_classes(Arguments& arguments, const Request& request) {
  MEDPERF_TRY(const auto predicted, arguments.classes("predicted", request.classes));
  MEDPERF_TRY(const auto reference, arguments.classes("reference", request.classes));
  MEDPERF_TRY(const auto parts,
              by_model(std::span<const int>(predicted), request.models, reference.size()));
  MEDPERF_TRY(const auto* const entry, find(metrics::matrix_figures(), request.figure));
  std::vector<NamedFigure> figures;
  for (const auto part : parts) {
    MEDPERF_CHECK(ConfusionMatrix::of(reference, part, request.classes));
    auto of = [figure = entry->of, request, reference,
               called = std::vector<int>(part.begin(), part.end())](Positions positions) {
      auto matrix = ConfusionMatrix::empty(request.classes);
      if (!matrix) return Estimate{};
      for (const std::uint32_t i : positions) matrix->add(reference[i], called[i]);
      return or_undefined(figure(*matrix, request.options));
    };
    figures.push_back({reference.size(), direction_of(entry->id), std::move(of)});
  }
  return figures;
}

Result<std::vector<NamedFigure>> of_probabilities(Arguments& arguments, const Request& request) {
  const auto classes = static_cast<std::size_t>(request.classes);
  MEDPERF_TRY(const auto predicted, arguments.numbers("predicted"));
  MEDPERF_TRY(const auto reference, arguments.classes("reference", request.classes));
  MEDPERF_TRY(const auto parts, by_model(predicted, request.models, reference.size() * classes));
  MEDPERF_TRY(const auto* const entry, find(metrics::probability_figures(), request.figure));
  std::vector<NamedFigure> figures;
  for (const auto part : parts) {
    if (auto tried = ClassProbabilities::of(reference, part, request.classes); !tried) {
      return std::move(tried).error().at("predicted");
    }
    auto of = [figure = entry->of, request, reference, classes,
               rows = std::vector<double>(part.begin(), part.end())](Positions positions) {
      std::vector<int> drawn;
      std::vector<double> picked;
      for (const std::uint32_t i : positions) {
        drawn.push_back(reference[i]);
        const auto row = rows.begin() + static_cast<std::ptrdiff_t>(i * classes);
        picked.insert(picked.end(), row, row + static_cast<std::ptrdiff_t>(classes));
      }
      const auto cases = ClassProbabilities::of(drawn, picked, request.classes);
      return cases ? or_undefined(figure(*cases, request.options)) : Estimate{};
    };
    figures.push_back({reference.size(), direction_of(entry->id), std::move(of)});
  }
  return figures;
}

}  // namespace

Result<FigureOptions> figure_options(Arguments& arguments) {
  FigureOptions options;
  MEDPERF_TRY(options.threshold, arguments.number("threshold", 0.5));
  MEDPERF_TRY(const auto bins, arguments.count("bins", metrics::kCalibrationBins, 1, 100'000));
  MEDPERF_TRY(options.intervals.level, arguments.level());
  options.bins = static_cast<int>(bins);
  return options;
}

Result<const metrics::ScoredFigure*> scored_figure(std::string_view id) {
  return find(metrics::scored_figures(), id);
}

Result<std::vector<NamedFigure>> named_figures(Arguments& arguments) {
  Request request;
  MEDPERF_TRY(request.figure, arguments.text("figure"));
  MEDPERF_TRY(const auto models, arguments.count("models", 1, 1, 10'000));
  MEDPERF_TRY(const auto classes, arguments.count("classes", 2, 2, metrics::kMaxClasses));
  MEDPERF_TRY(request.options, figure_options(arguments));
  MEDPERF_TRY(const auto kind, arguments.choice("kind", {"scores", "measures", "classes",
                                                         "probabilities", "values"}));
  request.models = static_cast<std::size_t>(models);
  request.classes = static_cast<int>(classes);
  if (kind == "scores") return of_scores(arguments, request);
  if (kind == "measures") return of_measures(arguments, request);
  if (kind == "classes") return of_classes(arguments, request);
  if (kind == "probabilities") return of_probabilities(arguments, request);
  return of_values(arguments, request);
}

}  // namespace medperf::python
