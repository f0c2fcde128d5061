#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "apps/launch/launch.h"

namespace medperf::launch {
namespace {

constexpr int kFailed = 125;
constexpr int kFilter = 9;

int fail(const char* doing) {
  std::fprintf(stderr, "medperf-probe enter: %s: %s\n", doing, std::strerror(errno));
  return kFailed;
}

// Copied to a file in memory, so that the program inside gets /dev/null as its standard input.
bool take_filter() {
  const int memory = ::memfd_create("filter", 0);
  if (memory < 0) return false;
  char buffer[4096];
  ssize_t n = 0;
  while ((n = ::read(0, buffer, sizeof(buffer))) > 0) {
    if (::write(memory, buffer, static_cast<std::size_t>(n)) != n) return false;
  }
  if (n < 0 || ::lseek(memory, 0, SEEK_SET) != 0) return false;
  if (memory != kFilter && ::dup2(memory, kFilter) < 0) return false;
  if (memory != kFilter) ::close(memory);
  const int null = ::open("/dev/null", O_RDONLY);
  return null >= 0 && ::dup2(null, 0) == 0 && (null == 0 || ::close(null) == 0);
}

// The sources are opened in the new mount namespace and before /tmp is covered, where some lie.
const char* bind_sources(const std::vector<const char*>& sources) {
  if (::unshare(CLONE_NEWNS) != 0) return "a mount namespace cannot be made";
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return "mounts cannot be made private";
  std::vector<int> opened;
  for (const char* source : sources) {
    opened.push_back(::open(source, O_PATH | O_CLOEXEC));
    if (opened.back() < 0) return source;
  }
  if (::mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755,size=1m") != 0)
    return "/tmp cannot be covered";
  for (std::size_t i = 0; i < opened.size(); ++i) {
    const std::string place = "/tmp/b" + std::to_string(i);
    struct stat status {};
    if (::fstat(opened[i], &status) != 0) return sources[i];
    const bool made = S_ISDIR(status.st_mode) ? ::mkdir(place.c_str(), 0755) == 0
                                              : ::mknod(place.c_str(), S_IFREG | 0644, 0) == 0;
    const std::string from = "/proc/self/fd/" + std::to_string(opened[i]);
    if (!made || ::mount(from.c_str(), place.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
      return sources[i];
  }
  return nullptr;
}

}  // namespace

int enter(int count, char** arguments) {
  const pid_t parent = ::getppid();
  std::vector<const char*> sources;
  int at = 2;
  for (; at < count && std::string_view(arguments[at]) != "--"; ++at)
    sources.push_back(arguments[at]);
  if (count < 4 || at + 1 >= count) {
    errno = EINVAL;
    return fail("arguments");
  }
  const bool another = std::string_view(arguments[0]) != "self";
  const auto uid = static_cast<uid_t>(std::strtoul(arguments[0], nullptr, 10));
  const auto gid = static_cast<gid_t>(std::strtoul(arguments[1], nullptr, 10));
  if (another && (uid == 0 || gid == 0)) {
    errno = EINVAL;
    return fail("a container's user is never root");
  }
  if (!take_filter()) return fail("the system call filter");
  if (::chdir("/") != 0) return fail("/");
  if (another) {
    if (const char* where = bind_sources(sources); where != nullptr) return fail(where);
    if (::setgroups(0, nullptr) != 0 || ::setresgid(gid, gid, gid) != 0 ||
        ::setresuid(uid, uid, uid) != 0) {
      return fail("becoming the container's user");
    }
    // Another user's identity has cleared it.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != parent)
      return fail("the death of the client");
  }
  ::execv(arguments[at + 1], arguments + at + 1);
  return fail(arguments[at + 1]);
}

}  // namespace medperf::launch
