#pragma once
// Use cases of what is registered by itself: containers, assets, datasets, authorities,
// aggregators, users' own settings.

#include "hub/services/context.h"

namespace medperf::hub {

Result<domain::Record> create_container(const Context& context, const Json& body);
Result<domain::Record> update_container(const Context& context, std::int64_t id, const Json& body);
Result<domain::Record> create_asset(const Context& context, const Json& body);
Result<domain::Record> update_asset(const Context& context, std::int64_t id, const Json& body);
Result<domain::Record> create_dataset(const Context& context, const Json& body);
Result<domain::Record> update_dataset(const Context& context, std::int64_t id, const Json& body);
Result<domain::Record> create_ca(const Context& context, const Json& body);
Result<domain::Record> create_aggregator(const Context& context, const Json& body);
Result<domain::Record> update_user(const Context& context, std::int64_t id, const Json& body);

}  // namespace medperf::hub
