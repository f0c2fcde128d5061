#include "hostile/attacks.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

namespace cxr {
namespace {

constexpr int kMostChildren = 2000;
constexpr int kMostEntries = 20'000;

Attempt refused(std::string name, std::string why) {
  return {std::move(name), false, std::move(why)};
}

Attempt reached(std::string name, std::string what) {
  return {std::move(name), true, std::move(what)};
}

/// From a call's answer: 0 or more means that nothing stopped it.
Attempt judge(std::string name, int answer, const std::string& what) {
  const int problem = errno;
  if (answer >= 0) return reached(std::move(name), what);
  return refused(std::move(name), what + ": " + std::strerror(problem));
}

Attempt look_for_interfaces() {
  std::ifstream devices("/proc/net/dev");
  std::string line;
  std::string found;
  while (std::getline(devices, line)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::size_t start = line.find_first_not_of(' ');
    const std::string name = line.substr(start, colon - start);
    if (name != "lo") found += " " + name;
  }
  if (!found.empty()) return reached("network-interface", "interfaces:" + found);
  return refused("network-interface", "there is no interface but lo");
}

/// The hub and other services of the host would listen on its loopback.
Attempt connect_to_host() {
  std::string stopped_by;
  for (const int port : {22, 80, 443, 5000, 8000, 8080, 8443}) {
    const int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0) return judge("network-connect", s, "socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int answer = connect(s, reinterpret_cast<sockaddr*>(&address), sizeof address);
    stopped_by = std::strerror(errno);
    close(s);
    if (answer == 0) return reached("network-connect", "127.0.0.1:" + std::to_string(port));
  }
  return refused("network-connect", "127.0.0.1, seven ports: " + stopped_by);
}

Attempt reach_engine() {
  std::string stopped_by;
  for (const char* path : {"/run/podman/podman.sock", "/var/run/docker.sock"}) {
    const int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0) return judge("engine-socket", s, "socket");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    const int answer = connect(s, reinterpret_cast<sockaddr*>(&address), sizeof address);
    stopped_by = std::strerror(errno);
    close(s);
    if (answer == 0) return reached("engine-socket", path);
  }
  return refused("engine-socket", stopped_by);
}

/// Looks below `folder` for a file that would hold labels; the answer is its path or empty.
std::string find_labels(const std::string& folder, int& left) {
  DIR* directory = opendir(folder.c_str());
  if (directory == nullptr) return {};
  std::string found;
  while (found.empty() && left-- > 0) {
    const dirent* entry = readdir(directory);
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const std::string path = (folder == "/" ? "" : folder) + "/" + name;
    if (name == "labels.csv" || name == "raw_labels" || name == "labels") found = path;
    const bool kernel = path == "/proc" || path == "/sys" || path == "/dev";
    if (found.empty() && entry->d_type == DT_DIR && !kernel) found = find_labels(path, left);
  }
  closedir(directory);
  return found;
}

struct Mounts {
  std::set<std::string> sources;  ///< paths on the host that were bound in
  std::set<std::string> targets;
};

/// Source: proc(5), /proc/pid/mountinfo: field 4 is the path within the mounted file system.
Mounts read_mounts() {
  Mounts mounts;
  std::ifstream file("/proc/self/mountinfo");
  std::string line;
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    std::string skipped;
    std::string source;
    std::string target;
    fields >> skipped >> skipped >> skipped >> source >> target;
    if (source.size() > 1) mounts.sources.insert(source);
    mounts.targets.insert(target);
  }
  return mounts;
}

Attempt look_for_labels() {
  for (const std::string& target : read_mounts().targets) {
    if (target.find("label") != std::string::npos) return reached("labels", "mount " + target);
  }
  int left = kMostEntries;
  const std::string found = find_labels("/", left);
  if (!found.empty()) return reached("labels", found);
  return refused("labels", "no file or mount of that name in sight");
}

Attempt open_host_paths() {
  const Mounts mounts = read_mounts();
  for (const std::string& source : mounts.sources) {
    if (mounts.targets.count(source) > 0) continue;
    const int file = open(source.c_str(), O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
      close(file);
      return reached("host-paths", source);
    }
  }
  return refused("host-paths",
                 std::to_string(mounts.sources.size()) + " paths: " + std::strerror(ENOENT));
}

Attempt open_host_file(const char* name, const char* path) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  Attempt attempt = judge(name, file, path);
  if (file >= 0) close(file);
  return attempt;
}

/// A home folder of the image's own may exist; what counts is whether there is anything in it.
Attempt list_folder(const char* name, const char* path) {
  DIR* directory = opendir(path);
  if (directory == nullptr) return judge(name, -1, path);
  bool any = false;
  while (const dirent* entry = readdir(directory)) {
    any = any || (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0);
  }
  closedir(directory);
  if (any) return reached(name, path);
  return refused(name, std::string(path) + " is empty");
}

Attempt write_file(const char* name, const std::string& path) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  Attempt attempt = judge(name, file, path);
  if (file >= 0) close(file);
  return attempt;
}

Attempt become_root() {
  if (getuid() == 0) return reached("become-root", "is root already");
  return judge("become-root", setuid(0), "setuid");
}

Attempt mount_something() {
  const int answer = mount("none", "/tmp", "tmpfs", 0, nullptr);
  Attempt attempt = judge("mount", answer, "mount of a tmpfs");
  if (answer == 0) umount("/tmp");
  return attempt;
}

Attempt make_device() {
  const int answer = mknod("/tmp/attack-device", S_IFBLK | 0600, makedev(8, 0));
  Attempt attempt = judge("raw-disk", answer, "mknod");
  if (answer == 0) unlink("/tmp/attack-device");
  return attempt;
}

/// Children only wait for the pipe to close, so that the storm ends with this process.
Attempt fork_storm() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return judge("fork-bomb", -1, "pipe");
  std::vector<pid_t> children;
  int problem = 0;
  while (static_cast<int>(children.size()) < kMostChildren) {
    const pid_t child = fork();
    if (child == 0) {
      close(ends[1]);
      char c = 0;
      while (read(ends[0], &c, 1) < 0 && errno == EINTR) {
      }
      _exit(0);
    }
    if (child < 0) {
      problem = errno;
      break;
    }
    children.push_back(child);
  }
  close(ends[1]);
  close(ends[0]);
  for (const pid_t child : children) waitpid(child, nullptr, 0);
  const std::string count = std::to_string(children.size()) + " processes";
  if (problem == 0) return reached("fork-bomb", count);
  return refused("fork-bomb", "after " + count + ": " + std::strerror(problem));
}

}  // namespace

std::vector<Attempt> attack_everything(const std::string& data_path) {
  return {look_for_interfaces(),
          connect_to_host(),
          reach_engine(),
          look_for_labels(),
          open_host_file("host-passwords", "/etc/shadow"),
          list_folder("host-root-home", "/root"),
          list_folder("host-homes", "/home"),
          open_host_paths(),
          write_file("write-image", "/attack"),
          write_file("write-input", data_path + "/attack"),
          write_file("change-input", data_path + "/images.npy"),
          write_file("kernel-setting", "/proc/sys/kernel/core_pattern"),
          become_root(),
          mount_something(),
          make_device(),
          fork_storm()};
}

}  // namespace cxr
