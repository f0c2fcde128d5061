#pragma once
// Whether the database answers, and whether it is whole.

#include "sql/database.h"

namespace medperf::hub {

/// Error: that of a database which does not answer.
Status check_answering(sql::Database& database);
/// The database's own check of its pages and of rows that refer to others; PostgreSQL makes none
/// such by a statement. Error: corrupt.
Status check_integrity(sql::Session& session);

}  // namespace medperf::hub
