// What clients may not do to a server, in raw bytes on loopback.

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <chrono>
#include <thread>
#include <vector>

#include "loopback.h"
#include "net/http_server.h"

namespace medperf::net {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string get(const std::string& target, const std::string& headers = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n";
}

/// Answers with what the server understood; "/large" with 8 MiB.
Response echo(const Request& request) {
  Response response;
  if (request.path == "/large") {
    response.body.assign(8U << 20U, 'x');
    return response;
  }
  response.body = request.method + " " + request.path + " [" + request.body + "] <";
  response.body += std::string(request.header("x-trailer")) + ">" + request.network + "\n";
  return response;
}

class HttpLimitsTest : public testing::Test {
 protected:
  void start() {
    auto server = HttpServer::start(options_, echo);
    ASSERT_TRUE(server.ok()) << server.error().text();
    server_ = std::move(server).value();
  }
  std::string talk(const std::string& bytes) {
    RawConnection connection(server_->port());
    connection.send(bytes);
    return connection.receive_all();
  }

  ServerOptions options_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpLimitsTest, NoRequestHidesInsideAnother) {
  start();
  const std::string hidden = get("/hidden");
  for (const std::string& lines : {
           std::string("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"),
           std::string("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"),
           std::string("Content-Length: 0\r\nContent-Length: 48\r\n"),
           std::string("Transfer-Encoding: identity\r\n"),
           std::string("Transfer-Encoding : chunked\r\n"),
           std::string("X: y\r\n Transfer-Encoding: chunked\r\n"),
           std::string("Content-Length: 0\nX: y\r\n"),
       }) {
    const std::string answer = talk("POST / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n" + hidden);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400")) << lines;
    EXPECT_THAT(answer, HasSubstr("Connection: close")) << lines;
    EXPECT_THAT(answer, Not(HasSubstr("/hidden"))) << lines;
  }
}

TEST_F(HttpLimitsTest, ChunkedBodiesAreReadStrictly) {
  start();
  const std::string head =
      "POST /p HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const char* body :
       {"x\r\n", "-1\r\n\r\n", "0x1\r\na\r\n0\r\n\r\n", " 1\r\na\r\n0\r\n\r\n",
        "1\r\nab\r\n0\r\n\r\n", "11111111111111111\r\n", "1 \r\na\r\n0\r\n\r\n"}) {
    EXPECT_THAT(talk(head + body),
                testing::AnyOf(StartsWith("HTTP/1.1 400"), StartsWith("HTTP/1.1 413")))
        << body;
  }
  EXPECT_THAT(talk(head + "1;name=value\r\na\r\n0\r\n\r\n"), HasSubstr("POST /p [a]"));
  EXPECT_THAT(talk(head + "1;" + std::string(200000, 'e') + "\r\na\r\n0\r\n\r\n"),
              testing::AnyOf(StartsWith("HTTP/1.1 400"), StartsWith("HTTP/1.1 431")));
  options_.request_timeout = Seconds{0.5};
  start();
  EXPECT_THAT(talk(head + "1\na\n0\n\n"), StartsWith("HTTP/1.1 408"));  // no line ended
}

TEST_F(HttpLimitsTest, TrailersAreNoHeaders) {
  start();
  EXPECT_THAT(talk("POST /p HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Trailer: evil\r\n\r\n"),
              HasSubstr("POST /p [a] <>"));
}

