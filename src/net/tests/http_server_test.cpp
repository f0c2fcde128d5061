// A real server on loopback, spoken to in raw bytes.

#include "net/http_server.h"

#include <gmock/gmock.h>

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "loopback.h"

namespace medperf::net {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string get(const std::string& target, const std::string& headers = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n";
}

/// Shows what the server understood.
Response echo(const Request& request) {
  if (request.path == "/throw") throw std::runtime_error("a secret detail");
  if (request.path == "/slow") std::this_thread::sleep_for(std::chrono::milliseconds(300));
  Response response;
  if (request.path == "/empty") {
    response.status = 204;
    response.body = "must not be sent";
    return response;
  }
  response.headers["X-Evil"] = "a\r\nInjected: yes";
  response.body = request.method + " " + request.path;
  for (const auto& [name, value] : request.query) response.body += " " + name + "=" + value;
  response.body += " [" + request.body + "] " + request.scheme + " " + request.peer + "\n";
  return response;
}

class HttpServerTest : public testing::Test {
 protected:
  void start() {
    auto server = HttpServer::start(options_, echo);
    ASSERT_TRUE(server.ok()) << server.error().text();
    server_ = std::move(server).value();
  }
  /// Sends bytes, returns all that comes until the server closes.
  std::string talk(const std::string& bytes) {
    RawConnection connection(server_->port());
    connection.send(bytes);
    return connection.receive_all();
  }

