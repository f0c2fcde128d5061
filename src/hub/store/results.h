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
  bool model_is_viewers = false;  ///< the viewer acts for the model's owner or organisation
  std::int64_t result = 0;
  std::int64_t dataset = 0;
  std::string dataset_name;
  bool dataset_is_viewers = false;
  std::string envelope;  ///< JSON text
};

/// The results of a benchmark that count, by model and dataset: signed, final, valid and not
/// rejected, no compatibility runs, the newest of each triple, of what is approved for it. `viewer`
/// is the user who looks; it changes no row, only what each says of whose it is.
Result<std::vector<CountedResult>> counted_results(sql::Session& session, std::int64_t benchmark,
                                                   std::int64_t viewer);

/// What decides whether a benchmark takes a result.
struct ResultSubjects {
  std::string benchmark_status;    ///< its approval
  bool benchmark_is_open = false;  ///< active and valid
  std::optional<std::int64_t> reference_model;
  std::optional<std::string> model_status;  ///< of the newest association; nothing without one
  std::optional<std::string> dataset_status;
};

/// Whose evaluation a result is.
struct ResultNames {
  std::int64_t benchmark = 0;
  std::int64_t model = 0;
  std::int64_t dataset = 0;
};
/// The standing of the benchmark, model and dataset that a result names. Error: not_found when the
/// benchmark does not exist for `sight`.
Result<ResultSubjects> result_subjects(sql::Session& session, const Sight& sight,
                                       const ResultNames& names);
/// Says that result_subjects will be asked for these (sql::Session::prefetch).
void prefetch_result_subjects(sql::Session& session, const Sight& sight, const ResultNames& names);

/// The valid unfinished result of the same benchmark, model and dataset.
Result<std::optional<domain::Record>> find_open_result(sql::Session& session, const Sight& sight,
                                                       const domain::Record& result);
/// A dataset's results belong where it belongs.
Status give_results(sql::Session& session, std::int64_t dataset, std::int64_t organisation);
/// Notes that a result's statement was checked.
Status mark_signed(sql::Session& session, std::int64_t result);

}  // namespace medperf::hub
