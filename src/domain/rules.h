#pragma once
// State machines and whole-object rules, pure. Messages are the ones v0 clients see.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/record.h"

namespace medperf::domain {

inline constexpr std::string_view kDevelopment = "DEVELOPMENT";
inline constexpr std::string_view kOperation = "OPERATION";
inline constexpr std::string_view kPending = "PENDING";
inline constexpr std::string_view kApproved = "APPROVED";
inline constexpr std::string_view kRejected = "REJECTED";

/// Names of the fields whose values differ, in table order; JSON is compared as values.
std::vector<std::string_view> changed_fields(const Record& stored, const Record& updated);
/// OPERATION freeze: no writable field outside O may change value. Error: invalid,
/// non_field_errors.
Status check_freeze(const Record& stored, const Record& updated);
/// Entity state: DEVELOPMENT -> OPERATION only.
Status check_state_change(std::string_view from, std::string_view to);
/// Approval of a benchmark or a training experiment (`what`) by an admin: PENDING ->
/// APPROVED|REJECTED, APPROVED -> REJECTED.
Status check_approval(std::string_view what, std::string_view from, std::string_view to);
/// The benchmark group's decision on a result, which must be final.
Status check_result_approval(bool finalized, std::string_view from, std::string_view to);
/// A benchmark may be in OPERATION only if both containers and the reference model are.
Status check_benchmark_operation(std::string_view preparator_state,
                                 std::string_view reference_model_state,
                                 std::string_view evaluator_state);

/// A training experiment may be in OPERATION only if its two containers are.
Status check_training_operation(std::string_view preparator_state, std::string_view trainer_state);

/// What joins (a dataset or a model) and what it joins (a benchmark or a training experiment).
struct AssociationSubjects {
  std::string_view host_approval;
  std::string_view host_label;   ///< "benchmark" or "training experiment"
  std::string_view other_state;  ///< of the dataset or model
  std::string_view other_label;  ///< "dataset" or "model"
  bool same_preparator = true;   ///< datasets: prepared with the host's container
};
/// The first checks of an association request, before its history is looked at (v0 section 9).
Status check_association_subjects(const AssociationSubjects& subjects);
/// A new association row: `latest` is the current status of the pair, if any (v0 section 9 table).
Status check_association_request(std::optional<std::string_view> latest,
                                 std::string_view requested);
/// A decision on the latest row. `same_user`: the decider is the one who initiated it.
Status check_association_decision(std::string_view latest, std::string_view decision,
                                  bool same_user);

struct AutoApproval {
  std::string_view mode;  ///< NEVER, ALWAYS or ALLOWLIST
  bool caller_owns_host = false;
  bool same_owner = false;           ///< both sides have one owner
  bool owner_email_allowed = false;  ///< the dataset/model owner's email is in the allow list
};
/// Status a new PENDING request gets at once.
std::string_view initial_association_status(const AutoApproval& facts);

/// Who may have a result: the reference model always, else both latest associations are APPROVED
/// (the model's is looked at first).
Status check_result_subjects(bool model_is_reference,
                             std::optional<std::string_view> model_association,
                             std::optional<std::string_view> dataset_association);

/// additional_files url and hash: both empty or both set.
Status check_additional_files(const Record& container);

/// A training experiment cannot change while its event runs.
Status check_no_event_running(bool running);
struct EventFacts {
  std::string_view approval;  ///< of the experiment
  bool running = false;       ///< it has an unfinished event
  bool has_aggregator = false;
  bool has_plan = false;
};
/// Whether a training event may start.
Status check_event_start(const EventFacts& facts);

/// Exactly the part that `type` names is there.
Status check_model_parts(std::string_view type, bool has_container, bool has_asset);
/// state and is_valid of a new model equal those of what it wraps.
Status check_model_agrees(const Record& model, const Record& wrapped);

}  // namespace medperf::domain