  ServerOptions options_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersAndKeepsTheConnection) {
  start();
  RawConnection connection(server_->port());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(connection.send(get("/a%20b?x=1&y=%C3%A9+z&x=2")));
    EXPECT_THAT(connection.receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_EQ(connection.receive_until("\n"), "GET /a b x=1 y=\xC3\xA9 z x=2 [] http 127.0.0.1\n");
  }
  ASSERT_TRUE(connection.send(get("/last", "Connection: close\r\n")));
  EXPECT_THAT(connection.receive_all(), HasSubstr("GET /last"));
}

TEST_F(HttpServerTest, EveryAnswerTellsTheTime) {
  const ManualClock clock({784111777'000000});
  options_.clock = &clock;
  start();
  const std::string date = "\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
  for (const char* target : {"/a", "/empty", "/throw"}) {
    EXPECT_THAT(talk(get(target, "Connection: close\r\n")), HasSubstr(date)) << target;
  }
  EXPECT_THAT(talk("not HTTP\r\n\r\n"), HasSubstr(date));
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  start();
  const std::string answers = talk(get("/slow") + get("/b") + get("/c", "Connection: close\r\n"));
  const std::size_t first = answers.find("GET /slow");
  const std::size_t second = answers.find("GET /b");
  const std::size_t third = answers.find("GET /c");
  ASSERT_NE(third, std::string::npos) << answers;
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
}

TEST_F(HttpServerTest, BodiesArriveWithLengthAndChunked) {
  start();
  EXPECT_THAT(
      talk("POST /p HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"),
      HasSubstr("POST /p [hello]"));
  EXPECT_THAT(
      talk("POST /p HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
           "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"),
      HasSubstr("POST /p [hello]"));
}

TEST_F(HttpServerTest, SaysContinueWhenAsked) {
  start();
  RawConnection connection(server_->port());
  connection.send(
      "POST /p HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_THAT(connection.receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 100 Continue"));
  connection.send("ok");
  EXPECT_THAT(connection.receive_until("]"), HasSubstr("POST /p [ok]"));
}

TEST_F(HttpServerTest, HeadHasTheHeadersOfGetAndNoBody) {
  start();
  const std::string answer = talk("HEAD /h HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 25\r\n"));  // "GET /h [] http 127.0.0.1\n"
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, AnswersWithoutContentHaveNoBody) {
  start();
  const std::string answer = talk(get("/empty", "Connection: close\r\n"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 204"));
  EXPECT_THAT(answer, Not(HasSubstr("Content-Length")));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, HandlersCannotInjectHeaders) {
  start();
  EXPECT_THAT(talk(get("/", "Connection: close\r\n")), HasSubstr("X-Evil: aInjected: yes\r\n"));
}

TEST_F(HttpServerTest, RequestIdsAreTakenWhenWellFormedElseMade) {
  start();
  EXPECT_THAT(talk(get("/", "Connection: close\r\nX-Request-Id: abc-1.2_3\r\n")),
              HasSubstr("X-Request-Id: abc-1.2_3\r\n"));
  const std::string made = talk(get("/", "Connection: close\r\nX-Request-Id: a b\r\n"));
  EXPECT_THAT(made, testing::ContainsRegex("X-Request-Id: [0-9a-f]{16}"));
}

TEST_F(HttpServerTest, ThrowingHandlersBecomeA500WithTheRequestId) {
  start();
  const std::string answer = talk(get("/throw", "Connection: close\r\nX-Request-Id: the-id\r\n"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500"));
  EXPECT_THAT(answer, HasSubstr("\"request_id\":\"the-id\"}"));
  EXPECT_THAT(answer, Not(HasSubstr("secret")));
  EXPECT_THAT(talk(get("/after", "Connection: close\r\n")), HasSubstr("GET /after"));
}

TEST_F(HttpServerTest, RefusesWhatIsNotHttp) {
  start();
  for (const std::string& request : {
           std::string("nonsense\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\n\r\n"),                 // no Host
           get("/%zz"),                                           // broken escape
           get("/%00"),                                           // control character
           get("/%ff"),                                           // not UTF-8
           get("*"),                                              // not a path
           get("/", "Host: other\r\n"),                           // two hosts
           get("/", "Authorization: a\r\nAuthorization: b\r\n"),  // two identities
           std::string("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n"),
           std::string(
               "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
           std::string("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n"),
       }) {
    const std::string answer = talk(request);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n")) << request;
    EXPECT_THAT(answer, HasSubstr("{\"detail\":\"")) << request;
  }
}

TEST_F(HttpServerTest, OversizeIsRefusedBeforeItIsRead) {
  options_.body_limit = Bytes{1000};
  options_.header_limit = Bytes{2000};
  start();
  EXPECT_THAT(
      talk("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'x')),
      StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(talk("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: "
                   "99999999999\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(talk("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n" +
                   std::string(2048, 'x') + "\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(talk(get("/" + std::string(3000, 'a'))), StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(talk(get("/", "X-Long: " + std::string(3000, 'a') + "\r\n")),
              StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(
      talk("POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n" +
           std::string(1000, 'x')),
      StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, SlowClientsCannotHoldOn) {
  options_.request_timeout = Seconds{0.3};
  start();
  RawConnection slow(server_->port());
  const auto begin = std::chrono::steady_clock::now();
  std::thread dripping([&] {
    for (int i = 0; i < 600 && slow.send(i == 0 ? "GET / HTTP/1.1\r\nX: " : "x"); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  });
  EXPECT_THAT(slow.receive_until("}"), StartsWith("HTTP/1.1 408"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));  // of 30
  dripping.join();
}

TEST_F(HttpServerTest, IdleConnectionsAreClosedSilently) {
  options_.idle_timeout = Seconds{2};  // a busy machine may let a client wait before it sends
  start();
  EXPECT_EQ(talk(""), "");
  EXPECT_THAT(talk(get("/once")), testing::EndsWith("http 127.0.0.1\n"));
}

TEST_F(HttpServerTest, IdleConnectionsHoldNoWorker) {
  options_.workers = 1;
  start();
  std::vector<std::unique_ptr<RawConnection>> idle;
  for (int i = 0; i < 50; ++i) idle.push_back(std::make_unique<RawConnection>(server_->port()));
  for (auto& connection : idle) connection->send("GET /half HTTP/1.1\r\n");
  EXPECT_THAT(talk(get("/", "Connection: close\r\n")), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, TooManyConnectionsAreTold) {
  options_.max_connections = 2;
  start();
  RawConnection first(server_->port());
  RawConnection second(server_->port());
  first.send(get("/"));
  second.send(get("/"));
  EXPECT_THAT(first.receive_until("\r\n"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(second.receive_until("\r\n"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(talk(get("/")), StartsWith("HTTP/1.1 503"));
}

TEST_F(HttpServerTest, ForwardedHeadersCountOnlyWhenTrusted) {
  const std::string request = get("/",
                                  "Connection: close\r\nX-Forwarded-For: 9.9.9.9, 10.0.0.7\r\n"
                                  "X-Forwarded-Proto: https\r\n");
  start();
  EXPECT_THAT(talk(request), HasSubstr("http 127.0.0.1\n"));
  options_.trust_forwarded = true;
  start();
  EXPECT_THAT(talk(request), HasSubstr("https 10.0.0.7\n"));
}

TEST_F(HttpServerTest, DrainLetsRunningRequestsEnd) {
  // It runs before the server is drained, and until nobody is let in any more.
  std::atomic<bool> runs{false};
  auto server = HttpServer::start(options_, [&](const Request& request) {
    runs = true;
    while (RawConnection(server_->port()).connected()) ::usleep(10'000);
    return echo(request);
  });
  ASSERT_TRUE(server.ok()) << server.error().text();
  server_ = std::move(server).value();
  RawConnection idle(server_->port());
  RawConnection busy(server_->port());
  busy.send(get("/running"));
  while (!runs) ::usleep(1000);
  const auto begin = std::chrono::steady_clock::now();
  server_->drain(Seconds{120});
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(100));
  const std::string answer = busy.receive_all();
  EXPECT_THAT(answer, HasSubstr("GET /running"));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
  EXPECT_EQ(idle.receive_all(), "");
  EXPECT_FALSE(RawConnection(server_->port()).connected());
}

TEST_F(HttpServerTest, StopsAtOnceWithWorkInHand) {
  start();
  std::vector<std::unique_ptr<RawConnection>> busy;
  for (int i = 0; i < 20; ++i) {
    busy.push_back(std::make_unique<RawConnection>(server_->port()));
    busy.back()->send(get("/slow"));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  server_.reset();
}

TEST_F(HttpServerTest, ManyThreadsAtOnce) {
  start();
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      RawConnection connection(server_->port());
      for (int i = 0; i < 50; ++i) {
        const std::string path = "/" + std::to_string(t) + "-" + std::to_string(i);
        connection.send(get(path));
        connection.receive_until("\r\n\r\n");
        good += connection.receive_until("\n").starts_with("GET " + path + " ") ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 400);
}

TEST_F(HttpServerTest, QuickRequestsAreAnsweredOnTheThreadThatReadThem) {
  options_.loops = 1;
  options_.workers = 1;
  options_.is_quick = [](const Request& request) { return request.path == "/quick"; };
  std::mutex mutex;
  std::condition_variable woken;
  bool busy = false;
  bool go_on = false;
  auto server = HttpServer::start(options_, [&](const Request& request) {
    if (request.path == "/holds the only worker") {
      std::unique_lock lock(mutex);
      busy = true;
      woken.notify_all();
      woken.wait(lock, [&] { return go_on; });
    }
    return echo(request);
  });
  ASSERT_TRUE(server.ok()) << server.error().text();
  RawConnection waiting((*server)->port());
  waiting.send(get("/holds%20the%20only%20worker"));
  std::unique_lock lock(mutex);
  woken.wait(lock, [&] { return busy; });
  lock.unlock();
  RawConnection quick((*server)->port());
  quick.send(get("/quick"));
  EXPECT_THAT(quick.receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
  lock.lock();
  go_on = true;
  lock.unlock();
  woken.notify_all();
  EXPECT_THAT(waiting.receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(HttpServerTest, ConnectionsOfSeveralLoopsAreServedDrainedAndCounted) {
  options_.loops = 3;
  options_.is_quick = [](const Request& request) { return request.path != "/slow"; };
  start();
  std::vector<std::unique_ptr<RawConnection>> open;
  for (int i = 0; i < 12; ++i) {
    open.push_back(std::make_unique<RawConnection>(server_->port()));
    open.back()->send(get(i % 2 == 0 ? "/quick" : "/slow"));
  }
  for (const auto& connection : open) {
    EXPECT_THAT(connection->receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
  }
  EXPECT_EQ(server_->connections(), open.size());
  server_->drain(Seconds{60});
  EXPECT_EQ(server_->connections(), 0U);
  for (const auto& connection : open)
    EXPECT_THAT(connection->receive_all(), Not(HasSubstr("HTTP")));
}

TEST_F(HttpServerTest, WrongOptionsAreErrors) {
  start();
  ServerOptions taken;
  taken.port = server_->port();
  EXPECT_EQ(HttpServer::start(taken, echo).error().kind, ErrorKind::kUnavailable);
  ServerOptions no_address;
  no_address.address = "localhost.invalid";
  EXPECT_EQ(HttpServer::start(no_address, echo).error().kind, ErrorKind::kInvalid);
  ServerOptions half;
  half.certificate = "/nonexistent.pem";
  EXPECT_EQ(HttpServer::start(half, echo).error().kind, ErrorKind::kInvalid);
  half.private_key = "/nonexistent.key";
  auto missing = HttpServer::start(half, echo);
  EXPECT_EQ(missing.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(missing.error().text(), HasSubstr("/nonexistent.pem"));
  ServerOptions idle_hands;
  idle_hands.workers = 0;
  EXPECT_EQ(HttpServer::start(idle_hands, echo).error().kind, ErrorKind::kInvalid);
}

}  // namespace
}  // namespace medperf::net
