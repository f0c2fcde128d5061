#pragma once
// New rows of tables that hold more than the fields of their entity.

#include <cstdint>
#include <string_view>
#include <vector>

#include "domain/record.h"
#include "sql/database.h"

namespace medperf::hub {

/// A column that no field table shows, so that no answer can.
struct HiddenColumn {
  std::string_view name;
  sql::Value value;
};

/// Stores a new row; returns its id. Error: conflict (unique rule).
Result<std::int64_t> insert_with(sql::Session& session, const domain::Record& record,
                                 const std::vector<HiddenColumn>& hidden);

}  // namespace medperf::hub
