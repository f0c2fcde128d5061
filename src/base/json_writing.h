#pragma once
// Writing JSON piece by piece into a text, where building values first would cost more.

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace medperf {

/// A text that grows at its end. Lists are appended to it in small pieces, hundreds in a page: each
/// costs one comparison and a copy here, where a std::string would cost a call or two.
class TextBuffer {
 public:
  explicit TextBuffer(std::size_t expected)
      : text_(std::make_unique_for_overwrite<char[]>(expected)), room_(expected) {}

  /// Room for this many bytes at the end; the caller writes there and says with `wrote` up to
  /// where.
  char* room(std::size_t bytes) {
    if (room_ - size_ < bytes) grow(bytes);
    return text_.get() + size_;
  }
  void wrote(const char* end) { size_ = static_cast<std::size_t>(end - text_.get()); }

  void append(std::string_view piece) {
    char* at = room(piece.size());
    std::memcpy(at, piece.data(), piece.size());
    size_ += piece.size();
  }
  void append(char c) {
    *room(1) = c;
    ++size_;
  }
  std::string_view text() const { return {text_.get(), size_}; }

 private:
  void grow(std::size_t bytes);

  std::unique_ptr<char[]> text_;
  std::size_t room_;
  std::size_t size_ = 0;
};

/// Appends a JSON string: quoted and escaped as to_text does.
void append_json_string(TextBuffer& out, std::string_view text);
/// Appends a time in the form of to_iso8601, which needs no escaping.
void append_iso8601(TextBuffer& out, Timestamp time);
/// Appends decimal digits.
void append_integer(TextBuffer& out, std::int64_t number);

}  // namespace medperf
