#pragma once
// Names and words that several rooms use. Names that only one place uses stay there as literals.

#include <array>
#include <string_view>

namespace medperf::domain {

// Fields that most entities have.
inline constexpr std::string_view kId = "id";
inline constexpr std::string_view kName = "name";
inline constexpr std::string_view kOwnerField = "owner";
inline constexpr std::string_view kState = "state";
inline constexpr std::string_view kIsValid = "is_valid";
inline constexpr std::string_view kMetadata = "metadata";
inline constexpr std::string_view kUserMetadata = "user_metadata";
inline constexpr std::string_view kOrganisationField = "organisation";
inline constexpr std::string_view kClosedGroupField = "closed_group";
inline constexpr std::string_view kApprovalStatus = "approval_status";
inline constexpr std::string_view kApprovedAt = "approved_at";
inline constexpr std::string_view kCreatedAt = "created_at";
inline constexpr std::string_view kModifiedAt = "modified_at";

/// Key under which errors of a whole object are reported (v0 section 1.1).
inline constexpr std::string_view kNonFieldErrors = "non_field_errors";

// Model types.
inline constexpr std::string_view kAssetModel = "ASSET";
inline constexpr std::string_view kContainerModel = "CONTAINER";

// Automatic approval of associations.
inline constexpr std::string_view kNever = "NEVER";
inline constexpr std::string_view kAlways = "ALWAYS";
inline constexpr std::string_view kAllowList = "ALLOWLIST";

inline constexpr std::array<std::string_view, 2> kStates = {"DEVELOPMENT", "OPERATION"};
inline constexpr std::array<std::string_view, 3> kApprovalStatuses = {"PENDING", "APPROVED",
                                                                      "REJECTED"};
inline constexpr std::array<std::string_view, 3> kAutoApprovalModes = {kNever, kAlways, kAllowList};
inline constexpr std::array<std::string_view, 2> kModelTypes = {kAssetModel, kContainerModel};
inline constexpr std::array<std::string_view, 2> kKeyTypes = {"RSA", "EC"};
// Members of organisations.
inline constexpr std::string_view kOwnerRole = "OWNER";
inline constexpr std::string_view kMemberRole = "MEMBER";
inline constexpr std::string_view kInvited = "INVITED";
inline constexpr std::string_view kAccepted = "ACCEPTED";
inline constexpr std::array<std::string_view, 2> kRoles = {kOwnerRole, kMemberRole};
inline constexpr std::array<std::string_view, 2> kInvitationStatuses = {kInvited, kAccepted};
inline constexpr std::array<std::string_view, 3> kTokenScopes = {"read", "write", "admin"};
inline constexpr std::array<std::string_view, 1> kKeyAlgorithms = {"ed25519"};

}  // namespace medperf::domain
