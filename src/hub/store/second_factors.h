#pragma once
// Second factors and their recovery codes.

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "sql/database.h"

namespace medperf::hub {

struct SecondFactor {
  std::string sealed;  ///< the secret, sealed for this user
  bool confirmed = false;
  std::int64_t last_step = 0;  ///< the latest step whose code was used
};

Result<std::optional<SecondFactor>> find_second_factor(sql::Session& session, std::int64_t user);
/// A new one, not confirmed yet; takes the place of another that is not. False: one is confirmed.
Result<bool> start_second_factor(sql::Session& session, std::int64_t user,
                                 const std::string& sealed, Timestamp now);
/// Marks a step as used. False: it or a later one was used already.
Result<bool> use_step(sql::Session& session, std::int64_t user, std::int64_t step);
Status confirm_second_factor(sql::Session& session, std::int64_t user,
                             const std::vector<std::string>& recovery_hashes);
/// Removes it with its recovery codes. Whether there was one.
Result<bool> remove_second_factor(sql::Session& session, std::int64_t user);
/// Removes a recovery code. False: there is none with this hash.
Result<bool> use_recovery_code(sql::Session& session, std::int64_t user, const std::string& hash);
Result<std::int64_t> recovery_codes_left(sql::Session& session, std::int64_t user);
/// Whether any secret is sealed: then the key that sealed it is needed.
Result<bool> any_second_factor(sql::Session& session);

}  // namespace medperf::hub
