#include "crypto/secret_box.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/tests/temporary_folder.h"

namespace medperf::crypto {
namespace {

TEST(SecretBox, OpensWhatItSealedForThatPurposeOnly) {
  const SecretBox box = SecretBox::generate();
  const std::string sealed = box.seal("the secret", "user 3");
  EXPECT_EQ(sealed.find("secret"), std::string::npos);
  EXPECT_NE(sealed, box.seal("the secret", "user 3"));
  EXPECT_EQ(box.open(sealed, "user 3").value(), "the secret");
  EXPECT_EQ(box.open(box.seal("", "user 3"), "user 3").value(), "");
  for (const auto& outcome :
       {box.open(sealed, "user 4"), SecretBox::generate().open(sealed, "user 3"),
        box.open("", "user 3"), box.open("AAAA", "user 3"), box.open("not base64", "user 3")}) {
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error().kind, ErrorKind::kCorrupt);
  }
  std::string changed = sealed;
  changed[changed.size() / 2] = changed[changed.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(box.open(changed, "user 3").ok());
}

TEST(SecretBox, ItsKeyFileIsPrivateAndNeverReplaced) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "secrets.key";
  const SecretBox box = SecretBox::generate();
  ASSERT_TRUE(box.save_new(file).ok());
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(SecretBox::generate().save_new(file).error().kind, ErrorKind::kConflict);
  auto again = SecretBox::load(file);
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_EQ(again->open(box.seal("x", "p"), "p").value(), "x");
  fs::permissions(file, fs::perms::group_read, fs::perm_options::add);
  EXPECT_EQ(SecretBox::load(file).error().kind, ErrorKind::kRefused);
}

}  // namespace
}  // namespace medperf::crypto
