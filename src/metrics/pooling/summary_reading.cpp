#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>
#include <span>

#include "base/encoding.h"
#include "metrics/pooling/summary_json.h"
#include "metrics/vocabulary.h"

namespace medperf::metrics {
namespace {

constexpr std::size_t kMostParts = 1000;
constexpr std::size_t kMostReasons = 100;
constexpr std::size_t kMostClasses = 1000;
constexpr std::size_t kLongestName = 200;
constexpr std::size_t kLongestRules = std::size_t{64} << 10;

Error wrong(std::string_view key, std::string what) {
  return make_error(ErrorKind::kInvalid, std::string(key), std::move(what),
                    "Ask the site to make its summary again (docs/schemas/summary-v1.json).");
}

/// An object, of which every key must be asked for.
class Members {
 public:
  static Result<Members> of(std::string_view what, const Json& value,
                            std::span<const std::string_view> keys) {
    if (!value.is_object()) return wrong(what, "it is no object");
    for (const auto& [key, member] : value.members()) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
        return wrong(what, "it has a key that is unknown: " + printable(key, 40));
      }
    }
    return Members(value);
  }

  Result<std::string> text(std::string_view key, std::size_t longest = kLongestName) const {
    const Json* const value = value_.find(key);
    if (value == nullptr || !value->is_string()) return wrong(key, "it is missing or no text");
    if (value->as_string().size() > longest) return wrong(key, "it is too long");
    return value->as_string();
  }

  Result<std::int64_t> count(std::string_view key) const { return count_of(key, value_.find(key)); }

  Result<double> number(std::string_view key) const {
    const Json* const value = value_.find(key);
    if (value == nullptr || !value->is_number()) return wrong(key, "it is missing or no number");
    return value->as_double();
  }

  Result<ExactSum> sum(std::string_view key) const { return sum_of(key, value_.find(key)); }

  Result<const Json::Array*> list(std::string_view key) const {
    const Json* const value = value_.find(key);
    if (value == nullptr || !value->is_array()) return wrong(key, "it is missing or no list");
    return &value->items();
  }

  /// The rule that these members were made by must be ours.
  Status rule(std::string_view ours) const {
    MEDPERF_TRY(const std::string theirs, text("rule"));
    if (theirs == ours) return {};
    return make_error(ErrorKind::kConflict, "rule",
                      fmt::format("it is {}, and {} is known", printable(theirs, 60), ours),
                      "Ask every site for a summary by the rule that the benchmark names.");
  }

  const Json* find(std::string_view key) const { return value_.find(key); }

  static Result<std::int64_t> count_of(std::string_view key, const Json* value) {
    if (value == nullptr || !value->is_int() || value->as_int() < 0) {
      return wrong(key, "it is missing or no whole number from 0 on");
    }
    return value->as_int();
  }

  static Result<ExactSum> sum_of(std::string_view key, const Json* value) {
    if (value == nullptr || !value->is_string()) return wrong(key, "it is missing or no sum");
    auto sum = ExactSum::parse(value->as_string());
    if (!sum.ok()) return std::move(sum).error().at(key);
    return sum;
  }

 private:
  explicit Members(const Json& value) : value_(value) {}
  const Json& value_;
};

Result<Bins> bins_of(const Members& part) {
  const Json* const value = part.find("bins");
  if (value == nullptr) return wrong("bins", "they are missing");
  constexpr std::array<std::string_view, 3> kKeys = {"low", "high", "count"};
  MEDPERF_TRY(const Members members, Members::of("bins", *value, kKeys));
  Bins bins;
  MEDPERF_TRY(bins.low, members.number("low"));
  MEDPERF_TRY(bins.high, members.number("high"));
  MEDPERF_TRY(const std::int64_t count, members.count("count"));
  if (count > (1 << 16)) return wrong("bins", "there are more than 65536");
  bins.count = static_cast<int>(count);
  MEDPERF_CHECK(check_bins(bins));
  return bins;
}

