#pragma once
// The hub as a function from request to response.

#include <atomic>
#include <memory>
#include <span>

#include "base/clock.h"
#include "hub/accounts/token_cache.h"
#include "hub/accounts/tokens.h"
#include "hub/api/account_memory.h"
#include "hub/api/answer_memory.h"
#include "hub/api/endpoint.h"
#include "hub/api/rate_limit.h"
#include "hub/api/routes.h"
#include "hub/services/context.h"
#include "net/http_types.h"
#include "sql/database.h"

namespace medperf::hub {

inline constexpr std::string_view kApiPrefix = "/api/v0/";

class Metrics;

/// What the hub is made of; everything outlives it.
struct HubParts {
  sql::Database& database;
  const Clock& clock;
  const TokenAuthority& tokens;
  Settings settings;
  bool trust_forwarded = false;
  std::atomic<bool>* draining = nullptr;  ///< true: /readyz answers 503
  Metrics* metrics = nullptr;             ///< null: nothing is counted
};

/// Every endpoint, in the order of the resources.
std::span<const Endpoint> all_endpoints();

/// Answers requests: finds the endpoint, signs in, decides, runs the handler in one transaction
/// with the log line and the answer kept for repeats. Thread-safe.
class Hub {
 public:
  explicit Hub(HubParts parts)
      : parts_(std::move(parts)),
        answers_(parts_.settings.limits.answer_memory),
        rates_(std::make_unique<RateLimits>(parts_.settings.limits)) {}
  net::Response handle(const net::Request& request) const;
  /// Whether it is answered from an embedded database without waiting for anybody, but for the one
  /// write that makes the account of a new user of an outside issuer.
  bool is_quick(const net::Request& request) const;

 private:
  HubParts parts_;
  const Router router_{all_endpoints()};
  mutable TokenCache checked_tokens_;
  mutable AnswerMemory answers_;
  mutable AccountMemory accounts_;
  std::unique_ptr<RateLimits> rates_;
};

}  // namespace medperf::hub
