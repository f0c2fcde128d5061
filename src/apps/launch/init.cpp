#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "apps/launch/landlock.h"
#include "apps/launch/launch.h"

namespace medperf::launch {
namespace {

constexpr int kFailed = 125;

struct Plan {
  std::string start;  // the line that says that every wall stands
  rlim_t file_size = RLIM_INFINITY, files = 1024, processes = 1024;
  int landlock = 0;  // version of the kernel's interface; 0: the kernel has none
  std::vector<const char*> writable;
  char** command = nullptr;
};

bool read_plan(int count, char** arguments, Plan& plan) {
  for (int i = 0; i + 1 < count; i += 2) {
    const std::string_view name = arguments[i];
    const char* value = arguments[i + 1];
    if (name == "--") {
      plan.command = arguments + i + 1;
      return true;
    }
    if (name == "--start")
      plan.start = value;
    else if (name == "--fsize")
      plan.file_size = std::strtoull(value, nullptr, 10);
    else if (name == "--nofile")
      plan.files = std::strtoull(value, nullptr, 10);
    else if (name == "--nproc")
      plan.processes = std::strtoull(value, nullptr, 10);
    else if (name == "--landlock")
      plan.landlock = std::atoi(value);
    else if (name == "--write")
      plan.writable.push_back(value);
    else
      return false;
  }
  return false;
}

bool limit(__rlimit_resource_t what, rlim_t value) {
  rlimit now{};
  if (::getrlimit(what, &now) != 0) return false;
  now.rlim_max = std::min(now.rlim_max, value);
  now.rlim_cur = now.rlim_max;
  return ::setrlimit(what, &now) == 0;
}

int fail(const char* doing) {
  std::fprintf(stderr, "medperf-probe init: %s: %s\n", doing, std::strerror(errno));
  return kFailed;
}

volatile std::sig_atomic_t main_child = 0;

void pass_on(int signal) {
  if (main_child > 0) ::kill(static_cast<pid_t>(main_child), signal);
}

// Process 1 gets only the signals that it has handlers for.
void set_signals() {
  struct sigaction action {};
  action.sa_handler = pass_on;
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2})
    ::sigaction(signal, &action, nullptr);
  ::signal(SIGTTOU, SIG_IGN);
  ::signal(SIGTTIN, SIG_IGN);
}

[[noreturn]] void become(char** command, int report) {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execvp(command[0], command);
  const int code = errno;
  (void)!::write(report, &code, sizeof(code));
  ::_exit(127);
}

int wait_for(pid_t child) {
  while (true) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, 0);
    if (ended < 0 && errno == EINTR) continue;
    if (ended < 0) return kFailed;
    if (ended != child) continue;  // an orphan
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
}

}  // namespace

int init(int count, char** arguments) {
  Plan plan;
  if (!read_plan(count, arguments, plan)) {
    errno = EINVAL;
    return fail("arguments");
  }
  if (plan.landlock > 0) {
    const char* where = restrict_files(plan.landlock, plan.writable);
    if (where != nullptr) return fail(where);
  }
  if (!limit(RLIMIT_FSIZE, plan.file_size) || !limit(RLIMIT_CORE, 0) ||
      !limit(RLIMIT_NOFILE, plan.files) || !limit(RLIMIT_NPROC, plan.processes)) {
    return fail("limits");
  }
  ::prctl(PR_SET_DUMPABLE, 0);  // programs inside look neither into this process nor at its files
  plan.start += '\n';
  if (::write(1, plan.start.data(), plan.start.size()) != static_cast<ssize_t>(plan.start.size()))
    return fail("standard output");
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) return fail("a pipe");
  set_signals();
  const pid_t child = ::fork();
  if (child < 0) return fail("the first process");
  if (child == 0) become(plan.command, report[1]);
  main_child = child;
  ::close(report[1]);
  int code = 0;
  ssize_t n = 0;
  do {
    n = ::read(report[0], &code, sizeof(code));
  } while (n < 0 && errno == EINTR);
  ::close(report[0]);
  const int end = wait_for(child);
  if (n != sizeof(code)) return end;
  std::fprintf(stderr, "medperf-probe init: cannot start %s: %s\n", plan.command[0],
               std::strerror(code));
  return code == ENOENT || code == ENOTDIR ? 127 : 126;
}

}  // namespace medperf::launch
