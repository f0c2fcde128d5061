#include "hub/api/account_memory.h"

#include <utility>

namespace medperf::hub {

std::shared_ptr<const Account> AccountMemory::find(const std::string& username) const {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(username);
  return found == known_.end() ? nullptr : found->second;
}

void AccountMemory::keep(const std::string& username, Account account) {
  account.password_hash.reset();
  auto kept = std::make_shared<const Account>(std::move(account));
  const std::lock_guard lock(mutex_);
  if (known_.size() >= limit_) known_.clear();
  known_.insert_or_assign(username, std::move(kept));
}

void AccountMemory::forget(const std::string& username) {
  const std::lock_guard lock(mutex_);
  known_.erase(username);
}

bool is_still(Account account, const Account& remembered) {
  account.password_hash.reset();
  return account == remembered;
}

}  // namespace medperf::hub
