#pragma once
// Who sends a request: what it shows, and what the database says to that.

#include <memory>
#include <optional>
#include <string>

#include "hub/accounts/token_cache.h"
#include "hub/api/endpoint.h"
#include "hub/services/context.h"
#include "hub/store/accounts.h"
#include "net/http_types.h"
#include "sql/database.h"

namespace medperf::hub {

/// What a request shows, as far as it can be checked without the database.
struct Credential {
  SignedInBy kind = SignedInBy::kToken;
  Identity identity;         ///< of a token whose signature was checked
  std::string token_digest;  ///< of that token and the keys it was checked with
  std::string secret;        ///< of a session
  std::string secret_hash;   ///< of a session or a token made for a program
  /// Whose rate of requests it counts against.
  const std::string& rate_key() const {
    return kind == SignedInBy::kToken ? identity.subject : secret_hash;
  }
};
struct ShownCredential {
  Credential credential;
  std::optional<net::Response> problem;  ///< 401
};
/// Whether a request's use of its credential is written down now and then: that of sessions and of
/// access tokens is.
bool notes_use(const net::Request& request);
/// The Authorization header; without one, the session cookie.
/// Tokens are checked now, or were when they were last `seen`.
ShownCredential read_credential(const TokenAuthority& tokens, TokenCache& seen,
                                const net::Request& request, Timestamp now);

/// The outcome of looking a credential up: exactly one of the three.
struct Admission {
  std::optional<Caller> caller;
  std::optional<net::Response> problem;  ///< 401, or 403 for what this credential may not do
  bool unknown_user = false;  ///< a good token of an outside issuer whose user is not bound yet
  bool note_use = false;      ///< with a caller: its last use lies a minute back
};
/// What the endpoint and the request ask of a credential beside the permission table.
struct Demand {
  const Endpoint& endpoint;
  const net::Request& request;
  const Settings& settings;
  bool trust_forwarded;
};
/// An account that is `remembered` is taken for what it is and its row only asked for, in advance:
/// the caller has to look at it before anything is answered. Without one, what a token's account
/// was found to be is left there.
Result<Admission> admit(sql::Session& session, const Credential& credential, const Demand& demand,
                        Timestamp now, std::shared_ptr<const Account>& remembered);

/// Writes down that a session or a token was used. In a write transaction.
Status note_use(sql::Session& session, const Credential& credential, Timestamp now);
/// The account of an outside token, made or bound at its first sight (v0 section 2).
Status bind_user(sql::Session& session, const Identity& identity, Timestamp now);

}  // namespace medperf::hub
