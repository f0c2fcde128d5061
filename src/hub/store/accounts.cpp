#include "hub/store/accounts.h"

#include "hub/store/columns.h"

namespace medperf::hub {

using domain::Entity;

Result<std::optional<Account>> find_account(sql::Session& session, std::string_view username) {
  static const std::string kText =
      "SELECT u.is_active, u.is_superuser, c.password_hash, " + column_list(Entity::kUser, "u.") +
      " FROM users u LEFT JOIN credentials c ON c.user_id = u.id WHERE u.username = ?";
  MEDPERF_TRY(auto rows, session.query(kText, {std::string(username)}));
  if (rows.empty()) return std::optional<Account>();
  const sql::Row& row = rows.front();
  Account account;
  account.active = row.integer(0) != 0;
  account.admin = row.integer(1) != 0;
  if (!row.is_null(2)) account.password_hash = row.text(2);
  account.user = read_record(Entity::kUser, row, 3);
  return std::optional<Account>(std::move(account));
}

Result<std::int64_t> add_account(sql::Session& session, const NewAccount& account, Timestamp now) {
  MEDPERF_TRY(
      auto rows,
      session.query("INSERT INTO users (username, email, first_name, last_name, metadata, "
                    "is_active, is_superuser) VALUES (?, ?, '', '', '{}', 1, ?) "
                    "RETURNING id",
                    {account.username, account.email, std::int64_t{account.admin ? 1 : 0}}));
  const std::int64_t id = rows.front().integer(0);
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

Result<std::vector<AccountLine>> list_accounts(sql::Session& session) {
  MEDPERF_TRY(auto rows, session.query("SELECT id, username, email, is_superuser, is_active FROM "
                                       "users ORDER BY id"));
  std::vector<AccountLine> lines;
  lines.reserve(rows.size());
  for (const auto& row : rows) {
    lines.push_back(
        {row.integer(0), row.text(1), row.text(2), row.integer(3) != 0, row.integer(4) != 0});
  }
  return lines;
}

Result<LoginFailures> login_failures(sql::Session& session, std::string_view username) {
  MEDPERF_TRY(auto rows,
              session.query("SELECT failures, first_failure_at FROM login_attempts WHERE username "
                            "= ?",
                            {std::string(username)}));
  if (rows.empty()) return LoginFailures{};
  return LoginFailures{rows.front().integer(0), Timestamp{rows.front().integer(1)}};
}

Status note_login_failure(sql::Session& session, std::string_view username,
                          const LoginFailures& failures) {
  MEDPERF_CHECK(session.execute(
      "INSERT INTO login_attempts (username, failures, first_failure_at) VALUES (?, ?, ?) ON "
      "CONFLICT (username) DO UPDATE SET failures = excluded.failures, first_failure_at = "
      "excluded.first_failure_at",
      {std::string(username), failures.count, failures.first.microseconds}));
  return {};
}

Status forget_login_failures(sql::Session& session, std::string_view username, Timestamp old) {
  MEDPERF_CHECK(
      session.execute("DELETE FROM login_attempts WHERE username = ? OR first_failure_at < ?",
                      {std::string(username), old.microseconds}));
  return {};
}

}  // namespace medperf::hub
