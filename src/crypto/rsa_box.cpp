#include "crypto/rsa_box.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "crypto/random.h"
#include "crypto/sha256.h"

namespace medperf::crypto {
namespace {

constexpr int kNewKeyBits = 3072;
constexpr int kSmallestKeyBits = 2048;
constexpr long kSecondsOfDay = 86400;
constexpr std::size_t kLongestChain = 8;
constexpr std::size_t kLongestShown = 200;
constexpr std::size_t kLongestName = 64;  // ub-common-name of X.509

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

Owned<BIO> reader_of(std::string_view text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string content_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(std::max(size, 0L))};
}

bool is_usable(const EVP_PKEY* key) {
  return key != nullptr && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA &&
         EVP_PKEY_get_bits(key) >= kSmallestKeyBits;
}

Error own_fault(const char* doing) {
  return make_error(ErrorKind::kBug, "crypto", std::string("OpenSSL fails at ") + doing);
}

bool set_padding(EVP_PKEY_CTX* context) {
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) > 0 &&
         EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) > 0 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) > 0;
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string der_of(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(std::max(size, 0)));
  OPENSSL_free(der);
  return out;
}

std::string name_of(const X509_NAME* name) {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
  return printable(content_of(bio.get()), kLongestShown);
}

bool is_signed_by(X509* certificate, X509* signer) {
  EVP_PKEY* key = X509_get0_pubkey(signer);
  return key != nullptr && X509_check_issued(signer, certificate) == X509_V_OK &&
         X509_verify(certificate, key) == 1;
}

/// Follows the signatures from the first certificate as far as the others lead.
CertificateSigner signer_of(const std::vector<Owned<X509>>& chain) {
  CertificateSigner out;
  X509* top = chain.front().get();
  if (is_signed_by(top, top)) {
    return {CertificateSigner::Kind::kItself, name_of(X509_get_subject_name(top)),
            sha256_hex(der_of(top))};
  }
  for (std::size_t i = 1; i < chain.size(); ++i) {
    X509* next = chain[i].get();
    if (X509_check_ca(next) == 0 || !is_signed_by(top, next)) break;
    top = next;
    out = {CertificateSigner::Kind::kAuthority, name_of(X509_get_subject_name(top)),
           sha256_hex(der_of(top))};
  }
  if (out.kind == CertificateSigner::Kind::kUnknown) out.name = name_of(X509_get_issuer_name(top));
  return out;
}

bool fill_certificate(X509* certificate, EVP_PKEY* key, std::string_view name, int days) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const std::string serial_bytes = random_hex(8);
  const auto serial = static_cast<std::uint64_t>(std::stoull(serial_bytes, nullptr, 16) >>
                                                 1);  // positive, as the standard asks for
  return X509_set_version(certificate, X509_VERSION_3) == 1 &&
         ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial) == 1 &&
         X509_gmtime_adj(X509_getm_notBefore(certificate), 0) != nullptr &&
         X509_gmtime_adj(X509_getm_notAfter(certificate), days * kSecondsOfDay) != nullptr &&
         X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, bytes_of(name),
                                    static_cast<int>(name.size()), -1, 0) == 1 &&
         X509_set_issuer_name(certificate, subject) == 1 &&
         X509_set_pubkey(certificate, key) == 1 && X509_sign(certificate, key, EVP_sha256()) > 0;
}

}  // namespace

struct CertificateKey::Key {
  Owned<EVP_PKEY> key;
};

CertificateKey::CertificateKey(std::unique_ptr<Key> key) : key_(std::move(key)) {}
CertificateKey::CertificateKey(CertificateKey&&) noexcept = default;
CertificateKey& CertificateKey::operator=(CertificateKey&&) noexcept = default;
CertificateKey::~CertificateKey() = default;

Result<CertificateKey> CertificateKey::from_pem(std::string_view pem) {
  const auto bio = reader_of(pem);
  std::vector<Owned<X509>> chain;
  while (chain.size() < kLongestChain) {
    Owned<X509> next(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!next) break;
    chain.push_back(std::move(next));
  }
  ERR_clear_error();  // the end of the text is one
  if (chain.empty())
    return make_error(ErrorKind::kInvalid, "certificate", "this is no X.509 certificate in PEM");
  X509* certificate = chain.front().get();
  Owned<EVP_PKEY> key(X509_get_pubkey(certificate));
  if (!is_usable(key.get())) {
    return make_error(ErrorKind::kInvalid, "certificate",
                      "it certifies no RSA key of 2048 bits or more");
  }
  CertificateKey out(std::make_unique<Key>(Key{std::move(key)}));
  out.fingerprint_ = sha256_hex(der_of(certificate));
  out.signer_ = signer_of(chain);
  return out;
}

