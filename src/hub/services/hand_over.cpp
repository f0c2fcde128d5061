#include "hub/services/hand_over.h"

#include <optional>
#include <string>
#include <utility>

#include "domain/messages.h"
#include "domain/names.h"
#include "hub/services/steps.h"
#include "hub/store/associations.h"
#include "hub/store/lookups.h"
#include "hub/store/organisations.h"
#include "hub/store/repository.h"
#include "hub/store/results.h"

namespace medperf::hub {

using domain::Entity;
using domain::Record;

namespace {

struct Kind {
  std::string_view key;
  Entity entity;
};
constexpr Kind kKinds[] = {{"benchmark", Entity::kBenchmark},
                           {"dataset", Entity::kDataset},
                           {"model", Entity::kModel},
                           {"container", Entity::kContainer}};

struct Given {
  Kind kind;
  std::int64_t id = 0;
};

/// The one object that a body names.
Result<Given> named_in(const Json& body) {
  std::optional<Given> given;
  for (const Kind& kind : kKinds) {
    const Json* value = body.is_object() ? body.find(kind.key) : nullptr;
    if (value == nullptr) continue;
    if (!value->is_int()) {
      return domain::field_error(kind.key, domain::reference_type_message(value->type_name()));
    }
    if (given) return domain::field_error(kind.key, "Name one object at a time.");
    given = Given{kind, value->as_int()};
  }
  if (given) return *given;
  return domain::object_error("Name a benchmark, a dataset, a model or a container.");
}

/// The object, which the caller may give to the organisation.
Result<Record> own_object(const Context& context, const Given& given, std::int64_t organisation) {
  const std::string_view key = given.kind.key;
  auto record = Repository(given.kind.entity, context.sight()).get(context.session, given.id);
  if (!record.ok() && record.error().kind == ErrorKind::kNotFound) {
    return domain::field_error(key, domain::missing_reference_message(given.id));
  }
  if (!record.ok()) return record;
  if (!record->is_null(domain::kOrganisationField)) {
    return domain::field_error(key, "It belongs to an organisation already.");
  }
  if (record->owner() != context.caller.id()) {
    return domain::field_error(key, "Only who registered it gives it to an organisation.");
  }
  if (given.kind.entity == Entity::kContainer) {
    MEDPERF_TRY(auto model,
                find_model_of(context.session, context.sight(), Entity::kContainer, given.id));
    if (model) {
      return domain::field_error(
          key, "It is part of model " + std::to_string(model->id()) + ": give the model.");
    }
  }
  if (record->is_null(domain::kClosedGroupField)) return record;
  MEDPERF_TRY(auto inside, party_is_inside(context.session, organisation, 0,
                                           record->integer(domain::kClosedGroupField)));
  if (inside) return record;
  return domain::field_error(
      key, "The organisation is not inside the object's closed group: invite it there first.");
}

Status give(const Context& context, Record& record, std::int64_t organisation) {
  record.set(domain::kOrganisationField, organisation);
  return store_changes(context, record);
}

/// What a model wraps, unless an organisation has it already.
Status give_part(const Context& context, const Record& model, std::string_view key, Entity entity,
                 std::int64_t organisation) {
  if (model.is_null(key)) return {};
  MEDPERF_TRY(auto part,
              Repository(entity, context.sight()).get(context.session, model.integer(key)));
  if (!part.is_null(domain::kOrganisationField)) return {};
  return give(context, part, organisation);
}

/// What is part of an object, and what came of it.
Status give_along(const Context& context, const Record& record, std::int64_t organisation) {
  sql::Session& session = context.session;
  const Initiated requests = {record.entity(), record.id(), context.caller.id()};
  for (const AssociationKind* kind : {&kDatasetAssociations, &kModelAssociations}) {
    MEDPERF_CHECK(give_requests(session, *kind, requests, organisation));
  }
  if (record.entity() == Entity::kDataset) {
    return give_results(session, record.id(), organisation);
  }
  if (record.entity() != Entity::kModel) return {};
  MEDPERF_CHECK(give_part(context, record, "container", Entity::kContainer, organisation));
  return give_part(context, record, "asset", Entity::kAsset, organisation);
}

}  // namespace

Result<Json> hand_over(const Context& context, std::int64_t organisation, const Json& body) {
  MEDPERF_TRY(const auto given, named_in(body));
  MEDPERF_TRY(auto record, own_object(context, given, organisation));
  MEDPERF_CHECK(give(context, record, organisation));
  MEDPERF_CHECK(give_along(context, record, organisation));
  context.notes.set(std::string(given.kind.key), given.id);
  return Json::object({{std::string(domain::kOrganisationField), organisation},
                       {std::string(given.kind.key), given.id}});
}

}  // namespace medperf::hub
