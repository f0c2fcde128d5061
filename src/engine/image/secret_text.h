#pragma once
// Secrets by their form in text: only forms that hardly anything else has.

#include <optional>
#include <string_view>

namespace medperf::engine {

/// What kind of secret the text holds ("a private key", "a cloud access key" ...); nothing: none
/// was recognised. Forms: PEM and OpenPGP private keys (RFC 7468, RFC 9580), and the prefixed
/// tokens that Amazon Web Services, GitHub, GitLab, Slack, Google Cloud and Hugging Face document.
/// Linear in the text.
std::optional<std::string_view> find_secret(std::string_view text);

/// Whether a variable of this name usually holds a secret.
bool is_secret_name(std::string_view name);

}  // namespace medperf::engine
