#include "hub/store/results.h"

#include "hub/store/associations.h"
#include "hub/store/columns.h"
#include "hub/store/repository.h"

namespace medperf::hub {

namespace {

// The inner query finds a newer result that counts for the same model and dataset.
constexpr std::string_view kCounted =
    " FROM results r JOIN models m ON m.id = r.model JOIN datasets d ON d.id = r.dataset "
    "JOIN benchmarks b ON b.id = r.benchmark "
    "WHERE r.benchmark = ? AND r.finalized = 1 AND r.is_valid = 1 AND r.signed = 1 "
    "AND r.compatibility_run = 0 AND r.approval_status <> 'REJECTED' "
    "AND m.is_valid = 1 AND d.is_valid = 1 "
    "AND EXISTS (SELECT 1 FROM current_dataset_associations a WHERE a.dataset = r.dataset "
    "AND a.benchmark = r.benchmark AND a.approval_status = 'APPROVED') "
    "AND (r.model = b.reference_model OR EXISTS (SELECT 1 FROM current_model_associations a "
    "WHERE a.model = r.model AND a.benchmark = r.benchmark AND a.approval_status = 'APPROVED')) "
    "AND NOT EXISTS (SELECT 1 FROM results n WHERE n.benchmark = r.benchmark AND n.model = r.model "
    "AND n.dataset = r.dataset AND n.finalized = 1 AND n.is_valid = 1 AND n.signed = 1 "
    "AND n.compatibility_run = 0 AND n.approval_status <> 'REJECTED' "
    "AND (n.finalized_at > r.finalized_at OR (n.finalized_at = r.finalized_at AND n.id > r.id))) "
    "ORDER BY m.id, d.id";

/// A condition of visibility of rows under `prefix`, bound; " AND ..." or nothing.
std::string and_seen(domain::Entity entity, std::string_view prefix, const Sight& sight,
                     sql::Params& params) {
  const std::string seen = sight.is_whole() ? "" : visible_to(entity, prefix);
  return seen.empty() ? "" : " AND " + bound(seen, sight.user(), params);
}

/// The approval of the newest association of a member with the benchmark "b", as a column.
std::string newest_status(const AssociationKind& kind, std::int64_t member, const Sight& sight,
                          sql::Params& params) {
  params.emplace_back(member);
  return "(SELECT a.approval_status FROM " + std::string(sql_table(kind.entity)) + " a WHERE a." +
         std::string(kind.member_key) + " = ? AND a." + std::string(kind.host_key) + " = b.id" +
         and_seen(kind.entity, "a.", sight, params) +
         " ORDER BY a.created_at DESC, a.id DESC LIMIT 1)";
}

std::string subjects_text(const Sight& sight, const ResultNames& names, sql::Params& params) {
  std::string text = "SELECT b.approval_status, b.is_active, b.is_valid, b.reference_model, ";
  text += newest_status(kModelAssociations, names.model, sight, params) + ", ";
  text += newest_status(kDatasetAssociations, names.dataset, sight, params);
  text += " FROM benchmarks b WHERE b.id = ?";
  params.emplace_back(names.benchmark);
  return text + and_seen(domain::Entity::kBenchmark, "b.", sight, params);
}

std::optional<std::string> text_or_none(const sql::Row& row, std::size_t column) {
  if (row.is_null(column)) return std::nullopt;
  return row.text(column);
}

}  // namespace

Result<std::vector<CountedResult>> counted_results(sql::Session& session, std::int64_t benchmark,
                                                   std::int64_t viewer) {
  sql::Params params;
  std::string text = "SELECT m.id, m.name, " +
                     truth_column(acts_for(domain::Entity::kModel, "m.")) +
                     ", r.id, d.id, d.name, " +
                     truth_column(acts_for(domain::Entity::kDataset, "d.")) + ", r.results";
  text = bound(text, viewer, params) + std::string(kCounted);
  params.emplace_back(benchmark);
  MEDPERF_TRY(auto rows, session.query(text, params));
  std::vector<CountedResult> counted;
  counted.reserve(rows.size());
  for (const auto& row : rows) {
    counted.push_back({row.integer(0), row.text(1), row.integer(2) != 0, row.integer(3),
                       row.integer(4), row.text(5), row.integer(6) != 0, row.text(7)});
  }
  return counted;
}

Result<ResultSubjects> result_subjects(sql::Session& session, const Sight& sight,
                                       const ResultNames& names) {
  sql::Params params;
  const std::string text = subjects_text(sight, names, params);
  MEDPERF_TRY(const auto rows, session.query(text, params));
  if (rows.empty()) return make_error(ErrorKind::kNotFound, {}, "Not found.");
  const sql::Row& row = rows.front();
  ResultSubjects subjects;
  subjects.benchmark_status = row.text(0);
  subjects.benchmark_is_open = row.integer(1) != 0 && row.integer(2) != 0;
  if (!row.is_null(3)) subjects.reference_model = row.integer(3);
  subjects.model_status = text_or_none(row, 4);
  subjects.dataset_status = text_or_none(row, 5);
  return subjects;
}

void prefetch_result_subjects(sql::Session& session, const Sight& sight, const ResultNames& names) {
  sql::Params params;
  const std::string text = subjects_text(sight, names, params);
  session.prefetch(text, params);
}

Result<std::optional<domain::Record>> find_open_result(sql::Session& session, const Sight& sight,
                                                       const domain::Record& result) {
  return Repository(domain::Entity::kResult, sight)
      .find_where(
          session, "benchmark = ? AND model = ? AND dataset = ? AND finalized = 0 AND is_valid = 1",
          {result.integer("benchmark"), result.integer("model"), result.integer("dataset")});
}

Status give_results(sql::Session& session, std::int64_t dataset, std::int64_t organisation) {
  MEDPERF_CHECK(session.execute(
      "UPDATE results SET organisation = ? WHERE dataset = ? AND organisation IS NULL",
      {organisation, dataset}));
  return {};
}

Status mark_signed(sql::Session& session, std::int64_t result) {
  MEDPERF_CHECK(session.execute("UPDATE results SET signed = 1 WHERE id = ?", {result}));
  return {};
}

}  // namespace medperf::hub
