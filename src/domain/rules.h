#pragma once
// AGREED. State machines and whole-object rules, pure. Messages are the ones v0 clients see.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "domain/record.h"

namespace medperf::domain {

inline constexpr std::string_view kDevelopment = "DEVELOPMENT";
inline constexpr std::string_view kOperation = "OPERATION";
inline constexpr std::string_view kPending = "PENDING";
inline constexpr std::string_view kApproved = "APPROVED";
inline constexpr std::string_view kRejected = "REJECTED";

/// OPERATION freeze: no writable field outside O may change value. Error: invalid, non_field_errors.
Status check_freeze(const Record& stored, const Record& updated);
/// Entity state: DEVELOPMENT -> OPERATION only.
Status check_state_change(std::string_view from, std::string_view to);
/// Benchmark approval by an admin: PENDING -> APPROVED|REJECTED, APPROVED -> REJECTED.
Status check_benchmark_approval(std::string_view from, std::string_view to);
/// A new association row: `latest` is the current status of the pair, if any (v0 section 9 table).
Status check_association_request(std::optional<std::string_view> latest, std::string_view requested);
/// A decision on the latest row. `same_user`: the decider is the one who initiated it.
Status check_association_decision(std::string_view latest, std::string_view decision, bool same_user);

struct AutoApproval {
  std::string_view mode;        ///< NEVER, ALWAYS or ALLOWLIST
  bool caller_owns_benchmark;
  bool same_owner;              ///< benchmark and dataset/model have one owner
  bool owner_email_allowed;     ///< the dataset/model owner's email is in the allow list
};
/// Status a new PENDING request gets at once.
std::string_view initial_association_status(const AutoApproval& facts);

/// additional_files url and hash: both empty or both set.
Status check_additional_files(const Record& container);

}  // namespace medperf::domain
