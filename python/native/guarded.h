#pragma once
// The border to languages that know no exceptions.

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string_view>

#include "base/result.h"

namespace medperf::python {

/// Copies what fits, with a zero at the end. Precondition: size of at least 1.
inline void copy(std::string_view text, char* out, std::size_t size) {
  const std::size_t count = text.copy(out, size - 1);
  out[count] = '\0';
}

/// Runs f, which gives a Status: 0, or 1 with what was wrong in `error`. Nothing is thrown.
template <typename F>
int guarded(char* error, std::int32_t error_size, F f) noexcept {
  const auto said = [&](std::string_view what) {
    if (error != nullptr && error_size > 0) copy(what, error, static_cast<std::size_t>(error_size));
    return 1;
  };
  try {
    const Status done = f();
    return done ? 0 : said(done.error().text());
  } catch (const std::exception& failure) {
    return said(failure.what());
  } catch (...) {
    return said("a fault of the library");
  }
}

}  // namespace medperf::python
