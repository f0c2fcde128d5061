#include "hub/services/steps.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "domain/belonging.h"
#include "domain/messages.h"
#include "domain/names.h"
#include "domain/rules.h"
#include "hub/store/columns.h"
#include "hub/store/delivery.h"
#include "hub/store/organisations.h"
#include "hub/store/references.h"
#include "hub/store/repository.h"

namespace medperf::hub {

using domain::Entity;
using domain::FieldType;
using domain::Record;

namespace {

using domain::FieldValue;

/// Checks of fields that need stored rows: references exist, unique values are free. Remembers to
/// whom the objects belong that were referred to. A failure of the database is kept in `failure`
/// and ends the use case.
class StoredFieldCheck {
 public:
  /// `closed_group` (or null) is where unique values must be free.
  StoredFieldCheck(const Context& context, const Record* before, FieldValue closed_group)
      : context_(context), before_(before), closed_group_(std::move(closed_group)) {}

  /// Reads at once what the fields of a create body refer to, so that check needs no statement for
  /// each, and knows where unique values must be free before the first of them is looked at.
  Status read_references(Entity entity, const Json& body) {
    wanted_ = references_in(entity, body);
    MEDPERF_TRY(read_, find_references(context_.session, context_.sight(), wanted_));
    const auto* giver = domain::table_of(entity).find(domain::group_giver(entity));
    const Json* id = giver == nullptr || !body.is_object() ? nullptr : body.find(giver->name);
    if (id == nullptr || !id->is_int()) return {};
    if (!std::holds_alternative<std::monostate>(closed_group_)) return {};
    MEDPERF_TRY(const auto row, referred_to({giver->target, id->as_int()}));
    if (row) closed_group_ = row->closed_group;
    return {};
  }

  wire::FieldCheck function() {
    return [this](Entity entity, const domain::Field& field, const FieldValue& value) {
      return check(entity, field, value);
    };
  }
  const std::optional<Error>& failure() const { return failure_; }
  const std::vector<domain::GroupedReference>& references() const { return references_; }
  /// The group that the new row is in; null: in none.
  const FieldValue& closed_group() const { return closed_group_; }
  /// The organisation of the dataset that was referred to; null when there is none.
  const FieldValue& dataset_organisation() const { return dataset_organisation_; }

 private:
  std::optional<std::string> check(Entity entity, const domain::Field& field,
                                   const FieldValue& value) {
    if (failure_) return std::nullopt;
    if (before_ != nullptr && before_->get(field.name) == value) return std::nullopt;
    if (field.type == FieldType::kReference) return check_reference(field, value);
    if (!field.unique) return std::nullopt;
    auto taken = Repository(entity, context_.sight())
                     .taken(context_.session, field.name, value, closed_group_);
    if (!taken.ok()) failure_ = taken.error();
    if (!taken.ok() || !*taken) return std::nullopt;
    return domain::unique_message(domain::table_of(entity), field.name);
  }

  std::optional<std::string> check_reference(const domain::Field& field, const FieldValue& value) {
    const auto id = std::get<std::int64_t>(value);
    const auto row = referred_to({field.target, id});
    if (!row.ok()) {
      failure_ = row.error();
      return std::nullopt;
    }
    if (!*row) return domain::missing_reference_message(id);
    if (const auto* group = std::get_if<std::int64_t>(&(*row)->closed_group)) {
      references_.push_back({field.name, *group});
    } else {
      references_.push_back({field.name, std::nullopt});
    }
    if (field.target == Entity::kDataset) dataset_organisation_ = (*row)->organisation;
    return std::nullopt;
  }

  Result<std::optional<Reference>> referred_to(const ReferenceTo& wanted) const {
    for (std::size_t i = 0; i < read_.size(); ++i) {
      if (wanted_[i].entity == wanted.entity && wanted_[i].id == wanted.id) return read_[i];
    }
    return find_reference(context_.session, context_.sight(), wanted);
  }

