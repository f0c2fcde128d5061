#include "domain/rules.h"

#include <initializer_list>
#include <utility>

#include "domain/messages.h"
#include "domain/names.h"

namespace medperf::domain {
namespace {

bool same_value(const FieldValue& a, const FieldValue& b) {
  const auto* left = std::get_if<JsonText>(&a);
  const auto* right = std::get_if<JsonText>(&b);
  if (left == nullptr || right == nullptr || *left == *right) return a == b;
  const auto left_json = parse_json(left->bytes);
  const auto right_json = parse_json(right->bytes);
  return left_json.ok() && right_json.ok() && *left_json == *right_json;
}

/// "data_preparation_mlcube, ...": the parts whose state is not OPERATION.
std::string not_in_operation(
    std::initializer_list<std::pair<std::string_view, std::string_view>> parts) {
  std::string missing;
  for (const auto& [name, state] : parts) {
    if (state == kOperation) continue;
    if (!missing.empty()) missing += ", ";
    missing += name;
  }
  return missing;
}

}  // namespace

std::vector<std::string_view> changed_fields(const Record& stored, const Record& updated) {
  std::vector<std::string_view> changed;
  const auto fields = stored.table().fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!same_value(stored.at(i), updated.at(i))) changed.push_back(fields[i].name);
  }
  return changed;
}

Status check_freeze(const Record& stored, const Record& updated) {
  if (!stored.table().has_state || stored.text(kState) != kOperation) return {};
  std::string frozen;
  for (const std::string_view name : changed_fields(stored, updated)) {
    const Field& field = *stored.table().find(name);
    if ((field.writable & kOnUpdate) == 0 || (field.writable & kInOperation) != 0) continue;
    if (!frozen.empty()) frozen += ", ";
    frozen += name;
  }
  if (frozen.empty()) return {};
  return object_error("In the state OPERATION these fields cannot change: " + frozen + ".");
}

Status check_state_change(std::string_view from, std::string_view to) {
  if (from == kOperation && to == kDevelopment) {
    return object_error("An object in the state OPERATION cannot go back to DEVELOPMENT.");
  }
  return {};
}

Status check_approval(std::string_view what, std::string_view from, std::string_view to) {
  if (to == kPending) {
    return field_error(kApprovalStatus, "A " + std::string(what) +
                                            " can be approved or rejected, not set back to "
                                            "PENDING.");
  }
  if (from == kRejected && to == kApproved) {
    return field_error(kApprovalStatus, "A rejected " + std::string(what) + " cannot be approved.");
  }
  return {};
}

Status check_result_approval(bool finalized, std::string_view from, std::string_view to) {
  if (!finalized) {
    return field_error(kApprovalStatus, "Only a finalized result can be approved or rejected.");
  }
  return check_approval("result", from, to);
}

Status check_benchmark_operation(std::string_view preparator_state,
                                 std::string_view reference_model_state,
                                 std::string_view evaluator_state) {
  const std::string missing = not_in_operation({{"data_preparation_mlcube", preparator_state},
                                                {"reference_model", reference_model_state},
                                                {"data_evaluator_mlcube", evaluator_state}});
  if (missing.empty()) return {};
  return object_error(
      "A benchmark can be in OPERATION only if its parts are; not yet so: " + missing + ".");
}

Status check_training_operation(std::string_view preparator_state, std::string_view trainer_state) {
  const std::string missing = not_in_operation(
      {{"data_preparation_mlcube", preparator_state}, {"fl_mlcube", trainer_state}});
  if (missing.empty()) return {};
  return object_error(
      "A training experiment can be in OPERATION only if its containers are; not yet so: " +
      missing + ".");
}

Status check_no_event_running(bool running) {
  if (!running) return {};
  return object_error("The training experiment cannot change while its event is running.");
}

Status check_event_start(const EventFacts& facts) {
  if (facts.approval != kApproved) {
    return object_error("Only an approved training experiment can have an event.");
  }
  if (facts.running) {
    return object_error("The training experiment has an event that is not finished.");
  }
  if (!facts.has_aggregator) {
    return object_error("The training experiment has no aggregator yet.");
  }
  if (!facts.has_plan) return object_error("The training experiment has no plan yet.");
  return {};
}

Status check_association_subjects(const AssociationSubjects& subjects) {
  const std::string host(subjects.host_label);
  if (subjects.host_approval != kApproved) {
    return object_error("Associations can be requested only with an approved " + host + ".");
  }
  if (subjects.other_state != kOperation) {
    return object_error("Associations can be requested only for a " +
                        std::string(subjects.other_label) + " in the state OPERATION.");
  }
  if (!subjects.same_preparator) {
    return object_error("The dataset was not prepared with the data preparation container of the " +
                        host + ".");
  }
  return {};
}

Status check_association_request(std::optional<std::string_view> latest,
                                 std::string_view requested) {
  if (!latest.has_value()) {
    if (requested == kPending) return {};
    return object_error("There is no association yet that could be approved or rejected.");
  }
  if (requested == kApproved) {
    return object_error("A new association row cannot be APPROVED; approve the pending request.");
  }
  if (requested == kPending) {
    if (*latest == kRejected) return {};
    return object_error("A new request can be made only after a rejection; the latest is " +
                        std::string(*latest) + ".");
  }
  if (*latest == kApproved) return {};
  return object_error("Only an approved association can be revoked; the latest is " +
                      std::string(*latest) + ".");
}

Status check_association_decision(std::string_view latest, std::string_view decision,
                                  bool same_user) {
  if (latest != kPending) {
    return field_error(kApprovalStatus,
                       "Only a pending association can be approved or rejected; the latest is " +
                           std::string(latest) + ".");
  }
  if (decision == kApproved && same_user) {
    return field_error(kApprovalStatus,
                       "The user who made the request cannot approve it; the other side must.");
  }
  return {};
}

std::string_view initial_association_status(const AutoApproval& facts) {
  if (facts.same_owner) return kApproved;
  if (facts.caller_owns_host) return kPending;
  if (facts.mode == kAlways) return kApproved;
  if (facts.mode == kAllowList && facts.owner_email_allowed) return kApproved;
  return kPending;
}

Status check_result_subjects(bool model_is_reference,
                             std::optional<std::string_view> model_association,
                             std::optional<std::string_view> dataset_association) {
  if (model_is_reference) return {};
  if (model_association != kApproved) {
    return object_error("The model is not associated with the benchmark with approval.");
  }
  if (dataset_association != kApproved) {
    return object_error("The dataset is not associated with the benchmark with approval.");
  }
  return {};
}

Status check_additional_files(const Record& container) {
  const bool has_url = !container.text("additional_files_tarball_url").empty();
  const bool has_hash = !container.text("additional_files_tarball_hash").empty();
  if (has_url == has_hash) return {};
  return object_error(has_url ? "Additional files have an address but no hash; send both or none."
                              : "Additional files have a hash but no address; send both or none.");
}

Status check_model_parts(std::string_view type, bool has_container, bool has_asset) {
  const bool wants_container = type == kContainerModel;
  if (has_container == wants_container && has_asset != wants_container) return {};
  return object_error(wants_container ? "A model of type CONTAINER needs a container and no asset."
                                      : "A model of type ASSET needs an asset and no container.");
}

Status check_model_agrees(const Record& model, const Record& wrapped) {
  for (const std::string_view name : {kState, kIsValid}) {
    if (model.get(name) == wrapped.get(name)) continue;
    return object_error("The model and what it wraps must have the same " + std::string(name) +
                        ".");
  }
  return {};
}

}  // namespace medperf::domain
