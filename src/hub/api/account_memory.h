#pragma once
// Accounts as they were when they were last read.

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "hub/store/accounts.h"

namespace medperf::hub {

/// Where a question is a round trip to a server, a request is worked on with the account as it is
/// remembered, while its row is asked for together with the first statement; what was made with
/// another account than the one that is found is thrown away. So nothing rests on what stands here.
/// Holds no passwords. Thread-safe.
class AccountMemory {
 public:
  explicit AccountMemory(std::size_t limit = 8192) : limit_(limit) {}
  /// By user name; null when it is not known.
  std::shared_ptr<const Account> find(const std::string& username) const;
  /// Forgets all others when full: they are read again.
  void keep(const std::string& username, Account account);
  void forget(const std::string& username);

 private:
  const std::size_t limit_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const Account>> known_;
};

/// Whether an account that was read is the remembered one.
bool is_still(Account account, const Account& remembered);

}  // namespace medperf::hub
