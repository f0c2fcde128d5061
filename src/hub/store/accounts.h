#pragma once
// Accounts: what the users' field table does not show (passwords, flags) and sign-in failures.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "domain/record.h"
#include "sql/database.h"

namespace medperf::hub {

struct Account {
  domain::Record user{domain::Entity::kUser};
  bool active = true;
  bool admin = false;
  std::optional<std::string> password_hash;  ///< none: cannot sign in by password
};

struct NewAccount {
  std::string username;
  std::string email;
  bool admin = false;
  std::optional<std::string> password_hash;
};

Result<std::optional<Account>> find_account(sql::Session& session, std::string_view username);
/// Returns the new user's id. Error: conflict, when the name is taken.
Result<std::int64_t> add_account(sql::Session& session, const NewAccount& account, Timestamp now);
Status set_password(sql::Session& session, std::int64_t user, const std::string& password_hash,
                    Timestamp now);
struct AccountLine {
  std::int64_t id;
  std::string username;
  std::string email;
  bool admin;
  bool active;
};
Result<std::vector<AccountLine>> list_accounts(sql::Session& session);

struct LoginFailures {
  std::int64_t count = 0;
  Timestamp first;
};
/// Failures are counted by the name tried, whether it exists or not: the answer says nothing.
Result<LoginFailures> login_failures(sql::Session& session, std::string_view username);
Status note_login_failure(sql::Session& session, std::string_view username,
                          const LoginFailures& failures);
/// Forgets a name's failures, and everybody's from before `old`.
Status forget_login_failures(sql::Session& session, std::string_view username, Timestamp old);

}  // namespace medperf::hub
