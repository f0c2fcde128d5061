#include "engine/docker/daemon.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <system_error>

#include "base/encoding.h"

namespace medperf::engine {
namespace {

constexpr time_t kPatience = 60;  // seconds of silence; removing a large container takes its time
constexpr Bytes kMostAnswered = mebibytes(16);

Error no_answer(const std::string& why) {
  return make_error(ErrorKind::kUnavailable, "docker", "its daemon does not answer: " + why,
                    "Start docker, let this user use its socket, or name the socket in "
                    "DOCKER_HOST");
}

Error system_says() {
  return no_answer(std::system_category().message(errno));
}

Result<FileHandle> connect_to(const fs::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof(address.sun_path))
    return no_answer("the path of its socket is too long");
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  FileHandle connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{kPatience, 0};
  if (!connection.is_open() ||
      ::setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
      ::setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0 ||
      ::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
          0) {
    return system_says();
  }
  return connection;
}

Status send_all(const FileHandle& connection, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return system_says();
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::string> receive_all(const FileHandle& connection) {
  std::string text;
  std::array<char, 16384> piece{};
  for (;;) {
    const ssize_t count = ::recv(connection.get(), piece.data(), piece.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_says();
    if (count == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(count));
    if (text.size() > kMostAnswered.value) return no_answer("what it says is too large");
  }
}

}  // namespace

Result<DaemonAnswer> read_daemon_answer(std::string_view text) {
  // "HTTP/1.0 200 OK", header lines, an empty one, the body.
  constexpr std::string_view kProtocol = "HTTP/1.";
  constexpr std::string_view kEnd = "\r\n\r\n";
  const auto space = text.find(' ');
  const auto end = text.find(kEnd);
  DaemonAnswer answer;
  if (text.starts_with(kProtocol) && space != std::string_view::npos && space < end)
    std::from_chars(text.data() + space + 1, text.data() + text.size(), answer.status);
  if (end == std::string_view::npos || answer.status < 100)
    return no_answer("what it says is not HTTP");
  answer.body = std::string(text.substr(end + kEnd.size()));
  return answer;
}

Result<DaemonAnswer> ask_daemon(const fs::path& socket, std::string_view method,
                                std::string_view path) {
  MEDPERF_TRY(const auto connection, connect_to(socket));
  MEDPERF_CHECK(send_all(connection, std::string(method) + " " + std::string(path) +
                                         " HTTP/1.0\r\nHost: docker\r\n\r\n"));
  MEDPERF_TRY(const std::string text, receive_all(connection));
  return read_daemon_answer(text);
}

Error daemon_error(const std::string& doing, const DaemonAnswer& answer) {
  const auto said = parse_json(trim(answer.body));
  std::string words = said.ok() && said->is_object() ? said->get_string("message") : std::string();
  if (words.empty()) words = "the daemon answers with status " + std::to_string(answer.status);
  return make_error(ErrorKind::kUnavailable, "docker", doing + " failed: " + printable(words, 500),
                    "Run `medperf doctor`", printable(answer.body, 4000));
}

}  // namespace medperf::engine
