#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <system_error>

#include "base/encoding.h"

// glibc 2.36 declares pidfd_open without extern "C".
extern "C" {
#include <sys/pidfd.h>
}

namespace medperf {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
constexpr auto kGrace = std::chrono::seconds(2);

std::atomic<bool> stop_flag{false};
std::atomic<int> stop_event{-1};  // readable for ever once a stop was asked for

void ring_stop_event() {
  const int fd = stop_event.load();
  if (fd < 0) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(fd, &one, sizeof(one));
}

extern "C" void on_stop_signal(int /*signal*/) {
  const int saved = errno;
  stop_flag.store(true);
  ring_stop_event();
  errno = saved;
}

/// The descriptor that a waiting run_process polls to hear of a stop.
int stop_descriptor() {
  static const int fd = [] {
    const int made = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    stop_event.store(made);
    if (stop_flag.load()) ring_stop_event();
    return made;
  }();
  return fd;
}

Error system_error(const std::string& where, const std::string& what, int code) {
  const std::string cause = std::system_category().message(code);
  return make_error(ErrorKind::kUnavailable, where, what + ": " + cause,
                    "Check the limits on processes and memory, then try again.", cause);
}

Result<std::string> find_program(const Command& command) {
  const std::string& name = command.argv.front();
  if (name.find('/') != std::string::npos) return name;
  const auto at = command.environment.find("PATH");
  const std::string path =
      at != command.environment.end() ? at->second : "/usr/local/bin:/usr/bin:/bin";
  for (const auto folder : split(path, ':')) {
    if (folder.empty()) continue;
    std::string file = std::string(folder) + "/" + name;
    std::error_code ignored;
    if (fs::is_regular_file(file, ignored) && ::access(file.c_str(), X_OK) == 0) return file;
  }
  return make_error(ErrorKind::kNotFound, printable(name, 200),
                    "This program is not installed, or not in PATH",
                    "Install it, or set PATH to hold its folder.");
}

struct Pipe {
  FileHandle read;
  FileHandle write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("", "Cannot make a pipe", errno);
  return Pipe{FileHandle(ends[0]), FileHandle(ends[1])};
}

/// Standard input as a file in memory: a child that does not read it cannot block us.
Result<FileHandle> make_input(const std::string& input) {
  if (input.empty()) {
    FileHandle none(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!none.is_open()) return system_error("/dev/null", "Cannot open", errno);
    return none;
  }
  FileHandle memory(::memfd_create("input", MFD_CLOEXEC));
  if (!memory.is_open()) return system_error("", "Cannot hold the program's input", errno);
  for (std::size_t done = 0; done < input.size();) {
    const ssize_t count = ::write(memory.get(), input.data() + done, input.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error("", "Cannot hold the program's input", errno);
    done += static_cast<std::size_t>(count);
  }
  if (::lseek(memory.get(), 0, SEEK_SET) != 0)
    return system_error("", "Cannot hold the program's input", errno);
  return memory;
}

enum class ChildStep : int { kDescriptors, kFolder, kCgroup, kExec };

struct ChildFailure {
  ChildStep step;
  int code;
  int index;  // of the cgroup
};

/// Everything the child needs, made before fork: after it only async-signal-safe calls are allowed.
struct ChildPlan {
  std::string program;
  std::vector<char*> argv;
  std::vector<std::string> environment_texts;
  std::vector<char*> environment;
  const char* folder = nullptr;
  std::vector<const char*> cgroups;
  int input = -1;
  int output = -1;
  int errors = -1;
  int report = -1;
  std::vector<GivenFile> files;  // `here` is above every `there`
  std::optional<rlim_t> file_limit;
  pid_t parent = 0;
};

[[noreturn]] void fail_child(const ChildPlan& plan, ChildStep step, int index = 0) {
  const ChildFailure failure{step, errno, index};
  [[maybe_unused]] const ssize_t written = ::write(plan.report, &failure, sizeof(failure));
  ::_exit(127);
}

[[noreturn]] void run_child(const ChildPlan& plan) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != plan.parent) ::_exit(127);  // the parent died before prctl
  sigset_t none;
  ::sigemptyset(&none);
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (std::size_t i = 0; i < plan.cgroups.size(); ++i) {
    const int group = ::open(plan.cgroups[i], O_WRONLY | O_CLOEXEC);
    // "0" is the writing process, whatever its pid is called in this pid namespace.
    if (group < 0 || ::write(group, "0", 1) != 1)
      fail_child(plan, ChildStep::kCgroup, static_cast<int>(i));
    ::close(group);
  }
  if (::dup2(plan.input, 0) < 0 || ::dup2(plan.output, 1) < 0 || ::dup2(plan.errors, 2) < 0)
    fail_child(plan, ChildStep::kDescriptors);
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);  // foreign descriptors without O_CLOEXEC stay here
  for (const auto& file : plan.files) {
    if (::dup2(file.here, file.there) < 0) fail_child(plan, ChildStep::kDescriptors);
  }
  if (plan.file_limit) {
    const rlimit limit{*plan.file_limit, *plan.file_limit};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) fail_child(plan, ChildStep::kDescriptors);
  }
  if (plan.folder != nullptr && ::chdir(plan.folder) != 0) fail_child(plan, ChildStep::kFolder);
  ::execve(plan.program.c_str(), plan.argv.data(), plan.environment.data());
  fail_child(plan, ChildStep::kExec);
}

