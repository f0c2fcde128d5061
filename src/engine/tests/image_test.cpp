#include "engine/image/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/encoding.h"
#include "engine/tests/archive_maker.h"

namespace medperf::engine::testing {
namespace {

using ::testing::HasSubstr;

std::string gzip(const std::string& bytes) {
  std::string out(bytes.size() + 4096, '\0');
  std::size_t used = 0;
  archive* writer = archive_write_new();
  archive_write_add_filter_gzip(writer);
  archive_write_set_format_raw(writer);
  archive_write_open_memory(writer, out.data(), out.size(), &used);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_write_header(writer, entry);
  archive_write_data(writer, bytes.data(), bytes.size());
  archive_entry_free(entry);
  archive_write_close(writer);
  archive_write_free(writer);
  out.resize(used);
  return out;
}

void expect_error(const Result<ImageArchive>& result, ErrorKind kind, const std::string& text) {
  ASSERT_FALSE(result.ok()) << "expected: " << text;
  EXPECT_EQ(result.error().kind, kind) << result.error().text();
  EXPECT_THAT(result.error().text(), HasSubstr(text));
}

TEST(ReadArchive, DockerArchive) {
  ImageMaker maker;
  maker.run = Json::object({{"User", "1000:1000"},
                            {"Entrypoint", Json::array({"/app/run"})},
                            {"Cmd", Json::array({"infer"})},
                            {"Env", Json::array({"A=1"})},
                            {"ExposedPorts", Json::object({{"80/tcp", Json::object()}})}});
  const auto image = read(maker.docker());
  ASSERT_TRUE(image.ok()) << image.error().text();
  EXPECT_EQ(image->format, "docker-archive");
  EXPECT_EQ(image->image.hex(), maker.id());
  EXPECT_EQ(image->tags, std::vector<std::string>{"localhost/m:1"});
  ASSERT_EQ(image->layers.size(), 1u);
  EXPECT_EQ(image->layers[0].diff_id.hex(), crypto::sha256_hex(maker.layers[0]));
  EXPECT_EQ(image->layers[0].size.value, maker.layers[0].size());
  EXPECT_EQ(image->user, "1000:1000");
  EXPECT_EQ(image->entrypoint, std::vector<std::string>{"/app/run"});
  EXPECT_EQ(image->command, std::vector<std::string>{"infer"});
  EXPECT_EQ(image->exposed_ports, std::vector<std::string>{"80/tcp"});
  EXPECT_EQ(image->contents.entries, 1u);
}

TEST(ReadArchive, OciArchiveWithPackedLayers) {
  ImageMaker large;
  std::string noise;
  for (int i = 0; noise.size() < 4000; ++i) noise += crypto::sha256_hex(std::to_string(i));
  large.plain = {tar_of({{"a", noise}}), tar_of({{"b", noise + noise}})};
  large.layers = {gzip(large.plain[0]), gzip(large.plain[1])};
  const auto image = read(large.oci());
  ASSERT_TRUE(image.ok()) << image.error().text();
  EXPECT_EQ(image->format, "oci-archive");
  EXPECT_EQ(image->image.hex(), large.id());
  ASSERT_EQ(image->layers.size(), 2u);
  EXPECT_EQ(image->layers[1].diff_id.hex(), crypto::sha256_hex(large.plain[1]));
}

TEST(ReadArchive, SmallPackedLayerIsNoDocument) {
  ImageMaker maker;
  maker.plain = {tar_of({{"b", "b"}})};
  maker.layers = {gzip(maker.plain[0])};
  ASSERT_LT(maker.layers[0].size(), 512u);
  const auto image = read(maker.oci());
  ASSERT_TRUE(image.ok()) << image.error().text();
}

TEST(ReadArchive, PackedArchiveAndDescriptorOffset) {
  const ImageMaker maker;
  const FileHandle file = file_of(gzip(maker.docker()));
  ::lseek(file.get(), 7, SEEK_SET);
  const auto image = read_archive(file);
  ASSERT_TRUE(image.ok()) << image.error().text();
  EXPECT_EQ(image->image.hex(), maker.id());
  EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR), 7);
}

TEST(ReadArchive, ImageIdFollowsTheConfiguration) {
  ImageMaker one, two;
  two.run = Json::object({{"User", "1001"}});
  EXPECT_NE(read(one.docker())->image, read(two.docker())->image);
  EXPECT_EQ(read(one.docker())->image, read(one.oci())->image);
}

