#include "apps/launch/landlock.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace medperf::launch {
namespace {

// From the kernel's include/uapi/linux/landlock.h; Debian 12's copy ends at version 2.
struct RulesetAttributes {
  std::uint64_t handled_files = 0;
  std::uint64_t handled_network = 0;  // not used: the network namespace has none, and programs may
                                      // serve themselves on its loopback
  std::uint64_t scoped = 0;
};
struct [[gnu::packed]] PathBeneath {
  std::uint64_t allowed = 0;
  std::int32_t folder = -1;
};
constexpr std::uint64_t kExecute = 1u << 0, kWriteFile = 1u << 1, kReadFile = 1u << 2,
                        kReadFolder = 1u << 3, kMakeDevices = (1u << 6) | (1u << 11),
                        kVersion1 = (1u << 13) - 1, kRefer = 1u << 13, kTruncate = 1u << 14,
                        kDeviceControl = 1u << 15;
constexpr std::uint64_t kScopes = 3;  // abstract sockets, signals
constexpr int kPathBeneath = 1;

std::uint64_t handled(int version) {
  return kVersion1 | (version >= 2 ? kRefer : 0) | (version >= 3 ? kTruncate : 0) |
         (version >= 5 ? kDeviceControl : 0);
}

bool allow(int ruleset, const char* path, std::uint64_t rights) {
  PathBeneath rule;
  rule.folder = ::open(path, O_PATH | O_CLOEXEC);
  struct stat status {};
  if (rule.folder < 0 || ::fstat(rule.folder, &status) != 0) return false;
  // A file knows no rights over what lies below it.
  if (!S_ISDIR(status.st_mode))
    rights &= kExecute | kWriteFile | kReadFile | kTruncate | kDeviceControl;
  rule.allowed = rights;
  const bool added = ::syscall(SYS_landlock_add_rule, ruleset, kPathBeneath, &rule, 0) == 0;
  ::close(rule.folder);
  return added;
}

}  // namespace

const char* restrict_files(int version, const std::vector<const char*>& writable) {
  RulesetAttributes attributes;
  attributes.handled_files = handled(version);
  if (version >= 6) attributes.scoped = kScopes;
  const int ruleset =
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0));
  if (ruleset < 0) return "landlock: the ruleset";
  const std::uint64_t all = attributes.handled_files;
  if (!allow(ruleset, "/", kExecute | kReadFile | kReadFolder)) return "landlock: /";
  for (const char* path : {"/dev", "/proc"}) {
    if (!allow(
            ruleset, path,
            all & (kReadFile | kReadFolder | kWriteFile | kTruncate | kDeviceControl | kExecute)))
      return path;
  }
  for (const char* path : writable) {
    if (!allow(ruleset, path, all & ~kMakeDevices)) return path;
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return "no-new-privileges";
  if (::syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) return "landlock";
  ::close(ruleset);
  return nullptr;
}

}  // namespace medperf::launch
