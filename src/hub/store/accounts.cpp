#include "hub/store/accounts.h"

#include "hub/store/columns.h"
#include "hub/store/insertion.h"

namespace medperf::hub {

using domain::Entity;

namespace {

std::string account_text(std::string_view condition) {
  return "SELECT u.is_active, u.is_superuser, c.password_hash, u.issuer, u.token_generation, "
         "u.signed_out_at, " +
         truth_column("EXISTS (SELECT 1 FROM closed_groups)") + ", " +
         column_list(Entity::kUser, "u.") +
         " FROM users u LEFT JOIN credentials c ON c.user_id = u.id WHERE " +
         std::string(condition);
}

const std::string& text_by_name() {
  static const std::string kText = account_text("u.username = ?");
  return kText;
}

Result<std::optional<Account>> find_by(sql::Session& session, std::string_view text,
                                       sql::Value value) {
  MEDPERF_TRY(auto rows, session.query(text, {std::move(value)}));
  if (rows.empty()) return std::optional<Account>();
  const sql::Row& row = rows.front();
  Account account;
  account.active = row.integer(0) != 0;
  account.admin = row.integer(1) != 0;
  if (!row.is_null(2)) account.password_hash = row.text(2);
  if (!row.is_null(3)) account.issuer = row.text(3);
  account.generation = row.integer(4);
  account.signed_out_at = {row.integer(5)};
  account.groups_exist = row.integer(6) != 0;
  account.user = read_record(Entity::kUser, row, 7);
  return std::optional<Account>(std::move(account));
}

}  // namespace

Result<std::optional<Account>> find_account(sql::Session& session, std::string_view username) {
  return find_by(session, text_by_name(), std::string(username));
}

Result<std::optional<Account>> find_account(sql::Session& session, std::int64_t user) {
  static const std::string kText = account_text("u.id = ?");
  return find_by(session, kText, user);
}

void prefetch_account(sql::Session& session, std::string_view username) {
  session.prefetch(text_by_name(), {std::string(username)});
}

Result<std::int64_t> add_account(sql::Session& session, const NewAccount& account, Timestamp now) {
  domain::Record user(Entity::kUser);
  user.set("username", account.username);
  user.set("email", account.email);
  MEDPERF_TRY(const std::int64_t id,
              insert_with(session, user,
                          {{"is_active", std::int64_t{1}},
                           {"is_superuser", std::int64_t{account.admin ? 1 : 0}},
                           {"issuer",
                            account.issuer ? sql::Value(*account.issuer) : sql::Value(nullptr)}}));
  if (account.password_hash) {
    MEDPERF_CHECK(set_password(session, id, *account.password_hash, now));
  }
  return id;
}

Status set_password(sql::Session& session, std::int64_t user, const std::string& password_hash,
                    Timestamp now) {
  MEDPERF_CHECK(session.execute(
      "INSERT INTO credentials (user_id, password_hash, changed_at) VALUES (?, ?, ?) ON CONFLICT "
      "(user_id) DO UPDATE SET password_hash = excluded.password_hash, changed_at = "
      "excluded.changed_at",
      {user, password_hash, now.microseconds}));
  return {};
}

Status set_admin(sql::Session& session, std::int64_t user, bool admin) {
  MEDPERF_CHECK(session.execute("UPDATE users SET is_superuser = ? WHERE id = ?",
                                {std::int64_t{admin ? 1 : 0}, user}));
  return {};
}

Status set_active(sql::Session& session, std::int64_t user, bool active) {
  MEDPERF_CHECK(session.execute("UPDATE users SET is_active = ? WHERE id = ?",
                                {std::int64_t{active ? 1 : 0}, user}));
  return {};
}

Status set_issuer(sql::Session& session, std::int64_t user, const std::string& issuer) {
  MEDPERF_CHECK(session.execute("UPDATE users SET issuer = ? WHERE id = ?", {issuer, user}));
  return {};
}

Status sign_out_everywhere(sql::Session& session, std::int64_t user, Timestamp now) {
  MEDPERF_CHECK(
      session.execute("UPDATE users SET token_generation = token_generation + 1, "
                      "signed_out_at = ? WHERE id = ?",
                      {now.microseconds, user}));
  MEDPERF_CHECK(session.execute("DELETE FROM sessions WHERE user_id = ?", {user}));
  return {};
}

Result<std::vector<AccountLine>> list_accounts(sql::Session& session) {
  MEDPERF_TRY(auto rows,
              session.query("SELECT u.is_superuser, u.is_active, CASE WHEN EXISTS (SELECT 1 FROM "
                            "second_factors f WHERE f.user_id = u.id AND f.confirmed = 1) THEN 1 "
                            "ELSE 0 END, " +
                            column_list(Entity::kUser, "u.") + " FROM users u ORDER BY u.id"));
  std::vector<AccountLine> lines;
  lines.reserve(rows.size());
  for (const auto& row : rows) {
    const domain::Record user = read_record(Entity::kUser, row, 3);
    lines.push_back({user.id(), user.text("username"), user.text("email"), row.integer(0) != 0,
                     row.integer(1) != 0, row.integer(2) != 0});
  }
  return lines;
}

}  // namespace medperf::hub
