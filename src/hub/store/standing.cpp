#include "hub/store/standing.h"

#include <vector>

namespace medperf::hub {

using domain::Relation;

namespace {

/// A query whose columns are each true (1) when the user has a relation.
struct Question {
  std::string_view text;  ///< '?' first for the user as often as `users` says, then ids
  int users;              ///< how often the user's id is a parameter
  std::vector<Relation> columns;
};

// CASE makes 0 or 1 in both databases, and 0 of null.
const Question kUserQuestion = {
    "SELECT CASE WHEN u.id = ? THEN 1 ELSE 0 END, CASE WHEN EXISTS (SELECT 1 FROM datasets d "
    "JOIN mlcubes c ON c.id = d.data_preparation_mlcube WHERE d.owner = u.id AND c.owner = ?) "
    "THEN 1 ELSE 0 END FROM users u WHERE u.id = ?",
    2,
    {Relation::kSelf, Relation::kPreparatorOwner}};
const Question kContainerQuestion = {
    "SELECT CASE WHEN owner = ? THEN 1 ELSE 0 END FROM mlcubes WHERE id = ?",
    1,
    {Relation::kOwner}};
const Question kAssetQuestion = {
    "SELECT CASE WHEN owner = ? THEN 1 ELSE 0 END FROM assets WHERE id = ?", 1, {Relation::kOwner}};
const Question kModelQuestion = {
    "SELECT CASE WHEN owner = ? THEN 1 ELSE 0 END FROM models WHERE id = ?", 1, {Relation::kOwner}};
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
    "CASE WHEN m.owner = ? THEN 1 ELSE 0 END FROM results r JOIN datasets d ON d.id = r.dataset "
    "JOIN benchmarks b ON b.id = r.benchmark JOIN models m ON m.id = r.model WHERE r.id = ?",
    3,
    {Relation::kDatasetOwner, Relation::kBenchmarkOwner, Relation::kModelOwner}};

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

Result<Standing> ask_pair(sql::Session& session, std::int64_t user, const Subject& subject) {
  const bool datasets = subject.kind == SubjectKind::kDatasetPair;
  const std::string_view text = datasets
                                    ? "SELECT 1, owner, id FROM datasets WHERE id = ? UNION ALL "
                                      "SELECT 2, owner, id FROM benchmarks WHERE id = ?"
                                    : "SELECT 1, owner, id FROM models WHERE id = ? UNION ALL "
                                      "SELECT 2, owner, id FROM benchmarks WHERE id = ?";
  MEDPERF_TRY(auto rows, session.query(text, {subject.id, subject.benchmark}));
  Standing standing;
  standing.exists = rows.size() == 2;
  for (const auto& row : rows) {
    if (row.integer(1) != user) continue;
    if (row.integer(0) == 2) {
      standing.relations.add(Relation::kBenchmarkOwner);
    } else {
      standing.relations.add(datasets ? Relation::kDatasetOwner : Relation::kModelOwner);
    }
  }
  return standing;
}

}  // namespace

Result<Standing> find_standing(sql::Session& session, std::int64_t user, const Subject& subject) {
  switch (subject.kind) {
    case SubjectKind::kNone:
      return Standing{};
    case SubjectKind::kUser:
      return ask(session, user, kUserQuestion, subject.id);
    case SubjectKind::kContainer:
      return ask(session, user, kContainerQuestion, subject.id);
    case SubjectKind::kAsset:
      return ask(session, user, kAssetQuestion, subject.id);
    case SubjectKind::kModel:
      return ask(session, user, kModelQuestion, subject.id);
    case SubjectKind::kBenchmark:
      return ask(session, user, kBenchmarkQuestion, subject.id);
    case SubjectKind::kDataset:
      return ask(session, user, kDatasetQuestion, subject.id);
    case SubjectKind::kResult:
      return ask(session, user, kResultQuestion, subject.id);
    case SubjectKind::kDatasetPair:
    case SubjectKind::kModelPair:
      return ask_pair(session, user, subject);
  }
  return Standing{};
}

}  // namespace medperf::hub
