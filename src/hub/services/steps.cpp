#include "hub/services/steps.h"

#include <optional>
#include <string>
#include <utility>

#include "domain/messages.h"
#include "domain/names.h"
#include "domain/rules.h"
#include "hub/store/columns.h"
#include "hub/store/delivery.h"
#include "hub/store/repository.h"

namespace medperf::hub {

using domain::Entity;
using domain::FieldType;
using domain::Record;

namespace {

/// Checks of fields that need stored rows: references exist, unique values are free. A failure of
/// the database is kept in `failure` and ends the use case.
class StoredFieldCheck {
 public:
  StoredFieldCheck(sql::Session& session, const Record* before)
      : session_(session), before_(before) {}

  wire::FieldCheck function() {
    return [this](Entity entity, const domain::Field& field, const domain::FieldValue& value) {
      return check(entity, field, value);
    };
  }
  const std::optional<Error>& failure() const { return failure_; }

 private:
  std::optional<std::string> check(Entity entity, const domain::Field& field,
                                   const domain::FieldValue& value) {
    if (failure_) return std::nullopt;
    if (before_ != nullptr && before_->get(field.name) == value) return std::nullopt;
    if (field.type == FieldType::kReference) {
      const auto id = std::get<std::int64_t>(value);
      if (exists(field.target, "id", value)) return std::nullopt;
      return domain::missing_reference_message(id);
    }
    if (!field.unique || !exists(entity, field.name, value)) return std::nullopt;
    return domain::unique_message(domain::table_of(entity), field.name);
  }

  bool exists(Entity entity, std::string_view column, const domain::FieldValue& value) {
    auto rows = session_.query("SELECT 1 FROM " + std::string(sql_table(entity)) + " WHERE " +
                                   std::string(column) + " = ?",
                               {to_sql(value)});
    if (!rows.ok()) failure_ = rows.error();
    return rows.ok() && !rows->empty();
  }

  sql::Session& session_;
  const Record* before_;
  std::optional<Error> failure_;
};

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
    {"dataset_associations.dataset",
     "A request for this dataset and benchmark is pending already."},
    {"model_associations.model", "A request for this model and benchmark is pending already."},
    {"training_associations.dataset",
     "A request for this dataset and training experiment is pending already."},
};

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
    if (error.where.starts_with(where)) return domain::object_error(words);
  }
  const std::string table = std::string(sql_table(entity)) + ".";
  if (!error.where.starts_with(table)) return error;
  const std::string column = error.where.substr(table.size());
  const auto& fields = domain::table_of(entity);
  if (fields.find(column) == nullptr) return error;
  return domain::field_error(column, domain::unique_message(fields, column));
}

Error within(Error error, std::string_view prefix) {
  for (auto& field : error.fields) field.field = std::string(prefix) + "." + field.field;
  return error;
}

Result<Record> accept_create(const Context& context, Entity entity, const Json& body) {
  StoredFieldCheck check(context.session, nullptr);
  auto record = wire::read_create(entity, body, check.function());
  if (check.failure()) return *check.failure();
  if (record.ok()) stamp_new(context, *record);
  return record;
}

Result<wire::NestedModel> accept_model_create(const Context& context, const Json& body) {
  StoredFieldCheck check(context.session, nullptr);
  auto nested = wire::read_model_create(body, check.function());
  if (check.failure()) return *check.failure();
  if (!nested.ok()) return nested;
  stamp_new(context, nested->model);
  if (nested->container) stamp_new(context, *nested->container);
  if (nested->asset) stamp_new(context, *nested->asset);
  return nested;
}

Result<wire::Update> accept_update(const Context& context, const Record& stored, const Json& body) {
  StoredFieldCheck check(context.session, &stored);
  auto update = wire::read_update(stored, body, check.function());
  if (check.failure()) return *check.failure();
  if (!update.ok()) return update;
  MEDPERF_CHECK(domain::check_freeze(stored, update->record));
  if (stored.table().has_state) {
    MEDPERF_CHECK(domain::check_state_change(stored.text(domain::kState),
                                             update->record.text(domain::kState)));
  }
  return update;
}

Status store_new(const Context& context, Record& record) {
  auto stored = Repository(record.entity()).insert(context.session, record);
  if (!stored.ok()) return explain_conflict(std::move(stored).error(), record.entity());
  return {};
}

Status store_changes(const Context& context, Record& record) {
  if (record.table().find(domain::kModifiedAt) != nullptr) {
    record.set(domain::kModifiedAt, context.now);
  }
  auto stored = Repository(record.entity()).update(context.session, record);
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
  return Repository(entity).remove(context.session, id);
}

}  // namespace medperf::hub
