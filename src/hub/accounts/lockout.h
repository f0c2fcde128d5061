#pragma once
// Limits on guessing. A try is counted before the secret is looked at, in a transaction of its own,
// so that tries at the same time, also at several hub processes, do not pass the limit.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "sql/database.h"

namespace medperf::hub {

inline constexpr std::int64_t kTriesPerName = 10;
/// A hospital's staff may come from one address.
inline constexpr std::int64_t kTriesPerPeer = 100;
inline constexpr std::int64_t kTriesPerUser = 10;  ///< of codes, by one signed-in user
inline constexpr Seconds kLockOut{15 * 60};        ///< from the first of the tries

/// What a try aims at or comes from.
struct Aim {
  std::string subject;
  std::int64_t limit;
};
Aim aim_at_name(std::string_view username);
/// The address; of IPv6 its first 64 bits, which one site shares.
Aim aim_from_peer(std::string_view peer);
Aim aim_at_codes_of(std::int64_t user);
using Aims = std::vector<Aim>;

/// Counts a try. False: one of the aims is locked, and nothing was counted.
Result<bool> count_try(sql::Session& session, const Aims& aims, Timestamp now);
/// The tries at the first aim are forgotten, those of the others taken back.
Status forget_tries(sql::Session& session, const Aims& aims, Timestamp now);
/// The try was none.
Status take_back_tries(sql::Session& session, const Aims& aims);

/// count_try in a transaction of its own. Error: unauthenticated, when locked.
Status begin_try(sql::Database& database, const Aims& aims, Timestamp now);
Status end_right_try(sql::Database& database, const Aims& aims, Timestamp now);

}  // namespace medperf::hub
