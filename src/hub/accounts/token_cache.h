#pragma once
// Tokens whose signature was checked a moment ago.

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "hub/accounts/tokens.h"

namespace medperf::hub {

/// Remembers whose a checked token is until it expires, so that a client's next requests do not
/// cost an RSA operation each. Keyed by the token's SHA-256: what leaks from memory is no token. It
/// says nothing about the account, which is looked up for every request. Thread-safe.
class TokenCache {
 public:
  explicit TokenCache(std::size_t limit = 8192) : limit_(limit) {}
  std::optional<Identity> find(const std::string& digest, Timestamp now);
  /// Forgets the oldest when full. Not kept: identities without a time of expiry.
  void keep(const std::string& digest, const Identity& identity, Timestamp now);
  /// For a change of keys.
  void clear();
  std::size_t size() const;

 private:
  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Identity> known_;
  std::deque<std::string> oldest_first_;
};

}  // namespace medperf::hub
