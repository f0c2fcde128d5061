#include "hub/store/committees.h"

#include "hub/store/columns.h"
#include "hub/store/visibility.h"

namespace medperf::hub {

using domain::Entity;

namespace {

constexpr std::string_view kCommitteeVoice = "COMMITTEE";
constexpr std::string_view kOtherVoice = "OTHER_SIDE";

/// "Has a stake", as SQL about the user in the column `who`.
std::string stake(const Request& request, const std::string& who, sql::Params& params) {
  std::string text = "(" + who + " = ?";
  params.emplace_back(request.initiated_by);
  const auto add = [&](Entity entity, const std::optional<std::int64_t>& id) {
    if (!id) return;
    std::string acting = acts_for(entity, "x.");
    for (auto at = acting.find("$me"); at != std::string::npos; at = acting.find("$me", at)) {
      acting.replace(at, 3, who);
    }
    text += " OR EXISTS (SELECT 1 FROM " + std::string(sql_table(entity)) +
            " x WHERE x.id = ? AND " + acting + ")";
    params.emplace_back(*id);
  };
  add(Entity::kDataset, request.dataset);
  add(Entity::kModel, request.model);
  return text + ")";
}

}  // namespace

Result<std::optional<Committee>> find_committee(sql::Session& session, std::int64_t benchmark) {
  MEDPERF_TRY(auto rows, session.query("SELECT c.threshold, m.member FROM committees c LEFT JOIN "
                                       "committee_members m ON m.benchmark = c.benchmark WHERE "
                                       "c.benchmark = ? ORDER BY m.member",
                                       {benchmark}));
  if (rows.empty()) return std::optional<Committee>();
  Committee committee;
  committee.threshold = rows.front().integer(0);
  for (const auto& row : rows) {
    if (!row.is_null(1)) committee.members.push_back(row.integer(1));
  }
  return std::optional<Committee>(std::move(committee));
}

Status set_committee(sql::Session& session, std::int64_t benchmark,
                     const std::optional<Committee>& committee) {
  MEDPERF_CHECK(session.execute("DELETE FROM committees WHERE benchmark = ?", {benchmark}));
  if (!committee) return {};
  MEDPERF_CHECK(session.execute("INSERT INTO committees (benchmark, threshold) VALUES (?, ?)",
                                {benchmark, committee->threshold}));
  for (const auto member : committee->members) {
    MEDPERF_CHECK(session.execute("INSERT INTO committee_members (benchmark, member) VALUES (?, ?)",
                                  {benchmark, member}));
  }
  return {};
}

Result<bool> is_voting(sql::Session& session, std::int64_t benchmark) {
  MEDPERF_TRY(
      auto rows,
      session.query(
          "SELECT 1 FROM votes v LEFT JOIN dataset_associations d ON d.id = v.dataset_association "
          "LEFT JOIN model_associations m ON m.id = v.model_association LEFT JOIN results r ON "
          "r.id = v.result WHERE v.benchmark = ? AND (d.approval_status = 'PENDING' OR "
          "m.approval_status = 'PENDING' OR r.approval_status = 'PENDING') LIMIT 1",
          {benchmark}));
  return !rows.empty();
}

Status cast_vote(sql::Session& session, const Request& request, std::int64_t member, Voice voice,
                 std::string_view vote, Timestamp now) {
  const std::string column(request.column);
  MEDPERF_CHECK(
      session.execute("INSERT INTO votes (benchmark, " + column +
                          ", member, voice, vote, voted_at) VALUES (?, ?, ?, ?, ?, ?) "
                          "ON CONFLICT (" +
                          column +
                          ", member) DO UPDATE SET voice = excluded.voice, vote = "
                          "excluded.vote, voted_at = excluded.voted_at",
                      {request.benchmark, request.id, member,
                       std::string(voice == Voice::kCommittee ? kCommitteeVoice : kOtherVoice),
                       std::string(vote), now.microseconds}));
  return {};
}

Result<Voter> find_voter(sql::Session& session, const Request& request, std::int64_t user) {
  sql::Params params;
  const std::string text = "SELECT " + truth_column(stake(request, "m.member", params)) +
                           " FROM committee_members m WHERE m.benchmark = ? AND "
                           "m.member = ?";
  params.emplace_back(request.benchmark);
  params.emplace_back(user);
  MEDPERF_TRY(auto rows, session.query(text, params));
  if (rows.empty()) return Voter{};
  return Voter{true, rows.front().integer(0) != 0};
}

Result<domain::Ballot> count_votes(sql::Session& session, const Committee& committee,
                                   const Request& request) {
  sql::Params params = {request.id, std::string(kCommitteeVoice), request.benchmark};
  const std::string text =
      "SELECT COUNT(*), COALESCE(SUM(CASE WHEN v.vote = 'APPROVED' THEN 1 ELSE 0 END), 0), "
      "COALESCE(SUM(CASE WHEN v.vote = 'REJECTED' THEN 1 ELSE 0 END), 0) FROM committee_members m "
      "LEFT JOIN votes v ON v." +
      std::string(request.column) +
      " = ? AND v.member = m.member AND v.voice = ? WHERE m.benchmark = ? AND NOT " +
      stake(request, "m.member", params);
  MEDPERF_TRY(auto rows, session.query(text, params));
  const sql::Row& row = rows.front();
  domain::Ballot ballot;
  ballot.threshold = committee.threshold;
  ballot.voters = row.integer(0);
  ballot.for_it = row.integer(1);
  ballot.against_it = row.integer(2);
  return ballot;
}

Result<bool> has_consent(sql::Session& session, const Request& request) {
  MEDPERF_TRY(auto rows, session.query("SELECT 1 FROM votes WHERE " + std::string(request.column) +
                                           " = ? AND voice = ? AND vote = 'APPROVED'",
                                       {request.id, std::string(kOtherVoice)}));
  return !rows.empty();
}

Result<std::vector<VoteLine>> list_votes(sql::Session& session, std::int64_t benchmark,
                                         std::int64_t limit) {
  MEDPERF_TRY(
      auto rows,
      session.query(
          "SELECT CASE WHEN d.id IS NOT NULL THEN 'dataset' WHEN m.id IS NOT NULL THEN 'model' "
          "ELSE 'result' END, COALESCE(d.dataset, m.model, v.result), v.member, v.vote, v.voice, "
          "v.voted_at FROM votes v LEFT JOIN dataset_associations d ON d.id = "
          "v.dataset_association LEFT JOIN model_associations m ON m.id = v.model_association "
          "WHERE v.benchmark = ? ORDER BY v.voted_at DESC, v.id DESC LIMIT ?",
          {benchmark, limit}));
  std::vector<VoteLine> lines;
  lines.reserve(rows.size());
  for (const auto& row : rows) {
    lines.push_back({row.text(0), row.integer(1), row.integer(2), row.text(3),
                     row.text(4) == kCommitteeVoice, Timestamp{row.integer(5)}});
  }
  return lines;
}

}  // namespace medperf::hub
