#pragma once
// Results: which count in a benchmark's aggregate, which stands in another's way.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/record.h"
#include "hub/store/visibility.h"
#include "sql/database.h"

namespace medperf::hub {

/// A result that counts, with what is shown of its model and dataset.
struct CountedResult {
  std::int64_t model = 0;
  std::string model_name;
  std::int64_t model_owner = 0;
  std::int64_t result = 0;
  std::int64_t dataset = 0;
  std::string dataset_name;
  std::int64_t dataset_owner = 0;
  std::string envelope;  ///< JSON text
};

/// The results of a benchmark that count, by model and dataset: signed, final, valid and not
/// rejected, no compatibility runs, the newest of each triple, of what is approved for it.
Result<std::vector<CountedResult>> counted_results(sql::Session& session, std::int64_t benchmark);

/// The valid unfinished result of the same benchmark, model and dataset.
Result<std::optional<domain::Record>> find_open_result(sql::Session& session, const Sight& sight,
                                                       const domain::Record& result);
/// Notes that a result's statement was checked.
Status mark_signed(sql::Session& session, std::int64_t result);

}  // namespace medperf::hub
