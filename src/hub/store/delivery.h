#pragma once
// What makes delivery exact: answers kept for repeated requests, and notices committed together
// with the change that they tell of.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "sql/database.h"

namespace medperf::hub {

/// Answers from before this time are not kept any more: repeats come within seconds, or after a
/// week-end.
constexpr Timestamp answers_expired_at(Timestamp now) {
  return {now.microseconds - std::int64_t{7} * 24 * 3600 * 1'000'000};
}

struct StoredAnswer {
  std::string request_digest;  ///< SHA-256 hex of method, path and body
  int status = 0;
  std::string body;
};

/// The first answer to a user's request with this key, unless it is from before `expired`.
Result<std::optional<StoredAnswer>> find_answer(sql::Session& session, std::int64_t user,
                                                std::string_view key, Timestamp expired);
/// Keeps an answer, in place of one from before `expired`. Error: conflict, when one is there.
Status keep_answer(sql::Session& session, std::int64_t user, std::string_view key,
                   const StoredAnswer& answer, Timestamp now, Timestamp expired);

/// Drops answers from before `expired`.
Status forget_answers(sql::Session& session, Timestamp expired);

/// Puts a notice for a user into the outbox.
Status announce(sql::Session& session, std::string_view kind, std::int64_t recipient,
                const Json& body, Timestamp now);

}  // namespace medperf::hub