TEST_F(HttpLimitsTest, TheAbsoluteFormMustAgreeWithHost) {
  start();
  EXPECT_THAT(talk(get("http://localhost/x", "Connection: close\r\n")), HasSubstr("GET /x"));
  EXPECT_THAT(talk(get("http://elsewhere/x")), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(talk("CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n"),
              StartsWith("HTTP/1.1 400"));
}

TEST_F(HttpLimitsTest, LongTargetsAndManyParametersAreRefused) {
  options_.target_limit = Bytes{1000};
  options_.query_limit = 3;
  start();
  EXPECT_THAT(talk(get("/" + std::string(1000, 'a'))), StartsWith("HTTP/1.1 414"));
  EXPECT_THAT(talk(get("/" + std::string(999, 'a'), "Connection: close\r\n")),
              StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(talk(get("/?a=1&b=2&c=3&d=4")), HasSubstr("more than 3 parameters"));
}

TEST_F(HttpLimitsTest, GarbageIsAnsweredAtOnce) {
  start();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(talk("\x16\x03\x01\x02"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(talk("GET / HTTP/1.1\nHost: h\n\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(25));  // of 30
}

TEST_F(HttpLimitsTest, PipelinesAreBounded) {
  options_.pipeline_limit = 5;
  start();
  std::string requests;
  for (int i = 0; i < 20; ++i) requests += get("/" + std::to_string(i));
  const std::string answers = talk(requests);
  EXPECT_THAT(answers, HasSubstr("GET /5 "));
  EXPECT_THAT(answers, Not(HasSubstr("GET /6 ")));
  EXPECT_THAT(answers, HasSubstr("HTTP/1.1 429"));
}

TEST_F(HttpLimitsTest, OneAddressGetsItsShareOfConnections) {
  options_.connections_per_address = 3;
  start();
  std::vector<std::unique_ptr<RawConnection>> held;
  for (int i = 0; i < 3; ++i) {
    held.push_back(std::make_unique<RawConnection>(server_->port()));
    held.back()->send(get("/"));
    EXPECT_THAT(held.back()->receive_until("\r\n"), StartsWith("HTTP/1.1 200"));
  }
  const std::string refused = talk(get("/"));
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 429"));
  EXPECT_THAT(refused, HasSubstr("Retry-After: "));
  RawConnection neighbour(server_->port(), "127.0.0.2");
  neighbour.send(get("/"));
  EXPECT_THAT(neighbour.receive_until("127.0.0.2\n"), StartsWith("HTTP/1.1 200"));
  held.clear();  // whoever leaves makes room
  std::string answer;
  for (int i = 0; i < 3000 && !answer.starts_with("HTTP/1.1 200"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    answer = talk(get("/", "Connection: close\r\n"));
  }
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpLimitsTest, SlowReadersAreCutOff) {
  options_.write_timeout = Seconds{0.2};
  options_.slowest_reader = mebibytes(80);
  start();
  RawConnection reader(server_->port(), "127.0.0.1", 4096);
  reader.send(get("/large"));
  // 0.3 s are allowed; it is read when the server has let go of it.
  std::string head = reader.receive_until("\r\n");
  for (int i = 0; i < 6000 && server_->connections() > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200"));
  EXPECT_LT(reader.receive_all().size(), 8U << 20U);
  // Whoever reads is served: here in as long as a busy machine may need.
  options_.write_timeout = Seconds{60};
  start();
  EXPECT_EQ(talk(get("/large", "Connection: close\r\n")).size() >> 20U, 8U);
}

TEST_F(HttpLimitsTest, BodiesTogetherAreLimited) {
  options_.body_memory = mebibytes(1);
  start();
  const auto post = [](int size) {
    return "POST /p HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: " +
           std::to_string(size) + "\r\n";
  };
  RawConnection first(server_->port());
  first.send(post(800000) + "Expect: 100-continue\r\n\r\n");
  ASSERT_THAT(first.receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 100"));  // it has its share
  EXPECT_THAT(talk(post(800000) + "\r\n" + std::string(800000, 'x')), StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(talk(post(3) + "\r\nabc"), HasSubstr("[abc]"));  // small ones always fit
  first.send(std::string(800000, 'x'));
  EXPECT_THAT(first.receive_all(), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(talk(post(800000) + "\r\n" + std::string(800000, 'x')), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpLimitsTest, ManySlowClientsHoldNobodyUp) {
  options_.workers = 1;
  options_.max_connections = 400;
  start();
  std::vector<std::unique_ptr<RawConnection>> slow;
  for (int i = 0; i < 300; ++i) {
    slow.push_back(std::make_unique<RawConnection>(server_->port()));
    slow.back()->send("GET /half HTTP/1.1\r\nX: ");
  }
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) {
    for (auto& connection : slow) connection->send("a");
    EXPECT_THAT(talk(get("/", "Connection: close\r\n")), StartsWith("HTTP/1.1 200"));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(25));  // of 30
}

TEST_F(HttpLimitsTest, HandshakesMustEnd) {
  const TemporaryFolder folder;
  ASSERT_TRUE(make_certificate(folder.path(), "hub"));
  options_.certificate = folder.path() / "hub.pem";
  options_.private_key = folder.path() / "hub.key";
  options_.handshake_timeout = Seconds{0.2};
  start();
  const auto begin = std::chrono::steady_clock::now();
  talk("");
  talk("\x16\x03\x01\x02");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15));  // of 20
}

TEST_F(HttpLimitsTest, AKeyThatOthersCanReadIsRefused) {
  const TemporaryFolder folder;
  ASSERT_TRUE(make_certificate(folder.path(), "hub"));
  options_.certificate = folder.path() / "hub.pem";
  options_.private_key = folder.path() / "hub.key";
  for (const mode_t mode : {0640U, 0604U, 0620U}) {
    ASSERT_EQ(chmod(options_.private_key.c_str(), mode), 0);
    auto refused = HttpServer::start(options_, echo);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::kRefused);
    EXPECT_THAT(refused.error().text(), HasSubstr("hub.key"));
    EXPECT_THAT(refused.error().text(), HasSubstr("chmod 600"));
  }
  ASSERT_EQ(chmod(options_.private_key.c_str(), 0400), 0);
  start();
}

}  // namespace
}  // namespace medperf::net
