#pragma once
// Steps that the use cases of every entity share.

#include <string_view>
#include <vector>

#include "base/json.h"
#include "domain/record.h"
#include "hub/services/context.h"
#include "hub/store/references.h"
#include "wire/entity_json.h"

namespace medperf::hub {

inline constexpr std::string_view kPendingBenchmark =
    "User already has a pending benchmark. Wait until it is decided on.";

/// The rows that the fields of a body refer to, in the order of the entity's table.
std::vector<ReferenceTo> references_in(domain::Entity entity, const Json& body);
/// A new record from a create body: fields checked, references exist, owner and times set.
Result<domain::Record> accept_create(const Context& context, domain::Entity entity,
                                     const Json& body);
/// The same for a model with its nested container or asset.
Result<wire::NestedModel> accept_model_create(const Context& context, const Json& body);
/// The stored record with the body's changes: fields, references, freeze and state are checked.
Result<wire::Update> accept_update(const Context& context, const domain::Record& stored,
                                   const Json& body);
/// Stores a new record, with broken unique rules told in v0's words.
Status store_new(const Context& context, domain::Record& record);
/// Stores changes and touches modified_at.
Status store_changes(const Context& context, domain::Record& record);
/// The platform's decision on a benchmark or a training experiment, if the update carries one: the
/// change is checked, its time set, its owner told by a notice of this kind.
Status decide_approval(const Context& context, const domain::Record& stored, wire::Update& update,
                       std::string_view notice);
/// Use case of every entity: an admin removes an object. Errors: not_found, conflict (referenced).
Status delete_object(const Context& context, domain::Entity entity, std::int64_t id);
/// Names a broken unique rule in v0's words; other errors pass unchanged.
Error explain_conflict(Error error, domain::Entity entity);
/// Puts `prefix` before the names of an error's fields ("container" makes "container.name").
Error within(Error error, std::string_view prefix);

}  // namespace medperf::hub
