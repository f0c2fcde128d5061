#pragma once
// The database of an existing MedPerf hub (Django's tables), as an SQLite file or as the plain SQL
// that pg_dump writes.

#include <memory>

#include "base/files.h"
#include "hub/transfer/foreign.h"

namespace medperf::hub {

/// Opens either kind, told apart by its first bytes. An SQLite file is copied first (with its
/// write-ahead log) into `scratch`, so the original is never written to. Errors: invalid (neither,
/// or no hub's tables), not_found, unavailable.
Result<std::unique_ptr<ImportSource>> open_django_database(const fs::path& file,
                                                           const fs::path& scratch);

/// The table of an entity there; empty when it has none.
std::string_view django_table(domain::Entity entity);

}  // namespace medperf::hub
