// Changing what is mounted where, and leaving the namespaces.

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "apps/probe/probes.h"

namespace medperf::probe {
namespace {

Finding mount_tmpfs(const Targets&) {
  const int status = ::mount("tmpfs", "/tmp", "tmpfs", 0, nullptr);
  if (status == 0) ::umount2("/tmp", MNT_DETACH);
  return refused_or(status, "mounted");
}

Finding mount_proc(const Targets&) {
  const int status = ::mount("proc", "/tmp", "proc", 0, nullptr);
  if (status == 0) ::umount2("/tmp", MNT_DETACH);
  return refused_or(status, "mounted");
}

Finding bind_root(const Targets&) {
  const int status = ::mount("/", "/tmp", nullptr, MS_BIND, nullptr);
  if (status == 0) ::umount2("/tmp", MNT_DETACH);
  return refused_or(status, "mounted");
}

Finding remount_root(const Targets&) {
  return refused_or(::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND, nullptr), "remounted");
}

Finding remount_input(const Targets& targets) {
  const std::string input = target(targets, "input");
  if (input.empty()) return untried("there is no input");
  return refused_or(::mount(nullptr, input.c_str(), nullptr, MS_REMOUNT | MS_BIND, nullptr),
                    "remounted");
}

// Whoever has the right is told to ask again (EAGAIN): nothing is unmounted.
Finding unmount(const Targets&) {
  return refused_or(::umount2("/proc", MNT_EXPIRE), "allowed");
}

Finding pivot(const Targets&) {
  return refused_or(::syscall(SYS_pivot_root, "/medperf-none", "/medperf-none"), "allowed");
}

Finding change_root(const Targets&) {
  return refused_or(::chroot("/tmp"), "the root was changed");
}

Finding new_mount_calls(const Targets&) {
  return refused_or(::syscall(SYS_fsopen, "tmpfs", 0), "a file system was opened");
}

Finding clone_tree(const Targets&) {
  constexpr unsigned kOpenTreeClone = 1;
  return refused_or(::syscall(SYS_open_tree, AT_FDCWD, "/", kOpenTreeClone | O_CLOEXEC),
                    "the tree was copied");
}

Finding unshare_user(const Targets&) {
  return of_call(::unshare(CLONE_NEWUSER), "a new user namespace, with every right in it");
}

Finding clone_user(const Targets&) {
  const long child = ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, 0);
  if (child == 0) ::_exit(0);
  if (child > 0) ::waitpid(static_cast<pid_t>(child), nullptr, 0);
  return of_call(child, "a new user namespace, with every right in it");
}

Finding clone3_user(const Targets&) {
  struct {
    std::uint64_t flags = CLONE_NEWUSER, pidfd = 0, child_tid = 0, parent_tid = 0,
                  exit_signal = SIGCHLD, stack = 0, stack_size = 0, tls = 0;
  } arguments;
  const long child = ::syscall(SYS_clone3, &arguments, sizeof(arguments));
  if (child == 0) ::_exit(0);
  if (child > 0) ::waitpid(static_cast<pid_t>(child), nullptr, 0);
  return of_call(child, "a new user namespace, with every right in it");
}

Finding unshare_network(const Targets&) {
  return of_call(::unshare(CLONE_NEWNET), "a new network namespace");
}

Finding unshare_mounts(const Targets&) {
  return of_call(::unshare(CLONE_NEWNS), "a new mount namespace");
}

Finding join_namespace(const Targets&) {
  const int fd = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return untried("open " + error_name(errno));
  return of_call(::setns(fd, CLONE_NEWNET), "joined");
}

// The classical escape of version 1: a program that the host runs when a group gets empty.
Finding release_agent(const Targets&) {
  ::mkdir("/tmp/medperf-groups", 0700);
  const int status = ::mount("cgroup", "/tmp/medperf-groups", "cgroup", 0, "memory");
  const int error = errno;
  Finding finding = held(error);
  if (status == 0) {
    const int fd = ::open("/tmp/medperf-groups/release_agent", O_WRONLY | O_CLOEXEC);
    finding = of_call(fd, "release_agent is open for writing");
    if (fd >= 0) ::close(fd);
    ::umount2("/tmp/medperf-groups", MNT_DETACH);
  }
  ::rmdir("/tmp/medperf-groups");
  return finding;
}

Finding debug_file_system(const Targets&) {
  const int status = ::mount("debugfs", "/tmp", "debugfs", 0, nullptr);
  if (status == 0) ::umount2("/tmp", MNT_DETACH);
  return refused_or(status, "mounted");
}

constexpr Probe kProbes[] = {
    {"mount-tmpfs", "capabilities", "mounts a tmpfs", "refused", mount_tmpfs},
    {"mount-proc", "capabilities", "mounts a fresh proc", "refused", mount_proc},
    {"mount-debugfs", "capabilities", "mounts debugfs", "refused", debug_file_system},
    {"mount-bind", "capabilities", "binds the root elsewhere", "refused", bind_root},
    {"remount-root", "read-only-root", "remounts the root writable", "refused", remount_root},
    {"remount-input", "inputs-read-only", "remounts an input writable", "refused", remount_input},
    {"umount", "capabilities", "unmounts /proc", "refused", unmount},
    {"pivot-root", "capabilities", "changes the root by pivot_root", "refused", pivot},
    {"chroot", "capabilities", "changes the root by chroot", "refused", change_root},
    {"fsopen", "capabilities", "opens a file system by the new calls", "refused", new_mount_calls},
    {"open-tree", "capabilities", "copies the mounts by open_tree", "refused", clone_tree},
    {"release-agent", "capabilities", "opens the release_agent of a control group", "refused",
     release_agent},
    {"user-namespace", "seccomp", "makes a user namespace by unshare", "refused", unshare_user},
    {"user-namespace-clone", "seccomp", "makes a user namespace by clone", "refused", clone_user},
    {"user-namespace-clone3", "seccomp", "makes a user namespace by clone3", "refused",
     clone3_user},
    {"network-namespace", "capabilities", "makes a network namespace", "refused", unshare_network},
    {"mount-namespace", "capabilities", "makes a mount namespace", "refused", unshare_mounts},
    {"setns", "capabilities", "joins a namespace", "refused", join_namespace},
};

}  // namespace

std::span<const Probe> mount_probes() {
  return kProbes;
}

}  // namespace medperf::probe
