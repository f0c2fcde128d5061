#include "targets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "base/encoding.h"
#include "crypto/random.h"

namespace medperf::engine::escape {
namespace {

// The address by which the host is reached from outside, if it has one.
std::string outer_address() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return {};
  std::string found;
  for (const ifaddrs* item = list; item != nullptr && found.empty(); item = item->ifa_next) {
    if (item->ifa_addr == nullptr || item->ifa_addr->sa_family != AF_INET) continue;
    const auto* address = reinterpret_cast<const sockaddr_in*>(item->ifa_addr);
    if (ntohl(address->sin_addr.s_addr) >> 24 == 127) continue;
    char text[INET_ADDRSTRLEN] = {};
    ::inet_ntop(AF_INET, &address->sin_addr, text, sizeof(text));
    found = text;
  }
  ::freeifaddrs(list);
  return found;
}

void put(const fs::path& file, const std::string& text) {
  (void)make_private_folder(file.parent_path()).ok();
  (void)write_file_atomically(file, text, FileMode::kReadable).ok();
}

}  // namespace

HostTargets::HostTargets(const fs::path& folder, const fs::path& home, const fs::path& probe)
    : token_("medperf-" + crypto::random_hex(8)) {
  ::setenv("MEDPERF_ESCAPE", token_.c_str(), 1);
  make_files(folder, home);
  listen(AF_INET, SOCK_STREAM, "tcp4");
  listen(AF_INET, SOCK_DGRAM, "udp4");
  listen(AF_INET6, SOCK_STREAM, "tcp6");
  listen(AF_INET6, SOCK_DGRAM, "udp6");
  socket_ = "/tmp/" + token_ + ".socket";
  listen_unix(socket_.native(), "socket");
  listen_unix(std::string(1, '\0') + token_, "abstract");
  if (const auto address = outer_address(); !address.empty())
    words_.push_back("address=" + address);
  mark_process(probe);
  // As a careless client would leave one open.
  inherited_ = FileHandle(::open(input_.c_str(), O_RDONLY | O_DIRECTORY));
}

HostTargets::~HostTargets() {
  for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  for (auto& thread : threads_) thread.join();
  if (marked_ > 0) {
    ::kill(marked_, SIGKILL);
    ::waitpid(marked_, nullptr, 0);
  }
  ::unlink(socket_.c_str());
  ::unlink(home_file_.c_str());
}

std::vector<std::string> HostTargets::words(const std::string& input,
                                            const std::string& output) const {
  auto out = words_;
  out.push_back("token=" + token_);
  out.push_back("input=" + input);
  out.push_back("output=" + output);
  return out;
}

void HostTargets::make_files(const fs::path& folder, const fs::path& home) {
  input_ = folder / "data" / "images";
  output_ = folder / "output";
  put(input_ / "given.txt", "given\n");
  (void)make_private_folder(output_).ok();
  std::error_code ignored;  // as root the container's user is another one
  for (const auto& path : {folder, folder / "data", input_})
    fs::permissions(path, fs::perms(0755), ignored);
  const auto name = [&](const char* key, const fs::path& file) {
    put(file, token_ + "\n");
    words_.push_back(std::string(key) + "=" + file.native());
  };
  name("workspace", folder / ("workspace-" + token_));
  name("labels", folder / "data" / "labels" / ("labels-" + token_ + ".csv"));
  name("dataset", folder / "other" / ("dataset-" + token_));
  name("output_of", folder / "other" / ("predictions-" + token_));
  name("weights", folder / "other" / ("weights-" + token_));
  home_file_ = home / (".medperf-" + token_);
  name("home", home_file_);
  words_.push_back("shadow=/etc/shadow");
}

void HostTargets::answer(FileHandle socket, bool stream) {
  sockets_.push_back(socket.get());
  threads_.emplace_back([socket = std::move(socket), stream] {
    while (true) {
      char text[16];
      if (!stream) {
        sockaddr_storage from{};
        socklen_t size = sizeof(from);
        const auto n = ::recvfrom(socket.get(), text, sizeof(text), 0,
                                  reinterpret_cast<sockaddr*>(&from), &size);
        if (n <= 0) return;
        (void)!::sendto(socket.get(), "medperf", 7, 0, reinterpret_cast<sockaddr*>(&from), size);
        continue;
      }
      const FileHandle peer(::accept(socket.get(), nullptr, nullptr));
      if (!peer.is_open()) return;
      pollfd wait{peer.get(), POLLIN, 0};
      if (::poll(&wait, 1, 1000) == 1 && ::recv(peer.get(), text, sizeof(text), 0) > 0)
        (void)!::send(peer.get(), "medperf", 7, MSG_NOSIGNAL);
    }
  });
}

void HostTargets::listen(int family, int type, const char* key) {
  FileHandle socket(::socket(family, type | SOCK_CLOEXEC, 0));
  sockaddr_storage address{};
  address.ss_family = static_cast<sa_family_t>(family);  // any address, any port
  socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  const int only6 = 1;
  if (family == AF_INET6)
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only6, sizeof(only6));
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return;
  if (type == SOCK_STREAM && ::listen(socket.get(), 8) != 0) return;
  const auto port = family == AF_INET ? reinterpret_cast<sockaddr_in*>(&address)->sin_port
                                      : reinterpret_cast<sockaddr_in6*>(&address)->sin6_port;
  words_.push_back(std::string(key) + "=" + std::to_string(ntohs(port)));
  answer(std::move(socket), type == SOCK_STREAM);
}

void HostTargets::listen_unix(const std::string& name, const char* key) {
  FileHandle socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name.data(), std::min(name.size(), sizeof(address.sun_path) - 1));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(socket.get(), 8) != 0)
    return;
  if (name[0] != '\0') ::chmod(name.c_str(), 0777);
  words_.push_back(std::string(key) + "=" + (name[0] == '\0' ? name.substr(1) : name));
  answer(std::move(socket), true);
}

void HostTargets::mark_process(const fs::path& probe) {
  marked_ = ::fork();
  if (marked_ == 0) {
    ::execl(probe.c_str(), probe.c_str(), "sleep", "600", token_.c_str(), nullptr);
    ::_exit(127);
  }
  if (marked_ > 0) words_.push_back("pid=" + std::to_string(marked_));
}

int with_terminal(int (*body)(int, char**), int argc, char** argv) {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) return 1;
  const pid_t child = ::fork();
  if (child == 0) {
    ::setsid();
    // Opened by the leader of a session without a terminal, it becomes the session's.
    if (::open(::ptsname(master), O_RDWR | O_CLOEXEC) < 0) ::_exit(1);
    std::exit(body(argc, argv));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace medperf::engine::escape
