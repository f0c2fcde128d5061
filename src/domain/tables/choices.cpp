#include "domain/field_choices.h"
#include "domain/names.h"

namespace medperf::domain {
namespace {

using Names = std::span<const std::string_view>;

struct Choice {
  Entity entity;
  Names brief;
  Names content = {};
};

constexpr std::string_view kContainerBrief[] = {kId, kName, kState, kOwnerField, "image_hash"};
constexpr std::string_view kContainerContent[] = {"container_config", "parameters_config",
                                                  "image_hash", "additional_files_tarball_url",
                                                  "additional_files_tarball_hash"};
constexpr std::string_view kAssetBrief[] = {kId, kName, kState, kOwnerField, "asset_url"};
constexpr std::string_view kAssetContent[] = {"asset_hash", "asset_url"};
constexpr std::string_view kModelBrief[] = {kId, kName, "type", kState, kOwnerField};
constexpr std::string_view kModelContent[] = {"type", "container", "asset"};
constexpr std::string_view kBenchmarkBrief[] = {kId, kName, kState, kApprovalStatus, kOwnerField};
constexpr std::string_view kBenchmarkContent[] = {"demo_dataset_tarball_hash",
                                                  "data_preparation_mlcube", "reference_model",
                                                  "data_evaluator_mlcube"};
constexpr std::string_view kDatasetBrief[] = {kId,    kName,       "location",
                                              kState, kOwnerField, "generated_uid"};
constexpr std::string_view kResultBrief[] = {kId,       kName,       "benchmark",   "model",
                                             "dataset", "finalized", "finalized_at"};
constexpr std::string_view kOrganisationBrief[] = {kId, kName, "description"};
constexpr std::string_view kMembershipBrief[] = {kOrganisationField, "member", "role", "status",
                                                 "active"};
constexpr std::string_view kAccessTokenBrief[] = {kId, kName, "scope", "expires_at",
                                                  "last_used_at"};

constexpr Choice kChoices[] = {
    {Entity::kContainer, kContainerBrief, kContainerContent},
    {Entity::kAsset, kAssetBrief, kAssetContent},
    {Entity::kModel, kModelBrief, kModelContent},
    {Entity::kBenchmark, kBenchmarkBrief, kBenchmarkContent},
    {Entity::kDataset, kDatasetBrief},
    {Entity::kResult, kResultBrief},
    {Entity::kOrganisation, kOrganisationBrief},
    {Entity::kMembership, kMembershipBrief},
    {Entity::kAccessToken, kAccessTokenBrief},
};

Names chosen(Entity entity, Names Choice::*purpose) {
  for (const Choice& choice : kChoices) {
    if (choice.entity == entity) return choice.*purpose;
  }
  return {};
}

}  // namespace

std::span<const std::string_view> brief_fields(Entity entity) {
  return chosen(entity, &Choice::brief);
}

std::span<const std::string_view> content_fields(Entity entity) {
  return chosen(entity, &Choice::content);
}

}  // namespace medperf::domain
