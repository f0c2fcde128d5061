// Several sites: meta-analyses of their figures.

#include "metrics/statistics/binomial_mixed_model.h"
#include "metrics/statistics/bivariate.h"
#include "metrics/statistics/meta_analysis.h"
#include "tasks.h"

namespace medperf::python {
namespace {

Result<metrics::MetaOptions> options_of(Arguments& arguments) {
  metrics::MetaOptions options;
  MEDPERF_TRY(const auto scale, arguments.choice("scale", {"logit", "identity"}));
  MEDPERF_TRY(const auto tau2, arguments.choice("tau2", {"reml", "dl", "pm"}));
  MEDPERF_TRY(const auto model, arguments.choice("model", {"random", "common"}));
  MEDPERF_TRY(const auto between, arguments.choice("interval", {"hksj", "hksj-unfloored", "wald"}));
  MEDPERF_TRY(const auto prediction, arguments.choice("prediction", {"k-2", "interval"}));
  MEDPERF_TRY(options.level, arguments.level());
  if (scale == "identity") options.scale = metrics::Scale::kIdentity;
  if (tau2 == "dl") options.estimator = metrics::TauEstimator::kDerSimonianLaird;
  if (tau2 == "pm") options.estimator = metrics::TauEstimator::kPauleMandel;
  if (model == "common") options.model = metrics::EffectModel::kCommon;
  if (between == "hksj-unfloored") options.interval = metrics::IntervalMethod::kHartungKnapp;
  if (between == "wald") options.interval = metrics::IntervalMethod::kWald;
  if (prediction == "interval") options.prediction = metrics::PredictionQuantile::kOfTheInterval;
  return options;
}

/// One study a site; `make` gives a Result<Study> for a position.
template <typename Make>
Result<std::vector<metrics::Study>> studies_of(std::size_t sites, std::string_view name,
                                               Make make) {
  std::vector<metrics::Study> studies;
  for (std::size_t i = 0; i < sites; ++i) {
    Result<metrics::Study> study = make(i);
    if (!study) {
      return std::move(study).error().at(std::string(name) + " at position " + std::to_string(i));
    }
    studies.push_back(*study);
  }
  return studies;
}

Result<std::vector<metrics::Study>> proportions(Arguments& arguments, metrics::Scale scale) {
  MEDPERF_TRY(const auto events, arguments.counts("events"));
  MEDPERF_TRY(const auto totals, arguments.counts("totals"));
  MEDPERF_CHECK(same_length("events", events.size(), "totals", totals.size()));
  return studies_of(events.size(), "events", [&](std::size_t i) {
    return metrics::proportion_study(events[i], totals[i], scale);
  });
}

Result<std::vector<metrics::Study>> areas(Arguments& arguments, metrics::Scale scale) {
  MEDPERF_TRY(const auto values, arguments.numbers("values"));
  MEDPERF_TRY(const auto ses, arguments.numbers("ses"));
  MEDPERF_TRY(const auto positives, arguments.counts("positives"));
  MEDPERF_TRY(const auto negatives, arguments.counts("negatives"));
  MEDPERF_CHECK(same_length("values", values.size(), "ses", ses.size()));
  MEDPERF_CHECK(same_length("values", values.size(), "positives", positives.size()));
  MEDPERF_CHECK(same_length("values", values.size(), "negatives", negatives.size()));
  return studies_of(values.size(), "values", [&](std::size_t i) {
    return metrics::auc_study(values[i], ses[i], positives[i], negatives[i], scale);
  });
}

Result<std::vector<metrics::Study>> means(Arguments& arguments, metrics::Scale scale) {
  MEDPERF_TRY(const auto values, arguments.numbers("values"));
  MEDPERF_TRY(const auto ses, arguments.numbers("ses"));
  MEDPERF_CHECK(same_length("values", values.size(), "ses", ses.size()));
  return studies_of(values.size(), "values",
                    [&](std::size_t i) { return metrics::mean_study(values[i], ses[i], scale); });
}

Result<std::vector<metrics::Study>> effects(Arguments& arguments) {
  MEDPERF_TRY(const auto values, arguments.numbers("effects"));
  MEDPERF_TRY(const auto variances, arguments.numbers("variances"));
  MEDPERF_CHECK(same_length("effects", values.size(), "variances", variances.size()));
  return studies_of(values.size(), "variances", [&](std::size_t i) -> Result<metrics::Study> {
    if (!(variances[i] > 0)) return wrong("", "a variance is not above 0");
    return metrics::Study{values[i], variances[i], false};
  });
}

Result<std::vector<metrics::Study>> studies_of(Arguments& arguments, metrics::Scale scale) {
  MEDPERF_TRY(const auto of, arguments.choice("of", {"proportions", "areas", "means", "effects"}));
  if (of == "proportions") return proportions(arguments, scale);
  if (of == "areas") return areas(arguments, scale);
  if (of == "means") return means(arguments, scale);
  return effects(arguments);
}

Json forest_of(std::span<const metrics::ForestRow> rows) {
  Json::Array forest;
  for (const metrics::ForestRow& row : rows) {
    forest.push_back(Json::object({{"value", row.value},
                                   {"low", row.interval.low},
                                   {"high", row.interval.high},
                                   {"weight", row.weight},
                                   {"corrected", row.corrected}}));
  }
  return Json(std::move(forest));
}

Json analysis_of(const metrics::MetaAnalysis& found) {
  return Json::object({{"convention", found.convention},
                       {"k", found.k},
                       {"value", found.value},
                       {"interval", interval(found.interval)},
                       {"wald_interval", interval(found.wald_interval)},
                       {"prediction", interval(found.prediction)},
                       {"prediction_convention", found.prediction_convention},
                       {"effect", found.effect},
                       {"se", found.se},
                       {"wald_se", found.wald_se},
                       {"tau2", found.tau2},
                       {"tau2_interval", interval(found.tau2_interval)},
                       {"q", found.q},
                       {"df", found.df},
                       {"q_p_value", found.q_p_value},
                       {"i2", found.i2},
                       {"h2", found.h2},
                       {"i2_of_tau2", found.i2_of_tau2},
                       {"h2_of_tau2", found.h2_of_tau2},
                       {"common_value", found.fixed_value},
                       {"warnings", texts(found.warnings)}});
}

/// The studies by `of`; the options of a meta-analysis.
Result<Json> meta_analysis(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto options, options_of(arguments));
  MEDPERF_TRY(const auto studies, studies_of(arguments, options.scale));
  MEDPERF_TRY(const auto found, metrics::meta_analyse(studies, options));
  MEDPERF_TRY(const auto rows, metrics::forest_rows(studies, found, options));
  Json answer = analysis_of(found);
  answer.set("sites", forest_of(rows));
  return answer;
}

/// The same without each site in turn.
Result<Json> leave_one_out(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto options, options_of(arguments));
  MEDPERF_TRY(const auto studies, studies_of(arguments, options.scale));
  MEDPERF_TRY(const auto all, metrics::leave_one_out(studies, options));
  Json::Array answers;
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto others = studies;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    MEDPERF_TRY(const auto rows, metrics::forest_rows(others, all[i], options));
    answers.push_back(analysis_of(all[i]));
    answers.back().set("sites", forest_of(rows));
  }
  return Json(std::move(answers));
}

