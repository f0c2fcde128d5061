#pragma once
// A table of values per case with a column for each of several models.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cohort/class_tables.h"

namespace medperf::cohort {

/// What an empty cell means: a model without a value for a case (an HD95 of an empty prediction)
/// failed there, and it is the caller who says what that costs.
struct MissingRule {
  enum class Kind { kRefuse, kLeaveOut, kReplace };
  Kind kind = Kind::kRefuse;
  double value = 0;  ///< of kReplace
};
/// "refuse", "leave-out" or a number. Error: invalid.
Result<MissingRule> parse_missing_rule(std::string_view text);

struct ModelValues {
  std::vector<std::string> models;          ///< in the order of the columns
  std::vector<std::vector<double>> values;  ///< [model][case]
  Units units;
  std::map<std::string, std::int64_t> missing;  ///< by model, where there are any: empty cells
  std::int64_t left_out = 0;                    ///< cases, by the rule
};

/// `case_id`, `patient` and `group` if wanted, and a column for each model. Errors: invalid for
/// fewer than `least` models, an empty name of a patient, a cell that is no number, an empty cell
/// under kRefuse; they name rows, never ids.
Result<ModelValues> read_model_values(std::string_view text, const MissingRule& rule,
                                      std::size_t least = 2);

/// What documents say of a table of values: its metric, and the cells that were empty.
Json values_document(const ModelValues& values, std::string_view metric);
/// Invalid for an id that is in no vocabulary; empty is allowed.
Status check_metric_id(std::string_view metric);

}  // namespace medperf::cohort
