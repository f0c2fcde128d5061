#include "base/encoding.h"

#include <gtest/gtest.h>

namespace medperf {
namespace {

TEST(Hex, RoundTrip) {
  EXPECT_EQ(to_hex(std::string("\x00\xff\x10", 3)), "00ff10");
  EXPECT_EQ(from_hex("00fF10").value(), std::string("\x00\xff\x10", 3));
  EXPECT_FALSE(from_hex("0").ok());
  EXPECT_FALSE(from_hex("0g").ok());
}

// RFC 4648 section 10.
TEST(Base64, VectorsOfRfc4648) {
  const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : cases) {
    EXPECT_EQ(to_base64(plain), coded);
    EXPECT_EQ(from_base64(coded).value(), plain);
  }
}

TEST(Base64, OneSpellingEach) {
  for (const auto* text :
       {"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "=", "Zg==Zg==", "Zm 9v", "Zm9v\n", "Zm-_"})
    EXPECT_FALSE(from_base64(text).ok()) << text;
  EXPECT_EQ(to_base64url("\xfb\xff"), "-_8");
  EXPECT_EQ(from_base64url("-_8").value(), "\xfb\xff");
  EXPECT_FALSE(from_base64url("-_8=").ok());
  EXPECT_FALSE(from_base64url("-_9").ok());
  EXPECT_FALSE(from_base64url("+/8").ok());
}

TEST(Text, TrimAndSplit) {
  EXPECT_EQ(trim(" \t a b\n"), "a b");
  EXPECT_EQ(trim("  "), "");
  EXPECT_EQ(split("a,,b", ',').size(), 3U);
  EXPECT_EQ(split("", ',').size(), 1U);
}

TEST(Utf8, AcceptsOnlyWellFormed) {
  EXPECT_TRUE(is_valid_utf8("aü€😀"));
  for (const auto* text : {"\x80", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                           "\xf8", "\xe2\x82", "\xc3("})
    EXPECT_FALSE(is_valid_utf8(text));
  EXPECT_EQ(valid_utf8("a\xe2\x82z"), "a\xef\xbf\xbd\xef\xbf\xbdz");
}

TEST(Printable, DisarmsTerminalsAndLogs) {
  EXPECT_EQ(printable("a\x1b[31mb\nc\x7f"), "a?[31mb c?");
  EXPECT_EQ(printable("a\u009b1m\u202eb"), "a?1m?b");
  EXPECT_EQ(printable("\xff\xfe"), "??");
  EXPECT_EQ(printable("ü€", 4), "ü...");
  EXPECT_EQ(printable("abcd", 4), "abcd");
}

}  // namespace
}  // namespace medperf
