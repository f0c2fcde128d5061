#pragma once
// The steps of the schema, one file each: NNNN_name.cpp. A step that has been released is never
// changed. Only schema.cpp includes this and the steps.

#include <string>
#include <string_view>

#include "sql/database.h"

namespace medperf::hub {

/// A script written once for both databases: `$id` becomes the key column in the words of each.
std::string in_dialect(std::string_view text, sql::Dialect dialect);

std::string first_schema(sql::Dialect dialect);
std::string registries_schema(sql::Dialect dialect);
std::string list_counts_schema(sql::Dialect dialect);
std::string compatibility_runs(sql::Dialect dialect);
std::string organisations_schema(sql::Dialect dialect);
std::string committees_schema(sql::Dialect dialect);
std::string sign_in_schema(sql::Dialect dialect);
std::string list_orders_schema(sql::Dialect dialect);
std::string closed_registries_schema(sql::Dialect dialect);
std::string session_clients_schema(sql::Dialect dialect);

}  // namespace medperf::hub
