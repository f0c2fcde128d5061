#include "engine/limits/guard.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include <fmt/format.h>

namespace medperf::engine {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// In the child, after fork: async-signal-safe calls only. Keeps only the pipe, as descriptor 3, and
// `held` as 4 and `keeps` as 5, where they are: another lock or output pipe of the client must not
// live on in the guard.
[[noreturn]] void become_guard(int pipe, int held, int keeps, const char* program,
                               char* const* argv, char* const* environment) {
  ::setsid();
  if (::fork() != 0) ::_exit(0);  // the guard belongs to init: nobody has to reap it
  sigset_t none;
  ::sigemptyset(&none);
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDWR);
  const int kept = ::fcntl(pipe, F_DUPFD, 10);
  const int lock = held < 0 ? -1 : ::fcntl(held, F_DUPFD, 10);
  const int store = keeps < 0 ? -1 : ::fcntl(keeps, F_DUPFD, 10);
  if (null < 0 || kept < 0 || (lock < 0 && held >= 0) || (store < 0 && keeps >= 0)) ::_exit(127);
  for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
  ::dup2(kept, 3);
  ::close_range(4, 5, 0);
  if (lock >= 0) ::dup2(lock, 4);
  if (store >= 0) ::dup2(store, 5);
  ::close_range(6, ~0U, 0);
  (void)!::chdir("/");
  ::execve(program, argv, environment);
  ::_exit(127);
}

}  // namespace

Result<Guard> Guard::start(const GuardPlan& plan) {
  const auto failed = [&](const char* what) {
    const std::string cause = std::system_category().message(errno);
    return make_error(ErrorKind::kUnavailable, plan.program.native(),
                      std::string(what) + ": " + cause,
                      "Check that medperf-probe is installed beside medperf", cause);
  };
  if (::access(plan.program.c_str(), X_OK) != 0)
    return failed("the guard of the run cannot be started");
  std::array<int, 2> ends{};
  // Sockets, not a pipe: writing to a guard that somebody has killed must not end the client.
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return failed("the guard's pipe cannot be made");
  const FileHandle read_end(ends[0]);
  FileHandle write_end(ends[1]);
  // Locked here and inherited: whoever wipes the run's memory waits for a guard that was started
  // just now, too, however late its program runs.
  FileHandle held;
  if (!plan.held.empty() && plan.wipe.empty()) {
    held = FileHandle(::open(plan.held.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!held.is_open() || ::flock(held.get(), LOCK_SH | LOCK_NB) != 0)
      return failed("the guard's lock cannot be taken");
  }
  // The guard leaves this folder.
  const std::string program = fs::absolute(plan.program).native();
  std::vector<std::string> arguments{program,
                                     "guard",
                                     plan.in_use.native(),
                                     plan.pause_file.native(),
                                     plan.held.native(),
                                     plan.wipe.native(),
                                     plan.may_be_starting ? "starting" : ""};
  for (const auto& group : plan.groups) arguments.push_back(group.native());
  arguments.emplace_back("--");
  arguments.insert(arguments.end(), plan.clean.begin(), plan.clean.end());
  std::vector<std::string> variables;
  for (const auto& [key, value] : plan.environment)
    variables.push_back(fmt::format("{}={}", key, value));
  const auto argv = pointers(arguments);
  const auto environment = pointers(variables);
  const pid_t child = ::fork();
  if (child < 0) return failed("the guard of the run cannot be started");
  if (child == 0) {
    become_guard(read_end.get(), held.is_open() ? held.get() : -1, plan.keeps, program.c_str(),
                 argv.data(), environment.data());
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return Guard(std::move(write_end));
}

void Guard::finish(bool clean_up) {
  if (!pipe_.is_open()) return;
  if (!clean_up) {
    const char done = 'd';
    (void)!::send(pipe_.get(), &done, 1, MSG_NOSIGNAL);
  }
  pipe_.close();
}

}  // namespace medperf::engine
