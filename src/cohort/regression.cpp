#include "cohort/regression.h"

#include <cmath>
#include <functional>

#include "cohort/keyed_table.h"
#include "metrics/regression/agreement.h"
#include "metrics/regression/errors.h"
#include "metrics/regression/icc.h"

namespace medperf::cohort {
namespace {

using metrics::Estimate;
using metrics::MeasuredPair;

struct Numbers {
  std::vector<MeasuredPair> cases;
  std::vector<std::int64_t> patients;  ///< a number for that of each case
  std::size_t n_patients = 0;
};

Result<Numbers> read_numbers(std::string_view text) {
  MEDPERF_TRY(const KeyedTable table, read_keyed_table(text, "table"));
  const auto prediction = table.table.column("prediction");
  const auto reference = table.table.column("reference");
  const auto patient = table.table.column("patient");
  const auto group = table.table.column("group");
  const std::size_t known = 3 + (patient ? 1 : 0) + (group ? 1 : 0);
  if (!prediction || !reference || table.table.header.size() != known) {
    return make_error(ErrorKind::kInvalid, "table: header",
                      "these are not the columns of a table of numbers",
                      "Write case_id,prediction,reference and, if wanted, patient and group.");
  }
  Numbers numbers;
  std::map<std::string, std::int64_t> known_patients;
  for (std::size_t i = 0; i < table.table.rows.size(); ++i) {
    MEDPERF_TRY(const double predicted, number_in(table, i, *prediction, "table"));
    MEDPERF_TRY(const double referenced, number_in(table, i, *reference, "table"));
    numbers.cases.push_back({referenced, predicted});
    const auto& row = table.table.rows[i];
    const std::string& name = patient && !row[*patient].empty() ? row[*patient] : row[table.id];
    const auto next = static_cast<std::int64_t>(known_patients.size());
    numbers.patients.push_back(known_patients.try_emplace(name, next).first->second);
  }
  numbers.n_patients = known_patients.size();
  return numbers;
}

/// A figure as a function of cases, for the sample and for resamples.
struct Measure {
  const char* metric;
  const char* of;
  std::function<Result<Estimate>(std::span<const MeasuredPair>)> value;
};

std::vector<Measure> measures(double level) {
  const auto limits = [level](std::span<const MeasuredPair> cases) {
    return metrics::limits_of_agreement(cases, 0.95, level);
  };
  return {
      {"mae", "", [level](auto cases) { return metrics::mean_absolute_error(cases, level); }},
      {"rmse", "", [](auto cases) { return metrics::root_mean_squared_error(cases); }},
      {"bias", "", [level](auto cases) { return metrics::mean_error(cases, level); }},
      {"limits-of-agreement", "lower",
       [limits](auto cases) -> Result<Estimate> {
         MEDPERF_TRY(const auto found, limits(cases));
         return found.lower;
       }},
      {"limits-of-agreement", "upper",
       [limits](auto cases) -> Result<Estimate> {
         MEDPERF_TRY(const auto found, limits(cases));
         return found.upper;
       }},
      {"ccc", "", [level](auto cases) { return metrics::concordance(cases, level); }},
      {"icc-a-1", "",
       [level](std::span<const MeasuredPair> cases) -> Result<Estimate> {
         std::vector<double> ratings;
         for (const MeasuredPair& one : cases) {
           ratings.push_back(one.predicted);
           ratings.push_back(one.reference);
         }
         MEDPERF_TRY(const auto found, metrics::intraclass_correlations(ratings, 2, level));
         return found.agreement;
       }},
      {"pearson", "", [level](auto cases) { return metrics::pearson(cases, level); }},
      {"spearman", "", [level](auto cases) { return metrics::spearman(cases, level); }},
      {"r2", "", [](auto cases) { return metrics::r_squared(cases); }},
  };
}

Result<Estimate> drawn(const Measure& measure, const Numbers& numbers,
                       const metrics::BootstrapOptions& options) {
  MEDPERF_TRY(const auto units, metrics::ResampleUnits::of(numbers.patients));
  const auto statistic = [&](std::span<const std::uint32_t> rows) -> std::optional<double> {
    std::vector<MeasuredPair> cases;
    for (const std::uint32_t row : rows) cases.push_back(numbers.cases[row]);
    const auto value = measure.value(cases);
    return value ? value->value : std::nullopt;
  };
  MEDPERF_TRY(const metrics::Bootstrap bootstrap, metrics::bootstrap(units, statistic, options));
  return bootstrap.estimate;
}

}  // namespace

Result<FigureSet> evaluate_regression(std::string_view table,
                                      const metrics::BootstrapOptions& options) {
  MEDPERF_TRY(const Numbers numbers, read_numbers(table));
  FigureSet set{"regression", numbers.cases.size(), numbers.n_patients, {}, Json::object()};
  const bool clustered = numbers.n_patients < numbers.cases.size();
  for (const Measure& measure : measures(options.level)) {
    MEDPERF_TRY(Estimate estimate, measure.value(numbers.cases));
    // The figures' own intervals take the cases as independent.
    if (clustered) {
      MEDPERF_TRY(const Estimate patients, drawn(measure, numbers, options));
      estimate.se = patients.se;
      estimate.interval = patients.interval;
      if (!patients.flag.empty()) estimate.flag = patients.flag;
    }
    set.figures.push_back({measure.metric, measure.of, estimate});
  }
  set.more.set("intervals", clustered ? "bootstrap of patients" : "of each metric's convention");
  Json::Array points;
  for (const MeasuredPair& one : numbers.cases) {
    const double difference = one.predicted - one.reference;
    if (!std::isfinite(difference)) continue;  // no plot has room for it
    points.push_back(Json::array({one.predicted / 2 + one.reference / 2, difference}));
  }
  set.more.set("agreement", Json(std::move(points)));
  return set;
}

}  // namespace medperf::cohort
