#include "hub/accounts/password_gate.h"

#include <algorithm>

namespace medperf::hub {

PasswordTurn::~PasswordTurn() {
  if (gate_ != nullptr) gate_->leave();
}

PasswordGate::Rule PasswordGate::rule_for(std::size_t workers, std::size_t at_once) {
  return {at_once, std::max(workers / 2, at_once) - at_once};
}

Result<PasswordTurn> PasswordGate::enter() {
  std::unique_lock lock(mutex_);
  if (running_ >= rule_.at_once) {
    if (waiting_ >= rule_.waiting) {
      return make_error(ErrorKind::kBusy, {}, "too many sign-ins at once", "Try again later.");
    }
    ++waiting_;
    left_.wait(lock, [this] { return running_ < rule_.at_once; });
    --waiting_;
  }
  ++running_;
  return PasswordTurn(*this);
}

std::size_t PasswordGate::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_;
}

void PasswordGate::leave() {
  {
    const std::lock_guard lock(mutex_);
    --running_;
  }
  left_.notify_one();
}

}  // namespace medperf::hub
