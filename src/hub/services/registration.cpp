#include "hub/services/registration.h"

#include "domain/rules.h"
#include "hub/services/steps.h"
#include "hub/store/repository.h"

namespace medperf::hub {

using domain::Entity;
using domain::Record;

namespace {

Result<Record> create_plain(const Context& context, Entity entity, const Json& body) {
  MEDPERF_TRY(auto record, accept_create(context, entity, body));
  if (entity == Entity::kContainer) MEDPERF_CHECK(domain::check_additional_files(record));
  MEDPERF_CHECK(store_new(context, record));
  return record;
}

Result<Record> update_plain(const Context& context, Entity entity, std::int64_t id,
                            const Json& body) {
  MEDPERF_TRY(auto stored, Repository(entity, context.sight()).get(context.session, id));
  MEDPERF_TRY(auto update, accept_update(context, stored, body));
  if (entity == Entity::kContainer) MEDPERF_CHECK(domain::check_additional_files(update.record));
  MEDPERF_CHECK(store_changes(context, update.record));
  return std::move(update.record);
}

}  // namespace

Result<Record> create_container(const Context& context, const Json& body) {
  return create_plain(context, Entity::kContainer, body);
}

Result<Record> update_container(const Context& context, std::int64_t id, const Json& body) {
  return update_plain(context, Entity::kContainer, id, body);
}

Result<Record> create_asset(const Context& context, const Json& body) {
  return create_plain(context, Entity::kAsset, body);
}

Result<Record> update_asset(const Context& context, std::int64_t id, const Json& body) {
  return update_plain(context, Entity::kAsset, id, body);
}

Result<Record> create_dataset(const Context& context, const Json& body) {
  return create_plain(context, Entity::kDataset, body);
}

Result<Record> update_dataset(const Context& context, std::int64_t id, const Json& body) {
  return update_plain(context, Entity::kDataset, id, body);
}

Result<Record> create_ca(const Context& context, const Json& body) {
  return create_plain(context, Entity::kCa, body);
}

Result<Record> create_aggregator(const Context& context, const Json& body) {
  return create_plain(context, Entity::kAggregator, body);
}

Result<Record> update_user(const Context& context, std::int64_t id, const Json& body) {
  return update_plain(context, Entity::kUser, id, body);
}

}  // namespace medperf::hub
