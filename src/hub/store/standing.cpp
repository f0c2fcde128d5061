#include "hub/store/standing.h"

#include <string>
#include <vector>

#include "hub/store/columns.h"

namespace medperf::hub {

using domain::Entity;
using domain::Relation;

namespace {

struct Column {
  Relation relation;
  std::string condition;  ///< with "$me" for the user
};

/// One kind of object: its relations are columns of one query, each true (1) when the user has it.
class Question {
 public:
  /// `from` names the object's table by `alias`, and what the conditions need beside it.
  Question(Entity entity, std::string_view alias, std::string_view from,
           const std::vector<Column>& columns) {
    const std::string prefix = std::string(alias) + ".";
    text_ = "SELECT 1";
    for (const auto& [relation, condition] : columns) {
      text_ += ", " + truth_column(condition);
      relations_.push_back(relation);
    }
    text_ += " FROM " + std::string(from) + " WHERE " + prefix + "id = ?";
    visible_ = visible_to(entity, prefix);
  }

  Result<Standing> ask(sql::Session& session, std::int64_t user, const Sight& sight,
                       std::int64_t id) const {
    sql::Params params;
    std::string text = bound(text_, user, params);
    params.emplace_back(id);
    if (!sight.is_whole() && !visible_.empty()) {
      text += " AND " + bound(visible_, sight.user(), params);
    }
    MEDPERF_TRY(auto rows, session.query(text, params));
    Standing standing;
    standing.exists = !rows.empty();
    for (std::size_t i = 0; standing.exists && i < relations_.size(); ++i) {
      if (rows.front().integer(i + 1) != 0) standing.relations.add(relations_[i]);
    }
    return standing;
  }