TEST(ReadArchive, ChangedLayerIsCorrupt) {
  ImageMaker maker;
  std::string bytes = maker.docker();
  bytes[bytes.find("program")] = 'P';
  expect_error(read(bytes), ErrorKind::kCorrupt, "layer 1");
  bytes = maker.oci();
  bytes[bytes.find("program")] = 'P';
  expect_error(read(bytes), ErrorKind::kCorrupt, "SHA-256");
}

TEST(ReadArchive, ChangedConfigurationIsCorrupt) {
  ImageMaker maker;
  std::string bytes = maker.docker();
  bytes.replace(bytes.find("\"1000\""), 6, "\"0000\"");
  expect_error(read(bytes), ErrorKind::kCorrupt, maker.id() + ".json");
  bytes = maker.oci();
  bytes.replace(bytes.find("\"1000\""), 6, "\"0000\"");
  expect_error(read(bytes), ErrorKind::kCorrupt, "SHA-256");
}

TEST(ReadArchive, MissingOrSurplusLayers) {
  ImageMaker maker;
  auto entries = maker.docker_entries();
  entries.erase(entries.begin());
  expect_error(read(tar_of(entries)), ErrorKind::kCorrupt, "missing");
  maker.plain = {maker.layers[0], maker.layers[0]};  // two diff_ids, one layer
  expect_error(read(maker.docker()), ErrorKind::kCorrupt, "names 1 layers");
}

TEST(ReadArchive, TruncatedAtEveryBlock) {
  const std::string bytes = ImageMaker().docker();
  const std::size_t end = bytes.size() - 1024;  // without the end mark nothing is missing
  for (std::size_t size = 0; size < end; size += 256) {
    EXPECT_FALSE(read(bytes.substr(0, size)).ok()) << size;
  }
}

TEST(ReadArchive, NoArchive) {
  expect_error(read(""), ErrorKind::kInvalid, "no image archive");
  expect_error(read("hello"), ErrorKind::kInvalid, "no image archive");
  expect_error(read(tar_of({{"file", std::string(600, 'x')}})), ErrorKind::kInvalid,
               "manifest.json");
}

TEST(ReadArchive, HostileNames) {
  for (const std::string name : {"../manifest.json", "/etc/passwd", "a/../../b", "\xff\xfe"}) {
    auto entries = ImageMaker().docker_entries();
    entries.emplace_back(name, "{}");
    expect_error(read(tar_of(entries)), ErrorKind::kInvalid, "leaves the archive");
  }
}

TEST(ReadArchive, DuplicateEntries) {
  auto entries = ImageMaker().docker_entries();
  entries.push_back(entries.back());
  expect_error(read(tar_of(entries)), ErrorKind::kCorrupt, "twice");
  entries.back().first = "./" + entries.back().first;
  expect_error(read(tar_of(entries)), ErrorKind::kCorrupt, "twice");
}

TEST(ReadArchive, LinksAreHarmlessUnlessUsed) {
  const ImageMaker maker;
  auto entries = maker.docker_entries();
  EXPECT_TRUE(read(typed_entry("old/layer.tar", '2', "../x.tar") + tar_of(entries)).ok());
  const std::string layer = entries.front().first;
  entries.erase(entries.begin());
  expect_error(read(typed_entry(layer, '2', "/etc/shadow") + tar_of(entries)), ErrorKind::kInvalid,
               "is a link");
}

TEST(ReadArchive, Limits) {
  ImageMaker maker;
  ArchiveLimits limits;
  limits.unpacked = Bytes{1000};
  expect_error(read(maker.docker(), limits), ErrorKind::kTooLarge, "unpack to more");
  limits = {};
  limits.archive_entries = 2;
  expect_error(read(maker.docker(), limits), ErrorKind::kTooLarge, "more than 2 entries");
  limits = {};
  limits.document = Bytes{100};
  expect_error(read(maker.docker(), limits), ErrorKind::kTooLarge, "document");
  limits = {};
  limits.layer_entries = 1;
  maker.layers = {tar_of({{"a", "a"}, {"b", "b"}})};
  expect_error(read(maker.docker(), limits), ErrorKind::kTooLarge, "more than 1 entries");
  limits = {};
  limits.layers = 1;
  maker.layers = {tar_of({{"a", "a"}}), tar_of({{"b", "b"}})};
  expect_error(read(maker.docker(), limits), ErrorKind::kTooLarge, "more than 1 layers");
}

