// medperf-probe: a static program for two jobs.
//   report | touch MIB | fork COUNT | sleep SECONDS   inside a probe container: what the walls let
//   through guard GROUP... -- COMMAND...                      beside a run: ends it when the client
//   was killed
// It knows no room and needs no library, so that a container can be made of nothing else.

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace {

void pause_ms(long milliseconds) {
  timespec time{milliseconds / 1000, (milliseconds % 1000) * 1'000'000};
  ::nanosleep(&time, nullptr);
}

std::string read_text(const std::string& path) {
  std::string text;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(fd, buffer, sizeof(buffer))) > 0 && text.size() < (1u << 20);) {
    text.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(fd);
  return text;
}

// ---- the probe: each answer is an errno name or a value; the client judges ----

std::string error_name(int code) {
  const char* name = strerrorname_np(code);
  return name != nullptr ? name : std::to_string(code);
}

std::string status_field(const std::string& status, const char* key) {
  const auto at = status.find(std::string("\n") + key + ":");
  if (at == std::string::npos) return "";
  auto from = status.find_first_not_of(" \t", at + 2 + std::strlen(key));
  const auto to = status.find('\n', from);
  return status.substr(from, to - from);
}

std::string try_connect() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (fd < 0) return "socket " + error_name(errno);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(53);
  ::inet_pton(AF_INET, "192.0.2.1", &address.sin_addr);  // TEST-NET-1, RFC 5737: nobody is there
  const int status = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address));
  const int code = errno;
  ::close(fd);
  return status == 0 ? "connected" : error_name(code);
}

std::string try_write(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return error_name(errno);
  const bool written = ::write(fd, "x", 1) == 1;
  ::close(fd);
  ::unlink(path.c_str());
  return written ? "written" : "opened";
}

std::string interfaces() {
  std::string names;
  if (DIR* folder = ::opendir("/sys/class/net")) {
    while (const dirent* entry = ::readdir(folder)) {
      if (entry->d_name[0] != '.') names += (names.empty() ? "" : " ") + std::string(entry->d_name);
    }
    ::closedir(folder);
  }
  return names;
}

int report() {
  const std::string status = read_text("/proc/self/status");
  std::printf(
      "{\"interfaces\":\"%s\",\"connect\":\"%s\",\"root\":\"%s\",\"input\":\"%s\",\"output\":\"%"
      "s\",",
      interfaces().c_str(), try_connect().c_str(), try_write("/medperf-wall").c_str(),
      try_write("/input/medperf-wall").c_str(), try_write("/output/medperf-wall").c_str());
  std::printf(
      "\"uid\":%u,\"cap_eff\":\"%s\",\"cap_bnd\":\"%s\",\"no_new_privs\":\"%s\",\"seccomp\":\"%s\"}"
      "\n",
      ::getuid(), status_field(status, "CapEff").c_str(), status_field(status, "CapBnd").c_str(),
      status_field(status, "NoNewPrivs").c_str(), status_field(status, "Seccomp").c_str());
  return 0;
}

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

// Fills files below /output, then waits: to be stopped for what it wrote.
int write_files(int count) {
  const std::string block(1u << 20, 'x');
  for (int i = 0; i < count; ++i) {
    const int fd =
        ::open(("/output/file-" + std::to_string(i)).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || ::write(fd, block.data(), block.size()) != static_cast<ssize_t>(block.size())) {
      std::printf("{\"files\":%d,\"stopped\":\"%s\"}\n", i, error_name(errno).c_str());
      return 3;
    }
    ::close(fd);
  }
  pause_ms(30'000);
  return 0;
}

// ---- the guard ----

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

int guard(int count, char** arguments) {
  if (count < 3) return 2;
  const char* lock = arguments[0];
  const char* pid_file = arguments[1];
  arguments += 2;
  count -= 2;
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
  if (!in_order) {
    kill_groups(groups);
    // A first try may only find out that the container's monitor is dead, and fail. Without a group
    // a container may just be starting, so two good ones are asked for.
    for (int tries = 0, good = 0; tries < 8 && good < (groups.empty() ? 2 : 1) && at + 1 < count;
         ++tries) {
      if (tries > 0) pause_ms(groups.empty() ? 400 : 50);
      if (run_command(arguments + at + 1)) ++good;
    }
    kill_groups(groups);
    end_pause_process(lock, pid_file);
  }
  // The engine's last clean-up process may still be in there.
  for (int i = 0; i < 1000 && !remove_groups(groups); ++i) pause_ms(10);
  return 0;
}

int usage() {
  std::fprintf(stderr,
               "medperf-probe: shows what a container's walls let through, and guards runs.\n"
               "It is started by `medperf doctor` and `medperf benchmark run`, not by people.\n"
               "usage: medperf-probe report | touch MIB | fork COUNT | sleep SECONDS | guard "
               "GROUP... -- COMMAND...\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "report") return report();
  if (verb == "guard") return guard(argc - 2, argv + 2);
  if (argc < 3) return usage();
  const long number = std::atol(argv[2]);
  if (verb == "touch") return touch_memory(static_cast<std::size_t>(number));
  if (verb == "fork") return fork_many(static_cast<int>(number));
  if (verb == "write") return write_files(static_cast<int>(number));
  if (verb == "raise") return ::raise(static_cast<int>(number));
  if (verb == "exit") return static_cast<int>(number);
  if (verb == "sleep") {
    pause_ms(number * 1000);
    return 0;
  }
  return usage();
}
