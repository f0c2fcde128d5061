#include "engine/rules/seccomp_profile.h"

#include <algorithm>
#include <array>

#include "base/json.h"

namespace medperf::engine {
namespace {

constexpr std::array<std::string_view, 44> kDenied = {
    // namespaces and mounts: with a user namespace every program is root over some of the kernel
    "unshare", "setns", "mount", "umount", "umount2", "mount_setattr", "move_mount", "open_tree",
    "open_tree_attr", "fsopen", "fsconfig", "fsmount", "fspick", "pivot_root", "open_by_handle_at",
    // parts of the kernel with a long history of faults, which no model needs
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "fanotify_init", "lookup_dcookie", "nfsservctl", "kcmp",
    // keyrings are the kernel's, not the container's
    "keyctl", "add_key", "request_key",
    // the machine itself
    "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "reboot",
    "swapon", "swapoff", "settimeofday", "clock_settime", "acct", "iopl", "ioperm", "syslog",
    "quotactl", "quotactl_fd"};

// Replaced by rules of our own.
constexpr std::array<std::string_view, 4> kReplaced = {"socket", "socketcall", "clone", "clone3"};

// AF_UNIX, AF_INET and AF_INET6 (which lead nowhere without a network, but programs ask for them),
// AF_NETLINK to list interfaces.
constexpr std::array<int, 4> kFamilies = {1, 2, 10, 16};

// CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET (clone(2)).
constexpr std::int64_t kNamespaces = 0x7E020000;
constexpr int kNotPermitted = 1, kNotThere = 38;  // EPERM, ENOSYS

template <typename List>
bool holds(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

Json argument(int index, std::int64_t value, const char* operation) {
  return Json::object({{"index", index}, {"value", value}, {"valueTwo", 0}, {"op", operation}});
}

Json rule(Json names, const char* action, Json arguments, int error) {
  Json out = Json::object({{"names", std::move(names)}, {"action", action}});
  out.set("args", std::move(arguments));
  if (error != 0) out.set("errnoRet", error);
  return out;
}

// A rule without the calls that are taken out; nothing when none is left.
void keep_rest(const Json& old, Json& rules) {
  const Json* names = old.find("names");
  if (names == nullptr || !names->is_array()) return;
  Json rest = Json::array();
  for (const auto& name : names->items()) {
    if (name.is_string() && !holds(kDenied, name.as_string()) &&
        !holds(kReplaced, name.as_string()))
      rest.push(name);
  }
  if (rest.items().empty()) return;
  Json kept = old;
  kept.set("names", std::move(rest));
  rules.push(std::move(kept));
}

void add_ours(Json& rules) {
  Json denied = Json::array();
  for (const auto name : kDenied) denied.push(name);
  rules.push(rule(std::move(denied), "SCMP_ACT_ERRNO", Json::array(), kNotPermitted));
  for (const int family : kFamilies) {
    rules.push(rule(Json::array({"socket"}), "SCMP_ACT_ALLOW",
                    Json::array({argument(0, family, "SCMP_CMP_EQ")}), 0));
  }
  // The flags are an argument of clone, but lie in memory for clone3; the C library then takes
  // clone.
  Json plain = rule(
      Json::array({"clone"}), "SCMP_ACT_ALLOW",
      Json::array({Json::object(
          {{"index", 0}, {"value", kNamespaces}, {"valueTwo", 0}, {"op", "SCMP_CMP_MASKED_EQ"}})}),
      0);
  rules.push(std::move(plain));
  rules.push(rule(Json::array({"clone3"}), "SCMP_ACT_ERRNO", Json::array(), kNotThere));
}

}  // namespace

Result<std::string> tightened_profile(std::string_view text) {
  MEDPERF_TRY(Json profile, parse_json(text));
  const Json* old = profile.find("syscalls");
  if (old == nullptr || !old->is_array() ||
      profile.get_string("defaultAction") != "SCMP_ACT_ERRNO") {
    return make_error(ErrorKind::kInvalid, "seccomp profile",
                      "it does not refuse every system call that it does not name",
                      "Install golang-github-containers-common anew");
  }
  Json rules = Json::array();
  for (const auto& item : old->items()) keep_rest(item, rules);
  add_ours(rules);
  profile.set("syscalls", std::move(rules));
  // Programs of 32 bits call the kernel by other numbers; none is let in.
  if (Json* map = profile.find("archMap"); map != nullptr && map->is_array()) {
    for (auto& item : map->items()) item.set("subArchitectures", Json::array());
  }
  return to_text(profile) + "\n";
}

Result<fs::path> write_seccomp_profile(const fs::path& folder) {
  auto text = read_file(kDefaultProfile, mebibytes(1));
  if (!text.ok()) {
    return make_error(ErrorKind::kNotFound, std::string(kDefaultProfile),
                      "the default profile of system calls is missing",
                      "Install it: apt-get install golang-github-containers-common");
  }
  MEDPERF_TRY(const std::string tight, tightened_profile(*text));
  const fs::path file = folder / "seccomp.json";
  if (const auto old = read_file(file, mebibytes(1)); old.ok() && *old == tight) return file;
  MEDPERF_CHECK(write_file_atomically(file, tight));
  return file;
}

}  // namespace medperf::engine
