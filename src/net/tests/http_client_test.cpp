// The client against our own server (TLS) and against a server that misbehaves.

#include "net/http_client.h"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <fstream>
#include <thread>

#include "base/process.h"
#include "loopback.h"
#include "net/http_server.h"

namespace medperf::net {
namespace {

using testing::HasSubstr;
using testing::Not;

Response answer(const Request& request) {
  Response response;
  if (request.path == "/large") response.body = std::string(100'000, 'x');
  if (request.path == "/slow") std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  if (request.path == "/echo") {
    response.status = 201;
    response.headers["X-Method"] = request.method;
    response.headers["X-Type"] = std::string(request.header("content-type"));
    response.headers["X-Agent"] = std::string(request.header("user-agent"));
    response.body = request.body;
  }
  return response;
}

class HttpClientTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    ASSERT_TRUE(make_certificate(folder_->path(), "server")) << "the openssl command is needed";
    ASSERT_TRUE(make_certificate(folder_->path(), "other"));
    ServerOptions options;
    options.certificate = folder_->path() / "server.pem";
    options.private_key = folder_->path() / "server.key";
    auto server = HttpServer::start(options, answer);
    ASSERT_TRUE(server.ok()) << server.error().text();
    server_ = std::move(server).value();
  }
  static void TearDownTestSuite() {
    server_.reset();
    folder_.reset();
  }

  static ClientOptions trusting() {
    ClientOptions options;
    options.ca_file = folder_->path() / "server.pem";
    return options;
  }
  static std::string url(const std::string& path) {
    return "https://localhost:" + std::to_string(server_->port()) + path;
  }
  static Call get(const std::string& where) {
    Call call;
    call.url = where;
    return call;
  }

  static std::unique_ptr<TemporaryFolder> folder_;
  static std::unique_ptr<HttpServer> server_;
};
std::unique_ptr<TemporaryFolder> HttpClientTest::folder_;
std::unique_ptr<HttpServer> HttpClientTest::server_;

TEST_F(HttpClientTest, SendsAndReceivesOverTls) {
  HttpClient client(trusting());
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
    Call call = get(url("/echo"));
    call.method = method;
    call.headers["content-type"] = "application/json";
    call.body = std::string("{\"a\":\0 1}", 9) + std::string(50'000, 'b');
    auto reply = client.call(call);
    ASSERT_TRUE(reply.ok()) << reply.error().text() << reply.error().cause;
    EXPECT_EQ(reply->status, 201);
    EXPECT_EQ(reply->headers["x-method"], method);
    EXPECT_EQ(reply->headers["x-type"], "application/json");
    EXPECT_THAT(reply->headers["x-agent"], testing::StartsWith("medperf/"));
    EXPECT_EQ(reply->body, call.body);
  }
}

TEST_F(HttpClientTest, LargeBodiesAndEmptyOnes) {
  HttpClient client(trusting());
  Call call = get(url("/echo"));
  call.method = "POST";
  call.body = std::string(5'000'000, 'z');  // libcurl asks with Expect: 100-continue
  auto reply = client.call(call);
  ASSERT_TRUE(reply.ok()) << reply.error().text();
  EXPECT_EQ(reply->body.size(), call.body.size());
  call.body.clear();
  reply = client.call(call);
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->headers["x-method"], "POST");
  EXPECT_EQ(reply->headers["x-type"], "");
}

TEST_F(HttpClientTest, HeadHasNoBody) {
  HttpClient client(trusting());
  Call call = get(url("/large"));
  call.method = "HEAD";
  auto reply = client.call(call);
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->headers["content-length"], "100000");
  EXPECT_EQ(reply->body, "");
}

TEST_F(HttpClientTest, AnUntrustedCertificateIsRefused) {
  ClientOptions options;
  options.ca_file = folder_->path() / "other.pem";
  HttpClient client(options);
  auto reply = client.call(get(url("/?token=hidden")));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(reply.error().what, HasSubstr("certificate is not trusted"));
  EXPECT_THAT(reply.error().text(), Not(HasSubstr("hidden")));
  options.ca_file = folder_->path() / "missing.pem";
  auto missing = HttpClient(options).call(get(url("/")));
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().text(), HasSubstr("missing.pem"));
}

TEST_F(HttpClientTest, ACertificateForAnotherNameIsRefused) {
  HttpClient client(trusting());
  auto reply = client.call(get("https://127.0.0.1:" + std::to_string(server_->port()) + "/"));
  ASSERT_FALSE(reply.ok());
  EXPECT_THAT(reply.error().what, HasSubstr("certificate is not trusted"));
}

