#include "crypto/ed25519.h"

#include <sodium.h>

#include <array>
#include <cstring>

#include "base/encoding.h"
#include "crypto/key_file.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "crypto/sodium.h"

namespace medperf::crypto {
namespace {

// First line of a key file; the second is the seed in base64.
constexpr std::string_view kKeyFileHead = "medperf-ed25519-key/v1";

const unsigned char* as_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* as_bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

/// libsodium's secret key (seed and public key), wiped when it goes.
struct ExpandedKey {
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};
  std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> open{};
  explicit ExpandedKey(const std::string& seed) {
    start_sodium();
    crypto_sign_seed_keypair(open.data(), secret.data(), as_bytes(seed));
  }
  ~ExpandedKey() { sodium_memzero(secret.data(), secret.size()); }
  ExpandedKey(const ExpandedKey&) = delete;
  ExpandedKey& operator=(const ExpandedKey&) = delete;
};

}  // namespace

Result<VerifyKey> VerifyKey::from_base64(std::string_view text) {
  auto bytes = medperf::from_base64(text);
  if (!bytes.ok() || bytes->size() != crypto_sign_PUBLICKEYBYTES) {
    return make_error(ErrorKind::kInvalid, printable(text, 80), "This is not an Ed25519 public key",
                      "Give its 32 bytes in base64.");
  }
  VerifyKey key;
  key.bytes_ = std::move(*bytes);
  return key;
}

std::string VerifyKey::base64() const {
  return to_base64(bytes_);
}

std::string VerifyKey::key_id() const {
  return "ed25519:" + sha256_hex(bytes_);
}

bool VerifyKey::verify(std::string_view message, std::string_view signature) const {
  if (bytes_.size() != crypto_sign_PUBLICKEYBYTES || signature.size() != crypto_sign_BYTES)
    return false;
  start_sodium();
  return crypto_sign_verify_detached(as_bytes(signature), as_bytes(message), message.size(),
                                     as_bytes(bytes_)) == 0;
}

SigningKey SigningKey::generate() {
  SigningKey key;
  key.seed_ = random_bytes(crypto_sign_SEEDBYTES);
  return key;
}

Result<SigningKey> SigningKey::load(const fs::path& path) {
  MEDPERF_TRY(auto content, read_key_file(path));
  const auto lines = split(trim(content), '\n');
  auto seed = lines.size() == 2 && lines[0] == kKeyFileHead ? from_base64(lines[1])
                                                            : Result<std::string>(std::string());
  wipe(content);
  if (!seed.ok() || seed->size() != crypto_sign_SEEDBYTES) {
    return make_error(ErrorKind::kCorrupt, printable(path.native(), 500),
                      "This is not a key file of the form " + std::string(kKeyFileHead),
                      "Restore it from a backup.");
  }
  SigningKey key;
  key.seed_ = std::move(*seed);
  return key;
}

Status SigningKey::save_new(const fs::path& path) const {
  std::string content = std::string(kKeyFileHead) + "\n" + to_base64(seed_) + "\n";
  Status status = write_new_key_file(path, content);
  wipe(content);
  return status;
}

VerifyKey SigningKey::verify_key() const {
  const ExpandedKey expanded(seed_);
  VerifyKey key;
  key.bytes_.assign(expanded.open.begin(), expanded.open.end());
  return key;
}

std::string SigningKey::sign(std::string_view message) const {
  const ExpandedKey expanded(seed_);
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(as_bytes(signature), nullptr, as_bytes(message), message.size(),
                       expanded.secret.data());
  return signature;
}

SigningKey::SigningKey(SigningKey&& other) noexcept : seed_(std::move(other.seed_)) {}

SigningKey& SigningKey::operator=(SigningKey&& other) noexcept {
  if (this != &other) {
    wipe(seed_);
    seed_ = std::move(other.seed_);  // 32 bytes lie on the heap: nothing stays behind
  }
  return *this;
}

SigningKey::~SigningKey() {
  wipe(seed_);
}

}  // namespace medperf::crypto
