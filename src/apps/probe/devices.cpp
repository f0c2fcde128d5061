// Devices, and the kernel's files.

#include <dirent.h>
#include <fcntl.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>

#include "apps/probe/probes.h"

namespace medperf::probe {
namespace {

Finding open_any(std::initializer_list<const char*> paths, int flags) {
  std::string errors;
  for (const char* path : paths) {
    const int fd = ::open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0) {
      ::close(fd);
      return passed(std::string(path) + " is open");
    }
    const std::string name = error_name(errno);
    if (errors.find(name) == std::string::npos) errors += (errors.empty() ? "" : ", ") + name;
  }
  return held(errors);
}

Finding make_node(mode_t kind, dev_t number) {
  const char* path = "/tmp/medperf-node";
  if (::mknod(path, kind | 0600, number) != 0) return held(errno);
  ::unlink(path);
  return passed("made");
}

Finding block_node(const Targets&) {
  return make_node(S_IFBLK, makedev(7, 0));
}
Finding character_node(const Targets&) {
  return make_node(S_IFCHR, makedev(1, 1));
}

Finding block_devices(const Targets&) {
  std::string errors = "no block device is there";
  if (DIR* folder = ::opendir("/dev")) {
    while (const dirent* entry = ::readdir(folder)) {
      const std::string path = "/dev/" + std::string(entry->d_name);
      struct stat status {};
      if (::lstat(path.c_str(), &status) != 0 || !S_ISBLK(status.st_mode)) continue;
      const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
      if (fd >= 0) {
        ::close(fd);
        ::closedir(folder);
        return passed(path + " is open");
      }
      errors = error_name(errno);
    }
    ::closedir(folder);
  }
  return held(errors);
}

Finding memory(const Targets&) {
  return open_any({"/dev/mem", "/dev/kmem", "/dev/port"}, O_RDONLY);
}
Finding machines(const Targets&) {
  return open_any({"/dev/kvm", "/dev/fuse", "/dev/loop-control", "/dev/net/tun", "/dev/vhost-net",
                   "/dev/vsock", "/dev/vhost-vsock"},
                  O_RDWR);
}
Finding consoles(const Targets&) {
  // /dev/console may be the container's own terminal; the machine's are these.
  return open_any({"/dev/tty0", "/dev/tty1", "/dev/ttyS0", "/dev/input/event0", "/dev/hwrng"},
                  O_RDONLY);
}
Finding kernel_messages(const Targets&) {
  return open_any({"/dev/kmsg", "/proc/kmsg"}, O_RDONLY);
}
Finding kernel_log(const Targets&) {
  char text[64];
  constexpr int kReadAll = 3;
  return of_call(::klogctl(kReadAll, text, sizeof(text)), "the kernel's log was read");
}

Finding kcore(const Targets&) {
  const int fd = ::open("/proc/kcore", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return held(errno);
  char byte = 0;
  const ssize_t n = ::read(fd, &byte, 1);
  const int error = errno;
  ::close(fd);
  return n > 0 ? passed("the kernel's memory was read")
               : held(n == 0 ? "empty" : error_name(error));
}

Finding proc_sys(const Targets&) {
  return open_any(
      {"/proc/sys/vm/overcommit_memory", "/proc/sys/kernel/core_pattern",
       "/proc/sys/kernel/hostname", "/proc/sys/kernel/modprobe", "/proc/sys/net/ipv4/ip_forward"},
      O_WRONLY);
}
Finding sysrq(const Targets&) {
  return open_any({"/proc/sysrq-trigger"}, O_WRONLY);
}
Finding proc_other(const Targets&) {
  return open_any({"/proc/irq/default_smp_affinity", "/proc/bus/pci/devices", "/proc/acpi/wakeup",
                   "/proc/scsi/scsi", "/proc/mtrr"},
                  O_WRONLY);
}

Finding sys_write(const Targets&) {
  return open_any({"/sys/kernel/uevent_helper", "/sys/power/state", "/sys/kernel/mm/ksm/run",
                   "/sys/kernel/profiling", "/sys/kernel/rcu_expedited",
                   "/sys/kernel/kexec_crash_size", "/sys/kernel/mm/transparent_hugepage/enabled"},
                  O_WRONLY);
}

Finding sys_firmware(const Targets&) {
  for (const char* path : {"/sys/firmware", "/sys/kernel/debug", "/sys/kernel/security"}) {
    DIR* folder = ::opendir(path);
    if (folder == nullptr) continue;
    int entries = 0;
    while (::readdir(folder) != nullptr) ++entries;
    ::closedir(folder);
    if (entries > 2) return passed(std::string(path) + " is listed");
  }
  return held("empty or not there");
}

// A group of its own, a limit raised, or another group entered.
Finding groups(const Targets&) {
  static constexpr const char* kFolders[] = {"/sys/fs/cgroup",         "/sys/fs/cgroup/memory",
                                             "/sys/fs/cgroup/pids",    "/sys/fs/cgroup/devices",
                                             "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"};
  std::string errors;
  for (const std::string folder : kFolders) {
    const std::string made = folder + "/medperf-wall";
    if (::mkdir(made.c_str(), 0700) == 0) {
      ::rmdir(made.c_str());
      return passed(made + " was made");
    }
    const std::string name = error_name(errno);
    if (errors.find(name) == std::string::npos) errors += (errors.empty() ? "" : ", ") + name;
    for (const char* file : {"/cgroup.procs", "/tasks", "/memory.limit_in_bytes", "/memory.max",
                             "/pids.max", "/devices.allow", "/release_agent"}) {
      const int fd = ::open((folder + file).c_str(), O_WRONLY | O_CLOEXEC);
      if (fd < 0) continue;
      ::close(fd);
      return passed(folder + file + " is open for writing");
    }
  }
  return held(errors);
}

constexpr Probe kProbes[] = {
    {"mknod-block", "capabilities", "makes a block device", "refused", block_node},
    {"mknod-char", "capabilities", "makes the device of the memory", "refused", character_node},
    {"block-devices", "devices", "opens a disk in /dev", "none can be opened", block_devices},
    {"dev-mem", "devices", "opens /dev/mem, /dev/kmem, /dev/port", "none can be opened", memory},
    {"dev-machines", "devices", "opens kvm, fuse, loop-control, tun, vhost", "none can be opened",
     machines},
    {"dev-consoles", "devices", "opens the machine's consoles and inputs", "none can be opened",
     consoles},
    {"dev-kmsg", "devices", "opens /dev/kmsg and /proc/kmsg", "none can be opened",
     kernel_messages},
    {"kernel-log", "capabilities", "reads the kernel's log by syslog(2)", "refused", kernel_log},
    {"proc-kcore", "kernel-files", "reads /proc/kcore", "refused or empty", kcore},
    {"proc-sys", "kernel-files", "opens settings in /proc/sys for writing", "none can be opened",
     proc_sys},
    {"proc-sysrq", "kernel-files", "opens /proc/sysrq-trigger", "refused", sysrq},
    {"proc-hardware", "kernel-files", "opens interrupts and buses in /proc for writing",
     "none can be opened", proc_other},
    {"sys-write", "kernel-files", "opens settings in /sys for writing", "none can be opened",
     sys_write},
    {"sys-firmware", "kernel-files", "lists firmware, debugfs and securityfs", "empty or not there",
     sys_firmware},
    {"cgroup-write", "kernel-files", "makes a control group, opens its limits for writing",
     "refused", groups},
};

}  // namespace

std::span<const Probe> device_probes() {
  return kProbes;
}

}  // namespace medperf::probe
