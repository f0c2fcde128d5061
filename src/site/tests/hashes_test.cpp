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

TEST_F(Hashes, ThreadsChangeNothing) {
  for (int i = 0; i < 40; ++i) {
    put("data/" + std::to_string(i), std::string(static_cast<std::size_t>(i) * 5000, 'x'));
  }
  const std::vector<DatasetRoot> roots = {{"data", folder_.path() / "data"}};
  const auto one = hash_dataset(roots, {1, nullptr, {}});
  std::uint64_t last = 0;
  const auto four = hash_dataset(roots, {4, nullptr, [&](Bytes done, Bytes all) {
                                           last = done.value;
                                           EXPECT_EQ(all.value, 5000U * (39 * 40 / 2));
                                         }});
  ASSERT_TRUE(one.ok() && four.ok());
  EXPECT_EQ(one->dataset_digest(), four->dataset_digest());
  EXPECT_EQ(last, 5000U * (39 * 40 / 2));
}

TEST_F(Hashes, KnownFilesAreNotReadAgain) {
  put("data/a", "1");
  put("data/b", "2");
  const std::vector<DatasetRoot> roots = {{"data", folder_.path() / "data"}};
  Manifest known = hash({"data"});
  known.files[0].sha256 = std::string(64, 'f');  // a lie that shows who was not read
  put("data/b", "3");
  const auto now = hash_dataset(roots, {0, &known, {}});
  ASSERT_TRUE(now.ok());
  EXPECT_EQ(now->files[0].sha256, std::string(64, 'f'));
  EXPECT_EQ(now->files[1].sha256, crypto::sha256_hex("3"));
}

TEST_F(Hashes, KnownIsOnlyWhatWasLeftAloneForAWhile) {
  put("data/a", "1");
  const Manifest manifest = hash({"data"});
  const std::int64_t touched = manifest.files[0].stamp.ctime_ns / 1000;
  EXPECT_TRUE(stamped_before(manifest, {touched + 1'000'000}).files.empty());
  EXPECT_EQ(stamped_before(manifest, {touched + 2'000'002}).files.size(), 1U);
}

TEST_F(Hashes, StampsSurviveTextAndDamageMeansReadingAgain) {
  put("data/with space", "1");
  put("data/z", "2");
  const Manifest manifest = hash({"data"});
  const std::string text = stamps_text(manifest);
  const Manifest back = manifest_from_stamps(text);
  ASSERT_EQ(back.files.size(), 2U);
  EXPECT_EQ(back.files[0].stamp, manifest.files[0].stamp);
  EXPECT_EQ(back.dataset_digest(), manifest.dataset_digest());
  for (const std::string& damaged :
       {std::string(), text.substr(1), text + "x\n", text.substr(0, text.find('\n') + 30) + "\n"}) {
    EXPECT_TRUE(manifest_from_stamps(damaged).files.empty()) << damaged;
  }
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
