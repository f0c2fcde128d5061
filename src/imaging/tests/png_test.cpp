#include "imaging/png.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace medperf::imaging {
namespace {

// Made by hand with Python's zlib and struct.
constexpr std::string_view kGrey16 =
    "89504e470d0a1a0a0000000d494844520000000200000001100000000081d9fc150000000d49444154789c636060"
    "fcff0f00030401ff65667b7d0000000049454e44ae426082";
constexpr std::string_view kColour =
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63484c"
    "4a0600024e0127c0619e190000000049454e44ae426082";
constexpr std::string_view kFourBits =
    "89504e470d0a1a0a0000000d49484452000000020000000104000000"
    "0014b9cd570000000a49444154789c639007000021002047b646f70000000049454e44ae426082";

std::string bytes_of(std::string_view hex) {
  return from_hex(hex).value();
}

GreyImage ramp(std::uint32_t width, std::uint32_t height, int bits) {
  GreyImage image{width, height, bits, {}};
  for (std::uint32_t i = 0; i < width * height; ++i) {
    image.pixels.push_back(static_cast<std::uint16_t>((i * 2654435761u) >> (32 - bits)));
  }
  return image;
}

TEST(Png, ReadsSixteenBitsInTheirOrder) {
  const auto image = parse_png(bytes_of(kGrey16));
  ASSERT_TRUE(image) << image.error().text();
  EXPECT_EQ(image->width, 2u);
  EXPECT_EQ(image->height, 1u);
  EXPECT_EQ(image->bits, 16);
  EXPECT_EQ(image->pixels, (std::vector<std::uint16_t>{1, 65534}));
}

TEST(Png, WhatIsWrittenIsReadAndTheSameEachTime) {
  for (const int bits : {8, 16}) {
    const GreyImage image = ramp(28, 31, bits);
    const auto bytes = write_png(image);
    ASSERT_TRUE(bytes) << bytes.error().text();
    EXPECT_EQ(*bytes, *write_png(image));
    const auto again = parse_png(*bytes);
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(again->pixels, image.pixels);
    EXPECT_EQ(again->bits, bits);
    EXPECT_EQ(again->height, 31u);
  }
}

TEST(Png, RefusesColourAndFewBits) {
  for (const std::string_view hex : {kColour, kFourBits}) {
    const auto image = parse_png(bytes_of(hex));
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().kind, ErrorKind::kInvalid) << image.error().text();
  }
}

TEST(Png, FewBitsAreTheirNumbersWhenAskedFor) {
  PngLimits limits;
  limits.fewest_bits = 1;
  const auto image = parse_png(bytes_of(kFourBits), limits);
  ASSERT_TRUE(image) << image.error().text();
  EXPECT_EQ(image->bits, 4);
  EXPECT_EQ(image->pixels, (std::vector<std::uint16_t>{1, 15}));
  EXPECT_FALSE(parse_png(bytes_of(kColour), limits));
}

TEST(Png, RefusesWhatIsCutShortOrChanged) {
  const std::string good = *write_png(ramp(9, 9, 8));
  for (std::size_t length = 0; length < good.size(); ++length) {
    const auto image = parse_png(std::string_view(good).substr(0, length));
    ASSERT_FALSE(image) << length;
    EXPECT_EQ(image.error().kind, ErrorKind::kCorrupt) << length;
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string changed = good;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_FALSE(parse_png(changed)) << at;
  }
}

TEST(Png, LimitsComeBeforeMemory) {
  const std::string bytes = *write_png(ramp(100, 10, 8));
  for (const PngLimits limits : {PngLimits{99, 1'000'000}, PngLimits{100, 999}}) {
    const auto image = parse_png(bytes, limits);
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().kind, ErrorKind::kTooLarge);
  }
  EXPECT_TRUE(parse_png(bytes, {100, 1000}));
}

TEST(Png, WritingChecksTheImage) {
  EXPECT_FALSE(write_png({0, 0, 8, {}}));
  EXPECT_FALSE(write_png({2, 2, 8, {1, 2, 3}}));
  EXPECT_FALSE(write_png({1, 1, 12, {1}}));
  EXPECT_FALSE(write_png({1, 1, 8, {256}}));
}

}  // namespace
}  // namespace medperf::imaging
