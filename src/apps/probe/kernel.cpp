// System calls that open large parts of the kernel, or turn the machine.

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sys/personality.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <sys/io.h>
#endif

#include <cerrno>
#include <cstring>

#include "apps/probe/probes.h"

namespace medperf::probe {
namespace {

Finding bpf(const Targets&) {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 4;
  attributes.max_entries = 1;
  return of_call(::syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes)), "a map");
}

Finding perf(const Targets&) {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.size = sizeof(attributes);
  attributes.config = PERF_COUNT_SW_TASK_CLOCK;
  attributes.exclude_kernel = 1;
  attributes.exclude_hv = 1;
  return of_call(::syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0), "a counter");
}

Finding user_faults(const Targets&) {
  constexpr int kUserModeOnly = 1;
  return of_call(::syscall(SYS_userfaultfd, O_CLOEXEC | kUserModeOnly), "a descriptor");
}

Finding rings(const Targets&) {
  char parameters[120] = {};
  return of_call(::syscall(SYS_io_uring_setup, 1, parameters), "a ring");
}

Finding add_key(const Targets&) {
  constexpr int kProcessKeyring = -2;
  return of_call(::syscall(SYS_add_key, "user", "medperf-wall", "x", 1, kProcessKeyring), "a key");
}

Finding keyring(const Targets&) {
  constexpr int kGetKeyringId = 0, kSessionKeyring = -3;
  return of_call(::syscall(SYS_keyctl, kGetKeyringId, kSessionKeyring, 0), "the session's keyring");
}

Finding kexec(const Targets&) {
  return refused_or(::syscall(SYS_kexec_load, 0, 0, nullptr, 0xffff), "allowed");
}

Finding module(const Targets&) {
  return refused_or(::syscall(SYS_init_module, nullptr, 0, ""), "allowed");
}

Finding unrandomised(const Targets&) {
  return of_call(::personality(ADDR_NO_RANDOMIZE), "addresses are not random any more");
}

Finding clock(const Targets&) {
  timeval now{};
  ::gettimeofday(&now, nullptr);
  return of_call(::settimeofday(&now, nullptr), "the clock was set");
}

Finding swap(const Targets&) {
  return refused_or(::swapon("/medperf-none", 0), "allowed");
}

// Without its second number reboot(2) does nothing for whoever has the right, but answers EINVAL.
Finding reboot(const Targets&) {
  return refused_or(::syscall(SYS_reboot, 0xfee1dead, 0, 0, nullptr), "allowed");
}

Finding accounting(const Targets&) {
  return refused_or(::syscall(SYS_acct, "/medperf-none"), "allowed");
}

Finding ports(const Targets&) {
#if defined(__x86_64__)
  return of_call(::ioperm(0x80, 1, 1), "a port of the machine");
#else
  return untried("this machine has no ports");
#endif
}

// The system calls of 32-bit programs have other numbers, which a filter for 64 bits does not know.
Finding old_calls(const Targets&) {
#if defined(__x86_64__)
  long result = 20;  // getpid
  asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
  return result > 0 ? passed("a 32-bit call was answered") : held(static_cast<int>(-result));
#else
  return untried("this machine has no 32-bit calls");
#endif
}

Finding watch_files(const Targets&) {
  constexpr unsigned kContent = 4;
  return of_call(::syscall(SYS_fanotify_init, kContent, O_RDONLY), "a watch over the whole disk");
}

constexpr Probe kProbes[] = {
    {"bpf", "seccomp", "loads into the kernel (bpf)", "refused", bpf},
    {"perf", "seccomp", "counts events (perf_event_open)", "refused", perf},
    {"userfaultfd", "seccomp", "handles page faults (userfaultfd)", "refused", user_faults},
    {"io-uring", "seccomp", "sets up a ring (io_uring)", "refused", rings},
    {"add-key", "seccomp", "adds a key to a keyring", "refused", add_key},
    {"keyctl", "seccomp", "reaches the session's keyring", "refused", keyring},
    {"kexec", "capabilities", "loads another kernel", "refused", kexec},
    {"module", "capabilities", "loads a kernel module", "refused", module},
    {"personality", "seccomp", "turns off random addresses", "refused", unrandomised},
    {"old-calls", "seccomp", "makes a 32-bit system call", "refused or ended", old_calls},
    {"settimeofday", "capabilities", "sets the machine's clock", "refused", clock},
    {"swapon", "capabilities", "turns on swap", "refused", swap},
    {"reboot", "capabilities", "reboots", "refused", reboot},
    {"acct", "capabilities", "turns on accounting", "refused", accounting},
    {"io-ports", "capabilities", "takes a port of the machine", "refused", ports},
    {"fanotify", "capabilities", "watches all files", "refused", watch_files},
};

}  // namespace

std::span<const Probe> kernel_probes() {
  return kProbes;
}

}  // namespace medperf::probe
