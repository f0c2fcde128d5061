#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/ids.h"

namespace medperf {
namespace {

TEST(Digest, NormalisesAndRefuses) {
  const std::string hex(64, 'A');
  EXPECT_EQ(FileDigest::parse(hex)->hex(), std::string(64, 'a'));
  EXPECT_EQ(FileDigest::parse("sha256:" + hex)->prefixed(), "sha256:" + std::string(64, 'a'));
  for (const auto& text : {std::string(63, 'a'), std::string(65, 'a'), std::string(64, 'g'),
                           "md5:" + hex, std::string()})
    EXPECT_EQ(FileDigest::parse(text).error().kind, ErrorKind::kInvalid);
}

TEST(Bytes, InWords) {
  EXPECT_EQ(to_string(Bytes{999}), "999 B");
  EXPECT_EQ(to_string(Bytes{37'600'000}), "37.6 MB");
  EXPECT_EQ(to_string(Bytes{999'960}), "1.0 MB");
  EXPECT_EQ(to_string(Bytes{~0ULL}), "18.4 EB");
}

TEST(Clock, Iso8601RoundTrip) {
  EXPECT_EQ(to_iso8601(Timestamp{0}), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(to_iso8601(Timestamp{-1}), "1969-12-31T23:59:59.999999Z");
  for (const auto* text : {"2026-01-02T03:04:05.123456Z", "2024-02-29T23:59:59.000001Z",
                           "1900-03-01T00:00:00.000000Z"})
    EXPECT_EQ(to_iso8601(parse_iso8601(text).value()), text);
  EXPECT_EQ(to_iso8601(parse_iso8601("2026-01-02T03:04:05.5+00:00").value()),
            "2026-01-02T03:04:05.500000Z");
  EXPECT_EQ(parse_iso8601("2026-01-02T03:04:05Z")->microseconds, 1767323045000000);
}

TEST(Clock, RefusesOtherTimes) {
  for (const auto* text :
       {"", "2026-01-02", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:60Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00+01:00",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567Z", "2026-01-01 00:00:00Z"})
    EXPECT_FALSE(parse_iso8601(text).ok()) << text;
}

TEST(Error, TextLeavesOutEmptyParts) {
  EXPECT_EQ(make_error(ErrorKind::kInvalid, "f", "bad", "fix it").text(), "f: bad. fix it");
  EXPECT_EQ(make_error(ErrorKind::kInvalid, "", "Bad.", "Fix it.").text(), "Bad. Fix it.");
  EXPECT_EQ(make_error(ErrorKind::kInvalid, "f", "bad").at("g").text(), "g: f: bad");
}

}  // namespace
}  // namespace medperf