/// events, totals; level.
Result<Json> one_stage(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto events, arguments.counts("events"));
  MEDPERF_TRY(const auto totals, arguments.counts("totals"));
  MEDPERF_TRY(const double level, arguments.level());
  MEDPERF_CHECK(same_length("events", events.size(), "totals", totals.size()));
  std::vector<metrics::BinomialCount> sites;
  for (std::size_t i = 0; i < events.size(); ++i) sites.push_back({events[i], totals[i]});
  auto fitted = metrics::pool_binomial(sites, level);
  if (!fitted) return std::move(fitted).error().at("events");
  return Json::object({{"estimate", figure(fitted->estimate)},
                       {"k", fitted->k},
                       {"effect", fitted->effect},
                       {"tau2", fitted->tau2},
                       {"log_likelihood", fitted->log_likelihood}});
}

/// tp, fp, fn, tn: one value a site; level.
Result<Json> bivariate(Arguments& arguments, Columns&) {
  MEDPERF_TRY(const auto tp, arguments.counts("tp"));
  MEDPERF_TRY(const auto fp, arguments.counts("fp"));
  MEDPERF_TRY(const auto fn, arguments.counts("fn"));
  MEDPERF_TRY(const auto tn, arguments.counts("tn"));
  MEDPERF_TRY(const double level, arguments.level());
  MEDPERF_CHECK(same_length("tp", tp.size(), "fp", fp.size()));
  MEDPERF_CHECK(same_length("tp", tp.size(), "fn", fn.size()));
  MEDPERF_CHECK(same_length("tp", tp.size(), "tn", tn.size()));
  std::vector<metrics::Confusion> sites;
  for (std::size_t i = 0; i < tp.size(); ++i) {
    for (const std::int64_t one : {tp[i], fp[i], fn[i], tn[i]}) {
      if (one > kMostCases) return wrong("tp", "a count is larger than any cohort");
    }
    sites.push_back({tp[i], fp[i], tn[i], fn[i]});
  }
  auto fitted = metrics::pool_sensitivity_specificity(sites, level);
  if (!fitted) return std::move(fitted).error().at("tp");
  return Json::object({{"k", fitted->k},
                       {"sensitivity", figure(fitted->sensitivity)},
                       {"specificity", figure(fitted->specificity)},
                       {"covariance", fitted->covariance},
                       {"tau2_sensitivity", fitted->tau2_sensitivity},
                       {"tau2_specificity", fitted->tau2_specificity},
                       {"tau_covariance", fitted->tau_covariance},
                       {"restricted_log_likelihood", fitted->restricted_log_likelihood},
                       {"warnings", texts(fitted->warnings)}});
}

constexpr NamedTask kTasks[] = {{"meta_analysis", meta_analysis},
                                {"leave_one_out", leave_one_out},
                                {"one_stage", one_stage},
                                {"bivariate", bivariate}};

}  // namespace

std::span<const NamedTask> meta_tasks() {
  return kTasks;
}

}  // namespace medperf::python
