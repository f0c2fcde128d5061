// Gaining rights that were taken.

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "apps/probe/probes.h"

namespace medperf::probe {
namespace {

bool all_zero(const std::string& digits) {
  return digits.find_first_not_of('0') == std::string::npos;
}

Finding set_user(const Targets&) {
  if (::geteuid() == 0) return passed("it is user 0 already");
  if (::setresuid(0, 0, 0) == 0 || ::setuid(0) == 0) return passed("it is user 0 now");
  return held(errno);
}

Finding set_groups(const Targets&) {
  const gid_t group = 0;
  if (::setgroups(1, &group) == 0 || ::setresgid(0, 0, 0) == 0) return passed("it is in group 0");
  return held(errno);
}

// /medperf-setuid (on the host: setuid=PATH) is this program, owned by root, with the setuid bit.
Finding setuid_program(const Targets& targets) {
  const std::string program =
      target(targets, "setuid").empty() ? "/medperf-setuid" : target(targets, "setuid");
  if (::access(program.c_str(), X_OK) != 0) return untried(program + ": " + error_name(errno));
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl(program.c_str(), program.c_str(), "who", nullptr);
    ::_exit(99);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) == 99) return untried("it did not start");
  return WEXITSTATUS(status) == 0 ? passed("it ran as user 0") : held("it ran as the caller");
}

Finding raise_capabilities(const Targets&) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  if (::syscall(SYS_capget, &header, data) != 0) return held("capget " + error_name(errno));
  for (auto& part : data) part.permitted = part.effective = ~0U;
  // More than there are is always refused; what is permitted may be raised.
  if (::syscall(SYS_capset, &header, data) == 0) return passed("all raised");
  const int error = errno;
  ::syscall(SYS_capget, &header, data);
  for (auto& part : data) part.effective = part.permitted;
  ::syscall(SYS_capset, &header, data);
  const std::string now = status_field(read_text("/proc/self/status"), "CapEff");
  return all_zero(now) ? held(error) : passed("CapEff " + now);
}

Finding bounding_set(const Targets&) {
  const std::string set = status_field(read_text("/proc/self/status"), "CapBnd");
  if (set.empty()) return untried("/proc/self/status cannot be read");
  return all_zero(set) ? held("CapBnd 0") : passed("CapBnd " + set);
}

Finding new_privileges(const Targets&) {
  const int flag = ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
  if (flag < 0) return untried("prctl " + error_name(errno));
  return flag == 1 ? held("NoNewPrivs 1") : passed("NoNewPrivs 0");
}

Finding host_name(const Targets&) {
  char name[256] = {};
  if (::gethostname(name, sizeof(name) - 1) != 0) return untried(error_name(errno));
  return of_call(::sethostname(name, std::strlen(name)), "the name was set");
}

Finding priority(const Targets&) {
  const sched_param parameter{1};
  if (::sched_setscheduler(0, SCHED_FIFO, &parameter) == 0) return passed("real-time priority");
  const int error = errno;
  return ::setpriority(PRIO_PROCESS, 0, -20) == 0 ? passed("highest priority") : held(error);
}

Finding core_dump(const Targets&) {
  const rlimit wanted{1u << 20, 1u << 20};
  const int status = ::setrlimit(RLIMIT_CORE, &wanted);
  const int error = errno;
  rlimit now{};
  ::getrlimit(RLIMIT_CORE, &now);
  if (status != 0 || now.rlim_cur == 0) return held(error);
  return passed("core files may be written");
}

Finding descriptors(const Targets&) {
  constexpr rlim_t kMany = 8192;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  rlim_t opened = 0;
  while (opened < kMany && ::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0) ++opened;
  if (opened >= kMany) return passed(std::to_string(opened) + " files are open");
  return held(error_name(errno) + " after " + std::to_string(opened));
}

constexpr Probe kProbes[] = {
    {"setuid-0", "user", "becomes user 0 by setuid", "refused", set_user},
    {"setgroups", "user", "joins group 0", "refused", set_groups},
    {"setuid-program", "no-new-privileges", "starts a setuid program of root",
     "it runs as the caller", setuid_program},
    {"no-new-privs", "no-new-privileges", "asks whether a program could gain rights",
     "it could not", new_privileges},
    {"capset", "capabilities", "raises capabilities", "none is held afterwards",
     raise_capabilities},
    {"bounding-set", "capabilities", "looks for capabilities that a program could gain", "none",
     bounding_set},
    {"sethostname", "capabilities", "sets the host's name", "refused", host_name},
    {"priority", "capabilities", "takes real-time or highest priority", "refused", priority},
    {"core-dump", "limits", "raises the limit of core files", "none may be written", core_dump},
    {"descriptors", "limits", "opens 8192 files", "refused before", descriptors},
};

}  // namespace

std::span<const Probe> right_probes() {
  return kProbes;
}

}  // namespace medperf::probe
