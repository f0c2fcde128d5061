// Sign-in: second factors, sessions, tokens of one's own, sign-in by device code, invitations.
// Secrets are stored as SHA-256 of random text, second factors sealed.

#include "hub/store/migrations/migrations.h"

namespace medperf::hub {

namespace {

// users.issuer: '' may sign in here only; an outside issuer's name, by its tokens; null, by the
// first outside token that names it, which then stays its issuer. login_attempts.subject names what
// is counted: a user name, an address, the codes of one user.
constexpr std::string_view kSignIn = R"sql(
ALTER TABLE users ADD COLUMN issuer TEXT;
ALTER TABLE users ADD COLUMN token_generation BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN signed_out_at BIGINT NOT NULL DEFAULT 0;
UPDATE users SET issuer = ''
  WHERE username = 'superuser' OR id IN (SELECT user_id FROM credentials);
ALTER TABLE login_attempts RENAME COLUMN username TO subject;
UPDATE login_attempts SET subject = 'name ' || subject;
CREATE TABLE second_factors (
  user_id BIGINT PRIMARY KEY REFERENCES users(id) ON DELETE CASCADE,
  secret TEXT NOT NULL,
  confirmed SMALLINT NOT NULL DEFAULT 0,
  last_step BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL
);
CREATE TABLE recovery_codes (
  user_id BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  code_hash TEXT NOT NULL,
  PRIMARY KEY (user_id, code_hash)
);
CREATE TABLE sessions (
  secret_hash TEXT PRIMARY KEY,
  user_id BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  created_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_user ON sessions(user_id);
CREATE INDEX sessions_expiry ON sessions(expires_at);
CREATE TABLE access_tokens (
  $id,
  name TEXT NOT NULL,
  scope TEXT NOT NULL CHECK (scope IN ('read', 'write', 'admin')),
  expires_at BIGINT NOT NULL,
  last_used_at BIGINT,
  created_at BIGINT NOT NULL,
  owner BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  secret_hash TEXT NOT NULL UNIQUE
);
CREATE INDEX access_tokens_owner ON access_tokens(owner);
CREATE TABLE device_codes (
  device_hash TEXT PRIMARY KEY,
  user_hash TEXT NOT NULL UNIQUE,
  client TEXT NOT NULL,
  peer TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  poll_after BIGINT NOT NULL,
  poll_interval BIGINT NOT NULL,
  denied SMALLINT NOT NULL DEFAULT 0,
  approved_by BIGINT REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX device_codes_expiry ON device_codes(expires_at);
CREATE TABLE invitations (
  $id,
  email TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT,
  owner BIGINT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  secret_hash TEXT NOT NULL UNIQUE
);
CREATE TABLE password_resets (
  user_id BIGINT PRIMARY KEY REFERENCES users(id) ON DELETE CASCADE,
  secret_hash TEXT NOT NULL UNIQUE,
  expires_at BIGINT NOT NULL
);
)sql";

}  // namespace

std::string sign_in_schema(sql::Dialect dialect) {
  return in_dialect(kSignIn, dialect);
}

}  // namespace medperf::hub