Error start_error(const Command& command, const ChildFailure& failure) {
  const std::string program = printable(command.argv.front(), 200);
  const std::string cause = std::system_category().message(failure.code);
  switch (failure.step) {
    case ChildStep::kFolder:
      return make_error(ErrorKind::kUnavailable, printable(command.working_folder->native(), 500),
                        "Cannot start " + program + " in this folder: " + cause,
                        "Check that the folder exists and may be entered.", cause);
    case ChildStep::kCgroup:
      return make_error(
          ErrorKind::kUnavailable,
          printable(command.join_cgroups[static_cast<std::size_t>(failure.index)].native(), 500),
          "Cannot put " + program + " into this control group: " + cause,
          "Check that the group exists and that this user may write to it.", cause);
    case ChildStep::kExec:
      if (failure.code == ENOENT) {
        return make_error(ErrorKind::kNotFound, program, "There is no such program",
                          "Install it, or check the path.", cause);
      }
      return make_error(ErrorKind::kUnavailable, program, "Cannot start this program: " + cause,
                        "Check that the file is a program that this user may run.", cause);
    case ChildStep::kDescriptors:
      break;
  }
  return system_error(program, "Cannot start this program", failure.code);
}

/// A started child: its pid, and descriptors for its end and its output.
struct Child {
  pid_t pid = -1;
  FileHandle ended;  // pidfd
  FileHandle output;
  FileHandle errors;
};

