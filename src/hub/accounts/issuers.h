#pragma once
// Outside issuers: identity providers (OpenID Connect) whose tokens are accepted beside the hub's
// own. Each is known by its issuer claim and checks with its own keys only.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "crypto/jwt.h"

namespace medperf::hub {

inline constexpr std::string_view kEmailClaim = "https://medperf.org/email";

/// Where an issuer's keys come from; exactly one is set.
struct KeySource {
  fs::path pem_file;   ///< one RSA public key
  fs::path jwks_file;  ///< JSON Web Key Set
  std::string jwks_url;
};

struct IssuerSettings {
  std::string name;  ///< short, for logs
  std::string issuer;
  std::string audience;
  KeySource keys;
  std::string subject_claim = "sub";
  std::string email_claim = std::string(kEmailClaim);
  std::string username_prefix;  ///< before the subject: keeps two issuers' users apart
  Seconds clock_skew{30};
  fs::path ca_file;   ///< authority of the JWKS server; empty: the system's
  std::string proxy;  ///< "http://host:port" to reach it; empty: none
};

/// A checked public key and the id that tokens name it by (empty: none).
struct IssuerKey {
  std::string key_id;
  crypto::JwtVerifier verifier;
};
using IssuerKeys = std::vector<IssuerKey>;

/// The usable keys of a JSON Web Key Set; those for other algorithms are left out. Error: invalid,
/// when none is left.
Result<IssuerKeys> read_jwks(std::string_view text);

/// One issuer with its keys, which are replaced while others check tokens. Thread-safe.
class Issuer {
 public:
  explicit Issuer(IssuerSettings settings) : settings_(std::move(settings)) {}
  const IssuerSettings& settings() const { return settings_; }
  /// Replaces all keys: one that the issuer no longer lists is good for nothing from now on.
  void set_keys(IssuerKeys keys);
  /// The claims of a token of this issuer. The token's key id selects among this issuer's keys and
  /// does nothing else; a token without one is tried with every key. Error: unauthenticated; an
  /// unknown key id also asks for newer keys.
  Result<Json> verify(std::string_view token, std::string_view key_id, Timestamp now) const;
  /// How often the keys were replaced.
  std::uint64_t keys_version() const { return keys_version_; }
  bool wants_keys() const { return wants_keys_; }
  void keys_were_fetched() { wants_keys_ = false; }

 private:
  IssuerSettings settings_;
  mutable std::mutex mutex_;
  std::shared_ptr<const IssuerKeys> keys_ = std::make_shared<const IssuerKeys>();
  std::atomic<std::uint64_t> keys_version_{0};
  mutable std::atomic<bool> wants_keys_{false};
};

using Issuers = std::vector<std::shared_ptr<Issuer>>;

/// Reads `medperf/issuers/v1` (docs/schemas/issuers-v1.json). Relative paths are below `folder`.
/// Errors: invalid, naming each wrong key.
Result<std::vector<IssuerSettings>> read_issuers(std::string_view yaml, const fs::path& folder);
/// The issuer with the keys of its file; one with a URL gets its keys from the refresher. Errors:
/// those of the file.
Result<std::shared_ptr<Issuer>> make_issuer(IssuerSettings settings);

}  // namespace medperf::hub
