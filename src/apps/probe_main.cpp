// medperf-probe: a static program for three jobs: inside a container it tries to pass the walls,
// beside a run it is the guard, and it is the built-in runner's way into a container. It knows no
// room and needs no library, so that a container can be made of nothing else.

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "apps/launch/launch.h"
#include "apps/probe/probes.h"

namespace {

int usage() {
  std::fprintf(
      stderr,
      "medperf-probe: shows what a container's walls let through, and guards runs.\n"
      "It is started by `medperf doctor` and `medperf benchmark run`, not by people.\n"
      "usage: medperf-probe report | list | escape [NAME...] [TARGET=VALUE...] |\n"
      "       touch MIB | shm MIB | temporary MIB | large MIB | flood MIB | fork COUNT |\n"
      "       write COUNT | small COUNT | links 0 | spin SECONDS | sleep SECONDS |\n"
      "       stubborn SECONDS | daemon SECONDS | raise SIGNAL | exit CODE |\n"
      "       guard LOCK PID_FILE HELD WIPED GROUP... -- COMMAND... |\n"
      "       enter UID GID SOURCE... -- COMMAND... | init [OPTION VALUE]... -- COMMAND...\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  namespace probe = medperf::probe;
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "report") return probe::report();
  if (verb == "guard") return probe::guard(argc - 2, argv + 2);
  if (verb == "escape") return probe::run_probes(argc - 2, argv + 2);
  if (verb == "list") return probe::list_probes();
  if (verb == "who") return ::geteuid() == 0 ? 0 : 1;
  if (verb == "enter") return medperf::launch::enter(argc - 2, argv + 2);
  if (verb == "init") return medperf::launch::init(argc - 2, argv + 2);
  if (argc < 3) return usage();
  const long number = std::atol(argv[2]);
  int status = 0;
  if (probe::run_limit(verb, number, argc > 3 ? argv[3] : "/output", status)) return status;
  if (verb == "raise") return ::raise(static_cast<int>(number));
  if (verb == "exit") return static_cast<int>(number);
  if (verb == "sleep") {
    probe::pause_ms(number * 1000);
    return 0;
  }
  return usage();
}
