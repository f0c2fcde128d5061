#pragma once
// What every use case works with. A use case runs inside one transaction, which may be repeated: it
// has no effect outside `session`.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "crypto/secret_box.h"
#include "domain/permission.h"
#include "domain/record.h"
#include "hub/accounts/password_gate.h"
#include "hub/store/visibility.h"
#include "sql/database.h"

namespace medperf::hub {

/// How often something may happen: tokens a second, and how many wait at most. 0: no limit.
struct RateRule {
  double per_second = 0;
  std::int64_t burst = 0;
};

/// What one request, user or address may use.
struct Limits {
  std::int64_t page = 1000;             ///< rows
  Bytes answer_memory = mebibytes(32);  ///< for answers that are given again while nothing changes
  JsonLimits json;                      ///< of a signed-in user's body
  RateRule address_rate;
  RateRule user_rate;
  RateRule
      anonymous_rate;  ///< writes of an address without signing in: sign-in itself and the like
};

/// Who may make an account of their own.
enum class SignUp { kClosed, kInvitation, kOpen };

/// Rules of this installation.
struct Settings {
  std::vector<std::string> auto_approved_emails;  ///< whose benchmarks are approved at once
  std::vector<std::string> auto_approved_training_emails;  ///< the same for training experiments
  std::string public_url;  ///< statements must name it; empty: not checked
  Limits limits;
  SignUp sign_up = SignUp::kClosed;
  /// Seals second factors; null: this hub has none.
  const crypto::SecretBox* secrets = nullptr;
  /// Whoever hashes a password waits here.
  std::shared_ptr<PasswordGate> passwords = std::make_shared<PasswordGate>();
};

/// How a request was signed in.
enum class SignedInBy {
  kToken,        ///< an access token, got by signing in here or with an outside issuer
  kAccessToken,  ///< a token that the user made for a program
  kSession,      ///< a browser's cookie
};

/// The signed-in user.
struct Caller {
  domain::Record user{domain::Entity::kUser};
  bool admin = false;  ///< and signed in with a credential that carries it
  /// There was no closed group when the transaction began: nothing needs to be asked for each row.
  bool all_is_public = false;
  SignedInBy by = SignedInBy::kToken;
  std::string session_secret;  ///< of a browser session
  Timestamp credential_ends;   ///< 1970: it has no end of its own
  std::int64_t id() const { return user.id(); }
  const std::string& username() const { return user.text("username"); }
  const std::string& email() const { return user.text("email"); }
  /// What exists for them: the platform's admins see every closed group.
  Sight sight() const { return admin || all_is_public ? Sight::whole() : Sight::of(id()); }
};

struct Context {
  sql::Session& session;
  const Caller& caller;
  Timestamp now;
  const Settings& settings;
  Json& notes;                       ///< facts for the log line of this write; no secrets
  domain::Relations relations = {};  ///< the caller's to the subject, with kSignedIn and kAdmin

  Sight sight() const { return caller.sight(); }
};

}  // namespace medperf::hub
