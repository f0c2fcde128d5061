#pragma once
// Committees of benchmarks and their votes.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "domain/committee.h"
#include "sql/database.h"

namespace medperf::hub {

struct Committee {
  std::int64_t threshold = 0;
  std::vector<std::int64_t> members;  ///< user ids, ascending
};

Result<std::optional<Committee>> find_committee(sql::Session& session, std::int64_t benchmark);
/// Replaces the benchmark's committee; none: decisions are its owner's again.
Status set_committee(sql::Session& session, std::int64_t benchmark,
                     const std::optional<Committee>& committee);
/// Whether something is still pending on which there are votes.
Result<bool> is_voting(sql::Session& session, std::int64_t benchmark);

/// What is voted on: a row of one of three tables, and whose objects it is about.
struct Request {
  std::string_view column;  ///< of the votes: "dataset_association", "model_association", "result"
  std::int64_t id = 0;      ///< 0: not stored yet
  std::int64_t benchmark = 0;
  std::optional<std::int64_t> dataset;
  std::optional<std::int64_t> model;
  std::int64_t initiated_by = 0;
};

/// For whom a vote was cast.
enum class Voice { kCommittee, kOtherSide };
/// Casts or changes a vote.
Status cast_vote(sql::Session& session, const Request& request, std::int64_t member, Voice voice,
                 std::string_view vote, Timestamp now);
/// Whether a user is of the committee, and whether they have a stake in the request: they made it,
/// or act for an object that it is about.
struct Voter {
  bool is_member = false;
  bool has_stake = false;
};
Result<Voter> find_voter(sql::Session& session, const Request& request, std::int64_t user);
/// The votes of present members without a stake. Without the other side's consent, which follows
/// from the request and `has_consent`.
Result<domain::Ballot> count_votes(sql::Session& session, const Committee& committee,
                                   const Request& request);
/// Whether the other side has agreed by a vote of its own.
Result<bool> has_consent(sql::Session& session, const Request& request);

struct VoteLine {
  std::string subject;  ///< "dataset", "model" or "result"
  std::int64_t id = 0;  ///< of the subject
  std::int64_t member = 0;
  std::string vote;
  bool for_committee = true;
  Timestamp voted_at;
};
/// The newest votes of a benchmark's committee, at most `limit`.
Result<std::vector<VoteLine>> list_votes(sql::Session& session, std::int64_t benchmark,
                                         std::int64_t limit);

}  // namespace medperf::hub
