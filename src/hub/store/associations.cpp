#include "hub/store/associations.h"

#include <string>

#include "domain/names.h"
#include "hub/store/columns.h"
#include "hub/store/repository.h"

namespace medperf::hub {

using domain::Entity;

const AssociationKind kDatasetAssociations = {Entity::kDatasetAssociation,
                                              Entity::kDataset,
                                              "dataset",
                                              Entity::kBenchmark,
                                              "benchmark",
                                              "dataset_auto_approval_mode",
                                              "dataset_auto_approval_allow_list"};
const AssociationKind kModelAssociations = {Entity::kModelAssociation,
                                            Entity::kModel,
                                            "model",
                                            Entity::kBenchmark,
                                            "benchmark",
                                            "model_auto_approval_mode",
                                            "model_auto_approval_allow_list"};
const AssociationKind kTrainingAssociations = {Entity::kTrainingAssociation,
                                               Entity::kDataset,
                                               "dataset",
                                               Entity::kTraining,
                                               "training_exp",
                                               {},
                                               {}};

namespace {

Selection of_pair(const AssociationKind& kind, std::int64_t member, std::int64_t host) {
  Selection selection;
  selection.add(std::string(kind.member_key) + " = ?", member);
  selection.add(std::string(kind.host_key) + " = ?", host);
  return selection;
}

}  // namespace

Result<std::optional<domain::Record>> current_association(sql::Session& session, const Sight& sight,
                                                          const AssociationKind& kind,
                                                          std::int64_t member, std::int64_t host) {
  Selection selection = of_pair(kind, member, host);
  selection.order = "created_at DESC, id DESC";
  selection.limit = 1;
  MEDPERF_TRY(auto rows, Repository(kind.entity, sight).select(session, selection));
  if (rows.empty()) return std::optional<domain::Record>();
  return std::optional<domain::Record>(std::move(rows.front()));
}

Result<std::vector<domain::Record>> pair_rows(sql::Session& session, const Sight& sight,
                                              const AssociationKind& kind, std::int64_t member,
                                              std::int64_t host) {
  return Repository(kind.entity, sight).select(session, of_pair(kind, member, host));
}

Status remove_pair(sql::Session& session, const AssociationKind& kind, std::int64_t member,
                   std::int64_t host) {
  MEDPERF_CHECK(session.execute("DELETE FROM " + std::string(sql_table(kind.entity)) + " WHERE " +
                                    std::string(kind.member_key) + " = ? AND " +
                                    std::string(kind.host_key) + " = ?",
                                {member, host}));
  return {};
}

Status give_requests(sql::Session& session, const AssociationKind& kind, const Initiated& requests,
                     std::int64_t organisation) {
  const bool is_member = requests.entity == kind.member;
  if (!is_member && requests.entity != kind.host) return {};
  const std::string_view column = is_member ? kind.member_key : kind.host_key;
  MEDPERF_CHECK(session.execute("UPDATE " + std::string(sql_table(kind.entity)) +
                                    " SET organisation = ? WHERE " + std::string(column) +
                                    " = ? AND initiated_by = ? AND organisation IS NULL",
                                {organisation, requests.id, requests.user}));
  return {};
}

std::string either_side_condition(const AssociationKind& kind) {
  const auto owned = [](std::string_view key, Entity entity) {
    return std::string(key) + " IN (SELECT id FROM " + std::string(sql_table(entity)) + " WHERE " +
           acts_for(entity) + ")";
  };
  return "(" + owned(kind.member_key, kind.member) + " OR " + owned(kind.host_key, kind.host) + ")";
}

std::string approved_members_condition(const AssociationKind& kind) {
  return "id IN (SELECT a." + std::string(kind.member_key) + " FROM current_" +
         std::string(sql_table(kind.entity)) + " a WHERE a." + std::string(kind.host_key) +
         " = ? AND a.approval_status = 'APPROVED')";
}

std::string approved_owners_condition(const AssociationKind& kind) {
  return "owner IN (SELECT owner FROM " + std::string(sql_table(kind.member)) + " WHERE " +
         approved_members_condition(kind) + ")";
}

}  // namespace medperf::hub
