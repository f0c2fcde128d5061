#include "cli/exit_codes.h"

#include "site/flows/decision.h"

namespace medperf::cli {

int exit_code_of(const Error& error) {
  if (site::is_waiting(error)) return kWaitingForPerson;
  switch (error.kind) {
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

std::string_view exit_code_help() {
  return "Exit codes: 0 done, 2 wrong input, 3 not signed in, 4 not allowed, 5 not found, 6 "
         "conflict,\n"
         "7 too large, 8 busy, 9 unavailable, 10 timed out, 11 corrupt, 12 refused, 13 some models "
         "failed,\n20 waiting for a person, 70 fault of the program, 130 interrupted.\n";
}

}  // namespace medperf::cli
