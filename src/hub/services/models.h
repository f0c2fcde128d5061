#pragma once
// Models: a name for exactly one container or asset, created and kept in step with it.

#include <vector>

#include "hub/services/context.h"
#include "wire/entity_json.h"

namespace medperf::hub {

/// Creates the model and its container or asset together.
Result<wire::NestedModel> create_model(const Context& context, const Json& body);
/// State and validity are written to the wrapped object too. What it wraps cannot be changed.
Result<domain::Record> update_model(const Context& context, std::int64_t id, const Json& body);
Result<wire::NestedModel> get_model(const Context& context, std::int64_t id);
/// The model that wraps a container or an asset. Error: not_found.
Result<wire::NestedModel> model_of(const Context& context, domain::Entity wrapped, std::int64_t id);
/// Adds what they wrap, in two queries.
Result<std::vector<wire::NestedModel>> with_wrapped(sql::Session& session,
                                                    std::vector<domain::Record> models);

}  // namespace medperf::hub
