#pragma once
// How many passwords are hashed at once, and how many requests may wait for that. Each hash takes
// 64 MiB and a core, and each request that waits holds a worker of the server.

#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "base/result.h"

namespace medperf::hub {

class PasswordGate;

/// The right to hash passwords, one after the other, as long as it lives; in a thread of its own.
class PasswordTurn {
 public:
  PasswordTurn(PasswordTurn&& other) noexcept : gate_(other.gate_) { other.gate_ = nullptr; }
  PasswordTurn(const PasswordTurn&) = delete;
  PasswordTurn& operator=(const PasswordTurn&) = delete;
  PasswordTurn& operator=(PasswordTurn&&) = delete;
  ~PasswordTurn();

 private:
  friend class PasswordGate;
  explicit PasswordTurn(PasswordGate& gate) : gate_(&gate) {}
  PasswordGate* gate_;
};

/// Lets a few in at once and a short line wait; whoever comes beyond that is turned away, so that a
/// flood of sign-ins holds a bounded part of the workers and of the memory. Outlives its turns.
/// Thread-safe.
class PasswordGate {
 public:
  struct Rule {
    std::size_t at_once = 1;
    std::size_t waiting = 7;
  };
  /// The rule for a server with so many workers: half of them at most run or wait, so that the
  /// others always answer something else.
  static Rule rule_for(std::size_t workers, std::size_t at_once);

  PasswordGate() : PasswordGate(Rule{}) {}
  explicit PasswordGate(Rule rule) : rule_(rule) {}

  /// Waits for a turn. Error: busy, at once, when the line is full.
  Result<PasswordTurn> enter();
  std::size_t waiting() const;

 private:
  friend class PasswordTurn;
  void leave();

  const Rule rule_;
  mutable std::mutex mutex_;
  std::condition_variable left_;
  std::size_t running_ = 0;
  std::size_t waiting_ = 0;
};

}  // namespace medperf::hub
