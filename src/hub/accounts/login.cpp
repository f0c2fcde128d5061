#include "hub/accounts/login.h"

#include <optional>
#include <utility>

#include "hub/accounts/lockout.h"
#include "hub/accounts/passwords.h"
#include "hub/accounts/second_factor.h"

namespace medperf::hub {

namespace {

struct Known {
  std::optional<Account> account;
  bool second_factor = false;
};

Result<Known> look_up(sql::Database& database, std::string_view username) {
  return database.read([&](sql::Session& session) -> Result<Known> {
    Known known;
    MEDPERF_TRY(known.account, find_account(session, username));
    const std::int64_t user = known.account ? known.account->user.id() : 0;
    MEDPERF_TRY(const auto factor, find_second_factor(session, user));
    known.second_factor = factor && factor->confirmed;
    return known;
  });
}

Error refused(std::string what) {
  return make_error(ErrorKind::kUnauthenticated, {}, std::move(what));
}

}  // namespace

Result<Verified> verify_credentials(const PasswordTurn& held, sql::Database& database,
                                    const crypto::SecretBox* box, const Credentials& given,
                                    Timestamp now) {
  const Aims aims = {aim_at_name(given.username), aim_from_peer(given.peer)};
  MEDPERF_CHECK(begin_try(database, aims, now));
  MEDPERF_TRY(auto known, look_up(database, given.username));
  if (!is_right_password(held, known.account, given.password)) {
    return refused("The user name or the password is wrong.");
  }
  Verified verified{std::move(*known.account), known.second_factor && given.code.empty()};
  if (known.second_factor && !verified.code_needed) {
    MEDPERF_TRY(const auto right, database.write([&](sql::Session& session) {
      return use_code(session, box, verified.account.user.id(), given.code, now);
    }));
    if (!right) return refused("The code of the second factor is wrong or was used before.");
  }
  MEDPERF_CHECK(verified.code_needed ? database.write([&](sql::Session& session) -> Status {
    return take_back_tries(session, aims);
  })
                                     : end_right_try(database, aims, now));
  return verified;
}

}  // namespace medperf::hub
