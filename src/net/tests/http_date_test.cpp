#include "net/http_date.h"

#include <gtest/gtest.h>

namespace medperf::net {
namespace {

TEST(HttpDate, IsWrittenAsTheStandardsExample) {
  EXPECT_EQ(to_http_date({784111777'999999}), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(to_http_date({0}), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(to_http_date({951782400'000000}), "Tue, 29 Feb 2000 00:00:00 GMT");
}

TEST(HttpDate, IsReadAsItIsWritten) {
  for (const std::int64_t seconds : {0LL, 784111777LL, 951868799LL, 1798761599LL, 4102444800LL}) {
    const Timestamp time{seconds * 1'000'000};
    const auto read = parse_http_date(to_http_date(time));
    ASSERT_TRUE(read.ok()) << read.error().text();
    EXPECT_EQ(*read, time);
  }
}

TEST(HttpDate, OtherFormsAreRefused) {
  for (const char* text : {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
                           "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 24:49:37 GMT", "Sun  06 Nov 1994 08:49:37 GMT"}) {
    EXPECT_FALSE(parse_http_date(text).ok()) << text;
  }
}

}  // namespace
}  // namespace medperf::net