/// The rows of "cells", each `width` long and its first item a bin, in rising order.
Status for_each_cell(const Members& part, const Bins& bins, std::size_t width,
                     const std::function<Status(std::size_t, const Json::Array&)>& take) {
  MEDPERF_TRY(const Json::Array* const cells, part.list("cells"));
  std::int64_t before = -1;
  for (const Json& cell : *cells) {
    if (!cell.is_array() || cell.items().size() != width) {
      return wrong("cells", fmt::format("a row is no list of {}", width));
    }
    MEDPERF_TRY(const std::int64_t bin, Members::count_of("cells", &cell.items()[0]));
    if (bin <= before || bin >= bins.count) {
      return wrong("cells", "a bin is out of range or out of order");
    }
    before = bin;
    MEDPERF_CHECK(take(static_cast<std::size_t>(bin), cell.items()));
  }
  return {};
}

Result<SummaryContent> moments(const Members& part) {
  MEDPERF_TRY(const std::string rule, part.text("rule"));
  MEDPERF_TRY(const std::int64_t n, part.count("n"));
  MEDPERF_TRY(const ExactSum sum, part.sum("sum"));
  MEDPERF_TRY(const ExactSum squares, part.sum("squares"));
  MEDPERF_TRY(auto content, MomentSummary::from_parts(rule, n, sum, squares));
  return SummaryContent(std::move(content));
}

Result<SummaryContent> ratio(const Members& part) {
  MEDPERF_TRY(const std::string rule, part.text("rule"));
  MEDPERF_TRY(const std::int64_t n, part.count("n"));
  RatioSummary::Sums sums;
  MEDPERF_TRY(sums.numerator, part.sum("numerator"));
  MEDPERF_TRY(sums.denominator, part.sum("denominator"));
  MEDPERF_TRY(sums.numerator_squares, part.sum("numerator_squares"));
  MEDPERF_TRY(sums.products, part.sum("products"));
  MEDPERF_TRY(sums.denominator_squares, part.sum("denominator_squares"));
  MEDPERF_TRY(auto content, RatioSummary::from_parts(rule, n, sums));
  return SummaryContent(std::move(content));
}

Result<SummaryContent> decision(const Members& part) {
  MEDPERF_CHECK(part.rule(kDecisionRule));
  DecisionCounts counts;
  MEDPERF_TRY(counts.threshold, part.number("threshold"));
  for (auto& [key, count] :
       {std::pair("tp", &counts.table.tp), std::pair("fp", &counts.table.fp),
        std::pair("tn", &counts.table.tn), std::pair("fn", &counts.table.fn)}) {
    MEDPERF_TRY(*count, part.count(key));
    if (*count > std::int64_t{1} << 53) return wrong(key, "it is larger than any cohort");
  }
  return SummaryContent(counts);
}

Result<SummaryContent> count_table(const Members& part) {
  MEDPERF_TRY(const std::string rule, part.text("rule", kLongestRules));
  MEDPERF_TRY(const Json::Array* const rows, part.list("counts"));
  if (rows->size() < 2 || rows->size() > kMostClasses) {
    return wrong("counts", "it is no table of 2 to 1000 classes");
  }
  MEDPERF_TRY(auto content, CountTable::empty(rule, rows->size(), rows->size()));
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const Json& row = (*rows)[i];
    if (!row.is_array() || row.items().size() != rows->size()) {
      return wrong("counts", "it has not as many columns as rows");
    }
    for (std::size_t j = 0; j < row.items().size(); ++j) {
      MEDPERF_TRY(const std::int64_t count, Members::count_of("counts", &row.items()[j]));
      if (count > std::int64_t{1} << 43) return wrong("counts", "one is larger than any cohort");
      MEDPERF_CHECK(content.add(i, j, count));
    }
  }
  return SummaryContent(std::move(content));
}

Result<SummaryContent> score_histogram(const Members& part) {
  MEDPERF_CHECK(part.rule(kHistogramAucConvention));
  MEDPERF_TRY(const Bins bins, bins_of(part));
  std::vector<std::int64_t> positives(static_cast<std::size_t>(bins.count));
  std::vector<std::int64_t> negatives = positives;
  MEDPERF_CHECK(
      for_each_cell(part, bins, 3, [&](std::size_t bin, const Json::Array& cell) -> Status {
        MEDPERF_TRY(positives[bin], Members::count_of("cells", &cell[1]));
        MEDPERF_TRY(negatives[bin], Members::count_of("cells", &cell[2]));
        return {};
      }));
  MEDPERF_TRY(auto content,
              ScoreHistogram::from_parts(bins, std::move(positives), std::move(negatives)));
  return SummaryContent(std::move(content));
}

