#pragma once
// The rows with id 1 that clients of v0 expect in a fresh hub (v0 section 2).

#include <string_view>

#include "base/clock.h"
#include "domain/record.h"
#include "sql/database.h"

namespace medperf::hub {

/// Owner of the first rows; nobody can sign in to it.
inline constexpr std::string_view kSuperuser = "superuser";

/// Adds superuser, container and certificate authority to a database without users.
Status add_first_rows(sql::Session& session, Timestamp now);
/// Whether a row is one of them, unchanged: nothing is lost when another takes its place.
bool is_first_row(const domain::Record& record);

}  // namespace medperf::hub
