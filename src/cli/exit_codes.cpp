#include "cli/exit_codes.h"

#include "base/exit_codes.h"
#include "site/flows/decision.h"
#include "site/flows/prepare.h"

namespace medperf::cli {

int exit_code_of(const Error& error) {
  if (site::is_waiting(error)) return kWaitingForPerson;
  if (error.cause == site::kNotReadyCause) return kNotReadyYet;
  return medperf::exit_code_of(error.kind);
}

std::string_view exit_code_help() {
  return "Exit codes: 0 done, 1 data not ready yet, 2 wrong input, 3 not signed in, 4 not allowed, "
         "5 not found, 6 "
         "conflict,\n"
         "7 too large, 8 busy, 9 unavailable, 10 timed out, 11 corrupt, 12 refused, 13 some models "
         "failed,\n20 waiting for a person, 70 fault of the program, 130 interrupted.\n";
}

}  // namespace medperf::cli
