// The program `medperf`: the client of every role.

#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "base/options.h"
#include "base/process.h"
#include "cli/invocation.h"

namespace {

/// Where this program lies; medperf-probe is beside it.
medperf::fs::path program_folder() {
  std::error_code failure;
  const medperf::fs::path self = medperf::fs::read_symlink("/proc/self/exe", failure);
  return failure ? medperf::fs::path(".") : self.parent_path();
}

}  // namespace

int main(int argc, char** argv) {
  // Scripts ask for the version often: answer before anything else is set up.
  if (argc == 2 && std::strcmp(argv[1], "--version") == 0) {
    std::puts("medperf " MEDPERF_VERSION);
    return 0;
  }
  try {
    medperf::install_stop_handlers();
    const medperf::SystemClock clock;
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    return medperf::cli::run_program(arguments, medperf::process_environment(), program_folder(),
                                     clock);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "medperf: a fault of the program itself: %s. Please report it.\n",
                 error.what());
    return 70;
  }
}
