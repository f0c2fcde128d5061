#pragma once
// The hub's database schema, as migrations for both databases.

#include <span>

#include "sql/database.h"

namespace medperf::hub {

/// Every step from an empty database to the newest schema. The text is written once; the key column
/// and the log table differ between the databases.
std::span<const sql::Migration> migrations();

}  // namespace medperf::hub
