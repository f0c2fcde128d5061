#include "crypto/secret_box.h"

#include <sodium.h>

#include "base/encoding.h"
#include "crypto/key_file.h"
#include "crypto/random.h"
#include "crypto/sodium.h"

namespace medperf::crypto {

namespace {

// First line of a key file; the second is the key in base64.
constexpr std::string_view kHead = "medperf-secrets-key/v1";
constexpr std::size_t kKeyBytes = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* as_bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* as_bytes(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

}  // namespace

SecretBox SecretBox::generate() {
  return SecretBox(random_bytes(kKeyBytes));
}

Result<SecretBox> SecretBox::load(const fs::path& key_file) {
  MEDPERF_TRY(auto text, read_key_file(key_file));
  const auto lines = split(text, '\n');
  auto key = lines.size() >= 2 && lines[0] == kHead ? from_base64(trim(lines[1]))
                                                    : Result<std::string>(std::string());
  wipe(text);
  if (!key.ok() || key->size() != kKeyBytes) {
    return make_error(ErrorKind::kCorrupt, printable(key_file.native(), 500),
                      "This is not a key for stored secrets", "Restore it from a backup.");
  }
  return SecretBox(std::move(*key));
}

Status SecretBox::save_new(const fs::path& key_file) const {
  std::string text = std::string(kHead) + "\n" + to_base64(key_) + "\n";
  Status status = write_new_key_file(key_file, text);
  wipe(text);
  return status;
}

std::string SecretBox::seal(std::string_view secret, std::string_view purpose) const {
  start_sodium();
  const std::string nonce = random_bytes(kNonceBytes);
  std::string sealed(secret.size() + kTagBytes, '\0');
  unsigned long long size = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(as_bytes(sealed), &size, as_bytes(secret),
                                             secret.size(), as_bytes(purpose), purpose.size(),
                                             nullptr, as_bytes(nonce), as_bytes(key_));
  return to_base64(nonce + sealed);
}

Result<std::string> SecretBox::open(std::string_view sealed, std::string_view purpose) const {
  start_sodium();
  const auto bytes = from_base64(sealed);
  std::string secret;
  bool opened = bytes.ok() && bytes->size() >= kNonceBytes + kTagBytes;
  if (opened) {
    const std::string_view nonce = std::string_view(*bytes).substr(0, kNonceBytes);
    const std::string_view rest = std::string_view(*bytes).substr(kNonceBytes);
    secret.resize(rest.size() - kTagBytes);
    unsigned long long size = 0;
    opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
                 as_bytes(secret), &size, nullptr, as_bytes(rest), rest.size(), as_bytes(purpose),
                 purpose.size(), as_bytes(nonce), as_bytes(key_)) == 0;
  }
  if (!opened) {
    return make_error(ErrorKind::kCorrupt, "stored secret",
                      "it was not sealed with this hub's key for this place",
                      "Restore the key file that belongs to the database.");
  }
  return secret;
}

SecretBox::~SecretBox() {
  wipe(key_);
}

}  // namespace medperf::crypto
