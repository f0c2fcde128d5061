#pragma once
// The endpoint tables, one a resource file. For the files of hub/api only.

#include <span>

#include "hub/api/endpoint.h"

namespace medperf::hub {

inline constexpr domain::Relations kAnyone = {domain::Relation::kAnyone};
inline constexpr domain::Relations kSignedInOnly = {domain::Relation::kSignedIn};
inline constexpr domain::Relations kAdminOnly = {domain::Relation::kAdmin};
inline constexpr domain::Relations kAdminOrOwner = {domain::Relation::kAdmin,
                                                    domain::Relation::kOwner};

/// What lists of the members of a benchmark or a training experiment show of each association row.
inline constexpr std::string_view kMemberRow[] = {"dataset", "model", "approval_status",
                                                  "created_at"};
/// What lists of participants show of each dataset.
inline constexpr std::string_view kParticipantRow[] = {"id", "owner"};

std::span<const Endpoint> system_endpoints();
std::span<const Endpoint> sign_in_endpoints();
std::span<const Endpoint> sign_up_endpoints();
std::span<const Endpoint> session_endpoints();
std::span<const Endpoint> second_factor_endpoints();
std::span<const Endpoint> access_token_endpoints();
std::span<const Endpoint> device_endpoints();
std::span<const Endpoint> account_endpoints();
std::span<const Endpoint> me_endpoints();
std::span<const Endpoint> user_endpoints();
std::span<const Endpoint> key_endpoints();
std::span<const Endpoint> container_endpoints();
std::span<const Endpoint> asset_endpoints();
std::span<const Endpoint> model_endpoints();
std::span<const Endpoint> benchmark_endpoints();
std::span<const Endpoint> dataset_endpoints();
std::span<const Endpoint> result_endpoints();
std::span<const Endpoint> association_endpoints();
std::span<const Endpoint> certificate_endpoints();
std::span<const Endpoint> training_endpoints();
std::span<const Endpoint> organisation_endpoints();
std::span<const Endpoint> closed_group_endpoints();
std::span<const Endpoint> committee_endpoints();

}  // namespace medperf::hub
