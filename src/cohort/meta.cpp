#include "cohort/meta.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "cohort/keyed_table.h"
#include "metrics/classification/threshold.h"

namespace medperf::cohort {
namespace {

using metrics::Scale;
using metrics::Study;

constexpr std::string_view kTable = "sites";

/// A table whose columns are `site` and exactly these, in any order.
std::optional<std::vector<std::size_t>> columns_of(const KeyedTable& sites,
                                                   std::span<const std::string_view> names) {
  if (sites.table.header.size() != names.size() + 1) return std::nullopt;
  std::vector<std::size_t> columns;
  for (const std::string_view name : names) {
    const auto found = sites.table.column(name);
    if (!found) return std::nullopt;
    columns.push_back(*found);
  }
  return columns;
}

Error unknown_columns() {
  return make_error(ErrorKind::kInvalid, fmt::format("{}: header", kTable),
                    "these are not the columns of a table of sites",
                    "Write site,estimate,se or site,estimate,se,n_positive,n_negative (areas under "
                    "the ROC curve) or site,events,n or site,tp,fn,tn,fp.");
}

Result<std::vector<std::int64_t>> counts_in(const KeyedTable& sites, std::size_t row,
                                            std::span<const std::size_t> columns) {
  std::vector<std::int64_t> counts;
  for (const std::size_t column : columns) {
    MEDPERF_TRY(const std::int64_t count, count_in(sites, row, column, kTable));
    counts.push_back(count);
  }
  return counts;
}

Error at_row(Error error, std::size_t row) {
  return std::move(error).at(fmt::format("{}: row {}", kTable, row + 1));
}

Result<PooledSites> pool(std::string of, std::span<const Study> studies, Scale scale,
                         const MetaChoice& choice) {
  metrics::MetaOptions options = choice.options;
  options.scale = scale;
  PooledSites one;
  one.of = std::move(of);
  one.scale = scale;
  MEDPERF_TRY(one.pooled, metrics::meta_analyse(studies, options));
  one.warnings = one.pooled.warnings;
  MEDPERF_TRY(one.forest, metrics::forest_rows(studies, one.pooled, options));
  if (studies.size() > 1) {
    MEDPERF_TRY(one.left_out, metrics::leave_one_out(studies, options));
  }
  return one;
}

Result<PooledSites> pool_counts(std::string of, std::span<const metrics::BinomialCount> counts,
                                const MetaChoice& choice) {
  const Scale scale = choice.scale.value_or(Scale::kLogit);
  std::vector<Study> studies;
  bool few = false;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const auto [events, total] = counts[i];
    auto study = metrics::proportion_study(events, total, scale);
    if (!study) return at_row(std::move(study).error(), i);
    studies.push_back(*study);
    few = few || std::min(events, total - events) < kEventsForTwoStages;
  }
  MEDPERF_TRY(PooledSites one, pool(std::move(of), studies, scale, choice));
  if (few) one.warnings.push_back(warning::kFewEvents);
  MEDPERF_TRY(one.one_stage, metrics::pool_binomial(counts, choice.options.level));
  return one;
}

/// Estimates with their standard errors; with the sizes of the classes they are areas.
Result<PooledSites> pool_estimates(const KeyedTable& sites, std::span<const std::size_t> columns,
                                   const MetaChoice& choice) {
  if (!choice.scale) {
    return make_error(ErrorKind::kInvalid, "--scale", "it is not said on which scale to pool",
                      "Take logit for areas, proportions and means of overlaps, identity for "
                      "distances and differences.");
  }
  const bool areas = columns.size() == 4;
  std::vector<Study> studies;
  for (std::size_t i = 0; i < sites.table.rows.size(); ++i) {
    MEDPERF_TRY(const double value, number_in(sites, i, columns[0], kTable));
    MEDPERF_TRY(const double se, number_in(sites, i, columns[1], kTable));
    Result<Study> study = Study{};
    if (areas) {
      MEDPERF_TRY(const auto sizes, counts_in(sites, i, columns.subspan(2)));
      study = metrics::auc_study(value, se, sizes[0], sizes[1], *choice.scale);
    } else {
      study = metrics::mean_study(value, se, *choice.scale);
    }
    if (!study) return at_row(std::move(study).error(), i);
    studies.push_back(*study);
  }
  return pool(areas ? "auroc" : "estimate", studies, *choice.scale, choice);
}

Result<PooledSites> pool_events(const KeyedTable& sites, std::span<const std::size_t> columns,
                                const MetaChoice& choice) {
  std::vector<metrics::BinomialCount> counts;
  for (std::size_t i = 0; i < sites.table.rows.size(); ++i) {
    MEDPERF_TRY(const auto row, counts_in(sites, i, columns));
    counts.push_back({row[0], row[1]});
  }
  return pool_counts("proportion", counts, choice);
}

/// Sensitivity and specificity, each for itself and, from three sites on, as a pair.
Status pool_tables(const KeyedTable& sites, std::span<const std::size_t> columns,
                   const MetaChoice& choice, MetaAnswer& answer) {
  std::vector<metrics::Confusion> tables;
  std::vector<metrics::BinomialCount> positives;
  std::vector<metrics::BinomialCount> negatives;
  for (std::size_t i = 0; i < sites.table.rows.size(); ++i) {
    MEDPERF_TRY(const auto row, counts_in(sites, i, columns));
    const metrics::Confusion one{.tp = row[0], .fp = row[3], .tn = row[2], .fn = row[1]};
    if (one.tp + one.fn == 0 || one.tn + one.fp == 0) {
      return bad_row(kTable, i, "the site has no positive or no negative case",
                     "Leave it out: it has no sensitivity or no specificity.");
    }
    tables.push_back(one);
    positives.push_back({one.tp, one.tp + one.fn});
    negatives.push_back({one.tn, one.tn + one.fp});
  }
  MEDPERF_TRY(PooledSites sensitivity, pool_counts("sensitivity", positives, choice));
  MEDPERF_TRY(PooledSites specificity, pool_counts("specificity", negatives, choice));
  answer.figures.push_back(std::move(sensitivity));
  answer.figures.push_back(std::move(specificity));
  constexpr std::size_t kSitesForPair = 3;
  if (tables.size() >= kSitesForPair) {
    MEDPERF_TRY(answer.pair, metrics::pool_sensitivity_specificity(tables, choice.options.level));
  }
  return {};
}

}  // namespace

