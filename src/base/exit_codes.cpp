#include "base/exit_codes.h"

namespace medperf {

int exit_code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalid:
      return 2;
    case ErrorKind::kUnauthenticated:
      return 3;
    case ErrorKind::kForbidden:
      return 4;
    case ErrorKind::kNotFound:
      return 5;
    case ErrorKind::kConflict:
      return 6;
    case ErrorKind::kTooLarge:
      return 7;
    case ErrorKind::kBusy:
      return 8;
    case ErrorKind::kUnavailable:
      return 9;
    case ErrorKind::kTimedOut:
      return 10;
    case ErrorKind::kCorrupt:
      return 11;
    case ErrorKind::kRefused:
      return 12;
    case ErrorKind::kInterrupted:
      return 130;
    case ErrorKind::kBug:
      return 70;
  }
  return 70;
}

}  // namespace medperf
