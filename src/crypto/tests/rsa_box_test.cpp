// Keys of containers, encrypted for the holders of certificates.
#include "crypto/rsa_box.h"

#include <gtest/gtest.h>
#include <unistd.h>

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

// Made by the openssl program: an authority, one below it, and a holder's certificate.
class CertificateChain : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::access("/usr/bin/openssl", X_OK) != 0) GTEST_SKIP() << "needs openssl";
    make("root", "/CN=Root Authority", {"-x509", "-addext", "basicConstraints=critical,CA:TRUE"});
    issue("middle", "/CN=Middle", "root", "basicConstraints=critical,CA:TRUE");
    issue("holder", "/CN=hospital@example.org", "middle", "basicConstraints=CA:FALSE");
    issue("other", "/CN=Other", "holder", "basicConstraints=CA:FALSE");
  }
  void openssl(std::vector<std::string> words) {
    Command command;
    command.argv = std::move(words);
    command.argv.insert(command.argv.begin(), "openssl");
    command.environment = {{"PATH", "/usr/bin:/bin"}};
    command.working_folder = folder_.path();
    const auto done = run_process(command);
    ASSERT_TRUE(done.ok() && done->success()) << (done.ok() ? done->errors : done.error().text());
  }
  void make(const std::string& name, const std::string& subject, std::vector<std::string> more) {
    std::vector<std::string> words = {"req",         "-newkey", "rsa:2048", "-nodes", "-keyout",
                                      name + ".key", "-out",    name,       "-subj",  subject};
    words.insert(words.end(), more.begin(), more.end());
    openssl(words);
  }
  void issue(const std::string& name, const std::string& subject, const std::string& by,
             const std::string& constraint) {
    make(name + ".csr", subject, {});
    ASSERT_TRUE(write_file_atomically(folder_.path() / "extension", constraint + "\n").ok());
    openssl({"x509", "-req", "-in", name + ".csr", "-CA", by, "-CAkey",
             by + (by == "root" ? ".key" : ".csr.key"), "-CAcreateserial", "-extfile", "extension",
             "-out", name});
  }
  CertificateSigner signer(std::initializer_list<const char*> names) {
    std::string pem;
    for (const char* name : names) pem += *read_file(folder_.path() / name);
    const auto read = CertificateKey::from_pem(pem);
    EXPECT_TRUE(read.ok());
    return read.ok() ? read->signer() : CertificateSigner();
  }
  std::string fingerprint(const char* name) {
    return CertificateKey::from_pem(*read_file(folder_.path() / name))->fingerprint();
  }
  const TemporaryFolder folder_;
};

TEST_F(CertificateChain, TheSignaturesAreFollowedAsFarAsTheyLead) {
  using Kind = CertificateSigner::Kind;
  const auto whole = signer({"holder", "middle", "root"});
  EXPECT_EQ(whole.kind, Kind::kAuthority);
  EXPECT_EQ(whole.name, "CN=Root Authority");
  EXPECT_EQ(whole.fingerprint, fingerprint("root"));
  EXPECT_EQ(signer({"holder", "middle"}).fingerprint, fingerprint("middle"));
  const auto gap = signer({"holder", "root"});
  EXPECT_EQ(gap.kind, Kind::kUnknown) << "the root has not signed it";
  EXPECT_EQ(gap.name, "CN=Middle") << "which it only claims";
  EXPECT_TRUE(gap.fingerprint.empty());
  EXPECT_EQ(signer({"root"}).kind, Kind::kItself);
  EXPECT_EQ(signer({"other", "holder"}).kind, Kind::kUnknown) << "a holder is no authority";
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