Result<MetaAnswer> pool_sites(std::string_view table, const MetaChoice& choice) {
  using Names = std::vector<std::string_view>;
  MEDPERF_TRY(const KeyedTable sites, read_keyed_table(table, kTable, "site"));
  if (sites.table.rows.empty()) {
    return make_error(ErrorKind::kInvalid, std::string(kTable), "the table has no site",
                      "Write a row per site.");
  }
  MetaAnswer answer;
  for (const auto& row : sites.table.rows) answer.sites.push_back(row[sites.id]);
  if (const auto counts = columns_of(sites, Names{"tp", "fn", "tn", "fp"})) {
    MEDPERF_CHECK(pool_tables(sites, *counts, choice, answer));
    return answer;
  }
  const auto events = columns_of(sites, Names{"events", "n"});
  const auto plain = columns_of(sites, Names{"estimate", "se"});
  const auto areas = columns_of(sites, Names{"estimate", "se", "n_positive", "n_negative"});
  if (!events && !plain && !areas) return unknown_columns();
  MEDPERF_TRY(PooledSites one, events ? pool_events(sites, *events, choice)
                                      : pool_estimates(sites, plain ? *plain : *areas, choice));
  answer.figures.push_back(std::move(one));
  return answer;
}

}  // namespace medperf::cohort
