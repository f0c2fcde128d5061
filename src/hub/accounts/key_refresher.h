#pragma once
// Keeps the keys of issuers that publish them at a URL up to date.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "hub/accounts/issuers.h"

namespace medperf::hub {

/// Gives the text at an issuer's URL.
using FetchKeys = std::function<Result<std::string>(const IssuerSettings&)>;
/// Over HTTPS, at most 1 MiB in 10 seconds.
Result<std::string> fetch_keys_over_https(const IssuerSettings& settings);

/// Fetches in a thread of its own, so that no request waits for an identity provider: at the start,
/// every hour, and when a token names an unknown key, but at most once a minute for each issuer.
/// When fetching fails, the keys known stay. Destroying it waits for a running fetch.
class KeyRefresher {
 public:
  KeyRefresher(Issuers issuers, FetchKeys fetch);
  ~KeyRefresher();
  KeyRefresher(const KeyRefresher&) = delete;
  KeyRefresher& operator=(const KeyRefresher&) = delete;

  void start();
  /// One look at every issuer at this time of a steady clock; the thread does it every second.
  void look(Seconds now);

 private:
  struct Target {
    std::shared_ptr<Issuer> issuer;
    Seconds tried{-1e9};
  };
  void run();

  std::vector<Target> targets_;
  FetchKeys fetch_;
  std::mutex mutex_;
  std::condition_variable stopping_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace medperf::hub
