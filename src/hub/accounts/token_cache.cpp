#include "hub/accounts/token_cache.h"

namespace medperf::hub {

std::optional<Identity> TokenCache::find(const std::string& digest, Timestamp now) {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(digest);
  if (found == known_.end()) return std::nullopt;
  if (found->second.expires_at.microseconds > now.microseconds) return found->second;
  known_.erase(found);
  return std::nullopt;
}

void TokenCache::keep(const std::string& digest, const Identity& identity, Timestamp now) {
  if (identity.expires_at.microseconds <= now.microseconds) return;
  const std::lock_guard lock(mutex_);
  while (oldest_first_.size() >= limit_) {
    known_.erase(oldest_first_.front());
    oldest_first_.pop_front();
  }
  if (known_.insert_or_assign(digest, identity).second) oldest_first_.push_back(digest);
}

void TokenCache::clear() {
  const std::lock_guard lock(mutex_);
  known_.clear();
  oldest_first_.clear();
}

std::size_t TokenCache::size() const {
  const std::lock_guard lock(mutex_);
  return known_.size();
}

}  // namespace medperf::hub
