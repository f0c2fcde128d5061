#include "crypto/sha256.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/tests/temporary_folder.h"
#include "crypto/sha256_files.h"

namespace medperf::crypto {
namespace {

// FIPS 180-4 examples and NIST CAVP short messages.
TEST(Sha256, VectorsOfNist) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex("\xd3"), "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesGiveTheSame) {
  Sha256 hash;
  hash.update("a");
  hash.update("");
  hash.update("bc");
  EXPECT_EQ(hash.finish_hex(), sha256_hex("abc"));
  EXPECT_EQ(digest_of<FileDigest>("abc").hex(), sha256_hex("abc"));
}

TEST(Sha256, DigestsFilesFromTheirStart) {
  const TemporaryFolder folder;
  const fs::path path = folder.path() / "f";
  const std::string content(600'001, 'x');
  ASSERT_TRUE(write_file_atomically(path, content).ok());
  EXPECT_EQ(digest_file(path)->hex(), sha256_hex(content));
  const auto file = open_file(path);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(digest_file(*file)->hex(), sha256_hex(content));
  EXPECT_EQ(digest_file(*file)->hex(), sha256_hex(content)) << "reading again starts anew";
  fs::create_symlink("f", folder.path() / "link");
  EXPECT_EQ(digest_file(folder.path() / "link").error().kind, ErrorKind::kRefused);
  EXPECT_EQ(digest_file(folder.path() / "none").error().kind, ErrorKind::kNotFound);
}

/// Files of these sizes through digest_files; `lone`: how many at the end are not put beside
/// another.
void check_many(const std::vector<std::size_t>& sizes, std::size_t lone) {
  const TemporaryFolder folder;
  std::vector<std::string> contents;
  std::vector<FileHandle> handles;
  for (const std::size_t size : sizes) {
    std::string content(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
      content[i] = static_cast<char>((i * 131 + size * 7 + (i >> 8)) & 0xff);
    const fs::path path = folder.path() / std::to_string(contents.size());
    ASSERT_TRUE(write_file_atomically(path, content).ok());
    contents.push_back(std::move(content));
    auto handle = open_file(path);
    ASSERT_TRUE(handle.ok());
    handles.push_back(std::move(*handle));
  }
  std::size_t given = 0;
  std::vector<std::string> found(sizes.size());
  digest_files(
      [&](bool beside) -> const FileHandle* {
        if (given >= handles.size() || (beside && given + lone >= handles.size())) return nullptr;
        return &handles[given++];
      },
      [&](const FileHandle* file, Result<FileDigest> digest) {
        ASSERT_TRUE(digest.ok());
        auto& place = found[static_cast<std::size_t>(file - handles.data())];
        EXPECT_TRUE(place.empty());
        place = digest->hex();
      });
  for (std::size_t i = 0; i < sizes.size(); ++i)
    EXPECT_EQ(found[i], sha256_hex(contents[i])) << sizes[i] << " bytes";
}

TEST(Sha256, ManyFilesBesideEachOtherGiveTheSame) {
  check_many({}, 0);
  std::vector<std::size_t> small, around;
  for (std::size_t size = 0; size <= 200; ++size) small.push_back(size);
  check_many(small, 0);
  for (const std::size_t size : {65'536U, 131'072U, 1'000'000U}) {
    for (int more = -65; more <= 65; more += 5)
      around.push_back(static_cast<std::size_t>(static_cast<int>(size) + more));
  }
  check_many(around, 0);
  check_many(around, 30);
  check_many({5'000'000, 0, 3, 700'000, 64, 65'535, 2, 1'500'000, 55, 56}, 0);
  check_many({3'000'000}, 0);
  check_many({3'000'000, 2'000'000, 1'000'000}, 2);
}

TEST(Sha256, AFileThatCannotBeReadSparesTheOther) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomically(folder.path() / "f", std::string(300'000, 'x')).ok());
  const auto good = open_file(folder.path() / "f");
  const FileHandle bad(::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::vector<const FileHandle*> files = {&*good, &bad};
  digest_files(
      [&](bool) -> const FileHandle* {
        if (files.empty()) return nullptr;
        const auto* file = files.back();
        files.pop_back();
        return file;
      },
      [&](const FileHandle* file, Result<FileDigest> digest) {
        EXPECT_EQ(digest.ok(), file == &*good);
        if (digest.ok())
          EXPECT_EQ(digest->hex(), sha256_hex(std::string(300'000, 'x')));
        else
          EXPECT_EQ(digest.error().kind, ErrorKind::kUnavailable);
      });
}

}  // namespace
}  // namespace medperf::crypto
