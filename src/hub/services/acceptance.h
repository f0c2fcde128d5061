#pragma once
// Whether submitted results may be stored: the hub's half of "what may leave a site", by the same
// functions of room result that the site used.

#include "domain/record.h"
#include "hub/services/context.h"

namespace medperf::hub {

/// What a finished result is.
struct Acceptance {
  bool is_signed = false;  ///< only signed results are aggregated
};

/// `row` is the result as it would be stored. A benchmark without a result schema accepts any
/// results as unsigned. Otherwise `results` must be an envelope that the schema allows and
/// `metadata.medperf.statement` a statement that binds it, signed by the valid key of the dataset's
/// owner. Error: invalid, with every reason under "results" or "metadata".
Result<Acceptance> accept_results(const Context& context, const domain::Record& row);

}  // namespace medperf::hub
