// Using more than was allowed. What stops each of them is seen from outside.

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "apps/probe/probes.h"

namespace medperf::probe {
namespace {

int touch_memory(std::size_t mebibytes) {
  for (std::size_t i = 0; i < mebibytes; ++i) {
    auto* block = static_cast<volatile char*>(std::malloc(1u << 20));
    if (block == nullptr) return 3;
    for (std::size_t at = 0; at < (1u << 20); at += 4096) block[at] = 1;
  }
  std::printf("{\"touched\":%zu}\n", mebibytes);
  return 0;
}

int fork_many(int count) {
  std::vector<pid_t> children;
  std::string stopped = "none";
  for (int i = 0; i < count; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::pause();
      ::_exit(0);
    }
    if (child < 0) {
      stopped = error_name(errno);
      break;
    }
    children.push_back(child);
  }
  std::printf("{\"forked\":%zu,\"stopped\":\"%s\"}\n", children.size(), stopped.c_str());
  for (const pid_t child : children) ::kill(child, SIGKILL);
  return 0;
}

// Files of 1 MiB, then waits: to be stopped for what it wrote.
int write_files(const std::string& folder, long count) {
  const std::string block(1u << 20, 'x');
  for (long i = 0; i < count; ++i) {
    const auto path = folder + "/file-" + std::to_string(i);
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || ::write(fd, block.data(), block.size()) != static_cast<ssize_t>(block.size())) {
      std::printf("{\"files\":%ld,\"stopped\":\"%s\"}\n", i, error_name(errno).c_str());
      return 3;
    }
    ::close(fd);
  }
  pause_ms(30'000);
  return 0;
}

int said(const char* what, long number, int error) {
  std::printf("{\"%s\":%ld,\"stopped\":\"%s\"}\n", what, number,
              error == 0 ? "none" : error_name(error).c_str());
  return error == 0 ? 0 : 3;
}

// One file of so many MiB; how far it came.
int fill(const std::string& path, long mebibytes) {
  const std::string block(1u << 20, 'x');
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return said("mebibytes", 0, errno);
  for (long i = 0; i < mebibytes; ++i) {
    if (::write(fd, block.data(), block.size()) != static_cast<ssize_t>(block.size()))
      return said("mebibytes", i, errno);
  }
  return said("mebibytes", mebibytes, 0);
}

// Many files of one byte, then waits: to be stopped for what it wrote.
int small_files(const std::string& folder, long count) {
  for (long i = 0; i < count; ++i) {
    const auto path = folder + "/small-" + std::to_string(i);
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || ::write(fd, "x", 1) != 1) return said("files", i, errno);
    ::close(fd);
  }
  std::printf("{\"files\":%ld}\n", count);
  std::fflush(stdout);
  pause_ms(30'000);
  return 0;
}

int flood(long mebibytes) {
  std::string block(1u << 20, 'x');
  block.back() = '\n';
  for (long i = 0; i < mebibytes; ++i) (void)!::write(1, block.data(), block.size());
  return 0;
}

double seconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Uses one processor; prints the share of it that it got, in percent.
int spin(long seconds) {
  const double start = seconds_of(CLOCK_MONOTONIC), used = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  volatile unsigned long counter = 0;
  while (seconds_of(CLOCK_MONOTONIC) - start < static_cast<double>(seconds)) {
    for (int i = 0; i < 100'000; ++i) counter = counter + 1;
  }
  const double share =
      (seconds_of(CLOCK_PROCESS_CPUTIME_ID) - used) / (seconds_of(CLOCK_MONOTONIC) - start);
  std::printf("{\"percent\":%ld}\n", static_cast<long>(100 * share));
  return 0;
}

int stubborn(long seconds) {
  for (int signal = 1; signal < 32; ++signal) ::signal(signal, SIG_IGN);
  const double until = seconds_of(CLOCK_MONOTONIC) + static_cast<double>(seconds);
  while (seconds_of(CLOCK_MONOTONIC) < until) pause_ms(100);
  return 0;
}

// A process that belongs to nobody, in a session of its own, and survives its parent's end.
int daemon_for(long seconds) {
  if (::fork() == 0) {
    ::setsid();
    if (::fork() != 0) ::_exit(0);
    for (int fd = 0; fd < 3; ++fd) ::close(fd);
    ::_exit(stubborn(seconds));
  }
  ::wait(nullptr);
  return 0;
}

// What a reader of outputs might be led astray by.
int leave_links(const std::string& folder) {
  const bool made =
      ::symlink("/etc/shadow", (folder + "/link").c_str()) == 0 &&
      ::symlink("/etc", (folder + "/folder").c_str()) == 0 &&
      ::symlink("../../../../../../../../etc/passwd", (folder + "/dots").c_str()) == 0 &&
      ::mkfifo((folder + "/pipe").c_str(), 0644) == 0;
  return said("made", made ? 4 : 0, made ? 0 : errno);
}

}  // namespace

bool run_limit(std::string_view verb, long number, const std::string& folder, int& status) {
  if (verb == "touch") {
    status = touch_memory(static_cast<std::size_t>(number));
  } else if (verb == "shm") {
    status = fill("/dev/shm/medperf-wall", number);
  } else if (verb == "temporary") {
    status = fill("/tmp/medperf-wall", number);
  } else if (verb == "large") {
    status = fill(folder + "/large", number);
  } else if (verb == "fork") {
    status = fork_many(static_cast<int>(number));
  } else if (verb == "write") {
    status = write_files(folder, number);
  } else if (verb == "small") {
    status = small_files(folder, number);
  } else if (verb == "flood") {
    status = flood(number);
  } else if (verb == "spin") {
    status = spin(number);
  } else if (verb == "stubborn") {
    status = stubborn(number);
  } else if (verb == "daemon") {
    status = daemon_for(number);
  } else if (verb == "links") {
    status = leave_links(folder);
  } else {
    return false;
  }
  return true;
}

}  // namespace medperf::probe
