#pragma once
// Storing rows of an existing hub as they are: with their ids, owners and times.

#include <cstdint>

#include "domain/record.h"
#include "sql/database.h"

namespace medperf::hub {

/// What the users' field table does not show.
struct AccountFlags {
  bool active = true;
  bool admin = false;
};

enum class Taken { kStored, kAlreadyThere };
/// Stores a row under its own id. A row of this id with the same content is left alone; one that
/// only init made (superuser, first container, first authority) is replaced. Errors: conflict (the
/// id or a unique value is taken by another row), invalid (it refers to a row that is missing, or
/// breaks a rule of the table).
Result<Taken> take_row(sql::Session& session, const domain::Record& record,
                       const AccountFlags& flags);

/// Makes the next id of the entity's table follow its rows and `last_id`.
Status follow_taken_ids(sql::Session& session, domain::Entity entity, std::int64_t last_id);

}  // namespace medperf::hub
