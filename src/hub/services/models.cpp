#include "hub/services/models.h"

#include <algorithm>
#include <string>

#include "domain/field_choices.h"
#include "domain/messages.h"
#include "domain/names.h"
#include "domain/rules.h"
#include "hub/services/steps.h"
#include "hub/store/lookups.h"
#include "hub/store/repository.h"
#include "hub/store/selections.h"

namespace medperf::hub {

using domain::Entity;
using domain::Record;

namespace {

struct Part {
  std::string_view key;
  Entity entity;
};
constexpr Part kParts[] = {{"container", Entity::kContainer}, {"asset", Entity::kAsset}};

const Part& part_of(std::string_view type) {
  return type == domain::kContainerModel ? kParts[0] : kParts[1];
}

/// Whoever sees a model sees what it wraps: both belong to the same closed group, or to none.
Result<std::vector<Record>> select_by_ids(sql::Session& session, Entity entity,
                                          const std::vector<std::int64_t>& ids) {
  if (ids.empty()) return std::vector<Record>();
  return Repository(entity, Sight::whole()).select(session, rows_with_ids(ids));
}

Result<std::optional<Record>> find_part(const std::vector<Record>& parts, const Record& model,
                                        std::string_view key) {
  if (model.is_null(key)) return std::optional<Record>();
  const auto id = model.integer(key);
  const auto found = std::find_if(parts.begin(), parts.end(),
                                  [id](const Record& part) { return part.id() == id; });
  if (found == parts.end()) {
    return make_error(ErrorKind::kCorrupt, "models", "a model wraps an object that is not stored");
  }
  return std::optional<Record>(*found);
}

}  // namespace

Result<wire::NestedModel> create_model(const Context& context, const Json& body) {
  MEDPERF_TRY(auto nested, accept_model_create(context, body));
  const Part& part = part_of(nested.model.text("type"));
  Record& wrapped = part.entity == Entity::kContainer ? *nested.container : *nested.asset;
  auto stored = store_new(context, wrapped);
  if (!stored.ok()) return within(std::move(stored).error(), part.key);
  nested.model.set(part.key, wrapped.id());
  MEDPERF_CHECK(store_new(context, nested.model));
  return nested;
}

Result<Record> update_model(const Context& context, std::int64_t id, const Json& body) {
  MEDPERF_TRY(auto stored, Repository(Entity::kModel, context.sight()).get(context.session, id));
  MEDPERF_TRY(auto update, accept_update(context, stored, body));
  Record& model = update.record;
  for (const std::string_view fixed : domain::content_fields(Entity::kModel)) {
    if (stored.get(fixed) != model.get(fixed)) {
      return domain::field_error(fixed, "What a model wraps cannot be changed.");
    }
  }
  MEDPERF_CHECK(store_changes(context, model));
  if (update.has(domain::kState) || update.has(domain::kIsValid)) {
    const Part& part = part_of(model.text("type"));
    const Repository parts(part.entity, context.sight());
    MEDPERF_TRY(auto wrapped, parts.get(context.session, model.integer(part.key)));
    // One that was put into OPERATION by itself stays there.
    if (wrapped.text(domain::kState) != domain::kOperation) {
      wrapped.set(domain::kState, model.get(domain::kState));
    }
    wrapped.set(domain::kIsValid, model.get(domain::kIsValid));
    MEDPERF_CHECK(store_changes(context, wrapped));
  }
  return std::move(model);
}

Result<wire::NestedModel> get_model(const Context& context, std::int64_t id) {
  MEDPERF_TRY(auto model, Repository(Entity::kModel, context.sight()).get(context.session, id));
  MEDPERF_TRY(auto wrapped, with_wrapped(context.session, {std::move(model)}));
  return std::move(wrapped.front());
}

Result<wire::NestedModel> model_of(const Context& context, Entity wrapped, std::int64_t id) {
  MEDPERF_TRY(auto model, find_model_of(context.session, context.sight(), wrapped, id));
  if (!model) return make_error(ErrorKind::kNotFound, {}, "Not found.");
  MEDPERF_TRY(auto full, with_wrapped(context.session, {std::move(*model)}));
  return std::move(full.front());
}

Result<std::vector<wire::NestedModel>> with_wrapped(sql::Session& session,
                                                    std::vector<Record> models) {
  std::vector<std::int64_t> containers;
  std::vector<std::int64_t> assets;
  for (const auto& model : models) {
    if (!model.is_null("container")) containers.push_back(model.integer("container"));
    if (!model.is_null("asset")) assets.push_back(model.integer("asset"));
  }
  MEDPERF_TRY(auto container_rows, select_by_ids(session, Entity::kContainer, containers));
  MEDPERF_TRY(auto asset_rows, select_by_ids(session, Entity::kAsset, assets));
  std::vector<wire::NestedModel> wrapped;
  wrapped.reserve(models.size());
  for (auto& model : models) {
    MEDPERF_TRY(auto container, find_part(container_rows, model, "container"));
    MEDPERF_TRY(auto asset, find_part(asset_rows, model, "asset"));
    wrapped.push_back({std::move(model), std::move(container), std::move(asset)});
  }
  return wrapped;
}

}  // namespace medperf::hub
