// The walls that show from inside, in one look: each answer is an errno name or a value; the client
// judges.

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "apps/probe/probes.h"

namespace medperf::probe {
namespace {

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

}  // namespace

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

}  // namespace medperf::probe
