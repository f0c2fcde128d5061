// Keys of containers, encrypted for the holders of certificates.
#include "crypto/rsa_box.h"

#include <gtest/gtest.h>

#include "base/process.h"
#include "base/tests/temporary_folder.h"

namespace medperf::crypto {
namespace {

TEST(RsaBox, OnlyTheHolderOpensIt) {
  const TemporaryFolder folder;
  const auto key = PrivateKey::generate(), other = PrivateKey::generate();
  ASSERT_TRUE(key.ok() && other.ok());
  const auto pem = key->self_signed("hospital@example.org", 30);
  ASSERT_TRUE(pem.ok()) << pem.error().text();
  const auto certificate = CertificateKey::from_pem(*pem);
  ASSERT_TRUE(certificate.ok()) << certificate.error().text();
  EXPECT_EQ(certificate->fingerprint().size(), 64U);
  const auto sealed = certificate->encrypt(Secret("correct horse\n"));
  ASSERT_TRUE(sealed.ok()) << sealed.error().text();
  EXPECT_EQ(sealed->size(), 384U);
  EXPECT_EQ(key->decrypt(*sealed)->text(), "correct horse\n");
  EXPECT_EQ(other->decrypt(*sealed).error().kind, ErrorKind::kRefused);
  ASSERT_TRUE(key->save_new(folder.path() / "key").ok());
  EXPECT_EQ(PrivateKey::load(folder.path() / "key")->decrypt(*sealed)->text(), "correct horse\n");
  fs::permissions(folder.path() / "key", fs::perms(0640));
  EXPECT_EQ(PrivateKey::load(folder.path() / "key").error().kind, ErrorKind::kRefused);
}

// What the openssl program makes with the parameters of the contract opens, and the other way.
TEST(RsaBox, IsTheAgreedFormat) {
  const TemporaryFolder folder;
  const auto key = PrivateKey::generate();
  ASSERT_TRUE(key.ok() && key->save_new(folder.path() / "key").ok());
  ASSERT_TRUE(write_file_atomically(folder.path() / "plain", "abc").ok());
  ASSERT_TRUE(write_file_atomically(folder.path() / "cert", *key->self_signed("somebody", 1)).ok());
  const auto openssl = [&](std::vector<std::string> more) {
    Command command;
    command.argv = {"openssl",  "pkeyutl",
                    "-pkeyopt", "rsa_padding_mode:oaep",
                    "-pkeyopt", "rsa_oaep_md:sha256",
                    "-pkeyopt", "rsa_mgf1_md:sha256"};
    command.argv.insert(command.argv.end(), more.begin(), more.end());
    command.environment = {{"PATH", "/usr/bin:/bin"}};
    command.working_folder = folder.path();
    return run_process(command);
  };
  const auto made =
      openssl({"-encrypt", "-certin", "-inkey", "cert", "-in", "plain", "-out", "sealed"});
  if (!made.ok()) GTEST_SKIP() << "needs openssl";
  ASSERT_TRUE(made->success()) << made->errors;
  EXPECT_EQ(key->decrypt(*read_file(folder.path() / "sealed"))->text(), "abc");
  const auto certificate = CertificateKey::from_pem(*read_file(folder.path() / "cert"));
  ASSERT_TRUE(
      write_file_atomically(folder.path() / "ours", *certificate->encrypt(Secret("def"))).ok());
  const auto opened = openssl({"-decrypt", "-inkey", "key", "-in", "ours"});
  EXPECT_EQ(opened->output, "def") << opened->errors;
}

TEST(RsaBox, RefusesWhatIsNoCertificateOrTooLong) {
  EXPECT_EQ(CertificateKey::from_pem("no").error().kind, ErrorKind::kInvalid);
  const auto key = PrivateKey::generate();
  const auto certificate = CertificateKey::from_pem(*key->self_signed("x", 1));
  EXPECT_EQ(certificate->encrypt(Secret(std::string(400, 'x'))).error().kind, ErrorKind::kTooLarge);
  EXPECT_FALSE(key->self_signed("", 1).ok());
  EXPECT_FALSE(key->self_signed(std::string(65, 'x'), 1).ok());
}

}  // namespace
}  // namespace medperf::crypto
