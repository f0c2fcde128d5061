#include "net/target.h"

#include <gtest/gtest.h>

namespace medperf::net {
namespace {

TEST(Target, DecodesPathAndQuery) {
  auto target = parse_target("/a%20b/c+d?x=1&&y&z=%26+%3D#part");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->path, "/a b/c+d");
  EXPECT_EQ(target->query, (Query{{"x", "1"}, {"y", ""}, {"z", "& ="}}));
}

TEST(Target, AbsoluteFormTellsItsHost) {
  EXPECT_EQ(parse_target("https://host:1/x?y=1")->path, "/x");
  EXPECT_EQ(parse_target("https://host:1/x?y=1")->authority, "host:1");
  EXPECT_EQ(parse_target("http://host")->path, "/");
  EXPECT_EQ(parse_target("http://host?a=b")->path, "/");
}

TEST(Target, RefusesWhatCannotBeDecoded) {
  for (const char* bad : {"", "x", "*", "/%", "/%4", "/%4g", "/%00", "/%0a", "/\x7f", "/%ff",
                          "/%c3", "/?a=%", "/?%ff=1", "ftp://host/", "http://", "http:///x"}) {
    EXPECT_FALSE(parse_target(bad).ok()) << bad;
  }
  std::string many = "/?";
  for (int i = 0; i < 1001; ++i) many += "a=1&";
  EXPECT_FALSE(parse_target(many).ok());
}

TEST(Target, RefusesPathsThatOthersResolveDifferently) {
  for (const char* bad : {"/..", "/../etc/passwd", "/a/./b", "/%2e%2e/x", "/.%2E/x", "/a%2fb",
                          "/%2F..%2f", "/a/%2e"}) {
    EXPECT_FALSE(parse_target(bad).ok()) << bad;
  }
  EXPECT_TRUE(parse_target("/a..b/...?x=../%2f").ok());
}

TEST(Target, TheNumberOfParametersIsLimited) {
  EXPECT_TRUE(parse_target("/?a&b&c", 3).ok());
  EXPECT_FALSE(parse_target("/?a&b&c&d", 3).ok());
}

TEST(Target, EncodingIsUndoneByDecoding) {
  const std::string text = "a b&c=d/\xC3\xA9?~-._+%";
  EXPECT_EQ(percent_encode(text), "a%20b%26c%3Dd%2F%C3%A9%3F~-._%2B%25");
  EXPECT_EQ(*percent_decode(percent_encode(text)), text);
  const Query query{{"a b", "1&2"}, {"c", ""}};
  EXPECT_EQ(to_query_text(query), "a%20b=1%262&c=");
  EXPECT_EQ(*parse_query(to_query_text(query)), query);
}

}  // namespace
}  // namespace medperf::net
