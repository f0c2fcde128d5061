#include "crypto/sha256.h"

#include <gtest/gtest.h>

#include "base/tests/temporary_folder.h"

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

}  // namespace
}  // namespace medperf::crypto
