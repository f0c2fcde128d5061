#include "engine/image/oci_manifest.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace medperf::engine {
namespace {

using ::testing::HasSubstr;

const std::string kDigest = "sha256:" + std::string(64, 'a');

Json descriptor(const Json& size) {
  return Json::object({{"digest", kDigest}, {"size", size}});
}

TEST(OciManifest, NamesConfigurationAndLayers) {
  Json layers = Json::array();
  for (int i = 0; i < 128; ++i) layers.push(descriptor(std::int64_t{1} << 50));
  const Json manifest = Json::object({{"config", descriptor(7)}, {"layers", std::move(layers)}});
  const auto parsed = parse_oci_document(to_text(manifest), "here");
  ASSERT_TRUE(parsed.ok());
  const auto read = read_manifest(*parsed, "here");
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(read->config.digest.prefixed(), kDigest);
  EXPECT_EQ(read->config.size, Bytes{7});
  std::uint64_t all = 0;
  for (const auto& layer : read->layers) all += layer.size.value;
  EXPECT_EQ(all, std::uint64_t{1} << 57);
}

TEST(OciManifest, WhatIsDamagedIsNamed) {
  const std::vector<std::pair<std::string, std::string>> damaged = {
      {R"({})", "no configuration or no layers"},
      {R"({"config":7,"layers":[]})", "no SHA-256"},
      {R"({"config":{},"layers":{}})", "no configuration or no layers"},
      {fmt::format(R"({{"config":{{"digest":"{}"}},"layers":[]}})", kDigest), "names no size"},
      {fmt::format(R"({{"config":{{"digest":"{}","size":-1}},"layers":[]}})", kDigest),
       "impossible"},
      // Two of these would run over, and then be less than any limit.
      {fmt::format(R"({{"config":{{"digest":"{}","size":9223372036854775807}},"layers":[]}})",
                   kDigest),
       "impossible"},
      {R"({"config":{"digest":"md5:00","size":1},"layers":[]})", "no SHA-256"},
      {fmt::format(R"({{"config":{{"digest":"{}","size":1}},"layers":[null]}})", kDigest),
       "no SHA-256"}};
  for (const auto& [text, words] : damaged) {
    const auto parsed = parse_oci_document(text, "here");
    ASSERT_TRUE(parsed.ok()) << text;
    const auto read = read_manifest(*parsed, "here");
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_EQ(read.error().kind, ErrorKind::kCorrupt);
    EXPECT_EQ(read.error().where, "here");
    EXPECT_THAT(read.error().what, HasSubstr(words)) << text;
  }
  for (const char* text : {"", "[]", "7", "{", "\xff"})
    EXPECT_EQ(parse_oci_document(text, "here").error().kind, ErrorKind::kCorrupt) << text;
  EXPECT_FALSE(parse_oci_document(std::string(5u << 20, ' ') + "{}", "here").ok());
}

TEST(OciManifest, AtMost128Layers) {
  Json layers = Json::array();
  for (int i = 0; i < 129; ++i) layers.push(descriptor(1));
  const auto read = read_manifest(
      Json::object({{"config", descriptor(1)}, {"layers", std::move(layers)}}), "here");
  ASSERT_FALSE(read.ok());
  EXPECT_THAT(read.error().what, HasSubstr("129 layers"));
}

TEST(OciIndex, ThisMachinesImageIsChosen) {
  const auto entry = [](const char* os, const char* cpu, char digit) {
    return Json::object({{"digest", "sha256:" + std::string(64, digit)},
                         {"size", 5},
                         {"platform", Json::object({{"os", os}, {"architecture", cpu}})}});
  };
  const Json index = Json::object(
      {{"manifests", Json::array({entry("windows", "amd64", '1'), Json(7), Json::object({}),
                                  entry("linux", "arm64", '2'), entry("linux", "amd64", '3')})}});
  const auto chosen = choose_platform(index, "amd64", "here");
  ASSERT_TRUE(chosen.ok()) << chosen.error().text();
  EXPECT_EQ(chosen->digest.hex(), std::string(64, '3'));
  const auto none = choose_platform(index, "s390x", "here");
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().kind, ErrorKind::kRefused);
  EXPECT_THAT(none.error().what, HasSubstr("there is: arm64, amd64"));
  EXPECT_EQ(choose_platform(Json::object({{"manifests", "x"}}), "amd64", "here").error().kind,
            ErrorKind::kCorrupt);
}

}  // namespace
}  // namespace medperf::engine