  const Context& context_;
  const Record* before_;
  FieldValue closed_group_;
  std::vector<ReferenceTo> wanted_;
  std::vector<std::optional<Reference>> read_;  ///< of wanted_, in its order
  std::vector<domain::GroupedReference> references_;
  FieldValue dataset_organisation_;
  std::optional<Error> failure_;
};

/// The closed group that a create body names, as far as it is one: the field check refuses others.
FieldValue named_group(Entity entity, const Json& body) {
  const auto* field = domain::table_of(entity).find(domain::kClosedGroupField);
  if (field == nullptr || field->writable == domain::kReadOnly) return std::monostate();
  const Json* value = body.is_object() ? body.find(field->name) : nullptr;
  if (value != nullptr && value->is_int()) return value->as_int();
  return std::monostate();
}

struct ConflictWords {
  std::string_view where;  ///< beginning of the constraint's name: table.first column
  std::string_view words;
};

constexpr ConflictWords kWholeObjectConflicts[] = {
    {"mlcubes.uniqueness",
     "The fields image_hash, additional_files_tarball_hash, container_config, parameters_config "
     "must make a unique set."},
    {"benchmarks.owner", kPendingBenchmark},
    {"training.owner",
     "User already has a pending training experiment. Wait until it is decided on."},
    {"training_events.training_exp", "The training experiment has an event that is not finished."},
    {"certificates.owner",
     "Database Integrity Error: this account has a valid certificate of this authority and key "
     "type. Withdraw that one first."},
    {"encrypted_keys.certificate",
     "Database Integrity Error: a valid key of this container for this certificate exists. "
     "Withdraw that one first."},
    {"datasets.generated_uid",
     "An operational dataset with the same generated_uid is already registered."},
    {"results.benchmark",
     "An unfinished result of this benchmark, model and dataset exists already. Finish it, or mark "
     "it invalid."},
    {"organisation_members.organisation", "This user is a member, or invited, already."},
    {"organisation_members.member", "Another organisation is active."},
    {"closed_group_members.closed_group", "They are inside already."},
    {"dataset_associations.dataset",
     "A request for this dataset and benchmark is pending already."},
    {"model_associations.model", "A request for this model and benchmark is pending already."},
    {"training_associations.dataset",
     "A request for this dataset and training experiment is pending already."},
};

/// Whether a broken constraint is this one, over all rows or within a closed group.
bool is_at(std::string_view broken, std::string_view where) {
  if (broken.starts_with(where)) return true;
  const auto dot = where.find('.') + 1;
  const std::string within =
      std::string(where.substr(0, dot)) + "closed_group," + std::string(where.substr(dot));
  return broken.starts_with(within);
}

/// Whose a new object is: the organisation that the body names, else the caller's active one.
Status set_organisation(const Context& context, const Json& body, Record& record) {
  const bool named = body.contains(domain::kOrganisationField);
  if (!named) {
    MEDPERF_TRY(auto active, active_organisation(context.session, context.caller.id()));
    if (active) record.set(domain::kOrganisationField, *active);
    return {};
  }
  if (record.is_null(domain::kOrganisationField)) return {};
  MEDPERF_TRY(auto member, is_member(context.session, context.caller.id(),
                                     record.integer(domain::kOrganisationField)));
  if (member) return {};
  return domain::field_error(domain::kOrganisationField,
                             "You are not a member of this organisation.");
}

/// Sets to whom a new object belongs, from its body and from what it refers to.
Status set_belonging(const Context& context, const Json& body, const StoredFieldCheck& check,
                     Record& record) {
  const bool owned = record.table().find(domain::kOwnerField) != nullptr;
  const auto* organisation = owned ? record.table().find(domain::kOrganisationField) : nullptr;
  const auto* group = record.table().find(domain::kClosedGroupField);
  if (organisation != nullptr && organisation->writable != domain::kReadOnly) {
    MEDPERF_CHECK(set_organisation(context, body, record));
  } else if (record.entity() == Entity::kResult) {
    record.set(domain::kOrganisationField, check.dataset_organisation());
  }
  const auto& references = check.references();
  if (group == nullptr) return domain::check_within_group(std::nullopt, references);
  std::optional<std::int64_t> own;
  if (const auto* id = std::get_if<std::int64_t>(&check.closed_group())) own = *id;
  MEDPERF_CHECK(domain::check_within_group(own, references));
  if (own) record.set(domain::kClosedGroupField, *own);
  return {};
}

/// What is written after an update must be as it was before: nothing changes its group.
Status check_group_kept(const StoredFieldCheck& check, const Record& record) {
  const bool grouped = record.table().find(domain::kClosedGroupField) != nullptr;
  std::optional<std::int64_t> own;
  if (grouped && !record.is_null(domain::kClosedGroupField))
    own = record.integer(domain::kClosedGroupField);
  return domain::check_within_group(own, check.references());
}

void stamp_new(const Context& context, Record& record) {
  const auto& table = record.table();
  if (table.find(domain::kOwnerField) != nullptr) {
    record.set(domain::kOwnerField, context.caller.id());
  }
  for (const auto name : {domain::kCreatedAt, domain::kModifiedAt}) {
    if (table.find(name) != nullptr) record.set(name, context.now);
  }
}

}  // namespace

Error explain_conflict(Error error, Entity entity) {
  if (error.kind != ErrorKind::kConflict) return error;
  for (const auto& [where, words] : kWholeObjectConflicts) {
    if (is_at(error.where, where)) return domain::object_error(words);
  }
  const std::string table = std::string(sql_table(entity)) + ".";
  if (!error.where.starts_with(table)) return error;
  std::string column = error.where.substr(table.size());
  const std::string_view within = "closed_group,";
  if (column.starts_with(within)) column.erase(0, within.size());
  const auto& fields = domain::table_of(entity);
  if (fields.find(column) == nullptr) return error;
  return domain::field_error(column, domain::unique_message(fields, column));
}

std::vector<ReferenceTo> references_in(Entity entity, const Json& body) {
  std::vector<ReferenceTo> wanted;
  if (!body.is_object()) return wanted;
  for (const auto& field : domain::table_of(entity).fields) {
    if (field.type != FieldType::kReference || field.writable == domain::kReadOnly) continue;
    const Json* id = body.find(field.name);
    if (id != nullptr && id->is_int()) wanted.push_back({field.target, id->as_int()});
  }
  return wanted;
}

Error within(Error error, std::string_view prefix) {
  for (auto& field : error.fields) field.field = std::string(prefix) + "." + field.field;
  return error;
}

Result<Record> accept_create(const Context& context, Entity entity, const Json& body) {
  StoredFieldCheck check(context, nullptr, named_group(entity, body));
  MEDPERF_CHECK(check.read_references(entity, body));
  auto record = wire::read_create(entity, body, check.function());
  if (check.failure()) return *check.failure();
  if (!record.ok()) return record;
  MEDPERF_CHECK(set_belonging(context, body, check, *record));
  stamp_new(context, *record);
  return record;
}

Result<wire::NestedModel> accept_model_create(const Context& context, const Json& body) {
  StoredFieldCheck check(context, nullptr, named_group(Entity::kModel, body));
  auto nested = wire::read_model_create(body, check.function());
  if (check.failure()) return *check.failure();
  if (!nested.ok()) return nested;
  MEDPERF_CHECK(set_belonging(context, body, check, nested->model));
  stamp_new(context, nested->model);
  for (auto* part : {&nested->container, &nested->asset}) {
    if (!part->has_value()) continue;
    for (const auto name : {domain::kOrganisationField, domain::kClosedGroupField}) {
      (*part)->set(name, nested->model.get(name));
    }
    stamp_new(context, **part);
  }
  return nested;
}

Result<wire::Update> accept_update(const Context& context, const Record& stored, const Json& body) {
  const bool grouped = stored.table().find(domain::kClosedGroupField) != nullptr;
  StoredFieldCheck check(context, &stored,
                         grouped ? stored.get(domain::kClosedGroupField) : FieldValue());
  auto update = wire::read_update(stored, body, check.function());
  if (check.failure()) return *check.failure();
  if (!update.ok()) return update;
  MEDPERF_CHECK(check_group_kept(check, update->record));
  MEDPERF_CHECK(domain::check_freeze(stored, update->record));
  if (stored.table().has_state) {
    MEDPERF_CHECK(domain::check_state_change(stored.text(domain::kState),
                                             update->record.text(domain::kState)));
  }
  return update;
}

Status store_new(const Context& context, Record& record) {
  auto stored = Repository(record.entity(), context.sight()).insert(context.session, record);
  if (!stored.ok()) return explain_conflict(std::move(stored).error(), record.entity());
  return {};
}

Status store_changes(const Context& context, Record& record) {
  if (record.table().find(domain::kModifiedAt) != nullptr) {
    record.set(domain::kModifiedAt, context.now);
  }
  auto stored = Repository(record.entity(), context.sight()).update(context.session, record);
  if (!stored.ok()) return explain_conflict(std::move(stored).error(), record.entity());
  return {};
}

Status decide_approval(const Context& context, const Record& stored, wire::Update& update,
                       std::string_view notice) {
  if (!update.has(domain::kApprovalStatus)) return {};
  const std::string_view what = stored.table().label;
  const std::string& before = stored.text(domain::kApprovalStatus);
  const std::string after = update.record.text(domain::kApprovalStatus);
  MEDPERF_CHECK(domain::check_approval(what, before, after));
  context.notes.set(domain::kApprovalStatus, after);
  if (before == after) return {};
  update.record.set(domain::kApprovedAt, context.now);
  const Json body = Json::object(
      {{std::string(what), stored.id()}, {std::string(domain::kApprovalStatus), after}});
  return announce(context.session, notice, stored.owner(), body, context.now);
}

Status delete_object(const Context& context, Entity entity, std::int64_t id) {
  return Repository(entity, context.sight()).remove(context.session, id);
}

}  // namespace medperf::hub
