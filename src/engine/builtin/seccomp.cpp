// Everything the library knows is allowed but what is listed here, and everything it does not know
// is refused: a system call of a later kernel has no rule of ours yet. The list follows what Docker
// and podman refuse a container without capabilities (moby/profiles/seccomp/default.json,
// containers/common pkg/seccomp), with ptrace and io_uring added.
#include "engine/builtin/seccomp.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <unordered_set>

#include "base/files.h"

namespace medperf::engine {
namespace {

// EPERM.
constexpr std::array kRefused = std::to_array<std::string_view>({
    // Mounts and roots: the walls themselves are made of them.
    "mount",
    "umount",
    "umount2",
    "mount_setattr",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "pivot_root",
    "chroot",
    "quotactl",
    "quotactl_fd",
    "swapon",
    "swapoff",
    // Namespaces: a new one of users would give capabilities back. clone is looked at below.
    "unshare",
    "setns",
    // Other processes: their memory, registers, descriptors.
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "kcmp",
    "pidfd_getfd",
    "migrate_pages",
    "move_pages",
    // Keys of the kernel are not all in namespaces.
    "add_key",
    "keyctl",
    "request_key",
    // Large surfaces of the kernel with a history of holes.
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "lookup_dcookie",
    "fanotify_init",
    "fanotify_mark",
    // A file by its number, past every folder above it (the "shocker" escape).
    "open_by_handle_at",
    "name_to_handle_at",
    // The kernel itself, its modules, its log, the machine.
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "create_module",
    "query_module",
    "get_kernel_syms",
    "syslog",
    "acct",
    "reboot",
    "sethostname",
    "setdomainname",
    "settimeofday",
    "clock_settime",
    "clock_settime64",
    "clock_adjtime",
    "clock_adjtime64",
    "adjtimex",
    "stime",
    "vhangup",
    "nfsservctl",
    "iopl",
    "ioperm",
    // Memory of chosen nodes: needs a capability in the engines' profiles too.
    "mbind",
    "set_mempolicy",
    "set_mempolicy_home_node",
    "get_mempolicy",
    // Obsolete.
    "sysfs",
    "_sysctl",
    "uselib",
    "ustat",
    "vm86",
    "vm86old",
    "modify_ldt",
});

constexpr int kMostCalls = 1024;  // Linux has about 460, and leaves gaps
constexpr std::uint32_t kNewNamespaces = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                                         CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP;
constexpr std::uint64_t kLinuxPersonality = 0, kAskPersonality = 0xffffffff;

struct FilterCloser {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, FilterCloser>;

std::string_view name_of(int number, std::unique_ptr<char, decltype(&::free)>& keeper) {
  keeper.reset(seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number));
  return keeper == nullptr ? std::string_view() : std::string_view(keeper.get());
}

/// Allows a call when its first argument compares so. libseccomp's own macros for this are C.
int allow_when(scmp_filter_ctx filter, int call, scmp_compare how, scmp_datum_t a,
               scmp_datum_t b = 0) {
  const scmp_arg_cmp first{0, how, a, b};
  return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &first);
}

// Rules on arguments. What they do not allow falls to the filter's default, ENOSYS.
bool add_argument_rules(scmp_filter_ctx filter) {
  int status = 0;
  // A thread or process, in the namespaces of this one. clone3 hides its flags in memory, where a
  // filter cannot look: ENOSYS makes libraries take clone.
  status |= allow_when(filter, SCMP_SYS(clone), SCMP_CMP_MASKED_EQ, kNewNamespaces);
  // Of the families of sockets only those that the network namespace bounds: AF_VSOCK reaches the
  // hypervisor from every namespace, AF_ALG and others only widen the surface.
  for (const unsigned family : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}) {
    status |= allow_when(filter, SCMP_SYS(socket), SCMP_CMP_EQ, family);
  }
  for (const auto value : {kLinuxPersonality, kAskPersonality}) {
    status |= allow_when(filter, SCMP_SYS(personality), SCMP_CMP_EQ, value);
  }
  return status == 0;
}

Error failed(const std::string& what) {
  return make_error(ErrorKind::kUnavailable, "seccomp", what,
                    "Use a container engine on this machine, such as podman");
}

Result<std::string> exported(scmp_filter_ctx filter) {
  const FileHandle file(::memfd_create("filter", MFD_CLOEXEC));
  if (!file.is_open() || seccomp_export_bpf(filter, file.get()) != 0)
    return failed("the system call filter cannot be written");
  return read_all(file, mebibytes(1), "seccomp");
}

}  // namespace

Result<std::string> seccomp_filter() {
  const Filter filter(seccomp_init(SCMP_ACT_ERRNO(ENOSYS)));
  if (filter == nullptr) return failed("no system call filter can be made");
  // A search tree in place of a long list of comparisons at each call.
  if (seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2) != 0)
    return failed("the system call filter cannot be made fast");
  const std::unordered_set<std::string_view> refused(kRefused.begin(), kRefused.end());
  static constexpr std::array<std::string_view, 4> kByArgument = {"clone", "clone3", "socket",
                                                                  "personality"};
  const std::unordered_set<std::string_view> looked_at(kByArgument.begin(), kByArgument.end());
  for (int number = 0; number < kMostCalls; ++number) {
    std::unique_ptr<char, decltype(&::free)> keeper(nullptr, &::free);
    const std::string_view name = name_of(number, keeper);
    if (name.empty() || looked_at.contains(name)) continue;
    const std::uint32_t action = refused.contains(name) ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_ALLOW;
    if (seccomp_rule_add(filter.get(), action, number, 0) != 0)
      return failed("the rule for " + std::string(name) + " cannot be added");
  }
  if (!add_argument_rules(filter.get())) return failed("the rules on arguments cannot be added");
  return exported(filter.get());
}

}  // namespace medperf::engine