Result<SummaryContent> reliability(const Members& part) {
  MEDPERF_CHECK(part.rule(kPooledEceConvention));
  MEDPERF_TRY(const Bins bins, bins_of(part));
  std::vector<ReliabilityBin> counts(static_cast<std::size_t>(bins.count));
  MEDPERF_CHECK(
      for_each_cell(part, bins, 6, [&](std::size_t bin, const Json::Array& cell) -> Status {
        ReliabilityBin& row = counts[bin];
        MEDPERF_TRY(row.cases, Members::count_of("cells", &cell[1]));
        MEDPERF_TRY(row.positives, Members::count_of("cells", &cell[2]));
        MEDPERF_TRY(row.probability, Members::sum_of("cells", &cell[3]));
        MEDPERF_TRY(row.positive_probability, Members::sum_of("cells", &cell[4]));
        MEDPERF_TRY(row.squared_probability, Members::sum_of("cells", &cell[5]));
        return {};
      }));
  MEDPERF_TRY(auto content, ReliabilityTable::from_parts(bins, std::move(counts)));
  return SummaryContent(std::move(content));
}

Result<SummaryContent> logit_histogram(const Members& part) {
  MEDPERF_CHECK(part.rule(kHistogramSlopeConvention));
  MEDPERF_TRY(const Bins bins, bins_of(part));
  MEDPERF_TRY(const std::int64_t clipped, part.count("clipped"));
  std::vector<CalibrationHistogram::Cell> cells(2 * static_cast<std::size_t>(bins.count));
  MEDPERF_CHECK(
      for_each_cell(part, bins, 5, [&](std::size_t bin, const Json::Array& cell) -> Status {
        MEDPERF_TRY(cells[2 * bin].cases, Members::count_of("cells", &cell[1]));
        MEDPERF_TRY(cells[2 * bin].logits, Members::sum_of("cells", &cell[2]));
        MEDPERF_TRY(cells[2 * bin + 1].cases, Members::count_of("cells", &cell[3]));
        MEDPERF_TRY(cells[2 * bin + 1].logits, Members::sum_of("cells", &cell[4]));
        return {};
      }));
  MEDPERF_TRY(auto content, CalibrationHistogram::from_parts(bins, std::move(cells), clipped));
  return SummaryContent(std::move(content));
}

struct PartType {
  std::string_view name;
  std::vector<std::string_view> keys;
  Result<SummaryContent> (*read)(const Members&);
  std::int64_t per_bin = 0;  ///< memory of a bin, where that of a pair of counts is 1
};

/// Every part has these.
constexpr std::array<std::string_view, 5> kPartKeys = {"metric", "of", "type", "rule", "undefined"};

const std::vector<PartType>& part_types() {
  static const std::vector<PartType> types = {
      {"moments", {"n", "sum", "squares"}, moments},
      {"ratio",
       {"n", "numerator", "denominator", "numerator_squares", "products", "denominator_squares"},
       ratio},
      {"decision", {"threshold", "tp", "fp", "tn", "fn"}, decision},
      {"count-table", {"counts"}, count_table},
      {"score-histogram", {"bins", "cells"}, score_histogram, 1},
      {"reliability", {"bins", "cells"}, reliability, 100},
      {"logit-histogram", {"bins", "clipped", "cells"}, logit_histogram, 70},
  };
  return types;
}

/// A short text without control characters, which may stand in a table.
Result<std::string> name_in(const Members& members, std::string_view key) {
  MEDPERF_TRY(const std::string text, members.text(key));
  if (printable(text, kLongestName) != text) return wrong(key, "it has characters of no name");
  return text;
}

