#include "crypto/secret.h"

#include <sys/mman.h>

#include <utility>

namespace medperf::crypto {

Secret::Secret(std::string text) : text_(std::make_unique<std::string>(text)) {
  wipe(text);
  // Fails without harm where the limit on locked memory is small.
  (void)::mlock(text_->data(), text_->size());
}

Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    forget();
    text_ = std::move(other.text_);
  }
  return *this;
}

Secret::~Secret() {
  forget();
}

void Secret::forget() {
  if (!text_) return;
  (void)::munlock(text_->data(), text_->size());
  wipe(*text_);
  text_.reset();
}

}  // namespace medperf::crypto
