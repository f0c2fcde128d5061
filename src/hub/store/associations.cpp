#include "hub/store/associations.h"

#include <string>

#include "domain/names.h"
#include "hub/store/columns.h"
#include "hub/store/repository.h"

namespace medperf::hub {

using domain::Entity;

const AssociationKind kDatasetAssociations = {Entity::kDatasetAssociation, Entity::kDataset,
                                              "dataset", "dataset_auto_approval_mode",
                                              "dataset_auto_approval_allow_list"};
const AssociationKind kModelAssociations = {Entity::kModelAssociation, Entity::kModel, "model",
                                            "model_auto_approval_mode",
                                            "model_auto_approval_allow_list"};

namespace {

Selection of_pair(const AssociationKind& kind, std::int64_t member, std::int64_t benchmark) {
  Selection selection;
  selection.add(std::string(kind.member_key) + " = ?", member);
  selection.add("benchmark = ?", benchmark);
  return selection;
}

}  // namespace

Result<std::optional<domain::Record>> current_association(sql::Session& session,
                                                          const AssociationKind& kind,
                                                          std::int64_t member,
                                                          std::int64_t benchmark) {
  Selection selection = of_pair(kind, member, benchmark);
  selection.order = "created_at DESC, id DESC";
  selection.limit = 1;
  MEDPERF_TRY(auto rows, Repository(kind.entity).select(session, selection));
  if (rows.empty()) return std::optional<domain::Record>();
  return std::optional<domain::Record>(std::move(rows.front()));
}

Result<std::vector<domain::Record>> pair_rows(sql::Session& session, const AssociationKind& kind,
                                              std::int64_t member, std::int64_t benchmark) {
  return Repository(kind.entity).select(session, of_pair(kind, member, benchmark));
}

Status remove_pair(sql::Session& session, const AssociationKind& kind, std::int64_t member,
                   std::int64_t benchmark) {
  MEDPERF_CHECK(session.execute("DELETE FROM " + std::string(sql_table(kind.entity)) + " WHERE " +
                                    std::string(kind.member_key) + " = ? AND benchmark = ?",
                                {member, benchmark}));
  return {};
}

std::string approved_members_condition(const AssociationKind& kind) {
  const std::string key(kind.member_key);
  return "id IN (SELECT a." + key + " FROM current_" + std::string(sql_table(kind.entity)) +
         " a WHERE a.benchmark = ? AND a.approval_status = 'APPROVED')";
}

}  // namespace medperf::hub
