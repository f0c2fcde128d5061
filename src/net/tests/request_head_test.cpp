#include "net/request_head.h"

#include <gtest/gtest.h>

#include <string>

namespace medperf::net {
namespace {

/// Checks a head as a connection does: the scan in one go, then the whole.
int status_of(const std::string& head) {
  const HeadLimits limits;
  const HeadScan scan = scan_head(head, 0, limits);
  if (scan.status != 0) return scan.status;
  if (scan.end == 0) return -1;  // waits for more
  return check_head(head.substr(0, scan.end), limits).status;
}

std::string with(const std::string& lines) {
  return "POST /x HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n";
}

TEST(RequestHead, OrdinaryRequestsPass) {
  for (const std::string& head : {
           with(""),
           with("Content-Length: 0\r\n"),
           with("content-length: 12\r\nExpect: 100-Continue\r\n"),
           with("Transfer-Encoding: Chunked\r\n"),
           with("X-Empty:\r\nX-Tab:\ta\tb\r\nX-Latin: \xE9\r\n"),
           std::string("GET /x HTTP/1.0\r\n\r\n"),
           std::string("GET https://h/x HTTP/1.1\r\nHost: h\r\n\r\n"),
           std::string("GET / HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n"),
       }) {
    EXPECT_EQ(status_of(head), 0) << head;
  }
}

TEST(RequestHead, AmbiguousRequestsAreRefused) {
  for (const char* lines : {
           "Content-Length: 5\r\nContent-Length: 5\r\n",
           "Content-Length: 5, 5\r\n",
           "Content-Length: +5\r\n",
           "Content-Length: 5 \x0b\r\n",
           "Content-Length: 0x5\r\n",
           "Content-Length:\r\n",
           "Content-Length: 1234567890123456789\r\n",
           "Content-Length : 5\r\n",
           "Content-Length\t: 5\r\n",
           " Content-Length: 5\r\n",
           "X: a\r\n Content-Length: 5\r\n",
           "X: a\r\n\tfolded\r\n",
           "Transfer-Encoding: gzip\r\n",
           "Transfer-Encoding: gzip, chunked\r\n",
           "Transfer-Encoding: chunked, chunked\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: xchunked\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
           "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
           "Host: other\r\n",
           "no colon\r\n",
           ": no name\r\n",
           "na me: x\r\n",
           "X: a\nY: b\r\n",
           "X: a\rY: b\r\n",
           "X: a\r\r\n",
           "X: \x01\r\n",
           "X: \x7f\r\n",
       }) {
    EXPECT_EQ(status_of(with(lines)), 400) << lines;
  }
  EXPECT_EQ(status_of(with(std::string("X: a\0b\r\n", 9))), 400);
}

TEST(RequestHead, RequestLinesAreChecked) {
  for (const char* line :
       {"GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1", "GET /a b HTTP/1.1",
        "G(T / HTTP/1.1", "GET / http/1.1", "GET /\t HTTP/1.1", "GET /\xC3\xA9 HTTP/1.1",
        "/ HTTP/1.1", "GET / HTTP/11", ""}) {
    EXPECT_EQ(status_of(std::string(line) + "\r\nHost: h\r\n\r\n"), 400) << line;
  }
  EXPECT_EQ(status_of("PRI * HTTP/2.0\r\n\r\n"), 505);
  EXPECT_EQ(status_of("GET / HTTP/1.2\r\nHost: h\r\n\r\n"), 505);
  EXPECT_EQ(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400);
  EXPECT_EQ(status_of(with("Expect: miracles\r\n")), 417);
}

TEST(RequestHead, SizesAreLimitedBeforeTheEnd) {
  EXPECT_EQ(status_of("GET /" + std::string(9000, 'a')), 414);
  EXPECT_EQ(status_of("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n"), 414);
  EXPECT_EQ(status_of("GET /" + std::string(8191, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n"), 0);
  EXPECT_EQ(status_of(with("X: " + std::string(33000, 'a') + "\r\n")), 431);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nX: " + std::string(33000, 'a')), 431);
  std::string many;
  for (int i = 0; i < 101; ++i) many += "X: a\r\n";
  EXPECT_EQ(status_of(with(many)), 431);
  EXPECT_EQ(status_of("\x16\x03\x01\x02\x05"), 400);  // TLS to the plain port: at once
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: h\r\n"), -1);
}

TEST(RequestHead, TheEndIsFoundWhereverTheBytesAreCut) {
  const std::string head = "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n";
  const std::string bytes = head + "hi";
  const HeadLimits limits;
  for (std::size_t step = 1; step < bytes.size(); ++step) {
    HeadScan scan;
    std::size_t seen = 0;
    while (scan.end == 0 && seen < bytes.size()) {
      const std::size_t scanned = seen > 0 ? seen - 1 : 0;
      seen = std::min(seen + step, bytes.size());
      scan = scan_head(std::string_view(bytes).substr(0, seen), scanned, limits);
      ASSERT_EQ(scan.status, 0) << step;
    }
    EXPECT_EQ(scan.end, head.size()) << step;
  }
}

}  // namespace
}  // namespace medperf::net
