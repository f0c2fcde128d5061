#include "crypto/p256.h"

#include <array>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "crypto/sha256.h"

namespace medperf::crypto {
namespace {

constexpr std::size_t kTextLimit = 4096;
constexpr std::size_t kSignatureLimit = 256;
constexpr std::string_view kCurve = "prime256v1";

bool is_p256(const EVP_PKEY* key) {
  std::array<char, 64> name{};
  std::size_t length = 0;
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
         EVP_PKEY_get_group_name(key, name.data(), name.size(), &length) == 1 &&
         std::string_view(name.data(), length) == kCurve;
}

std::string der_of(EVP_PKEY* key) {
  unsigned char* bytes = nullptr;
  const int size = i2d_PUBKEY(key, &bytes);
  std::string out(reinterpret_cast<const char*>(bytes),
                  size > 0 ? static_cast<std::size_t>(size) : 0);
  OPENSSL_free(bytes);
  return out;
}

int no_passphrase(char*, int, int, void*) {
  return 0;
}

}  // namespace

struct P256Key::Key {
  EVP_PKEY* pointer;
  explicit Key(EVP_PKEY* key) : pointer(key) {}
  ~Key() { EVP_PKEY_free(pointer); }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;
};

Result<P256Key> P256Key::from_pem(std::string_view text) {
  EVP_PKEY* read = nullptr;
  if (text.size() <= kTextLimit) {
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(
        BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free_all);
    read = PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr);
  }
  auto key = std::make_shared<const Key>(read);
  if (read == nullptr || !is_p256(read)) {
    return make_error(ErrorKind::kInvalid, "public key", "this is no P-256 public key in PEM form",
                      "give the content of cosign.pub, which begins with BEGIN PUBLIC KEY");
  }
  return P256Key(key, "p256:" + sha256_hex(der_of(read)));
}

bool P256Key::verify(std::string_view message, std::string_view signature) const {
  if (signature.empty() || signature.size() > kSignatureLimit) return false;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  return context &&
         EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_->pointer) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(message.data()),
                          message.size()) == 1;
}

}  // namespace medperf::crypto
