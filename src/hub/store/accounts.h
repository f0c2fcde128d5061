#pragma once
// Accounts: what the users' field table does not show (passwords, flags, who may vouch for them).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "domain/record.h"
#include "sql/database.h"

namespace medperf::hub {

struct Account {
  domain::Record user{domain::Entity::kUser};
  bool active = true;
  bool admin = false;
  std::optional<std::string> password_hash;  ///< none: cannot sign in by password
  /// Outside issuer whose tokens are this user's; "": none is; nothing: the first that comes.
  std::optional<std::string> issuer;
  std::int64_t generation = 0;  ///< tokens of this hub with a smaller one are signed out
  Timestamp signed_out_at;      ///< tokens of an outside issuer from before are signed out
  /// Whether there is any closed group: without one, everything exists for everybody.
  bool groups_exist = true;
  bool operator==(const Account&) const = default;
};

struct NewAccount {
  std::string username;
  std::string email;
  bool admin = false;
  std::optional<std::string> password_hash;
  std::optional<std::string> issuer = "";
};

Result<std::optional<Account>> find_account(sql::Session& session, std::string_view username);
Result<std::optional<Account>> find_account(sql::Session& session, std::int64_t user);
/// Says that find_account will be asked for this name (sql::Session::prefetch).
void prefetch_account(sql::Session& session, std::string_view username);
/// Returns the new user's id. Error: conflict, when the name is taken.
Result<std::int64_t> add_account(sql::Session& session, const NewAccount& account, Timestamp now);
Status set_password(sql::Session& session, std::int64_t user, const std::string& password_hash,
                    Timestamp now);
Status set_admin(sql::Session& session, std::int64_t user, bool admin);
Status set_active(sql::Session& session, std::int64_t user, bool active);
/// From now on the user's tokens are those of `issuer` only.
Status set_issuer(sql::Session& session, std::int64_t user, const std::string& issuer);
/// Every access token and session given so far ends; tokens of one's own stay.
Status sign_out_everywhere(sql::Session& session, std::int64_t user, Timestamp now);

struct AccountLine {
  std::int64_t id;
  std::string username;
  std::string email;
  bool admin;
  bool active;
  bool second_factor;
};
Result<std::vector<AccountLine>> list_accounts(sql::Session& session);

}  // namespace medperf::hub
