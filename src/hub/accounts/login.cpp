#include "hub/accounts/login.h"

#include <mutex>
#include <optional>

#include "crypto/password.h"
#include "hub/store/accounts.h"

namespace medperf::hub {

namespace {

struct Known {
  std::optional<Account> account;
  LoginFailures failures;
};

Result<Known> look_up(sql::Database& database, std::string_view username) {
  return database.read([&](sql::Session& session) -> Result<Known> {
    Known known;
    MEDPERF_TRY(known.account, find_account(session, username));
    MEDPERF_TRY(known.failures, login_failures(session, username));
    return known;
  });
}

Timestamp before(Timestamp time, Seconds step) {
  return {time.microseconds - static_cast<std::int64_t>(step.count() * 1e6)};
}

bool is_old(const LoginFailures& failures, Timestamp now) {
  return failures.first < before(now, kLockOut);
}

Status record_failure(sql::Database& database, std::string_view username, Timestamp now) {
  return database.write([&](sql::Session& session) -> Status {
    MEDPERF_TRY(auto failures, login_failures(session, username));
    if (failures.count == 0 || is_old(failures, now)) failures = {0, now};
    ++failures.count;
    return note_login_failure(session, username, failures);
  });
}

/// One check at a time: each takes 64 MiB, and guessing gains nothing from more.
bool check_password(const std::optional<Account>& account, std::string_view password) {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  if (!account || !account->password_hash) {
    crypto::pretend_to_verify_password(password);
    return false;
  }
  return crypto::verify_password(password, *account->password_hash) && account->active;
}

Error refused(std::string what) {
  return make_error(ErrorKind::kUnauthenticated, {}, std::move(what));
}

}  // namespace

Result<IssuedToken> sign_in(sql::Database& database, const TokenAuthority& tokens,
                            std::string_view username, std::string_view password, Timestamp now) {
  MEDPERF_TRY(auto known, look_up(database, username));
  const bool right = check_password(known.account, password);
  if (known.failures.count >= kLoginFailureLimit && !is_old(known.failures, now)) {
    return refused("Too many failed attempts to sign in with this name. Try again in 15 minutes.");
  }
  if (!right) {
    MEDPERF_CHECK(record_failure(database, username, now));
    return refused("The user name or the password is wrong.");
  }
  if (known.failures.count > 0) {
    auto forgotten = database.write([&](sql::Session& session) {
      return forget_login_failures(session, username, before(now, kLockOut));
    });
    if (!forgotten.ok()) return std::move(forgotten).error();
  }
  return tokens.issue(username, known.account->user.text("email"), now);
}

}  // namespace medperf::hub
