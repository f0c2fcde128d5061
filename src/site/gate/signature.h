#pragma once
// Who vouches for an image, or for a model's files: the publisher's signatures in the registration,
// checked against the keys that the site policy names.

#include <string>

#include "base/json.h"
#include "crypto/ed25519.h"
#include "engine/image/archive.h"
#include "site/policy/policy.h"

namespace medperf::site {

inline constexpr std::string_view kImageStatement = "medperf/image/v1";
inline constexpr std::string_view kFilesStatement = "medperf/model-files/v1";

enum class SignatureState {
  kUnsigned,
  kUnknownKey,  ///< signed, but by no key that the policy names for this publisher
  kVerified,
};
std::string_view to_string(SignatureState state);

struct PublisherSignature {
  SignatureState state = SignatureState::kUnsigned;
  std::string key_id;  ///< of the key that verified
  std::string text;    ///< one sentence part, for people
};

/// What a publisher signs: DSSE over an in-toto Statement v1 whose subjects are the image (its
/// ImageId) and the archive (its FileDigest), predicate medperf/image/v1.
Json sign_image(const ImageId& image, const FileDigest& archive, const crypto::SigningKey& key);
/// The same for a model's files, of which there is the archive alone: predicate
/// medperf/model-files/v1. Neither kind of signature counts for the other.
Json sign_files(const FileDigest& archive, const crypto::SigningKey& key);

/// Refuses a signed document that speaks of another image; says nothing of who signed it.
/// Errors: invalid, refused.
Status check_subject(const Json& envelope, const ImageId& image, const FileDigest& archive);
Status check_files_subject(const Json& envelope, const FileDigest& archive);

/// Checks `metadata.medperf.signatures` of a registration: DSSE envelopes as above, and
/// {"form": "cosign", "payload": base64, "signature": base64} over cosign's simple signing document
/// (github.com/sigstore/cosign, specs/SIGNATURE_SPEC.md), which binds the manifest's digest and so
/// counts for oci-archives only. Errors: refused, when a key of this publisher signed another image
/// or its signature does not hold.
Result<PublisherSignature> check_signatures(const Json& metadata, UserId publisher,
                                            const engine::ImageArchive& image,
                                            const FileDigest& archive,
                                            const std::vector<PublisherKey>& keys);
/// The same of a model's files; cosign's form says nothing of them.
Result<PublisherSignature> check_files_signatures(const Json& metadata, UserId publisher,
                                                  const FileDigest& archive,
                                                  const std::vector<PublisherKey>& keys);

}  // namespace medperf::site