TEST(ReadArchive, BombIsStoppedByItsRatio) {
  ImageMaker maker;
  maker.plain = {std::string(8u << 20, '\0')};
  maker.layers = {gzip(maker.plain[0])};
  ArchiveLimits limits;
  limits.ratio = 100;
  limits.ratio_from = mebibytes(1);
  expect_error(read(maker.oci(), limits), ErrorKind::kTooLarge, "times its size");
}

TEST(ReadArchive, DeepJsonIsRefused) {
  auto entries = ImageMaker().docker_entries();
  entries.back().second = std::string(5000, '[') + std::string(5000, ']');
  EXPECT_FALSE(read(tar_of(entries)).ok());
}

TEST(ReadArchive, SeveralImages) {
  auto entries = ImageMaker().docker_entries();
  const Json manifest = parse_json(entries.back().second).value();
  entries.back().second = to_text(Json::array({manifest.items()[0], manifest.items()[0]}));
  expect_error(read(tar_of(entries)), ErrorKind::kInvalid, "holds 2 images");
}

bool has(const std::vector<Finding>& findings, Severity severity, const std::string& part) {
  for (const auto& finding : findings) {
    if (finding.severity == severity &&
        (finding.check + " " + finding.what).find(part) != std::string::npos)
      return true;
  }
  return false;
}

TEST(Inspect, FindsWhatItShould) {
  ImageMaker maker;
  maker.architecture = "riscv64";
  maker.tags = {"localhost/m:latest"};
  maker.run = Json::object({{"Env", Json::array({"API_TOKEN=verysecret", "PATH=/bin"})},
                            {"ExposedPorts", Json::object({{"8080/tcp", Json::object()}})}});
  maker.layers = {tar_entry("usr/bin/su", "x", 04755) + tar_entry("usr/bin/apt-get", "x", 0755) +
                  tar_entry("root/.ssh/id_rsa", "x", 0600) + tar_entry("opt/open", "x", 0666) +
                  typed_entry("dev/mem", '3') + tar_entry("../../etc/passwd", "x") + tar_end()};
  const auto image = read(maker.docker());
  ASSERT_TRUE(image.ok()) << image.error().text();
  const auto findings = inspect(*image);
  EXPECT_TRUE(has(findings, Severity::kNotice, "CIS 4.1 user"));
  EXPECT_TRUE(has(findings, Severity::kSerious, "API_TOKEN"));
  EXPECT_TRUE(has(findings, Severity::kSerious, "root/.ssh/id_rsa"));
  EXPECT_TRUE(has(findings, Severity::kSerious, "riscv64"));
  EXPECT_TRUE(has(findings, Severity::kSerious, "dev/mem"));
  EXPECT_TRUE(has(findings, Severity::kSerious, "../../etc/passwd"));
  EXPECT_TRUE(has(findings, Severity::kWarning, "usr/bin/su"));
  EXPECT_TRUE(has(findings, Severity::kNotice, "opt/open"));
  EXPECT_TRUE(has(findings, Severity::kNotice, "apt-get"));
  EXPECT_TRUE(has(findings, Severity::kNotice, "8080/tcp"));
  EXPECT_TRUE(has(findings, Severity::kInfo, "latest"));
  EXPECT_EQ(findings.front().severity, Severity::kSerious);
  const std::string report = to_text(to_json(*image, findings));
  EXPECT_EQ(report.find("verysecret"), std::string::npos);
  EXPECT_NE(report.find("API_TOKEN"), std::string::npos);
}

TEST(Inspect, QuietImage) {
  const auto image = read(ImageMaker().docker());
  ASSERT_TRUE(image.ok());
  for (const auto& finding : inspect(*image)) EXPECT_EQ(finding.severity, Severity::kInfo);
}

TEST(ProbeImage, IsAReadableArchiveAndStable) {
  const auto one = build_image("medperf-probe", "program bytes");
  const auto image = read(one.archive);
  ASSERT_TRUE(image.ok()) << image.error().text();
  EXPECT_EQ(image->image, one.image);
  EXPECT_EQ(image->entrypoint, std::vector<std::string>{"/medperf-probe"});
  EXPECT_EQ(build_image("medperf-probe", "program bytes").archive, one.archive);
}

}  // namespace
}  // namespace medperf::engine::testing