Result<std::map<std::string, std::int64_t>> undefined_of(const Members& part) {
  std::map<std::string, std::int64_t> undefined;
  const Json* const value = part.find("undefined");
  if (value == nullptr) return undefined;
  if (!value->is_object() || value->members().size() > kMostReasons) {
    return wrong("undefined", "it is no object of at most 100 reasons");
  }
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789_/";
  for (const auto& [reason, count] : value->members()) {
    if (reason.empty() || reason.size() > 64 ||
        reason.find_first_not_of(kAllowed) != std::string::npos) {
      return wrong("undefined", "a reason is no name");
    }
    MEDPERF_TRY(undefined[reason], Members::count_of("undefined", &count));
  }
  return undefined;
}

/// Takes `budget` for the bins before anything is allocated for them.
Result<SummaryPart> read_part(const Json& document, std::int64_t& budget) {
  const std::string type = document.get_string("type");
  const auto& types = part_types();
  const auto found = std::find_if(types.begin(), types.end(),
                                  [&type](const PartType& one) { return one.name == type; });
  if (found == types.end()) return wrong("type", "it is missing or unknown");
  std::vector<std::string_view> keys(kPartKeys.begin(), kPartKeys.end());
  keys.insert(keys.end(), found->keys.begin(), found->keys.end());
  MEDPERF_TRY(const Members members, Members::of("part", document, keys));
  if (const Json* count = document.find_path({"bins", "count"}); count && count->is_int()) {
    if (count->as_int() > budget / std::max<std::int64_t>(found->per_bin, 1)) {
      return make_error(ErrorKind::kTooLarge, "bins", "all parts together have too many",
                        "Summarise with fewer bins.");
    }
    budget -= std::max<std::int64_t>(count->as_int(), 0) * found->per_bin;
  }
  SummaryPart part;
  MEDPERF_TRY(part.metric, members.text("metric"));
  if (find_metric(part.metric) == nullptr) return wrong("metric", "it is unknown");
  MEDPERF_TRY(part.of, name_in(members, "of"));
  MEDPERF_TRY(part.undefined, undefined_of(members));
  MEDPERF_TRY(part.content, found->read(members));
  return part;
}

}  // namespace

Result<SiteSummary> read_summary(const Json& document) {
  constexpr std::array<std::string_view, 9> kKeys = {"format",     "program",  "kind",
                                                     "rules",      "n_sites",  "n_cases",
                                                     "n_patients", "n_failed", "parts"};
  MEDPERF_TRY(const Members members, Members::of("summary", document, kKeys));
  MEDPERF_TRY(const std::string format, members.text("format"));
  if (format != kSummaryFormat) return wrong("format", "it is not medperf/summary/v1");
  MEDPERF_CHECK(members.text("program"));
  SiteSummary summary;
  MEDPERF_TRY(summary.kind, name_in(members, "kind"));
  MEDPERF_TRY(summary.rules, members.text("rules", kLongestRules));
  MEDPERF_TRY(summary.sites, members.count("n_sites"));
  MEDPERF_TRY(summary.cases, members.count("n_cases"));
  MEDPERF_TRY(summary.patients, members.count("n_patients"));
  MEDPERF_TRY(summary.failed, members.count("n_failed"));
  MEDPERF_TRY(const Json::Array* const parts, members.list("parts"));
  if (parts->size() > kMostParts) return wrong("parts", "there are more than 1,000");
  std::int64_t budget = 1 << 18;
  std::set<std::pair<std::string, std::string>> seen;
  for (std::size_t i = 0; i < parts->size(); ++i) {
    auto part = read_part((*parts)[i], budget);
    if (!part.ok()) return std::move(part).error().at(fmt::format("part {}", i + 1));
    if (!seen.emplace(part->metric, part->of).second) {
      return wrong(fmt::format("part {}", i + 1), "it is of the same figure as an earlier one");
    }
    summary.parts.push_back(std::move(part).value());
  }
  MEDPERF_CHECK(summary.check());
  return summary;
}

Result<SiteSummary> parse_summary(std::string_view text) {
  JsonLimits limits;
  limits.depth = 8;
  limits.values = 500'000;
  MEDPERF_TRY(const Json document, parse_json(text, limits));
  return read_summary(document);
}

}  // namespace medperf::metrics
