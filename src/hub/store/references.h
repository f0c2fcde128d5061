#pragma once
// The rows that others refer to: whether they exist for somebody, and to whom they belong.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "domain/record.h"
#include "hub/store/visibility.h"
#include "sql/database.h"

namespace medperf::hub {

/// To whom a row belongs that another one refers to. Null where it does not say.
struct Reference {
  domain::FieldValue organisation;
  domain::FieldValue closed_group;
};

/// A row by entity and id.
struct ReferenceTo {
  domain::Entity entity;
  std::int64_t id = 0;
};

/// What a reference to a row needs to know; nothing when there is no such row for `sight`.
Result<std::optional<Reference>> find_reference(sql::Session& session, const Sight& sight,
                                                const ReferenceTo& wanted);
/// The same of several rows by one statement, in their order.
Result<std::vector<std::optional<Reference>>> find_references(sql::Session& session,
                                                              const Sight& sight,
                                                              std::span<const ReferenceTo> wanted);
/// Says that find_references will be asked for these (sql::Session::prefetch).
void prefetch_references(sql::Session& session, const Sight& sight,
                         std::span<const ReferenceTo> wanted);

}  // namespace medperf::hub
