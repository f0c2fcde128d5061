#include "site/dataset/hashes.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "crypto/sha256.h"
#include "site/tests/temporary_folder.h"

namespace medperf::site {
namespace {

class Hashes : public ::testing::Test {
 protected:
  void put(const std::string& path, std::string_view content) {
    const fs::path file = folder_.path() / path;
    fs::create_directories(file.parent_path());
    ASSERT_TRUE(write_file_atomically(file, content).ok());
  }
  Manifest hash(const std::vector<std::string>& roots) {
    std::vector<DatasetRoot> list;
    for (const std::string& root : roots) list.push_back({root, folder_.path() / root});
    auto manifest = hash_dataset(list);
    EXPECT_TRUE(manifest.ok()) << (manifest.ok() ? "" : manifest.error().text());
    return manifest.ok() ? *manifest : Manifest();
  }
  TemporaryFolder folder_;
};

TEST_F(Hashes, FolderUidIsTheReferencesTestVector) {
  put("data/first", "1");
  put("data/deep/second", "2");
  EXPECT_EQ(hash({"data"}).folder_uid().hex(),
            "33b675636da5dcc86ec847b38c08fa49ff1cace9749931e0a5d4dfdbdedd808a");
}

TEST_F(Hashes, FolderUidIgnoresNamesAndFoldersButCountsDuplicates) {
  put("a/x", "1");
  put("b/y", "2");
  put("c/z", "2");
  put("c/w", "1");
  EXPECT_EQ(hash({"a", "b"}).folder_uid(), hash({"c"}).folder_uid());
  EXPECT_NE(hash({"a", "a"}).folder_uid(), hash({"a"}).folder_uid());
}

TEST_F(Hashes, DatasetDigestIsOverSortedLines) {
  put("labels/l.csv", "ab");
  put("data/i.png", "1");
  std::string lines;
  lines += std::string("data/i.png") + '\0' + "1" + '\0' + crypto::sha256_hex("1") + "\n";
  lines += std::string("labels/l.csv") + '\0' + "2" + '\0' + crypto::sha256_hex("ab") + "\n";
  EXPECT_EQ(hash({"labels", "data"}).dataset_digest().hex(), crypto::sha256_hex(lines));
}

TEST_F(Hashes, DatasetDigestSeesSwappedContents) {
  put("data/a", "1");
  put("data/b", "2");
  const Manifest before = hash({"data"});
  put("data/a", "2");
  put("data/b", "1");
  const Manifest after = hash({"data"});
  EXPECT_EQ(before.folder_uid(), after.folder_uid());
  EXPECT_NE(before.dataset_digest(), after.dataset_digest());
}

TEST_F(Hashes, MissingFolderCountsAsEmpty) {
  EXPECT_TRUE(hash({"nothing"}).files.empty());
}

TEST_F(Hashes, SymbolicLinksAreRefused) {
  put("data/a", "1");
  fs::create_symlink("/etc/passwd", folder_.path() / "data/link");
  auto manifest = hash_dataset({{"data", folder_.path() / "data"}});
  ASSERT_FALSE(manifest.ok());
  EXPECT_EQ(manifest.error().kind, ErrorKind::kRefused);
}

TEST_F(Hashes, DifferenceNamesFiles) {
  put("data/changed", "1");
  put("data/gone", "1");
  const Manifest before = hash({"data"});
  put("data/changed", "2");
  put("data/new", "3");
  fs::remove(folder_.path() / "data/gone");
  const Difference difference = compare(before, hash({"data"}));
  EXPECT_EQ(difference.text(), "changed: data/changed; missing: data/gone; new: data/new");
}

TEST_F(Hashes, StatGuardSeesEveryChange) {
  put("data/a", "1");
  const std::vector<DatasetRoot> roots = {{"data", folder_.path() / "data"}};
  const Manifest manifest = hash({"data"});
  EXPECT_TRUE(looks_unchanged(manifest, roots).value());
  put("data/b", "1");
  EXPECT_FALSE(looks_unchanged(manifest, roots).value());
  fs::remove(folder_.path() / "data/b");
  EXPECT_TRUE(looks_unchanged(manifest, roots).value());
  put("data/a", "2");
  EXPECT_FALSE(looks_unchanged(manifest, roots).value());
}

TEST_F(Hashes, ManifestSurvivesJson) {
  put("data/a", "1");
  const Manifest manifest = hash({"data"});
  auto back = manifest_from_json(to_json(manifest));
  ASSERT_TRUE(back.ok());
  EXPECT_TRUE(compare(manifest, *back).empty());
  EXPECT_EQ(manifest.dataset_digest(), back->dataset_digest());
}

}  // namespace
}  // namespace medperf::site
