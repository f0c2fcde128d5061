#include "metrics/classification/auc_bootstrap.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "metrics/classification/auc.h"
#include "metrics/classification/score_levels.h"
#include "metrics/statistics/group_counts.h"
#include "metrics/statistics/random_stream.h"
#include "metrics/workers.h"

namespace medperf::metrics {
namespace {

std::uint64_t sum(std::span<const std::uint32_t> counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

/// The area of a resample, or nothing when it has one class.
std::optional<double> area(const ScoreLevels& levels, std::span<const std::uint32_t> negatives,
                           std::span<const std::uint32_t> positives) {
  const double pairs = static_cast<double>(sum(negatives)) * static_cast<double>(sum(positives));
  if (pairs == 0) return std::nullopt;
  return static_cast<double>(doubled_wins(negatives, positives, levels.doubled_win)) / (2 * pairs);
}

/// Calls draw(random, negatives, positives) for each replicate; it fills the counts of the levels.
template <typename Draw>
Bootstrap run(const ScoreLevels& levels, double value, const BootstrapOptions& options,
              const Jackknife& jackknife, const Draw& draw, Workers& workers) {
  std::vector<std::optional<double>> drawn(static_cast<std::size_t>(options.replicates));
  for_each_replicate(options.replicates, workers, [&](int begin, int end) {
    auto workspace = draw.workspace();
    for (int r = begin; r < end; ++r) {
      RandomStream random(options.seed, static_cast<std::uint64_t>(r));
      draw(random, workspace);
      const std::span<const std::uint32_t> counts(workspace.counts);
      drawn[static_cast<std::size_t>(r)] =
          area(levels, counts.first(levels.size()), counts.last(levels.size()));
    }
  });
  std::vector<double> replicates;
  for (const auto& one : drawn) {
    if (one) replicates.push_back(*one);
  }
  const auto dropped = static_cast<std::int64_t>(drawn.size() - replicates.size());
  return summarise_bootstrap(value, replicates, dropped, options, jackknife);
}

/// Counts of the levels: all negatives, then all positives.
std::vector<std::uint32_t> level_sizes(const ScoreLevels& levels) {
  std::vector<std::uint32_t> sizes = levels.negatives;
  sizes.insert(sizes.end(), levels.positives.begin(), levels.positives.end());
  return sizes;
}

/// Independent cases: the counts of the levels are multinomial.
class DrawCases {
 public:
  struct Workspace {
    std::vector<std::uint32_t> counts;
  };
  DrawCases(const ScoreLevels& levels, AucResampling resampling, Workers& workers)
      : n_levels_(levels.size()) {
    std::vector<std::span<const std::uint32_t>> sizes = {levels.negatives, levels.positives};
    const std::vector<std::uint32_t> all = level_sizes(levels);
    if (resampling == AucResampling::kUnstratified) sizes = {all};
    strata_.resize(sizes.size());
    workers.run(static_cast<std::ptrdiff_t>(sizes.size()), [&](std::ptrdiff_t i, int) {
      const auto at = static_cast<std::size_t>(i);
      strata_[at] = GroupCounts(sizes[at]);
    });
  }
  Workspace workspace() const { return {std::vector<std::uint32_t>(2 * n_levels_)}; }
  void operator()(RandomStream& random, Workspace& workspace) const {
    std::span<std::uint32_t> counts(workspace.counts);
    for (const auto& stratum : strata_) {
      stratum.draw(random, counts.first(stratum.n_groups()));
      counts = counts.subspan(stratum.n_groups());
    }
  }

 private:
  std::size_t n_levels_;
  std::vector<GroupCounts> strata_;
};

/// Patients: the counts of the patients are multinomial, a level's count is the sum of those of its
/// cases' patients.
class DrawPatients {
 public:
  struct Workspace {
    std::vector<std::uint32_t> counts;
    std::vector<std::uint32_t> patients;
  };
  DrawPatients(std::span<const ScoredCase> cases, const ScoreLevels& levels,
               const ResampleUnits& units)
      : n_levels_(levels.size()), slots_(cases.size()) {
    for (std::size_t unit = 0; unit < units.n_units(); ++unit) {
      for (const std::uint32_t i : units.cases_of(unit)) {
        const std::size_t slot = levels.level_of_case[i] + (cases[i].positive ? n_levels_ : 0);
        slots_[i] = {static_cast<std::uint32_t>(slot), static_cast<std::uint32_t>(unit)};
      }
    }
    std::sort(slots_.begin(), slots_.end(),
              [](const Slot& a, const Slot& b) { return a.level < b.level; });
    const auto begin = units.stratum_begin();
    for (std::size_t s = 0; s + 1 < begin.size(); ++s) {
      strata_.emplace_back(std::vector<std::uint32_t>(begin[s + 1] - begin[s], 1));
    }
    n_patients_ = units.n_units();
  }
  Workspace workspace() const {
    return {std::vector<std::uint32_t>(2 * n_levels_), std::vector<std::uint32_t>(n_patients_)};
  }
  void operator()(RandomStream& random, Workspace& workspace) const {
    std::span<std::uint32_t> patients(workspace.patients);
    for (const auto& stratum : strata_) {
      stratum.draw(random, patients.first(stratum.n_groups()));
      patients = patients.subspan(stratum.n_groups());
    }
    std::fill(workspace.counts.begin(), workspace.counts.end(), 0U);
    for (const Slot& slot : slots_) {
      workspace.counts[slot.level] += workspace.patients[slot.patient];
    }
  }

 private:
  struct Slot {
    std::uint32_t level = 0;
    std::uint32_t patient = 0;
  };
  std::size_t n_levels_;
  std::size_t n_patients_ = 0;
  std::vector<Slot> slots_;
  std::vector<GroupCounts> strata_;
};

/// A patient's stratum: 0 only negative cases, 1 only positive ones, 2 both. By case.
std::vector<std::int64_t> kinds(std::span<const ScoredCase> cases, const ResampleUnits& patients) {
  std::vector<std::int64_t> result(cases.size());
  for (std::size_t unit = 0; unit < patients.n_units(); ++unit) {
    const auto own = patients.cases_of(unit);
    const auto positives =
        std::count_if(own.begin(), own.end(), [&](std::uint32_t i) { return cases[i].positive; });
    const bool mixed = positives > 0 && positives < static_cast<std::ptrdiff_t>(own.size());
    for (const std::uint32_t i : own) result[i] = mixed ? 2 : positives > 0 ? 1 : 0;
  }
  return result;
}

/// The area without each unit, from the placements: the pairs that a unit's cases form among
/// themselves were taken away twice.
Jackknife jackknife(std::span<const ScoredCase> cases, const ScoreLevels& levels,
                    const ResampleUnits& units) {
  const auto placed = doubled_placements(cases, levels);
  const auto wins = doubled_wins(levels.negatives, levels.positives, levels.doubled_win);
  const auto all_negatives = static_cast<std::int64_t>(sum(levels.negatives));
  const auto all_positives = static_cast<std::int64_t>(sum(levels.positives));
  Jackknife result;
  const auto begin = units.stratum_begin();
  for (std::size_t s = 0; s + 1 < begin.size(); ++s) {
    auto& values = result.strata.emplace_back();
    for (std::uint32_t unit = begin[s]; unit < begin[s + 1]; ++unit) {
      std::int64_t left = wins;
      std::int64_t negatives = all_negatives;
      std::int64_t positives = all_positives;
      for (const std::uint32_t i : units.cases_of(unit)) {
        left -= placed[i];
        (cases[i].positive ? positives : negatives) -= 1;
        if (!cases[i].positive) continue;
        for (const std::uint32_t j : units.cases_of(unit)) {
          if (cases[j].positive) continue;
          left += cases[i].score > cases[j].score ? 2 : cases[i].score == cases[j].score ? 1 : 0;
        }
      }
      values.push_back(static_cast<double>(left) /
                       (2 * static_cast<double>(negatives) * static_cast<double>(positives)));
    }
  }
  return result;
}

/// The cases in order, with the area itself and what hinders an interval: ready to return when it
/// has a flag.
struct Ordered {
  ScoreLevels levels;
  Bootstrap point;
};

Result<Ordered> in_order(std::span<const ScoredCase> cases, const BootstrapOptions& options) {
  MEDPERF_CHECK(check_scores(cases));
  Ordered result;
  result.levels = score_levels(cases);
  result.point.estimate = auc_of(result.levels, options.level).estimate;
  result.point.estimate.se.reset();
  result.point.estimate.interval.reset();
  // DeLong's remark; of units other than the cases the replicates say it themselves.
  if (result.point.estimate.flag == flag::kNoVariance) result.point.estimate.flag = {};
  result.point.estimate.convention = options.interval == BootstrapInterval::kBca
                                         ? kBootstrapBcaConvention
                                         : kBootstrapPercentileConvention;
  return result;
}

/// Whether both classes come from at least two units, so that leaving one out keeps both.
bool two_of_each(std::span<const ScoredCase> cases, const ResampleUnits& units) {
  int with_negatives = 0;
  int with_positives = 0;
  for (std::size_t unit = 0; unit < units.n_units(); ++unit) {
    bool negative = false;
    bool positive = false;
    for (const std::uint32_t i : units.cases_of(unit)) {
      (cases[i].positive ? positive : negative) = true;
    }
    with_negatives += negative ? 1 : 0;
    with_positives += positive ? 1 : 0;
    if (with_negatives > 1 && with_positives > 1) return true;
  }
  return false;
}

Result<ResampleUnits> auc_units(std::span<const ScoredCase> cases,
                                std::span<const std::int64_t> patient_of_case,
                                AucResampling resampling) {
  MEDPERF_TRY(ResampleUnits patients, ResampleUnits::of(patient_of_case));
  if (resampling == AucResampling::kUnstratified) return patients;
  return ResampleUnits::of(patient_of_case, kinds(cases, patients));
}

}  // namespace

Result<Bootstrap> auc_bootstrap(std::span<const ScoredCase> cases, const BootstrapOptions& options,
                                AucResampling resampling) {
  MEDPERF_CHECK(check_bootstrap_options(options));
  // Started first: a new thread may wait for a processor, and the cases are put in order meanwhile.
  Workers workers(std::min(options.threads, options.replicates));
  MEDPERF_TRY(const Ordered ordered, in_order(cases, options));
  const auto& [levels, point] = ordered;
  if (!point.estimate.flag.empty()) return point;
  Jackknife influence;
  if (options.interval == BootstrapInterval::kBca) {
    std::vector<std::int64_t> each(cases.size());
    std::iota(each.begin(), each.end(), std::int64_t{0});
    MEDPERF_TRY(const ResampleUnits units, auc_units(cases, each, resampling));
    influence = jackknife(cases, levels, units);
  }
  return run(levels, *point.estimate.value, options, influence,
             DrawCases(levels, resampling, workers), workers);
}

Result<Bootstrap> auc_bootstrap(std::span<const ScoredCase> cases,
                                std::span<const std::int64_t> patient_of_case,
                                const BootstrapOptions& options, AucResampling resampling) {
  if (patient_of_case.size() != cases.size()) {
    return make_error(ErrorKind::kInvalid, "patients", "there is not one a case",
                      "Name the patient of every case.");
  }
  MEDPERF_CHECK(check_bootstrap_options(options));
  // Started first: a new thread may wait for a processor, and the cases are put in order meanwhile.
  Workers workers(std::min(options.threads, options.replicates));
  MEDPERF_TRY(Ordered ordered, in_order(cases, options));
  auto& [levels, point] = ordered;
  if (!point.estimate.flag.empty()) return point;
  MEDPERF_TRY(const ResampleUnits units, auc_units(cases, patient_of_case, resampling));
  if (!two_of_each(cases, units)) {
    point.estimate.flag = flag::kTooFewForVariance;
    return point;
  }
  const Jackknife influence =
      options.interval == BootstrapInterval::kBca ? jackknife(cases, levels, units) : Jackknife{};
  return run(levels, *point.estimate.value, options, influence, DrawPatients(cases, levels, units),
             workers);
}

}  // namespace medperf::metrics
