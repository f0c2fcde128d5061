// The guard of a run: outlives a killed client and ends the run's container.

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "apps/probe/probes.h"

namespace medperf::probe {
namespace {

// Kills every process of a group and of the groups below it; returns how many there were.
int kill_group(const std::string& folder) {
  int found = 0;
  const std::string processes = read_text(folder + "/cgroup.procs");
  for (std::size_t at = 0; at < processes.size();) {
    const auto end = processes.find('\n', at);
    const long pid = std::atol(processes.substr(at, end - at).c_str());
    if (pid > 1 && pid != ::getpid()) {
      ::kill(static_cast<pid_t>(pid), SIGKILL);
      ++found;
    }
    if (end == std::string::npos) break;
    at = end + 1;
  }
  if (DIR* open = ::opendir(folder.c_str())) {
    while (const dirent* entry = ::readdir(open)) {
      if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
        found += kill_group(folder + "/" + entry->d_name);
    }
    ::closedir(open);
  }
  return found;
}

bool remove_group(const std::string& folder) {
  if (DIR* open = ::opendir(folder.c_str())) {
    while (const dirent* entry = ::readdir(open)) {
      if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
        remove_group(folder + "/" + entry->d_name);
    }
    ::closedir(open);
  }
  return ::rmdir(folder.c_str()) == 0 || errno == ENOENT;
}

bool remove_groups(const std::vector<std::string>& groups) {
  bool all = true;
  for (const auto& group : groups) all = remove_group(group) && all;
  return all;
}

void kill_groups(const std::vector<std::string>& groups) {
  // Until two looks in a row find nobody: a process may be forking just now. At most 3 s.
  for (int round = 0, quiet = 0; round < 150 && quiet < 2; ++round) {
    int found = 0;
    for (const auto& group : groups) found += kill_group(group);
    quiet = found == 0 ? quiet + 1 : 0;
    pause_ms(found == 0 ? 5 : 20);
  }
}

// Runs a command for at most 30 s; true when it ended well.
bool run_command(char** command) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::execvp(command[0], command);
    ::_exit(127);
  }
  for (int i = 0; child > 0 && i < 3000; ++i) {
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) != 0)
      return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    pause_ms(10);
  }
  if (child > 0) ::kill(child, SIGKILL);
  return false;
}

constexpr int kStoreLock = 5;

// The client's lock on the store, if it was given on: until here nobody removes what podman needs
// to remove the container.
void let_go() {
  ::close(kStoreLock);
}

// Rootless podman leaves a process that holds its user namespace; it goes when no client holds the
// lock.
void end_pause_process(const char* lock, const char* pid_file) {
  const int fd = ::open(lock, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  const long pid = std::atol(read_text(pid_file).c_str());
  if (pid > 1 && ::flock(fd, LOCK_EX | LOCK_NB) == 0 &&
      read_text("/proc/" + std::to_string(pid) + "/comm").rfind("catatonit", 0) == 0) {
    ::kill(static_cast<pid_t>(pid), SIGKILL);
  }
  ::close(fd);
}

// Removes a folder with all below it; follows no link and stays on its file system's names.
void remove_below(int parent, const char* name) {
  const int folder = ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0) {
    ::unlinkat(parent, name, 0);
    return;
  }
  ::fchmod(folder, 0700);
  if (DIR* open = ::fdopendir(folder)) {
    while (const dirent* entry = ::readdir(open)) {
      const std::string_view child = entry->d_name;
      if (child != "." && child != "..") remove_below(folder, entry->d_name);
    }
    ::closedir(open);
  }
  ::unlinkat(parent, name, AT_REMOVEDIR);
}

// What a killed client had in memory. Other guards of the run hold `held` until they are done: what
// they clean up lies in there.
void wipe(const std::string& held, const char* folder) {
  const int fd = ::open(held.c_str(), O_RDWR | O_CLOEXEC);
  for (int i = 0; fd >= 0 && i < 3000 && ::flock(fd, LOCK_EX | LOCK_NB) != 0; ++i) pause_ms(10);
  // A process that was killed just now may still be writing.
  for (int i = 0; i < 300 && ::access(folder, F_OK) == 0; ++i) {
    if (i > 0) pause_ms(100);
    remove_below(AT_FDCWD, folder);
  }
}

}  // namespace

int guard(int count, char** arguments) {
  if (count < 6) return 2;
  const char* lock = arguments[0];
  const char* pid_file = arguments[1];
  const char* held = arguments[2];
  const char* wiped = arguments[3];
  const bool may_be_starting = arguments[4][0] != '\0';
  arguments += 5;
  count -= 5;
  // What the client locked for this process as long as it lives, and not for what it starts.
  if (held[0] != '\0' && wiped[0] == '\0') ::fcntl(4, F_SETFD, FD_CLOEXEC);
  ::fcntl(kStoreLock, F_SETFD, FD_CLOEXEC);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT}) ::signal(signal, SIG_IGN);
  std::vector<std::string> groups;
  int at = 0;
  for (; at < count && std::string_view(arguments[at]) != "--"; ++at)
    groups.emplace_back(arguments[at]);
  char byte = 0;
  ssize_t n = 0;
  do {
    n = ::read(3, &byte, 1);
  } while (n < 0 && errno == EINTR);
  const bool in_order = n == 1 && byte == 'd';
  if (in_order) let_go();
  if (!in_order) {
    kill_groups(groups);
    // A first try may only find out that the container's monitor is dead, and fail.
    // What a daemon is asked to start may appear later than that: a busy machine takes its time.
    const int most = may_be_starting ? 12 : 8, wanted = may_be_starting ? 6 : 1;
    for (int tries = 0, good = 0; tries < most && good < wanted && at + 1 < count; ++tries) {
      if (tries > 0) pause_ms(may_be_starting ? 400 : 50);
      if (run_command(arguments + at + 1)) ++good;
    }
    kill_groups(groups);
    let_go();
    end_pause_process(lock, pid_file);
    if (wiped[0] != '\0') wipe(held, wiped);
  }
  // The engine's last clean-up process may still be in there.
  for (int i = 0; i < 1000 && !remove_groups(groups); ++i) pause_ms(10);
  return 0;
}

}  // namespace medperf::probe