TEST_F(HttpClientTest, ErrorsAreInPlainWords) {
  HttpClient client(trusting());
  auto refused = client.call(get("https://user:secret@127.0.0.1:1/x?key=hidden"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(refused.error().where, "https://127.0.0.1:1/x");
  EXPECT_EQ(refused.error().what, "no connection: Connection refused");
  auto unknown = client.call(get("https://no-such-host.invalid/"));
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().what, "the host name is not known");
  auto plain = client.call(get("http://127.0.0.1:1/"));
  ASSERT_FALSE(plain.ok());
  EXPECT_EQ(plain.error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(client.call(get("file:///etc/passwd")).error().kind, ErrorKind::kInvalid);
  Call injected = get(url("/"));
  injected.headers["x"] = "a\r\nY: b";
  EXPECT_EQ(client.call(injected).error().kind, ErrorKind::kInvalid);
}

TEST_F(HttpClientTest, LimitsOfTimeAndSize) {
  ClientOptions options = trusting();
  options.timeout = Seconds{0.3};
  HttpClient client(options);
  auto late = client.call(get(url("/slow")));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().kind, ErrorKind::kTimedOut);
  HttpClient patient(trusting());
  Call large = get(url("/large"));
  large.answer_limit = Bytes{99'999};
  auto refused = patient.call(large);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kTooLarge);
  large.answer_limit = Bytes{100'000};
  EXPECT_TRUE(patient.call(large).ok());
}

/// Serves one file over plain HTTP with Range and If-Range, as nginx does; it can be told to cut
/// the connection after some bytes.
class FileServer {
 public:
  FileServer() {
    fd_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(fd_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd_, 8) != 0 ||
        getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      ADD_FAILURE() << "no listening socket";
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~FileServer() {
    shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  FileServer(const FileServer&) = delete;
  FileServer& operator=(const FileServer&) = delete;
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/file"; }

  // Set only between requests. Header names are compared as our client sends them.
  std::string content;
  std::string etag = "\"v1\"";
  std::size_t cut_after = std::string::npos;
  bool ignores_range = false;
  bool lies_about_range = false;
  std::string status;  ///< answers this instead, e.g. "404 Not Found"
  std::string last_request;

 private:
  void run() {
    for (;;) {
      const int peer = accept(fd_, nullptr, nullptr);
      if (peer < 0) return;
      std::string request;
      char piece[4096];
      ssize_t got = 0;
      while (request.find("\r\n\r\n") == std::string::npos &&
             (got = recv(peer, piece, sizeof piece, 0)) > 0) {
        request.append(piece, static_cast<std::size_t>(got));
      }
      last_request = request;
      const std::string bytes = respond(request);
      send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ::close(peer);
    }
  }

  std::string respond(const std::string& request) const {
    const std::string common = "Connection: close\r\nETag: " + etag + "\r\n";
    if (!status.empty())
      return "HTTP/1.1 " + status + "\r\n" + common + "Content-Length: 0\r\n\r\n";
    const std::size_t range = request.find("range: bytes=");
    const bool current = request.find("if-range: " + etag) != std::string::npos;
    std::size_t first = 0;
    if (range != std::string::npos && (current || lies_about_range) && !ignores_range) {
      first = std::stoul(request.substr(range + 13));
    }
    const std::string total = std::to_string(content.size());
    if (first >= content.size() && first > 0) {
      return "HTTP/1.1 416 Range Not Satisfiable\r\n" + common + "Content-Range: bytes */" + total +
             "\r\nContent-Length: 0\r\n\r\n";
    }
    std::string head = first > 0 ? "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " +
                                       std::to_string(first) + "-" +
                                       std::to_string(content.size() - 1) + "/" + total + "\r\n"
                                 : "HTTP/1.1 200 OK\r\n";
    head += common + "Content-Length: " + std::to_string(content.size() - first) + "\r\n\r\n";
    return head + content.substr(first, cut_after);
  }

  int fd_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

class DownloadTest : public testing::Test {
 protected:
  DownloadTest() : target_(folder_.path() / "image.tar") {
    options_.allow_plain_http = true;
    for (int i = 0; i < 100'000; ++i) server_.content += static_cast<char>('a' + i % 23);
  }
  Result<DownloadOutcome> fetch(Bytes limit = mebibytes(1), const Progress& progress = {}) {
    HttpClient client(options_);
    return client.download(server_.url(), target_, limit, progress);
  }
  std::string stored() const {
    std::ifstream file(target_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// Fetches the first 30,000 bytes, then the connection is cut.
  void fetch_a_part() {
    server_.cut_after = 30'000;
    auto cut = fetch();
    ASSERT_FALSE(cut.ok());
    EXPECT_EQ(cut.error().kind, ErrorKind::kUnavailable);
    EXPECT_EQ(cut.error().what, "the connection was cut");
    EXPECT_EQ(stored().size(), 30'000u);
    server_.cut_after = std::string::npos;
  }

  ClientOptions options_;
  TemporaryFolder folder_;
  fs::path target_;
  FileServer server_;
};

TEST_F(DownloadTest, FetchesAWholeFile) {
  std::uint64_t last = 0;
  auto outcome = fetch(mebibytes(1), [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_GE(done, last);
    EXPECT_TRUE(total == 0 || total == 100'000u);
    last = done;
    return true;
  });
  ASSERT_TRUE(outcome.ok()) << outcome.error().text();
  EXPECT_EQ(outcome->received.value, 100'000u);
  EXPECT_EQ(outcome->size.value, 100'000u);
  EXPECT_FALSE(outcome->resumed);
  EXPECT_EQ(last, 100'000u);
  EXPECT_EQ(stored(), server_.content);
  EXPECT_EQ(fs::status(target_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(DownloadTest, GoesOnAfterACut) {
  fetch_a_part();
  auto outcome = fetch();
  ASSERT_TRUE(outcome.ok()) << outcome.error().text();
  EXPECT_TRUE(outcome->resumed);
  EXPECT_EQ(outcome->received.value, 70'000u);
  EXPECT_EQ(outcome->size.value, 100'000u);
  EXPECT_EQ(stored(), server_.content);
  EXPECT_THAT(server_.last_request, HasSubstr("range: bytes=30000-"));
  auto again = fetch();  // only asks whether it changed
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_EQ(again->received.value, 0u);
  EXPECT_EQ(again->size.value, 100'000u);
}

TEST_F(DownloadTest, BeginsAnewWhenTheFileChanged) {
  fetch_a_part();
  server_.content = std::string(50'000, 'n');
  server_.etag = "\"v2\"";
  auto outcome = fetch();
  ASSERT_TRUE(outcome.ok()) << outcome.error().text();
  EXPECT_FALSE(outcome->resumed);
  EXPECT_EQ(outcome->received.value, 50'000u);
  EXPECT_EQ(stored(), server_.content);
}

TEST_F(DownloadTest, BeginsAnewWhenAServerIgnoresIfRange) {
  fetch_a_part();
  server_.content = std::string(50'000, 'n');
  server_.etag = "\"v2\"";
  server_.lies_about_range = true;
  auto outcome = fetch();
  ASSERT_TRUE(outcome.ok()) << outcome.error().text();
  EXPECT_EQ(stored(), server_.content);
}

TEST_F(DownloadTest, BeginsAnewWithoutRangesNotesOrValidators) {
  fetch_a_part();
  server_.ignores_range = true;
  EXPECT_EQ(fetch()->received.value, 100'000u);
  EXPECT_EQ(stored(), server_.content);
  server_.ignores_range = false;
  fs::remove(target_.string() + ".resume");
  EXPECT_EQ(fetch()->received.value, 100'000u);
  server_.etag = "W/\"weak\"";
  fetch_a_part();
  EXPECT_FALSE(fs::exists(target_.string() + ".resume"));
  EXPECT_EQ(fetch()->received.value, 100'000u);
  EXPECT_EQ(stored(), server_.content);
}

TEST_F(DownloadTest, RefusesMoreThanTheLimit) {
  auto outcome = fetch(Bytes{99'999});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().kind, ErrorKind::kTooLarge);
  EXPECT_EQ(stored().size(), 0u);
  fetch_a_part();
  EXPECT_EQ(fetch(Bytes{99'999}).error().kind, ErrorKind::kTooLarge);
  EXPECT_TRUE(fetch(Bytes{100'000}).ok());
}

TEST_F(DownloadTest, RefusalsOfTheServerAreErrors) {
  server_.status = "404 Not Found";
  EXPECT_EQ(fetch().error().kind, ErrorKind::kNotFound);
  server_.status = "403 Forbidden";
  EXPECT_EQ(fetch().error().kind, ErrorKind::kForbidden);
  server_.status = "503 Service Unavailable";
  EXPECT_EQ(fetch().error().kind, ErrorKind::kUnavailable);
}

TEST_F(DownloadTest, StopsWhenAsked) {
  auto stopped = fetch(mebibytes(1), [](std::uint64_t, std::uint64_t) { return false; });
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().kind, ErrorKind::kInterrupted);
}

TEST_F(DownloadTest, DoesNotFollowALinkAtTheTarget) {
  fs::create_symlink(folder_.path() / "elsewhere", target_);
  EXPECT_FALSE(fetch().ok());
  EXPECT_FALSE(fs::exists(folder_.path() / "elsewhere"));
}

/// In a process of its own: a stop request cannot be taken back.
TEST_F(DownloadTest, AStopRequestInterrupts) {
  const pid_t child = ::fork();
  if (child == 0) {
    request_stop();
    const auto stopped = fetch();
    ::_exit(!stopped.ok() && stopped.error().kind == ErrorKind::kInterrupted ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace medperf::net
