#pragma once
// Answers that would be made again the same.

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/ids.h"
#include "hub/api/admission.h"
#include "hub/api/endpoint.h"
#include "net/http_types.h"

namespace medperf::hub {

/// Answers of reads, each with the name of what was committed when it was made
/// (sql::Session::version): as long as that is the name, the same request of the same token is
/// answered so again, and nothing that a commit changed (a row, a right, an account) is missed.
/// Sites ask the same lists all day, and seldom does anything change. Thread-safe.
class AnswerMemory {
 public:
  /// Keeps at most so many bytes, those that were used last; 0: none.
  explicit AnswerMemory(Bytes limit) : limit_(limit) {}

  /// Nothing when the key is unknown or was kept under another version.
  std::shared_ptr<const net::Response> find(const std::string& key, const std::string& version);
  bool holds(const std::string& key) const;
  void keep(const std::string& key, const std::string& version, const net::Response& response);
  /// After a failure of the database: it may come back as another one.
  void clear();
  Bytes size() const;
  bool is_off() const { return limit_.value == 0; }

 private:
  struct Kept {
    std::string key;
    std::string version;
    std::shared_ptr<const net::Response> response;
  };
  using Order = std::list<Kept>;  ///< the last used first
  void drop(Order::iterator kept);

  const Bytes limit_;
  mutable std::mutex mutex_;
  Order order_;
  std::unordered_map<std::string, Order::iterator> kept_;
  std::uint64_t bytes_ = 0;
};

/// What an answer of this endpoint depends on besides the database; nothing where more does: time,
/// a session or a token that ends in the database, or a change that the request makes.
std::optional<std::string> memory_key(const Endpoint& endpoint, const net::Request& request,
                                      const Credential& credential);

}  // namespace medperf::hub
