#include "hub/store/standing.h"

#include <string>
#include <vector>

#include "hub/store/columns.h"

namespace medperf::hub {

using domain::Relation;

namespace {

/// A query whose columns are each true (1) when the user has a relation.
struct Question {
  std::string text;  ///< '?' first for the user as often as `users` says, then ids
  int users;         ///< how often the user's id is a parameter
  std::vector<Relation> columns;
};

// CASE makes 0 or 1 in both databases, and 0 of null.
const Question kUserQuestion = {
    "SELECT CASE WHEN u.id = ? THEN 1 ELSE 0 END, CASE WHEN EXISTS (SELECT 1 FROM datasets d "
    "JOIN mlcubes c ON c.id = d.data_preparation_mlcube WHERE d.owner = u.id AND c.owner = ?) "
    "THEN 1 ELSE 0 END FROM users u WHERE u.id = ?",
    2,
    {Relation::kSelf, Relation::kPreparatorOwner}};
const Question kBenchmarkQuestion = {
    "SELECT CASE WHEN b.owner = ? THEN 1 ELSE 0 END, CASE WHEN EXISTS (SELECT 1 FROM "
    "current_dataset_associations a JOIN datasets d ON d.id = a.dataset WHERE a.benchmark = b.id "
    "AND a.approval_status = 'APPROVED' AND d.owner = ?) THEN 1 ELSE 0 END, CASE WHEN EXISTS "
    "(SELECT 1 FROM current_model_associations a JOIN models m ON m.id = a.model WHERE "
    "a.benchmark = b.id AND a.approval_status = 'APPROVED' AND m.owner = ?) THEN 1 ELSE 0 END "
    "FROM benchmarks b WHERE b.id = ?",
    3,
    {Relation::kOwner, Relation::kApprovedDatasetOwner, Relation::kApprovedModelOwner}};
const Question kDatasetQuestion = {
    "SELECT CASE WHEN d.owner = ? THEN 1 ELSE 0 END, CASE WHEN d.owner = ? THEN 1 ELSE 0 END, "
    "CASE WHEN c.owner = ? THEN 1 ELSE 0 END FROM datasets d JOIN mlcubes c ON c.id = "
    "d.data_preparation_mlcube WHERE d.id = ?",
    3,
    {Relation::kOwner, Relation::kDatasetOwner, Relation::kPreparatorOwner}};
const Question kResultQuestion = {
    "SELECT CASE WHEN d.owner = ? THEN 1 ELSE 0 END, CASE WHEN b.owner = ? THEN 1 ELSE 0 END, "
    "CASE WHEN m.owner = ? THEN 1 ELSE 0 END, CASE WHEN r.owner = ? THEN 1 ELSE 0 END FROM results "
    "r JOIN datasets d ON d.id = r.dataset "
    "JOIN benchmarks b ON b.id = r.benchmark JOIN models m ON m.id = r.model WHERE r.id = ?",
    4,
    {Relation::kDatasetOwner, Relation::kBenchmarkOwner, Relation::kModelOwner, Relation::kOwner}};

const Question kTrainingQuestion = {
    "SELECT CASE WHEN t.owner = ? THEN 1 ELSE 0 END, CASE WHEN EXISTS (SELECT 1 FROM "
    "current_training_associations a JOIN datasets d ON d.id = a.dataset WHERE a.training_exp = "
    "t.id AND a.approval_status = 'APPROVED' AND d.owner = ?) THEN 1 ELSE 0 END, CASE WHEN "
    "g.owner = ? THEN 1 ELSE 0 END, CASE WHEN t.owner = ? THEN 1 ELSE 0 END FROM training t LEFT "
    "JOIN aggregators g ON g.id = t.aggregator WHERE t.id = ?",
    4,
    {Relation::kOwner, Relation::kApprovedDatasetOwner, Relation::kAggregatorOwner,
     Relation::kTrainingOwner}};
const Question kTrainingEventQuestion = {
    "SELECT CASE WHEN t.owner = ? THEN 1 ELSE 0 END, CASE WHEN g.owner = ? THEN 1 ELSE 0 END FROM "
    "training_events e JOIN training t ON t.id = e.training_exp LEFT JOIN aggregators g ON g.id = "
    "t.aggregator WHERE e.id = ?",
    2,
    {Relation::kTrainingOwner, Relation::kAggregatorOwner}};

Result<Standing> ask(sql::Session& session, std::int64_t user, const Question& question,
                     std::int64_t id) {
  sql::Params params(static_cast<std::size_t>(question.users), sql::Value(user));
  params.emplace_back(id);
  MEDPERF_TRY(auto rows, session.query(question.text, params));
  Standing standing;
  standing.exists = !rows.empty();
  for (std::size_t i = 0; standing.exists && i < question.columns.size(); ++i) {
    if (rows.front().integer(i) != 0) standing.relations.add(question.columns[i]);
  }
  return standing;
}

/// Objects that only their owner stands in a relation to.
Result<Standing> ask_owner(sql::Session& session, std::int64_t user, domain::Entity entity,
                           std::int64_t id) {
  const Question question = {"SELECT CASE WHEN owner = ? THEN 1 ELSE 0 END FROM " +
                                 std::string(sql_table(entity)) + " WHERE id = ?",
                             1,
                             {Relation::kOwner}};
  return ask(session, user, question, id);
}

struct Side {
  domain::Entity entity;
  Relation owner;
};

Result<Standing> ask_pair(sql::Session& session, std::int64_t user, const Subject& subject,
                          const Side& member, const Side& host) {
  MEDPERF_TRY(auto rows,
              session.query("SELECT 1, owner FROM " + std::string(sql_table(member.entity)) +
                                " WHERE id = ? UNION ALL SELECT 2, owner FROM " +
                                std::string(sql_table(host.entity)) + " WHERE id = ?",
                            {subject.id, subject.host}));
  Standing standing;
  standing.exists = rows.size() == 2;
  for (const auto& row : rows) {
    if (row.integer(1) != user) continue;
    standing.relations.add(row.integer(0) == 1 ? member.owner : host.owner);
  }
  return standing;
}

constexpr Side kDatasetSide = {domain::Entity::kDataset, Relation::kDatasetOwner};
constexpr Side kModelSide = {domain::Entity::kModel, Relation::kModelOwner};
constexpr Side kBenchmarkSide = {domain::Entity::kBenchmark, Relation::kBenchmarkOwner};
constexpr Side kTrainingSide = {domain::Entity::kTraining, Relation::kTrainingOwner};

}  // namespace

Result<Standing> find_standing(sql::Session& session, std::int64_t user, const Subject& subject) {
  switch (subject.kind) {
    case SubjectKind::kNone:
      return Standing{};
    case SubjectKind::kUser:
      return ask(session, user, kUserQuestion, subject.id);
    case SubjectKind::kContainer:
      return ask_owner(session, user, domain::Entity::kContainer, subject.id);
    case SubjectKind::kAsset:
      return ask_owner(session, user, domain::Entity::kAsset, subject.id);
    case SubjectKind::kModel:
      return ask_owner(session, user, domain::Entity::kModel, subject.id);
    case SubjectKind::kBenchmark:
      return ask(session, user, kBenchmarkQuestion, subject.id);
    case SubjectKind::kDataset:
      return ask(session, user, kDatasetQuestion, subject.id);
    case SubjectKind::kResult:
      return ask(session, user, kResultQuestion, subject.id);
    case SubjectKind::kDatasetPair:
      return ask_pair(session, user, subject, kDatasetSide, kBenchmarkSide);
    case SubjectKind::kModelPair:
      return ask_pair(session, user, subject, kModelSide, kBenchmarkSide);
    case SubjectKind::kTrainingPair:
      return ask_pair(session, user, subject, kDatasetSide, kTrainingSide);
    case SubjectKind::kTraining:
      return ask(session, user, kTrainingQuestion, subject.id);
    case SubjectKind::kTrainingEvent:
      return ask(session, user, kTrainingEventQuestion, subject.id);
    case SubjectKind::kCa:
      return ask_owner(session, user, domain::Entity::kCa, subject.id);
    case SubjectKind::kCertificate:
      return ask_owner(session, user, domain::Entity::kCertificate, subject.id);
    case SubjectKind::kEncryptedKey:
      return ask_owner(session, user, domain::Entity::kEncryptedKey, subject.id);
    case SubjectKind::kAggregator:
      return ask_owner(session, user, domain::Entity::kAggregator, subject.id);
  }
  return Standing{};
}

}  // namespace medperf::hub
