// Files that were not given, or not given to be written.

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "apps/probe/probes.h"

namespace medperf::probe {
namespace {

constexpr int kMostEntries = 20'000;

Finding write_to(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return held(errno);
  ::close(fd);
  ::unlink(path.c_str());
  return passed("a file was made");
}

Finding root_write(const Targets&) {
  return write_to("/medperf-wall");
}

// Only where the input can be read is a refused write worth anything.
bool sees_input(const Targets& targets) {
  return !target(targets, "input").empty() &&
         !read_text(target(targets, "input") + "/given.txt").empty();
}

Finding input_write(const Targets& targets) {
  if (!sees_input(targets)) return untried("the input cannot be read");
  return write_to(target(targets, "input") + "/medperf-wall");
}

Finding input_change(const Targets& targets) {
  if (!sees_input(targets)) return untried("the input cannot be read");
  const std::string file = target(targets, "input") + "/given.txt";
  const int fd = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd < 0) return held(errno);
  ::close(fd);
  return passed("an input is open for writing");
}

Finding input_unlink(const Targets& targets) {
  if (!sees_input(targets)) return untried("the input cannot be read");
  const std::string file = target(targets, "input") + "/given.txt";
  const std::string aside = target(targets, "input") + "/moved.txt";
  if (::rename(file.c_str(), aside.c_str()) != 0) return held(errno);
  ::rename(aside.c_str(), file.c_str());
  return passed("an input was renamed");
}

Finding reads(const Targets& targets, const char* key) {
  const std::string path = target(targets, key);
  if (path.empty()) return untried("no such file was named");
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return held(errno);
  ::close(fd);
  return passed("it is open");
}

Finding shadow(const Targets& t) {
  return reads(t, "shadow");
}
Finding home(const Targets& t) {
  return reads(t, "home");
}
Finding workspace(const Targets& t) {
  return reads(t, "workspace");
}

// By its path on the host, then by name through everything that is visible.
bool walk(const std::string& folder, const std::string& name, int& left, std::string& where) {
  DIR* open = ::opendir(folder.c_str());
  if (open == nullptr) return false;
  std::vector<std::string> below;
  while (const dirent* entry = ::readdir(open)) {
    const std::string_view item = entry->d_name;
    if (item == "." || item == ".." || --left < 0) continue;
    const std::string path = (folder == "/" ? "" : folder) + "/" + entry->d_name;
    if (item == name) {
      where = path;
      ::closedir(open);
      return true;
    }
    struct stat status {};
    if (path != "/proc" && path != "/sys" && ::lstat(path.c_str(), &status) == 0 &&
        S_ISDIR(status.st_mode))
      below.push_back(path);
  }
  ::closedir(open);
  for (const auto& path : below) {
    if (walk(path, name, left, where)) return true;
  }
  return false;
}

Finding finds(const Targets& targets, const char* key) {
  const Finding direct = reads(targets, key);
  if (direct.verdict != Verdict::kHeld) return direct;
  const std::string path = target(targets, key);
  int left = kMostEntries;
  std::string where;
  if (walk("/", path.substr(path.rfind('/') + 1), left, where)) return passed("found at " + where);
  return held(direct.seen + ", not found by name");
}

Finding labels(const Targets& t) {
  return finds(t, "labels");
}
Finding dataset(const Targets& t) {
  return finds(t, "dataset");
}
Finding other_output(const Targets& t) {
  return finds(t, "output_of");
}
Finding weights(const Targets& t) {
  return finds(t, "weights");
}

// An input's file under a second name in the output would be the host's file there.
Finding hard_link(const Targets& targets) {
  if (!sees_input(targets) || target(targets, "output").empty())
    return untried("the input cannot be read");
  const std::string link = target(targets, "output") + "/hard-link";
  if (::link((target(targets, "input") + "/given.txt").c_str(), link.c_str()) != 0)
    return held(errno);
  ::unlink(link.c_str());
  return passed("linked");
}

// The walk out of the root that a badly made root allows.
Finding dots(const Targets& targets) {
  const std::string path = target(targets, "workspace");
  if (path.empty()) return untried("no file is named");
  std::string up = "/";
  for (int i = 0; i < 64; ++i) up += "../";
  const int fd = ::open((up + path).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return held(errno);
  ::close(fd);
  return passed("it is open");
}

// "Shocker": a file of the host's file system by its number, without a path. The mount point of an
// input lies on the host's own file system.
Finding handle(const Targets& targets) {
  if (!sees_input(targets)) return untried("the input cannot be read");
  struct {
    unsigned bytes = 128;
    int type = 0;
    char data[128] = {};
  } file;
  int mount = 0;
  const std::string folder = target(targets, "input");
  if (::syscall(SYS_name_to_handle_at, AT_FDCWD, folder.c_str(), &file, &mount, 0) != 0)
    return held("name_to_handle_at " + error_name(errno));
  const int at = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (at < 0) return untried("open " + error_name(errno));
  return of_call(::syscall(SYS_open_by_handle_at, at, &file, O_RDONLY), "opened without a path");
}

constexpr Probe kProbes[] = {
    {"root-write", "read-only-root", "makes a file in /", "refused", root_write},
    {"input-write", "inputs-read-only", "makes a file in an input", "refused", input_write},
    {"input-change", "inputs-read-only", "opens an input's file for writing", "refused",
     input_change},
    {"input-rename", "inputs-read-only", "renames an input's file", "refused", input_unlink},
    {"hard-link", "inputs-read-only", "links an input's file into an output", "refused", hard_link},
    {"host-shadow", "files", "opens the host's /etc/shadow", "not there", shadow},
    {"host-home", "files", "opens a file in the client's home", "not there", home},
    {"host-workspace", "files", "opens a file of the client's workspace", "not there", workspace},
    {"host-dots", "files", "opens it by ../../ out of the root", "not there", dots},
    {"host-handle", "files", "opens a file by its number (open_by_handle_at)", "refused", handle},
    {"labels", "files", "looks for the labels of the data", "neither path nor name is there",
     labels},
    {"other-dataset", "files", "looks for another dataset", "neither path nor name is there",
     dataset},
    {"other-output", "files", "looks for another model's predictions",
     "neither path nor name is there", other_output},
    {"other-weights", "files", "looks for another model's weights",
     "neither path nor name is there", weights},
};

}  // namespace

std::span<const Probe> file_probes() {
  return kProbes;
}

}  // namespace medperf::probe