int reap(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

ChildPlan plan_child(const Command& command, std::string program) {
  ChildPlan plan;
  plan.program = std::move(program);
  for (const auto& argument : command.argv)
    plan.argv.push_back(const_cast<char*>(argument.c_str()));
  plan.argv.push_back(nullptr);
  for (const auto& [key, value] : command.environment) {
    std::string& text = plan.environment_texts.emplace_back(key);
    text += '=';
    text += value;
  }
  for (auto& text : plan.environment_texts) plan.environment.push_back(text.data());
  plan.environment.push_back(nullptr);
  if (command.working_folder) plan.folder = command.working_folder->c_str();
  for (const auto& group : command.join_cgroups) plan.cgroups.push_back(group.c_str());
  if (command.file_limit) plan.file_limit = command.file_limit->value;
  plan.parent = ::getpid();
  return plan;
}

/// Copies of descriptors, at numbers that no child's file gets.
constexpr int kAboveGiven = 64;

Result<FileHandle> moved_up(int descriptor) {
  FileHandle copy(::fcntl(descriptor, F_DUPFD_CLOEXEC, kAboveGiven));
  if (!copy.is_open()) return system_error("", "Cannot give a program its files", errno);
  return copy;
}

Result<std::vector<FileHandle>> plan_files(const Command& command, ChildPlan& plan) {
  std::vector<FileHandle> copies;
  for (const auto& file : command.files) {
    if (file.there < 0 || file.there == 2 || file.there >= kAboveGiven)
      return make_error(ErrorKind::kBug, "", "A file cannot be given at this number");
    MEDPERF_TRY(auto copy, moved_up(file.here));
    plan.files.push_back({copy.get(), file.there});
    copies.push_back(std::move(copy));
  }
  return copies;
}

Result<Child> start(const Command& command) {
  MEDPERF_TRY(auto program, find_program(command));
  MEDPERF_TRY(const auto input, make_input(command.input));
  MEDPERF_TRY(auto output, make_pipe());
  MEDPERF_TRY(auto errors, make_pipe());
  MEDPERF_TRY(auto report, make_pipe());
  ChildPlan plan = plan_child(command, std::move(program));
  // dup2 onto 0-2 must not hit a descriptor still needed: all are above 2 unless those were closed.
  plan.input = input.get();
  plan.output = output.write.get();
  plan.errors = errors.write.get();
  MEDPERF_TRY(const auto files, plan_files(command, plan));
  MEDPERF_TRY(auto report_end, moved_up(report.write.get()));
  plan.report = report_end.get();
  if (std::min({plan.input, plan.output, plan.errors, plan.report}) <= 2) {
    return make_error(ErrorKind::kUnavailable, "", "Standard input, output or error is closed",
                      "Start this program with them open, for example on /dev/null.");
  }
  const pid_t pid = ::fork();
  if (pid < 0) return system_error(printable(command.argv.front(), 200), "Cannot start", errno);
  if (pid == 0) run_child(plan);
  ::setpgid(pid, pid);  // also here, so that the group exists before we signal it
  output.write.close();
  errors.write.close();
  report.write.close();
  report_end.close();
  ChildFailure failure{};
  ssize_t count = 0;
  do {
    count = ::read(report.read.get(), &failure, sizeof(failure));
  } while (count < 0 && errno == EINTR);
  if (count == static_cast<ssize_t>(sizeof(failure))) {
    reap(pid);
    return start_error(command, failure);
  }
  Child child;
  child.pid = pid;
  child.ended = FileHandle(::pidfd_open(pid, 0));
  if (!child.ended.is_open()) {
    const int code = errno;
    ::kill(-pid, SIGKILL);
    reap(pid);
    return system_error(printable(command.argv.front(), 200), "Cannot watch", code);
  }
  child.output = std::move(output.read);
  child.errors = std::move(errors.read);
  ::fcntl(child.output.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(child.errors.get(), F_SETFL, O_NONBLOCK);
  return child;
}

/// Watches one child until it has ended: collects output, keeps the deadline, hears of a stop.
class Watch {
 public:
  Watch(const Command& command, Child child, SteadyTime started)
      : command_(command), child_(std::move(child)), started_(started) {
    if (command.deadline)
      deadline_ =
          started_ + std::chrono::duration_cast<std::chrono::nanoseconds>(*command.deadline);
  }

  Result<ProcessOutcome> wait() {
    while (!ended_) {
      if (Status step = wait_once(); !step.ok()) {
        finish();
        return std::move(step).error();
      }
    }
    collect(child_.output, outcome_.output);
    collect(child_.errors, outcome_.errors);
    finish();
    return std::move(outcome_);
  }

 private:
  Status wait_once() {
    std::array<pollfd, 4> watched{};
    watched[0] = {child_.ended.get(), POLLIN, 0};
    watched[1] = {child_.output.get(), POLLIN, 0};
    watched[2] = {child_.errors.get(), POLLIN, 0};
    watched[3] = {hears_stop() ? stop_descriptor() : -1, POLLIN, 0};
    if (::poll(watched.data(), watched.size(), milliseconds_to_wait()) < 0) {
      if (errno != EINTR) return system_error("", "Cannot wait for a program", errno);
      for (auto& entry : watched) entry.revents = 0;
    }
    if (watched[1].revents != 0) collect(child_.output, outcome_.output);
    if (watched[2].revents != 0) collect(child_.errors, outcome_.errors);
    if (watched[0].revents != 0) {
      ended_ = true;
      return {};
    }
    const SteadyTime now = std::chrono::steady_clock::now();
    if (hears_stop() && stop_requested()) {
      outcome_.interrupted = true;
      begin_to_end(now);
    }
    if (deadline_ && now >= *deadline_ && !outcome_.timed_out) {
      outcome_.timed_out = true;
      begin_to_end(now);
    }
    if (kill_at_ && now >= *kill_at_) {
      ::kill(-child_.pid, SIGKILL);
      kill_at_.reset();
    }
    return {};
  }

  bool hears_stop() const { return !command_.ignore_stop && !outcome_.interrupted; }

  void begin_to_end(SteadyTime now) {
    if (ending_) return;
    ending_ = true;
    ::kill(-child_.pid, SIGTERM);
    kill_at_ = now + kGrace;
  }

  int milliseconds_to_wait() const {
    std::optional<SteadyTime> next = kill_at_;
    if (deadline_ && !outcome_.timed_out && (!next || *deadline_ < *next)) next = deadline_;
    if (!next) return -1;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(*next - std::chrono::steady_clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
  }

  /// Takes what is in a pipe now; keeps the first output_limit bytes.
  void collect(FileHandle& pipe, std::string& kept) {
    std::array<char, 16384> buffer{};
    // A child that writes without end must not keep us from seeing its deadline.
    for (int rounds = 0; rounds < 64 && pipe.is_open(); ++rounds) {
      const ssize_t count = ::read(pipe.get(), buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) return;
      if (count <= 0) {
        pipe.close();
        return;
      }
      const std::string_view piece(buffer.data(), static_cast<std::size_t>(count));
      const std::uint64_t room = command_.output_limit.value - kept.size();
      kept +=
          piece.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(room, piece.size())));
      if (command_.on_output) command_.on_output(piece);
    }
  }

  void finish() {
    // Before reaping: until then nobody else can get this group's number.
    if (ending_ || !ended_) ::kill(-child_.pid, SIGKILL);
    const int status = reap(child_.pid);
    if (WIFSIGNALED(status)) outcome_.signal = WTERMSIG(status);
    if (WIFEXITED(status)) outcome_.exit_code = WEXITSTATUS(status);
    outcome_.elapsed = std::chrono::steady_clock::now() - started_;
  }

  const Command& command_;
  Child child_;
  ProcessOutcome outcome_;
  SteadyTime started_;
  std::optional<SteadyTime> deadline_;
  std::optional<SteadyTime> kill_at_;
  bool ending_ = false;
  bool ended_ = false;
};

}  // namespace

Result<ProcessOutcome> run_process(const Command& command) {
  if (command.argv.empty() || command.argv.front().empty())
    return make_error(ErrorKind::kBug, "", "A command without a program was to be run");
  if (stop_requested() && !command.ignore_stop) {
    return make_error(ErrorKind::kInterrupted, printable(command.argv.front(), 200),
                      "Not started, since a stop was asked for");
  }
  const SteadyTime started = std::chrono::steady_clock::now();
  MEDPERF_TRY(auto child, start(command));
  return Watch(command, std::move(child), started).wait();
}

void install_stop_handlers() {
  stop_descriptor();
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool stop_requested() {
  return stop_flag.load(std::memory_order_relaxed);
}

void request_stop() {
  stop_flag.store(true);
  ring_stop_event();
}

}  // namespace medperf
