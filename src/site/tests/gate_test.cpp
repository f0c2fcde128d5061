#include "site/gate/gate.h"

#include <gtest/gtest.h>

#include "site/dataset/unpack.h"
#include "site/tests/fake_site.h"

namespace medperf::site {
namespace {

class Gate : public ::testing::Test {
 protected:
  void SetUp() override {
    const Json json =
        world_.add_container(4, "model", "infer", volumes({"data_path"}, {"output_path"}),
                             [](const engine::RunSpec&) { return success(); });
    container_ = container_from(json).value();
  }
  Result<Admitted> admit_now() {
    auto site = world_.command();
    return admit(*site, container_);
  }
  std::string& served() { return world_.served["https://vendor.example/model.tar"]; }
  PaperWorld world_;
  Container container_;
};

TEST_F(Gate, FetchesOnceVerifiesAndStoresTheReport) {
  auto admitted = admit_now();
  ASSERT_TRUE(admitted.ok()) << admitted.error().text();
  EXPECT_EQ(admitted->image.image.prefixed(), container_.registered_image_id());
  EXPECT_EQ(world_.bytes_fetched, served().size());
  EXPECT_TRUE(fs::exists(world_.workspace() / "gate" / (container_.image_hash + ".json")));
  world_.served.clear();
  EXPECT_TRUE(admit_now().ok());
}

TEST_F(Gate, OneChangedByteIsRefusedAndLeavesNothing) {
  served()[100] ^= 1;
  auto admitted = admit_now();
  ASSERT_FALSE(admitted.ok());
  EXPECT_EQ(admitted.error().kind, ErrorKind::kCorrupt);
  EXPECT_NE(admitted.error().what.find(container_.image_hash), std::string::npos);
  EXPECT_TRUE(fs::is_empty(world_.workspace() / "images"));
}

TEST_F(Gate, MissingImageNamesTheUrl) {
  world_.served.clear();
  auto admitted = admit_now();
  ASSERT_FALSE(admitted.ok());
  EXPECT_EQ(admitted.error().kind, ErrorKind::kNotFound);
  EXPECT_NE(admitted.error().text().find("https://vendor.example/model.tar"), std::string::npos);
}

TEST_F(Gate, ArchiveWithRightDigestButWrongImageIsRefused) {
  container_.metadata =
      Json::object({{"medperf", Json::object({{"image_id", std::string(64, 'b')}})}});
  auto admitted = admit_now();
  ASSERT_FALSE(admitted.ok());
  EXPECT_EQ(admitted.error().kind, ErrorKind::kCorrupt);
}

TEST_F(Gate, BrokenArchivesAreCorruptOrInvalid) {
  const std::string whole = served();
  for (const std::string& bytes : {std::string("no archive at all"),
                                   whole.substr(0, whole.size() / 2), std::string(5000, '\0')}) {
    served() = bytes;
    container_.image_hash = crypto::sha256_hex(bytes);
    auto admitted = admit_now();
    ASSERT_FALSE(admitted.ok());
    EXPECT_TRUE(admitted.error().kind == ErrorKind::kCorrupt ||
                admitted.error().kind == ErrorKind::kInvalid)
        << admitted.error().text();
  }
}

TEST_F(Gate, ForeignArchitectureIsRefusedByPolicy) {
  engine::testing::ImageMaker maker;
  maker.architecture = "s390x";
  served() = maker.docker();
  container_.image_hash = crypto::sha256_hex(served());
  container_.metadata = Json();
  auto admitted = admit_now();
  ASSERT_FALSE(admitted.ok());
  EXPECT_EQ(admitted.error().kind, ErrorKind::kRefused);
}

TEST_F(Gate, WithdrawnContainerIsRefused) {
  container_.is_valid = false;
  auto admitted = admit_now();
  ASSERT_FALSE(admitted.ok());
  EXPECT_EQ(admitted.error().kind, ErrorKind::kRefused);
}

TEST_F(Gate, NoPolicyNoImage) {
  auto site = world_.command();
  fs::remove(world_.workspace() / "policy.yaml");
  auto admitted = admit(*site, container_);
  ASSERT_FALSE(admitted.ok());
  EXPECT_EQ(admitted.error().kind, ErrorKind::kRefused);
}

TEST(DownloadUrl, KnowsItsForms) {
  EXPECT_EQ(download_url("direct:https://a/b").value(), "https://a/b");
  EXPECT_EQ(download_url("https://a/b").value(), "https://a/b");
  EXPECT_FALSE(download_url("synapse:syn1").ok());
  EXPECT_FALSE(download_url("/etc/passwd").ok());
}

class Unpack : public ::testing::Test {
 protected:
  Status unpack_bytes(const std::string& bytes, const UnpackLimits& limits = {}) {
    const fs::path file = folder_.path() / "a.tar";
    EXPECT_TRUE(write_file_atomically(file, bytes).ok());
    return unpack(file, folder_.path() / "out", limits);
  }
  TemporaryFolder folder_;
};

TEST_F(Unpack, FilesAndFolders) {
  const std::string tar =
      engine::testing::tar_of({{"./paths.yaml", "x"}, {"a/b/c", "y"}, {"a/._c", "z"}});
  ASSERT_TRUE(unpack_bytes(tar).ok());
  EXPECT_EQ(read_file(folder_.path() / "out/a/b/c").value(), "y");
  EXPECT_FALSE(fs::exists(folder_.path() / "out/a/._c"));
}

TEST_F(Unpack, HostileEntriesLeaveNothing) {
  using engine::testing::tar_of;
  using engine::testing::typed_entry;
  const std::string end = engine::tar_end();
  for (const std::string& bytes :
       {tar_of({{"../evil", "x"}}), tar_of({{"a/../../evil", "x"}}), tar_of({{"/evil", "x"}}),
        typed_entry("link", '2', "/etc/passwd") + end, typed_entry("hard", '1', "a") + end,
        typed_entry("device", '3') + end, tar_of({{"twice", "x"}, {"twice", "y"}})}) {
    auto done = unpack_bytes(bytes);
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().kind, ErrorKind::kRefused) << done.error().text();
    EXPECT_FALSE(fs::exists(folder_.path() / "out"));
    EXPECT_FALSE(fs::exists(folder_.path() / "evil"));
  }
}

TEST_F(Unpack, LimitsHold) {
  const std::string tar = engine::testing::tar_of({{"a", std::string(1000, 'x')}, {"b", "y"}});
  EXPECT_EQ(unpack_bytes(tar, {Bytes{999}, 10}).error().kind, ErrorKind::kTooLarge);
  EXPECT_EQ(unpack_bytes(tar, {Bytes{2000}, 1}).error().kind, ErrorKind::kTooLarge);
}

}  // namespace
}  // namespace medperf::site
