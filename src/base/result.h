#pragma once
// The error type and Result<T> used by everything that can fail.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace medperf {

/// What kind of failure: decides the HTTP status (hub/api/errors) and the exit code
/// (cli/exit_codes).
enum class ErrorKind {
  kInvalid,          ///< the caller's input is wrong
  kUnauthenticated,  ///< no or bad credentials
  kForbidden,        ///< known caller, not allowed
  kNotFound,
  kConflict,     ///< clashes with what is stored
  kTooLarge,     ///< a limit on size, depth or count was passed
  kBusy,         ///< try again later
  kUnavailable,  ///< a peer, disk or engine cannot be used now
  kTimedOut,
  kCorrupt,      ///< stored or received bytes do not match their digest or format
  kRefused,      ///< a rule or a person said no
  kInterrupted,  ///< stopped by a signal
  kBug,          ///< our own fault
};

std::string_view to_string(ErrorKind kind);

/// One field's messages, in the order found. `field` is a dotted path, e.g. "container.name".
struct FieldError {
  std::string field;
  std::string message;
};

/// An error as a value. `what` and `advice` are shown to people and never hold secrets; `cause`
/// goes to the log only.
struct Error {
  ErrorKind kind = ErrorKind::kBug;
  std::string where;   ///< field path, file, digest, URL; may be empty
  std::string what;    ///< one sentence: what was wrong
  std::string advice;  ///< one sentence: what to do; may be empty
  std::string cause;   ///< internal detail for the log
  std::vector<FieldError> fields;

  /// "where: what. advice", leaving out the empty parts.
  std::string text() const;
  /// Returns this error with `place` put before `where` ("place: where").
  Error at(std::string_view place) &&;
};

Error make_error(ErrorKind kind, std::string where, std::string what, std::string advice = {},
                 std::string cause = {});

/// A value or one Error. [[nodiscard]], so an ignored failure is a compile error.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  Error& error() & { return std::get<1>(state_); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }
  T value_or(T other) const { return ok() ? value() : std::move(other); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  Error& error() & { return *error_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace medperf

#define MEDPERF_CONCAT_INNER(a, b) a##b
#define MEDPERF_CONCAT(a, b) MEDPERF_CONCAT_INNER(a, b)

/// MEDPERF_TRY(auto x, f()): declares x from the value of the Result, or returns its error.
#define MEDPERF_TRY(declaration, ...)                                \
  auto MEDPERF_CONCAT(try_result_, __LINE__) = (__VA_ARGS__);        \
  if (!MEDPERF_CONCAT(try_result_, __LINE__).ok())                   \
    return std::move(MEDPERF_CONCAT(try_result_, __LINE__)).error(); \
  declaration = std::move(MEDPERF_CONCAT(try_result_, __LINE__)).value()

/// MEDPERF_CHECK(f()): returns the error of a Status (or of any Result), else goes on.
#define MEDPERF_CHECK(...) \
  if (auto check_result = (__VA_ARGS__); !check_result.ok()) return std::move(check_result).error()
