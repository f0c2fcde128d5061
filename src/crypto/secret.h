#pragma once
// A secret in memory.

#include <memory>
#include <string>
#include <string_view>

#include "crypto/key_file.h"

namespace medperf::crypto {

/// Text that is wiped when it goes, and is kept out of swap where the system allows it. Neither
/// copied nor printed.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();
  std::string_view text() const { return text_ ? std::string_view(*text_) : std::string_view(); }
  bool empty() const { return text().empty(); }

 private:
  void forget();
  std::unique_ptr<std::string> text_;  // its bytes never move
};

}  // namespace medperf::crypto
