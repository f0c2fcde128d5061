#include "named_figures.h"

#include <string>

#include "metrics/classification/auc.h"
#include "metrics/classification/calibration.h"
#include "metrics/classification/confusion_matrix.h"
#include "metrics/classification/curves.h"
#include "metrics/classification/decision.h"
#include "metrics/classification/multiclass.h"
#include "metrics/classification/probability.h"
#include "metrics/regression/agreement.h"
#include "metrics/regression/errors.h"
#include "metrics/regression/icc.h"
#include "metrics/statistics/mean.h"
#include "metrics/statistics/quantile_interval.h"
#include "tasks.h"

namespace medperf::python {
namespace {

using metrics::ClassProbabilities;
using metrics::ConfusionMatrix;
using metrics::Direction;
using metrics::Estimate;
using metrics::KappaWeights;
using metrics::MeasuredPair;
using metrics::ScoredCase;
using Positions = std::span<const std::uint32_t>;
using Settings = FigureSettings;

/// A figure of one kind of cases.
template <typename Cases>
struct Entry {
  std::string_view name;
  Direction direction;
  Result<Estimate> (*of)(Cases cases, const Settings& settings);
};
using Scored = std::span<const ScoredCase>;
using Measured = std::span<const MeasuredPair>;
using Values = std::span<const double>;

template <Estimate (*kFigure)(const metrics::Confusion&, double)>
Result<Estimate> decided(Scored cases, const Settings& s) {
  MEDPERF_TRY(const auto table, metrics::confusion_at(cases, s.threshold));
  return kFigure(table, s.level);
}
template <Estimate (*kFigure)(const metrics::Confusion&)>
Result<Estimate> decided(Scored cases, const Settings& s) {
  MEDPERF_TRY(const auto table, metrics::confusion_at(cases, s.threshold));
  return kFigure(table);
}

Result<Estimate> kappa(Scored cases, const Settings& s) {
  MEDPERF_TRY(const auto table, metrics::confusion_at(cases, s.threshold));
  return kappa_of(table, s.level);
}

template <metrics::CalibrationBinning kBinning, Estimate metrics::Calibration::*kError>
Result<Estimate> calibration_error(Scored cases, const Settings& s) {
  MEDPERF_TRY(const auto found, metrics::calibration(cases, kBinning, s.bins, s.level));
  return found.*kError;
}

template <Estimate metrics::Recalibration::*kPart>
Result<Estimate> recalibration(Scored cases, const Settings& s) {
  MEDPERF_TRY(const auto found, metrics::recalibrate(cases, s.level));
  return found.*kPart;
}

Result<Estimate> net_benefit(Scored cases, const Settings& s) {
  MEDPERF_TRY(const auto curve, metrics::decision_curve(cases, Values(&s.threshold, 1)));
  Estimate found;
  found.convention = metrics::kNetBenefitConvention;
  if (curve.empty()) {
    found.flag = metrics::flag::kNoCases;
  } else {
    found.value = curve.front().model;
  }
  return found;
}

constexpr auto kWidth = metrics::CalibrationBinning::kEqualWidth;
constexpr auto kMass = metrics::CalibrationBinning::kEqualMass;
constexpr Direction kHigher = Direction::kHigher, kLower = Direction::kLower,
                    kNone = Direction::kNone;

constexpr Entry<Scored> kScored[] = {
    {"sensitivity", kHigher, decided<metrics::sensitivity>},
    {"specificity", kHigher, decided<metrics::specificity>},
    {"precision", kHigher, decided<metrics::precision>},
    {"npv", kHigher, decided<metrics::negative_predictive_value>},
    {"accuracy", kHigher, decided<metrics::accuracy>},
    {"balanced_accuracy", kHigher, decided<metrics::balanced_accuracy>},
    {"youden", kHigher, decided<metrics::youden_index>},
    {"f1", kHigher, decided<metrics::f1>},
    {"mcc", kHigher, decided<metrics::matthews>},
    {"kappa", kHigher, kappa},
    {"lr_positive", kHigher, decided<metrics::positive_likelihood_ratio>},
    {"lr_negative", kLower, decided<metrics::negative_likelihood_ratio>},
    {"net_benefit", kHigher, net_benefit},
    {"auroc", kHigher,
     [](Scored cases, const Settings& s) -> Result<Estimate> {
       MEDPERF_TRY(const auto area, metrics::auc(cases, s.level));
       return area.estimate;
     }},
    {"auprc", kHigher,
     [](Scored cases, const Settings&) { return metrics::average_precision(cases); }},
    {"brier", kLower,
     [](Scored cases, const Settings& s) { return metrics::brier_score(cases, s.level); }},
    {"log_loss", kLower,
     [](Scored cases, const Settings& s) -> Result<Estimate> {
       MEDPERF_TRY(const auto loss, metrics::log_loss(cases, s.level));
       return loss.estimate;
     }},
    {"ece", kLower, calibration_error<kWidth, &metrics::Calibration::expected_error>},
    {"ece_mass", kLower, calibration_error<kMass, &metrics::Calibration::expected_error>},
    {"mce", kLower, calibration_error<kWidth, &metrics::Calibration::maximum_error>},
    {"calibration_slope", kNone, recalibration<&metrics::Recalibration::slope>},
    {"calibration_in_the_large", kNone, recalibration<&metrics::Recalibration::in_the_large>}};

template <Estimate metrics::IntraclassCorrelations::*kForm>
Result<Estimate> icc(Measured cases, const Settings& s) {
  std::vector<double> ratings;
  for (const MeasuredPair& one : cases) {
    ratings.push_back(one.predicted);
    ratings.push_back(one.reference);
  }
  MEDPERF_TRY(const auto found, metrics::intraclass_correlations(ratings, 2, s.level));
  return found.*kForm;
}

using Icc = metrics::IntraclassCorrelations;
constexpr Entry<Measured> kMeasured[] = {
    {"mae", kLower,
     [](Measured c, const Settings& s) { return metrics::mean_absolute_error(c, s.level); }},
    {"rmse", kLower,
     [](Measured c, const Settings&) { return metrics::root_mean_squared_error(c); }},
    {"bias", kNone, [](Measured c, const Settings& s) { return metrics::mean_error(c, s.level); }},
    {"r2", kHigher, [](Measured c, const Settings&) { return metrics::r_squared(c); }},
    {"ccc", kHigher,
     [](Measured c, const Settings& s) { return metrics::concordance(c, s.level); }},
    {"pearson", kHigher,
     [](Measured c, const Settings& s) { return metrics::pearson(c, s.level); }},
    {"spearman", kHigher,
     [](Measured c, const Settings& s) { return metrics::spearman(c, s.level); }},
    {"icc_one_way", kHigher, icc<&Icc::one_way>},
    {"icc_agreement", kHigher, icc<&Icc::agreement>},
    {"icc_consistency", kHigher, icc<&Icc::consistency>}};

constexpr Entry<const ConfusionMatrix&> kClasses[] = {
    {"accuracy", kHigher,
     [](const ConfusionMatrix& m, const Settings& s) -> Result<Estimate> {
       return metrics::accuracy(m, s.level);
     }},
    {"balanced_accuracy", kHigher,
     [](const ConfusionMatrix& m, const Settings&) -> Result<Estimate> {
       return metrics::macro_recall(m);
     }},
    {"f1_macro", kHigher,
     [](const ConfusionMatrix& m, const Settings&) -> Result<Estimate> {
       return metrics::macro_f1(m);
     }},
    {"f1_micro", kHigher,
     [](const ConfusionMatrix& m, const Settings&) -> Result<Estimate> {
       return metrics::micro_f1(m);
     }},
    {"f1_weighted", kHigher,
     [](const ConfusionMatrix& m, const Settings&) -> Result<Estimate> {
       return metrics::weighted_f1(m);
     }},
    {"mcc", kHigher,
     [](const ConfusionMatrix& m, const Settings&) -> Result<Estimate> {
       return metrics::gorodkin(m);
     }},
    {"kappa", kHigher,
     [](const ConfusionMatrix& m, const Settings& s) -> Result<Estimate> {
       return metrics::cohen_kappa(m, KappaWeights::kNone, s.level);
     }},
    {"kappa_linear", kHigher,
     [](const ConfusionMatrix& m, const Settings& s) -> Result<Estimate> {
       return metrics::cohen_kappa(m, KappaWeights::kLinear, s.level);
     }},
    {"kappa_quadratic", kHigher,
     [](const ConfusionMatrix& m, const Settings& s) -> Result<Estimate> {
       return metrics::cohen_kappa(m, KappaWeights::kQuadratic, s.level);
     }}};

constexpr Entry<const ClassProbabilities&> kProbabilities[] = {
    {"auroc_macro", kHigher,
     [](const ClassProbabilities& c, const Settings&) -> Result<Estimate> {
       return metrics::one_vs_rest_auroc(c);
     }},
    {"auroc_weighted", kHigher,
     [](const ClassProbabilities& c, const Settings&) -> Result<Estimate> {
       return metrics::one_vs_rest_auroc(c, true);
     }},
    {"auroc_hand_till", kHigher,
     [](const ClassProbabilities& c, const Settings&) -> Result<Estimate> {
       return metrics::hand_till_auroc(c);
     }},
    {"brier", kLower,
     [](const ClassProbabilities& c, const Settings& s) -> Result<Estimate> {
       return metrics::brier_score(c, s.level);
     }},
    {"log_loss", kLower, [](const ClassProbabilities& c, const Settings& s) -> Result<Estimate> {
       return metrics::log_loss(c, s.level).estimate;
     }}};

constexpr Entry<Values> kValues[] = {
    {"mean", kNone,
     [](Values values, const Settings& s) { return metrics::mean_estimate(values, s.level); }},
    {"median", kNone, [](Values values, const Settings& s) {
       return metrics::quantile_estimate(values, 0.5, s.level);
     }}};

template <typename Cases, std::size_t kCount>
Result<const Entry<Cases>*> find(const Entry<Cases> (&entries)[kCount], std::string_view name) {
  std::string known;
  for (const Entry<Cases>& one : entries) {
    if (one.name == name) return &one;
    known += (known.empty() ? "" : ", ") + std::string(one.name);
  }
  return wrong("figure", "there is none of the name " + std::string(name) + " of such cases",
               "Choose one of: " + known + ".");
}

/// Undefined where a resample has what a figure refuses.
Estimate or_undefined(Result<Estimate> found) {
  return found ? *found : Estimate{};
}

/// A figure of rows that are picked out of a list.
template <typename Row>
NamedFigure of_rows(std::vector<Row> rows, const Entry<std::span<const Row>>& entry,
                    const Settings& settings) {
  const std::size_t cases = rows.size();
  auto of = [rows = std::move(rows), figure = entry.of, settings](Positions positions) {
    std::vector<Row> picked(positions.size());
    for (std::size_t i = 0; i < picked.size(); ++i) picked[i] = rows[positions[i]];
    return or_undefined(figure(picked, settings));
  };
  return {cases, entry.direction, std::move(of)};
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
  Settings settings;
};

Result<std::vector<NamedFigure>> of_scores(Arguments& arguments, const Request& request) {
  MEDPERF_TRY(const auto predicted, arguments.numbers("predicted"));
  MEDPERF_TRY(const auto reference, arguments.yes_or_no("reference"));
  MEDPERF_TRY(const auto parts, by_model(predicted, request.models, reference.size()));
  MEDPERF_TRY(const auto* const entry, find(kScored, request.figure));
  std::vector<NamedFigure> figures;
  for (const auto part : parts) {
    std::vector<ScoredCase> cases(part.size());
    for (std::size_t i = 0; i < cases.size(); ++i) cases[i] = {part[i], reference[i] != 0};
    if (auto tried = entry->of(cases, request.settings); !tried) {
      return std::move(tried).error().at("predicted");
    }
    figures.push_back(of_rows(std::move(cases), *entry, request.settings));
  }
  return figures;
}

Result<std::vector<NamedFigure>> of_measures(Arguments& arguments, const Request& request) {
  MEDPERF_TRY(const auto predicted, arguments.numbers("predicted"));
  MEDPERF_TRY(const auto reference, arguments.numbers("reference"));
  MEDPERF_TRY(const auto parts, by_model(predicted, request.models, reference.size()));
  MEDPERF_TRY(const auto* const entry, find(kMeasured, request.figure));
  std::vector<NamedFigure> figures;
  for (const auto part : parts) {
    std::vector<MeasuredPair> cases(part.size());
    for (std::size_t i = 0; i < cases.size(); ++i) cases[i] = {reference[i], part[i]};
    MEDPERF_CHECK(entry->of(cases, request.settings));
    figures.push_back(of_rows(std::move(cases), *entry, request.settings));
  }
  return figures;
}

Result<std::vector<NamedFigure>> of_values(Arguments& arguments, const Request& request) {
  MEDPERF_TRY(const auto values, arguments.numbers("predicted"));
  MEDPERF_TRY(const auto parts, by_model(values, request.models, values.size() / request.models));
  MEDPERF_TRY(const auto* const entry, find(kValues, request.figure));
  std::vector<NamedFigure> figures;
  for (const auto part : parts) {
    figures.push_back(
        of_rows(std::vector<double>(part.begin(), part.end()), *entry, request.settings));
  }
  return figures;
}

Result<std::vector<NamedFigure>> of_classes(Arguments& arguments, const Request& request) {
  MEDPERF_TRY(const auto predicted, arguments.classes("predicted", request.classes));
  MEDPERF_TRY(const auto reference, arguments.classes("reference", request.classes));
  MEDPERF_TRY(const auto parts,
              by_model(std::span<const int>(predicted), request.models, reference.size()));
  MEDPERF_TRY(const auto* const entry, find(kClasses, request.figure));
  std::vector<NamedFigure> figures;
  for (const auto part : parts) {
    MEDPERF_CHECK(ConfusionMatrix::of(reference, part, request.classes));
    auto of = [figure = entry->of, request, reference,
               called = std::vector<int>(part.begin(), part.end())](Positions positions) {
      auto matrix = ConfusionMatrix::empty(request.classes);
      if (!matrix) return Estimate{};
      for (const std::uint32_t i : positions) matrix->add(reference[i], called[i]);
      return or_undefined(figure(*matrix, request.settings));
    };
    figures.push_back({reference.size(), entry->direction, std::move(of)});
  }
  return figures;
}

Result<std::vector<NamedFigure>> of_probabilities(Arguments& arguments, const Request& request) {
  const auto classes = static_cast<std::size_t>(request.classes);
  MEDPERF_TRY(const auto predicted, arguments.numbers("predicted"));
  MEDPERF_TRY(const auto reference, arguments.classes("reference", request.classes));
  MEDPERF_TRY(const auto parts, by_model(predicted, request.models, reference.size() * classes));
  MEDPERF_TRY(const auto* const entry, find(kProbabilities, request.figure));
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
      return cases ? or_undefined(figure(*cases, request.settings)) : Estimate{};
    };
    figures.push_back({reference.size(), entry->direction, std::move(of)});
  }
  return figures;
}

}  // namespace

Result<FigureSettings> figure_settings(Arguments& arguments) {
  FigureSettings settings;
  MEDPERF_TRY(settings.threshold, arguments.number("threshold", 0.5));
  MEDPERF_TRY(const auto bins, arguments.count("bins", metrics::kCalibrationBins, 1, 100'000));
  MEDPERF_TRY(settings.level, arguments.level());
  settings.bins = static_cast<int>(bins);
  return settings;
}

Result<ScoredFigure> scored_figure(std::string_view name) {
  MEDPERF_TRY(const auto* const entry, find(kScored, name));
  return entry->of;
}

Result<std::vector<NamedFigure>> named_figures(Arguments& arguments) {
  Request request;
  MEDPERF_TRY(request.figure, arguments.text("figure"));
  MEDPERF_TRY(const auto models, arguments.count("models", 1, 1, 10'000));
  MEDPERF_TRY(const auto classes, arguments.count("classes", 2, 2, metrics::kMaxClasses));
  MEDPERF_TRY(request.settings, figure_settings(arguments));
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