Result<std::string> CertificateKey::encrypt(const Secret& secret) const {
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new(key_->key.get(), nullptr));
  std::size_t size = 0;
  const std::string_view text = secret.text();
  if (!context || EVP_PKEY_encrypt_init(context.get()) <= 0 || !set_padding(context.get()) ||
      EVP_PKEY_encrypt(context.get(), nullptr, &size, bytes_of(text), text.size()) <= 0)
    return own_fault("preparing an encryption");
  std::string out(size, '\0');
  if (EVP_PKEY_encrypt(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                       bytes_of(text), text.size()) <= 0) {
    return make_error(ErrorKind::kTooLarge, "key", "it is too long for the certificate's RSA key",
                      "use a key of at most 190 bytes");
  }
  out.resize(size);
  return out;
}

struct PrivateKey::Key {
  Owned<EVP_PKEY> key;
};

PrivateKey::PrivateKey(std::unique_ptr<Key> key) : key_(std::move(key)) {}
PrivateKey::PrivateKey(PrivateKey&&) noexcept = default;
PrivateKey& PrivateKey::operator=(PrivateKey&&) noexcept = default;
PrivateKey::~PrivateKey() = default;

Result<PrivateKey> PrivateKey::generate() {
  Owned<EVP_PKEY> key(EVP_RSA_gen(kNewKeyBits));
  if (!key) return own_fault("making a key");
  return PrivateKey(std::make_unique<Key>(Key{std::move(key)}));
}

Result<PrivateKey> PrivateKey::load(const fs::path& pem_file) {
  MEDPERF_TRY(std::string pem, read_key_file(pem_file));
  const Secret text(std::move(pem));
  const auto bio = reader_of(text.text());
  Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  if (!is_usable(key.get())) {
    return make_error(ErrorKind::kInvalid, printable(pem_file.native(), 500),
                      "this is no private RSA key of 2048 bits or more in PEM");
  }
  return PrivateKey(std::make_unique<Key>(Key{std::move(key)}));
}

Status PrivateKey::save_new(const fs::path& pem_file) const {
  const Owned<BIO> bio(BIO_new(BIO_s_secmem()));
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key_->key.get(), nullptr, nullptr, 0,
                                            nullptr, nullptr) != 1)
    return own_fault("writing a key");
  const Secret pem(content_of(bio.get()));
  return write_new_key_file(pem_file, pem.text());
}

Result<std::string> PrivateKey::self_signed(std::string_view common_name, int days) const {
  if (common_name.empty() || common_name.size() > kLongestName) {
    return make_error(ErrorKind::kInvalid, "certificate",
                      "the name in a certificate has 1 to 64 characters");
  }
  const Owned<X509> certificate(X509_new());
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  if (!certificate || !bio ||
      !fill_certificate(certificate.get(), key_->key.get(), common_name, days) ||
      PEM_write_bio_X509(bio.get(), certificate.get()) != 1)
    return own_fault("making a certificate");
  return content_of(bio.get());
}

Result<Secret> PrivateKey::decrypt(std::string_view bytes) const {
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new(key_->key.get(), nullptr));
  std::size_t size = 0;
  if (!context || EVP_PKEY_decrypt_init(context.get()) <= 0 || !set_padding(context.get()) ||
      EVP_PKEY_decrypt(context.get(), nullptr, &size, bytes_of(bytes), bytes.size()) <= 0)
    return own_fault("preparing a decryption");
  std::string out(size, '\0');
  if (EVP_PKEY_decrypt(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                       bytes_of(bytes), bytes.size()) <= 0) {
    wipe(out);
    return make_error(ErrorKind::kRefused, "key", "it was not encrypted for this private key",
                      "ask the owner of the container to grant the key again");
  }
  out.resize(size);
  return Secret(std::move(out));
}

}  // namespace medperf::crypto
