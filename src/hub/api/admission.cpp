#include "hub/api/admission.h"

#include <utility>
#include <variant>

#include "base/encoding.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "hub/accounts/secrets.h"
#include "hub/api/cookies.h"
#include "hub/api/errors.h"
#include "hub/api/resources.h"
#include "hub/store/access_tokens.h"
#include "hub/store/accounts.h"
#include "hub/store/sessions.h"
#include "ledger/ledger.h"

namespace medperf::hub {

namespace {

constexpr Seconds kNoteUseEvery{60};

Timestamp after(Timestamp time, Seconds step) {
  return {time.microseconds + static_cast<std::int64_t>(step.count() * 1e6)};
}

Admission refuse(net::Response problem) {
  Admission admission;
  admission.problem = std::move(problem);
  return admission;
}

/// What a token made for a program may do, in the order of domain::kTokenScopes.
enum class Scope { kRead, kWrite, kAdmin };

Scope scope_named(std::string_view name) {
  if (name == "admin") return Scope::kAdmin;
  return name == "write" ? Scope::kWrite : Scope::kRead;
}

/// The scope that an endpoint's row needs.
Scope scope_for(const Endpoint& endpoint) {
  if (endpoint.who == kAdminOnly) return Scope::kAdmin;
  return endpoint.writes() ? Scope::kWrite : Scope::kRead;
}

Result<Admission> admit_account(std::optional<Account> account, const Credential& credential) {
  if (!account) return refuse(bad_token("User not found"));
  if (!account->active) return refuse(inactive_user());
  Admission admission;
  admission.caller.emplace();
  admission.caller->user = std::move(account->user);
  admission.caller->admin = account->admin;
  admission.caller->all_is_public = !account->groups_exist;
  admission.caller->by = credential.kind;
  admission.caller->session_secret = credential.secret;
  return admission;
}

/// The reason why a token that is good by itself is not this account's, or none.
std::string_view token_problem(const Account& account, const Identity& identity) {
  if (!identity.from_provider()) {
    return identity.generation < account.generation ? "Token was signed out" : "";
  }
  if (account.issuer && *account.issuer != identity.issuer) {
    return "This user name belongs to an account of another issuer";
  }
  // A token that does not say when it was issued cannot be signed out, only its user disabled.
  const bool says = identity.issued_at.microseconds > 0;
  return says && identity.issued_at < account.signed_out_at ? "Token was signed out" : "";
}

Result<Admission> admit_token(sql::Session& session, const Credential& credential,
                              std::shared_ptr<const Account>& remembered) {
  const Identity& identity = credential.identity;
  std::optional<Account> account;
  if (remembered) {
    prefetch_account(session, identity.subject);
    account = *remembered;
  } else {
    MEDPERF_TRY(account, find_account(session, identity.subject));
    if (account && session.is_remote()) remembered = std::make_shared<const Account>(*account);
  }
  const bool unbound = !account || !account->issuer;
  if (identity.from_provider() && unbound) {
    if (!account && identity.email.empty()) return refuse(bad_token("User not found"));
    Admission admission;
    admission.unknown_user = true;
    return admission;
  }
  if (account) {
    const auto problem = token_problem(*account, identity);
    if (!problem.empty()) return refuse(bad_token(problem));
  }
  MEDPERF_TRY(auto admission, admit_account(std::move(account), credential));
  if (admission.caller) admission.caller->credential_ends = identity.expires_at;
  return admission;
}

Result<Admission> admit_access_token(sql::Session& session, const Credential& credential,
                                     const Demand& demand, Timestamp now) {
  MEDPERF_TRY(const auto token, find_access_token(session, credential.secret_hash));
  if (!token) return refuse(bad_token("Token is invalid"));
  if (std::get<Timestamp>(token->get("expires_at")) <= now) {
    return refuse(bad_token("Token is expired"));
  }
  MEDPERF_TRY(auto account, find_account(session, token->owner()));
  MEDPERF_TRY(auto admission, admit_account(std::move(account), credential));
  if (!admission.caller) return admission;
  admission.caller->credential_ends = std::get<Timestamp>(token->get("expires_at"));
  const Scope scope = scope_named(token->text("scope"));
  if (demand.endpoint.by_person) {
    return refuse(detail_response(403, "An access token cannot be used for this: sign in."));
  }
  if (scope < scope_for(demand.endpoint)) {
    return refuse(detail_response(403, "The scope of this access token does not allow this."));
  }
  // Below the admin scope an admin's token acts as any other user's.
  if (scope != Scope::kAdmin) admission.caller->admin = false;
  const auto* used = std::get_if<Timestamp>(&token->get("last_used_at"));
  admission.note_use = used == nullptr || after(*used, kNoteUseEvery) <= now;
  return admission;
}

/// The keys' version is part of what is looked up: a token that a key signed which is good no more
/// is checked anew.
std::string digest_of_token(const TokenAuthority& tokens, std::string_view token) {
  return crypto::sha256_hex(token) + " " + std::to_string(tokens.keys_version());
}

Result<Identity> checked_identity(const TokenAuthority& tokens, TokenCache& seen,
                                  std::string_view token, const std::string& digest,
                                  Timestamp now) {
  if (auto known = seen.find(digest, now)) return std::move(*known);
  auto identity = tokens.check(token, now);
  if (identity.ok()) seen.keep(digest, *identity, now);
  return identity;
}

bool is_from_own_page(const Credential& credential, const Demand& demand) {
  const std::string origin =
      own_origin(demand.request, demand.settings.public_url, demand.trust_forwarded);
  return comes_from(demand.request, origin) &&
         crypto::equal_constant_time(demand.request.header(kCsrfHeader),
                                     csrf_token(credential.secret));
}

Result<Admission> admit_session(sql::Session& session, const Credential& credential,
                                const Demand& demand, Timestamp now) {
  MEDPERF_TRY(const auto found, find_session(session, credential.secret_hash));
  if (!found || has_ended(*found, now)) {
    net::Response ended = bad_token("Session has ended");
    ended.headers["set-cookie"] = clear_session_cookie();
    return refuse(std::move(ended));
  }
  MEDPERF_TRY(auto account, find_account(session, found->user));
  MEDPERF_TRY(auto admission, admit_account(std::move(account), credential));
  if (!admission.caller) return admission;
  admission.caller->credential_ends = found->expires_at;
  if (demand.endpoint.writes() && !is_from_own_page(credential, demand)) {
    return refuse(
        detail_response(403,
                        "CSRF check failed: a write with a session cookie needs the header "
                        "X-CSRF-Token and the Origin of this hub."));
  }
  admission.note_use = after(found->last_seen_at, kNoteUseEvery) <= now;
  return admission;
}

}  // namespace

bool notes_use(const net::Request& request) {
  const std::string_view header = trim(request.header("authorization"));
  return header.empty() || header.find(kAccessTokenPrefix) != std::string_view::npos;
}

ShownCredential read_credential(const TokenAuthority& tokens, TokenCache& seen,
                                const net::Request& request, Timestamp now) {
  ShownCredential shown;
  Credential& credential = shown.credential;
  const std::string_view header = trim(request.header("authorization"));
  if (header.empty()) {
    credential.secret = session_cookie(request);
    if (credential.secret.empty()) return {{}, missing_credentials()};
    credential.kind = SignedInBy::kSession;
    credential.secret_hash = secret_hash(credential.secret);
    return shown;
  }
  const auto words = split(header, ' ');
  if (words.front() != "Bearer") return {{}, missing_credentials()};
  if (words.size() != 2) return {{}, bad_authorization_header()};
  if (words[1].starts_with(kAccessTokenPrefix)) {
    credential.kind = SignedInBy::kAccessToken;
    credential.secret_hash = secret_hash(words[1]);
    return shown;
  }
  credential.token_digest = digest_of_token(tokens, words[1]);
  auto identity = checked_identity(tokens, seen, words[1], credential.token_digest, now);
  if (!identity.ok()) return {{}, bad_token(identity.error().what)};
  credential.identity = std::move(identity).value();
  return shown;
}

Result<Admission> admit(sql::Session& session, const Credential& credential, const Demand& demand,
                        Timestamp now, std::shared_ptr<const Account>& remembered) {
  switch (credential.kind) {
    case SignedInBy::kToken:
      return admit_token(session, credential, remembered);
    case SignedInBy::kAccessToken:
      return admit_access_token(session, credential, demand, now);
    case SignedInBy::kSession:
      return admit_session(session, credential, demand, now);
  }
  return refuse(missing_credentials());
}

Status note_use(sql::Session& session, const Credential& credential, Timestamp now) {
  return credential.kind == SignedInBy::kSession
             ? touch_session(session, credential.secret_hash, now)
             : touch_access_token(session, credential.secret_hash, now);
}

Status bind_user(sql::Session& session, const Identity& identity, Timestamp now) {
  MEDPERF_TRY(const auto known, find_account(session, identity.subject));
  if (known && known->issuer) return {};
  const Json facts = Json::object({{"issuer", identity.issuer}});
  if (known) {
    MEDPERF_CHECK(set_issuer(session, known->user.id(), identity.issuer));
    return ledger::append(session, {"user.bound", identity.subject, facts}, now);
  }
  MEDPERF_CHECK(
      add_account(session, {identity.subject, identity.email, false, {}, identity.issuer}, now));
  return ledger::append(session, {"user.first_seen", identity.subject, facts}, now);
}

}  // namespace medperf::hub
