#pragma once
// Tries to guess a secret, counted by what they aim at: a user name, an address, the codes of one
// user. Names are counted whether they exist or not: the answer says nothing.

#include <string_view>

#include "base/clock.h"
#include "sql/database.h"

namespace medperf::hub {

struct Attempts {
  std::int64_t count = 0;
  Timestamp first;
};

Result<Attempts> find_attempts(sql::Session& session, std::string_view subject);
Status put_attempts(sql::Session& session, std::string_view subject, const Attempts& attempts);
/// One try less: it turned out to be right.
Status take_back_attempt(sql::Session& session, std::string_view subject);
/// Forgets a subject's tries, and everybody's from before `old`. Whether there were any.
Result<bool> forget_attempts(sql::Session& session, std::string_view subject, Timestamp old);

}  // namespace medperf::hub
