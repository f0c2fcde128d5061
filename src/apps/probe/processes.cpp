// Seeing and reaching the host's processes.

#include <dirent.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <functional>

#include "apps/probe/probes.h"

namespace medperf::probe {
namespace {

pid_t host_pid(const Targets& targets) {
  const std::string pid = target(targets, "pid");
  return pid.empty() ? 0 : static_cast<pid_t>(std::atol(pid.c_str()));
}

// Calls `look` with each process's folder until it returns true.
bool any_process(const std::function<bool(const std::string&)>& look) {
  DIR* folder = ::opendir("/proc");
  if (folder == nullptr) return false;
  bool found = false;
  while (const dirent* entry = ::readdir(folder)) {
    if (found || entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
    found = look("/proc/" + std::string(entry->d_name));
  }
  ::closedir(folder);
  return found;
}

// The token is in this program's own command line too, as token=...; the marked process has it as
// a word of its own.
Finding visible(const Targets& targets) {
  const std::string word = std::string(1, '\0') + target(targets, "token") + '\0';
  if (word.size() == 2) return untried("no process is marked");
  const bool found = any_process([&](const std::string& process) {
    return read_text(process + "/cmdline").find(word) != std::string::npos;
  });
  return found ? passed("the marked process is seen") : held("not seen");
}

Finding kill_host(const Targets& targets) {
  const pid_t pid = host_pid(targets);
  if (pid == 0) return untried("no process is marked");
  return of_call(::kill(pid, 0), "a signal would arrive");
}

Finding trace_host(const Targets& targets) {
  const pid_t pid = host_pid(targets);
  if (pid == 0) return untried("no process is marked");
  return of_call(::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr), "traced");
}

Finding read_host_memory(const Targets& targets) {
  const pid_t pid = host_pid(targets);
  if (pid == 0) return untried("no process is marked");
  char here[8];
  iovec to{here, sizeof(here)}, from{reinterpret_cast<void*>(0x1000), sizeof(here)};
  // EFAULT: the right was there, only the address was not.
  if (::process_vm_readv(pid, &to, 1, &from, 1, 0) >= 0 || errno == EFAULT)
    return passed("its memory may be read");
  return held(errno);
}

Finding pidfd_host(const Targets& targets) {
  const pid_t pid = host_pid(targets);
  if (pid == 0) return untried("no process is marked");
  return of_call(::syscall(SYS_pidfd_open, pid, 0), "a descriptor of it");
}

Finding host_root(const Targets& targets) {
  const std::string path = target(targets, "workspace");
  if (path.empty()) return untried("no file is named");
  bool denied = false;
  const bool found = any_process([&](const std::string& process) {
    denied = denied || (::access((process + "/root").c_str(), R_OK) != 0 && errno == EACCES);
    return !read_text(process + "/root" + path).empty() ||
           !read_text(process + "/cwd" + path).empty();
  });
  return found ? passed("the host's file was read") : held(denied ? "EACCES" : "not there");
}

Finding host_environment(const Targets& targets) {
  const std::string token = target(targets, "token");
  if (token.empty()) return untried("no environment is marked");
  const bool found = any_process([&](const std::string& process) {
    return read_text(process + "/environ").find("=" + token) != std::string::npos;
  });
  return found ? passed("the host's variable was read") : held("not there");
}

Finding descriptors(const Targets&) {
  std::string seen;
  for (int fd = 3; fd < 1024; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) continue;
    char name[256] = {};
    const auto link = "/proc/self/fd/" + std::to_string(fd);
    if (::readlink(link.c_str(), name, sizeof(name) - 1) < 0) continue;
    // The pipe to the program that runs the probes is its own.
    if (std::string_view(name).starts_with("pipe:")) continue;
    seen += std::to_string(fd) + " " + name + " ";
  }
  char folder[4096] = {};
  if (::syscall(SYS_getcwd, folder, sizeof(folder)) > 0 && folder[0] != '/')
    seen += "working folder " + std::string(folder);
  return seen.empty() ? held("none") : passed(seen);
}

// As a program could type commands into the terminal from which it was started.
Finding terminal(const Targets&) {
  const int fd = ::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return held("no terminal: " + error_name(errno));
  const char typed = '\n';
  return of_call(::ioctl(fd, TIOCSTI, &typed), "a key was typed");
}

Finding own_session(const Targets&) {
  const int fd = ::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
  return of_call(fd, "the client's terminal is open");
}

constexpr Probe kProbes[] = {
    {"host-processes", "processes", "looks for a process of the host in /proc", "it is not seen",
     visible},
    {"host-kill", "processes", "signals a process of the host", "no such process", kill_host},
    {"host-ptrace", "processes", "traces a process of the host", "no such process", trace_host},
    {"host-memory", "processes", "reads the memory of a process of the host", "no such process",
     read_host_memory},
    {"host-pidfd", "processes", "opens a pidfd of a process of the host", "no such process",
     pidfd_host},
    {"host-proc-root", "files", "reads a file of the host by /proc/PID/root and cwd",
     "no process leads out", host_root},
    {"host-environment", "environment", "looks for the client's variables in every process",
     "they are not there", host_environment},
    {"inherited-descriptors", "environment",
     "looks for open descriptors and a working folder of "
     "the client",
     "none", descriptors},
    {"terminal-open", "processes", "opens the client's terminal", "there is none", own_session},
    {"terminal-type", "processes", "types into the client's terminal (TIOCSTI)", "refused",
     terminal},
};

}  // namespace

std::span<const Probe> process_probes() {
  return kProbes;
}

}  // namespace medperf::probe
