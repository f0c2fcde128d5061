#include "base/result.h"

namespace medperf {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalid:
      return "invalid";
    case ErrorKind::kUnauthenticated:
      return "unauthenticated";
    case ErrorKind::kForbidden:
      return "forbidden";
    case ErrorKind::kNotFound:
      return "not_found";
    case ErrorKind::kConflict:
      return "conflict";
    case ErrorKind::kTooLarge:
      return "too_large";
    case ErrorKind::kBusy:
      return "busy";
    case ErrorKind::kUnavailable:
      return "unavailable";
    case ErrorKind::kTimedOut:
      return "timed_out";
    case ErrorKind::kCorrupt:
      return "corrupt";
    case ErrorKind::kRefused:
      return "refused";
    case ErrorKind::kInterrupted:
      return "interrupted";
    case ErrorKind::kBug:
      return "bug";
  }
  return "bug";
}

std::string Error::text() const {
  std::string text = where;
  if (!what.empty()) {
    if (!text.empty()) text += ": ";
    text += what;
  }
  if (!advice.empty()) {
    if (!text.empty()) {
      const char last = text.back();
      text += last == '.' || last == '!' || last == '?' ? " " : ". ";
    }
    text += advice;
  }
  return text;
}

Error Error::at(std::string_view place) && {
  where = where.empty() ? std::string(place) : std::string(place) + ": " + where;
  return std::move(*this);
}

Error make_error(ErrorKind kind, std::string where, std::string what, std::string advice,
                 std::string cause) {
  Error error;
  error.kind = kind;
  error.where = std::move(where);
  error.what = std::move(what);
  error.advice = std::move(advice);
  error.cause = std::move(cause);
  return error;
}

}  // namespace medperf