 private:
  std::string text_;
  std::string visible_;
  std::vector<Relation> relations_;
};

/// Acts for a member whose current association with the host ("b.id") is approved.
std::string acts_for_approved(Entity member, std::string_view view, std::string_view key,
                              std::string_view host_key) {
  return "EXISTS (SELECT 1 FROM " + std::string(view) + " a JOIN " +
         std::string(sql_table(member)) + " x ON x.id = a." + std::string(key) + " WHERE a." +
         std::string(host_key) + " = b.id AND a.approval_status = 'APPROVED' AND " +
         acts_for(member, "x.") + ")";
}

std::string is_present_member(std::string_view organisation, std::string_view role) {
  std::string text = "EXISTS (SELECT 1 FROM organisation_members a WHERE a.organisation = " +
                     std::string(organisation) + " AND a.member = $me AND a.status = 'ACCEPTED'";
  if (!role.empty()) text += " AND a.role = '" + std::string(role) + "'";
  return text + ")";
}

std::string is_of_committee(std::string_view benchmark) {
  return "EXISTS (SELECT 1 FROM committee_members k WHERE k.benchmark = " + std::string(benchmark) +
         " AND k.member = $me)";
}

/// Objects that only whoever acts for them stands in a relation to.
const Question& owner_question(Entity entity) {
  static const std::vector<Question> questions = [] {
    std::vector<Question> list;
    for (const auto each : domain::all_entities()) {
      const bool owned = domain::table_of(each).find("owner") != nullptr;
      list.emplace_back(each, "o", std::string(sql_table(each)) + " o",
                        owned ? std::vector<Column>{{Relation::kOwner, acts_for(each, "o.")}}
                              : std::vector<Column>{});
    }
    return list;
  }();
  return questions[static_cast<std::size_t>(entity)];
}

const Question& user_question() {
  static const Question question(
      Entity::kUser, "u", "users u",
      {{Relation::kSelf, "u.id = $me"},
       {Relation::kPreparatorOwner,
        "EXISTS (SELECT 1 FROM datasets d JOIN mlcubes c ON c.id = d.data_preparation_mlcube "
        "WHERE d.owner = u.id AND " +
            visible_to(Entity::kDataset, "d.") + " AND " + acts_for(Entity::kContainer, "c.") +
            ")"}});
  return question;
}

const Question& benchmark_question() {
  static const Question question(
      Entity::kBenchmark, "b", "benchmarks b",
      {{Relation::kOwner, acts_for(Entity::kBenchmark, "b.")},
       {Relation::kApprovedDatasetOwner,
        acts_for_approved(Entity::kDataset, "current_dataset_associations", "dataset",
                          "benchmark")},
       {Relation::kApprovedModelOwner,
        acts_for_approved(Entity::kModel, "current_model_associations", "model", "benchmark")},
       {Relation::kCommitteeMember, is_of_committee("b.id")}});
  return question;
}

const Question& dataset_question() {
  static const Question question(
      Entity::kDataset, "d", "datasets d JOIN mlcubes c ON c.id = d.data_preparation_mlcube",
      {{Relation::kOwner, acts_for(Entity::kDataset, "d.")},
       {Relation::kDatasetOwner, acts_for(Entity::kDataset, "d.")},
       {Relation::kPreparatorOwner, acts_for(Entity::kContainer, "c.")}});
  return question;
}

const Question& result_question() {
  static const Question question(
      Entity::kResult, "r",
      "results r JOIN datasets d ON d.id = r.dataset JOIN benchmarks b ON b.id = r.benchmark "
      "JOIN models m ON m.id = r.model",
      {{Relation::kDatasetOwner, acts_for(Entity::kDataset, "d.")},
       {Relation::kBenchmarkOwner, acts_for(Entity::kBenchmark, "b.")},
       {Relation::kModelOwner, acts_for(Entity::kModel, "m.")},
       {Relation::kOwner, acts_for(Entity::kResult, "r.")},
       {Relation::kCommitteeMember, is_of_committee("b.id")}});
  return question;
}

const Question& training_question() {
  static const Question question(
      Entity::kTraining, "b", "training b LEFT JOIN aggregators g ON g.id = b.aggregator",
      {{Relation::kOwner, acts_for(Entity::kTraining, "b.")},
       {Relation::kTrainingOwner, acts_for(Entity::kTraining, "b.")},
       {Relation::kAggregatorOwner, acts_for(Entity::kAggregator, "g.")},
       {Relation::kApprovedDatasetOwner,
        acts_for_approved(Entity::kDataset, "current_training_associations", "dataset",
                          "training_exp")}});
  return question;
}

const Question& training_event_question() {
  static const Question question(
      Entity::kTrainingEvent, "e",
      "training_events e JOIN training t ON t.id = e.training_exp LEFT JOIN aggregators g ON g.id "
      "= t.aggregator",
      {{Relation::kTrainingOwner, acts_for(Entity::kTraining, "t.")},
       {Relation::kAggregatorOwner, acts_for(Entity::kAggregator, "g.")}});
  return question;
}

const Question& organisation_question() {
  static const Question question(Entity::kOrganisation, "o", "organisations o",
                                 {{Relation::kOwner, is_present_member("o.id", "OWNER")},
                                  {Relation::kMember, is_present_member("o.id", "")}});
  return question;
}

const Question& closed_group_question() {
  static const Question question(
      Entity::kClosedGroup, "g", "closed_groups g",
      {{Relation::kOwner, acts_for(Entity::kClosedGroup, "g.")},
       {Relation::kMember,
        "g.id IN (SELECT closed_group FROM closed_group_insiders WHERE member = $me)"}});
  return question;
}

struct Side {
  Entity entity;
  Relation owner;
};
constexpr int kCommitteeColumn = 2;
constexpr Side kDatasetSide = {Entity::kDataset, Relation::kDatasetOwner};
constexpr Side kModelSide = {Entity::kModel, Relation::kModelOwner};
constexpr Side kBenchmarkSide = {Entity::kBenchmark, Relation::kBenchmarkOwner};
constexpr Side kTrainingSide = {Entity::kTraining, Relation::kTrainingOwner};

/// One side of a pair as a query of its number, whether the user acts for it, and whether they are
/// of its committee.
std::string side_text(std::string_view number, const Side& side, std::int64_t id, std::int64_t user,
                      const Sight& sight, sql::Params& params) {
  const std::string committee =
      side.entity == Entity::kBenchmark ? truth_column(is_of_committee("benchmarks.id")) : "0";
  std::string text = "SELECT " + std::string(number) + ", " + truth_column(acts_for(side.entity)) +
                     ", " + committee + " FROM " + std::string(sql_table(side.entity)) +
                     " WHERE id = ?";
  text = bound(text, user, params);
  params.emplace_back(id);
  const std::string visible = sight.is_whole() ? std::string() : visible_to(side.entity);
  if (!visible.empty()) text += " AND " + bound(visible, sight.user(), params);
  return text;
}

Result<Standing> ask_pair(sql::Session& session, std::int64_t user, const Sight& sight,
                          const Subject& subject, const Side& member, const Side& host) {
  sql::Params params;
  std::string text = side_text("1", member, subject.id, user, sight, params);
  text += " UNION ALL " + side_text("2", host, subject.host, user, sight, params);
  MEDPERF_TRY(auto rows, session.query(text, params));
  Standing standing;
  standing.exists = rows.size() == 2;
  for (const auto& row : rows) {
    if (row.integer(kCommitteeColumn) != 0) standing.relations.add(Relation::kCommitteeMember);
    if (row.integer(1) == 0) continue;
    standing.relations.add(row.integer(0) == 1 ? member.owner : host.owner);
  }
  return standing;
}

/// The user stands to a membership as to its organisation, and as its very member.
Result<Standing> ask_membership(sql::Session& session, std::int64_t user, const Sight& sight,
                                const Subject& subject) {
  MEDPERF_TRY(auto standing, organisation_question().ask(session, user, sight, subject.id));
  MEDPERF_TRY(auto rows, session.query("SELECT 1 FROM organisation_members WHERE organisation = ? "
                                       "AND member = ?",
                                       {subject.id, subject.host}));
  standing.exists = standing.exists && !rows.empty();
  if (standing.exists && subject.host == user) standing.relations.add(Relation::kSelf);
  return standing;
}

const Question& question_of(SubjectKind kind) {
  switch (kind) {
    case SubjectKind::kContainer:
      return owner_question(Entity::kContainer);
    case SubjectKind::kAsset:
      return owner_question(Entity::kAsset);
    case SubjectKind::kModel:
      return owner_question(Entity::kModel);
    case SubjectKind::kBenchmark:
      return benchmark_question();
    case SubjectKind::kDataset:
      return dataset_question();
    case SubjectKind::kResult:
      return result_question();
    case SubjectKind::kCa:
      return owner_question(Entity::kCa);
    case SubjectKind::kCertificate:
      return owner_question(Entity::kCertificate);
    case SubjectKind::kEncryptedKey:
      return owner_question(Entity::kEncryptedKey);
    case SubjectKind::kAggregator:
      return owner_question(Entity::kAggregator);
    case SubjectKind::kTraining:
      return training_question();
    case SubjectKind::kTrainingEvent:
      return training_event_question();
    case SubjectKind::kAccessToken:
      return owner_question(Entity::kAccessToken);
    case SubjectKind::kInvitation:
      return owner_question(Entity::kInvitation);
    case SubjectKind::kOrganisation:
      return organisation_question();
    case SubjectKind::kClosedGroup:
      return closed_group_question();
    default:
      return user_question();
  }
}

}  // namespace

Result<Standing> find_standing(sql::Session& session, std::int64_t user, const Sight& sight,
                               const Subject& subject) {
  switch (subject.kind) {
    case SubjectKind::kNone:
      return Standing{};
    case SubjectKind::kDatasetPair:
      return ask_pair(session, user, sight, subject, kDatasetSide, kBenchmarkSide);
    case SubjectKind::kModelPair:
      return ask_pair(session, user, sight, subject, kModelSide, kBenchmarkSide);
    case SubjectKind::kTrainingPair:
      return ask_pair(session, user, sight, subject, kDatasetSide, kTrainingSide);
    case SubjectKind::kMembership:
      return ask_membership(session, user, sight, subject);
    default:
      return question_of(subject.kind).ask(session, user, sight, subject.id);
  }
}

}  // namespace medperf::hub
