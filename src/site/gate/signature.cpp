#include "site/gate/signature.h"

#include <optional>
#include <utility>

#include "base/encoding.h"
#include "crypto/dsse.h"
#include "result/statement.h"

namespace medperf::site {
namespace {

constexpr std::size_t kMostSignatures = 16;
constexpr JsonLimits kDocument{64U << 10, 16, 1000};

/// What a signature has to be about.
struct Signed {
  std::string_view kind;  ///< for people
  std::string_view predicate;
  std::optional<ImageId> image;
  FileDigest archive;
  const char* by;  ///< the command that signs it
};

Signed image_subject(const ImageId& image, const FileDigest& archive) {
  return {"an image", kImageStatement, image, archive, "medperf container sign"};
}
Signed files_subject(const FileDigest& archive) {
  return {"a model's files", kFilesStatement, std::nullopt, archive, "medperf asset sign"};
}

Error refused(std::string what) {
  return make_error(ErrorKind::kRefused, "signature", std::move(what),
                    "ask the publisher to sign it again; nothing was run");
}

/// The digest of the subject of this name; empty when the statement has none.
std::string subject_digest(const Json& statement, std::string_view name) {
  const Json* subjects = statement.find("subject");
  if (subjects == nullptr || !subjects->is_array()) return {};
  for (const Json& subject : subjects->items()) {
    const Json* digest = subject.find_path({"digest", "sha256"});
    if (subject.get_string("name") == name && digest != nullptr && digest->is_string())
      return digest->as_string();
  }
  return {};
}

Status check_statement(std::string_view payload, const Signed& about) {
  auto statement = parse_json(payload, kDocument);
  if (!statement.ok()) return refused("what was signed is no statement");
  if (statement->get_string("_type") != result::kStatementType ||
      statement->get_string("predicateType") != about.predicate) {
    return refused("what was signed is no statement about " + std::string(about.kind));
  }
  if (about.image && subject_digest(*statement, "image") != about.image->hex())
    return refused("it was made for another image, not for " + about.image->prefixed());
  const std::string file = subject_digest(*statement, "archive");
  // An image is known by its own digest, whatever file holds it; files are not.
  const bool left_out = file.empty() && about.image;
  if (!left_out && file != about.archive.hex())
    return refused("it was made for another archive, not for " + about.archive.prefixed());
  return {};
}

Json sign(const Signed& about, const crypto::SigningKey& key) {
  const auto subject = [](std::string_view name, const std::string& hex) {
    return Json::object({{"name", name}, {"digest", Json::object({{"sha256", hex}})}});
  };
  Json subjects = Json::array();
  if (about.image) subjects.push(subject("image", about.image->hex()));
  subjects.push(subject("archive", about.archive.hex()));
  const Json statement = Json::object({{"_type", result::kStatementType},
                                       {"subject", std::move(subjects)},
                                       {"predicateType", about.predicate},
                                       {"predicate", Json::object()}});
  return crypto::sign_dsse(to_canonical(statement), result::kPayloadType, key);
}

Status check_subject_of(const Json& envelope, const Signed& about) {
  const auto payload = from_base64(envelope.get_string("payload"));
  if (!payload.ok() || !crypto::dsse_key_id(envelope).ok()) {
    return make_error(ErrorKind::kInvalid, "signature",
                      "this is no signed document of " + std::string(about.kind),
                      "make one with '" + std::string(about.by) + "'");
  }
  return check_statement(*payload, about);
}

PublisherSignature verified(std::string key_id) {
  return {SignatureState::kVerified, key_id, "signed by the publisher's key " + key_id};
}

PublisherSignature unknown(std::string text) {
  return {SignatureState::kUnknownKey, "", std::move(text)};
}

Result<PublisherSignature> check_dsse(const Json& envelope, UserId publisher, const Signed& about,
                                      const std::vector<PublisherKey>& keys) {
  auto id = crypto::dsse_key_id(envelope);
  if (!id.ok()) return refused("the signed document is damaged: " + id.error().text());
  for (const PublisherKey& known : keys) {
    if (known.user != publisher || !known.ed25519 || known.ed25519->key_id() != *id) continue;
    auto content = crypto::verify_dsse(envelope, *known.ed25519);
    if (!content.ok() || content->payload_type != result::kPayloadType)
      return refused("the publisher's signature does not hold");
    MEDPERF_CHECK(check_statement(content->payload, about));
    return verified(*id);
  }
  return unknown("signed by a key that the site policy does not name for this publisher");
}

Result<PublisherSignature> check_cosign(const Json& item, UserId publisher,
                                        const engine::ImageArchive& image,
                                        const std::vector<PublisherKey>& keys) {
  const auto payload = from_base64(item.get_string("payload"));
  const auto signature = from_base64(item.get_string("signature"));
  if (!payload.ok() || !signature.ok()) return refused("its base64 is damaged");
  for (const PublisherKey& known : keys) {
    if (known.user != publisher || !known.cosign || !known.cosign->verify(*payload, *signature))
      continue;
    auto document = parse_json(*payload, kDocument);
    if (!document.ok()) return refused("what was signed is no document");
    const Json* signed_digest =
        document->find_path({"critical", "image", "docker-manifest-digest"});
    if (signed_digest == nullptr || !signed_digest->is_string())
      return refused("what was signed names no manifest");
    if (!image.manifest) {
      return unknown("signed with cosign for a manifest, which a " + image.format +
                     " does not hold; an oci-archive does");
    }
    // Of an image for several platforms, cosign signs the index, which names this manifest.
    const bool of_index = image.index && signed_digest->as_string() == image.index->prefixed();
    if (!of_index && signed_digest->as_string() != image.manifest->prefixed())
      return refused("it was made for another image, not for the manifest " +
                     image.manifest->prefixed());
    return verified(known.cosign->key_id());
  }
  return unknown("signed with cosign by no key that the site policy names for this publisher");
}

/// The best of a registration's signatures; one that does not hold spoils all. `image`: null of
/// files.
Result<PublisherSignature> check_list(const Json& metadata, UserId publisher, const Signed& about,
                                      const engine::ImageArchive* image,
                                      const std::vector<PublisherKey>& keys) {
  PublisherSignature best{SignatureState::kUnsigned, "", "not signed by its publisher"};
  const Json* list = metadata.find_path({"medperf", "signatures"});
  if (list == nullptr || list->is_null()) return best;
  if (!list->is_array() || list->items().size() > kMostSignatures)
    return refused("the registration's list of signatures is damaged");
  for (const Json& item : list->items()) {
    auto found = [&]() -> Result<PublisherSignature> {
      if (item.get_string("form") != "cosign") return check_dsse(item, publisher, about, keys);
      if (image == nullptr) return unknown("signed with cosign, which counts for images alone");
      return check_cosign(item, publisher, *image, keys);
    }();
    if (!found.ok()) return found;
    if (found->state > best.state) best = std::move(*found);
  }
  return best;
}

}  // namespace

std::string_view to_string(SignatureState state) {
  switch (state) {
    case SignatureState::kUnsigned:
      return "unsigned";
    case SignatureState::kUnknownKey:
      return "unknown key";
    case SignatureState::kVerified:
      return "verified";
  }
  return "unsigned";
}

Json sign_image(const ImageId& image, const FileDigest& archive, const crypto::SigningKey& key) {
  return sign(image_subject(image, archive), key);
}

Json sign_files(const FileDigest& archive, const crypto::SigningKey& key) {
  return sign(files_subject(archive), key);
}

Status check_subject(const Json& envelope, const ImageId& image, const FileDigest& archive) {
  return check_subject_of(envelope, image_subject(image, archive));
}

Status check_files_subject(const Json& envelope, const FileDigest& archive) {
  return check_subject_of(envelope, files_subject(archive));
}

Result<PublisherSignature> check_signatures(const Json& metadata, UserId publisher,
                                            const engine::ImageArchive& image,
                                            const FileDigest& archive,
                                            const std::vector<PublisherKey>& keys) {
  return check_list(metadata, publisher, image_subject(image.image, archive), &image, keys);
}

Result<PublisherSignature> check_files_signatures(const Json& metadata, UserId publisher,
                                                  const FileDigest& archive,
                                                  const std::vector<PublisherKey>& keys) {
  return check_list(metadata, publisher, files_subject(archive), nullptr, keys);
}

}  // namespace medperf::site
