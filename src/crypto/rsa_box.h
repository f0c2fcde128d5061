#pragma once
// Short secrets encrypted for the holder of an RSA certificate: RSA-OAEP (RFC 8017) with MGF1 and
// SHA-256, no label, as containers' keys travel over the hub (v0). Through OpenSSL.

#include <memory>
#include <string>
#include <string_view>

#include "crypto/secret.h"

namespace medperf::crypto {

/// Who signed a certificate, as far as its signature proves it.
struct CertificateSigner {
  enum class Kind {
    kItself,     ///< nobody vouches for it: only its fingerprint tells whose it is
    kAuthority,  ///< a certificate that came with it and may sign others
    kUnknown,    ///< the one that it names did not come with it
  };
  Kind kind = Kind::kUnknown;
  std::string name;         ///< "CN=Some Authority"; of the topmost one that the signatures lead to
  std::string fingerprint;  ///< of that one's certificate; empty: unknown
};

/// The public key of an X.509 certificate. What the certificate says besides is not judged here.
class CertificateKey {
 public:
  /// Reads the first certificate of a PEM text; those that follow may have signed it. Errors:
  /// invalid (no certificate, no RSA key of 2048 bits or more).
  static Result<CertificateKey> from_pem(std::string_view pem);
  /// Raw bytes, as long as the key's modulus. Errors: too_large (more than the key can take, 190
  /// bytes with 2048 bits).
  Result<std::string> encrypt(const Secret& secret) const;
  /// SHA-256 hex of the certificate's DER bytes: what people compare.
  const std::string& fingerprint() const { return fingerprint_; }
  const CertificateSigner& signer() const { return signer_; }
  CertificateKey(CertificateKey&&) noexcept;
  CertificateKey& operator=(CertificateKey&&) noexcept;
  ~CertificateKey();

 private:
  struct Key;
  explicit CertificateKey(std::unique_ptr<Key> key);
  std::unique_ptr<Key> key_;
  std::string fingerprint_;
  CertificateSigner signer_;
};

/// The private key to a certificate.
class PrivateKey {
 public:
  static Result<PrivateKey> generate();  ///< RSA-3072
  /// PEM, mode 0600. Errors: refused (others may read it), invalid (no RSA key).
  static Result<PrivateKey> load(const fs::path& pem_file);
  Status save_new(const fs::path& pem_file) const;  ///< PKCS#8 PEM, 0600; conflict: exists
  /// A certificate that this key signs itself, PEM, valid for `days` from now. Errors: invalid (the
  /// name is empty or longer than 64 characters).
  Result<std::string> self_signed(std::string_view common_name, int days) const;
  /// Errors: refused, when it was not encrypted for this key.
  Result<Secret> decrypt(std::string_view bytes) const;
  PrivateKey(PrivateKey&&) noexcept;
  PrivateKey& operator=(PrivateKey&&) noexcept;
  ~PrivateKey();

 private:
  struct Key;
  explicit PrivateKey(std::unique_ptr<Key> key);
  std::unique_ptr<Key> key_;
};

}  // namespace medperf::crypto
