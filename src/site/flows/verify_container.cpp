#include "site/flows/verify_container.h"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>
#include "base/encoding.h"
#include "crypto/sha256.h"
#include "site/flows/own_files.h"
#include "site/gate/model_files.h"
#include "site/sealed/container_key.h"
#include "wire/task_contract.h"

namespace medperf::site {
namespace {

constexpr std::size_t kLongest = 500;

void good(Verification& out, std::string what, std::string text) {
  out.verdicts.push_back({std::move(what), true, std::move(text), ErrorKind::kBug});
}
void bad(Verification& out, std::string what, const Error& error) {
  out.verdicts.push_back({std::move(what), false, printable(error.text(), kLongest), error.kind});
}

/// A copy that came on a stick takes the place of what would be fetched, if it is the registered
/// one.
Status take_copy(Site& site, const Container& container, const fs::path& archive) {
  MEDPERF_TRY(const FileDigest wanted, FileDigest::parse(container.image_hash));
  return keep_copy(archive, wanted, site.workspace().image_file(wanted));
}

void judge_configuration(const wire::ContainerConfig& config, Verification& out) {
  for (const wire::ContractProblem& problem : wire::check_contract(config)) {
    if (!problem.fatal) continue;
    bad(out, "configuration",
        make_error(ErrorKind::kInvalid, problem.where, problem.what, "ask its owner"));
    return;
  }
  good(out, "configuration",
       fmt::format("{} task(s), as the contract has them", config.tasks.size()));
}

void judge_signature(const Policy& policy, const PublisherSignature& signature, Verification& out) {
  const bool verified = signature.state == SignatureState::kVerified;
  if (policy.require_signature && !verified) {
    bad(out, "signature",
        make_error(ErrorKind::kRefused, "", "the policy requires one: " + signature.text,
                   "ask the publisher to sign it"));
    return;
  }
  good(out, "signature", printable(signature.text, kLongest));
}

void judge_policy(const Policy& policy, const engine::ImageArchive& image,
                  const std::vector<engine::Finding>& findings, Verification& out) {
  const Status admitted = check_image(policy, image, findings);
  if (!admitted.ok()) return bad(out, "policy", admitted.error());
  good(out, "policy",
       fmt::format("{}/{}, {} finding(s), none worse than the policy admits", image.os,
                   image.architecture, findings.size()));
}

Status judge_requests(Site& site, const wire::ContainerConfig& config, Verification& out) {
  for (const auto& item : config.tasks) {
    const auto granted = site.grant(item.second);
    if (granted.ok()) continue;
    if (granted.error().kind != ErrorKind::kRefused) return granted.error();
    bad(out, "requests", granted.error());
    return {};
  }
  good(out, "requests", "GPUs and shared memory within what the site gives");
  return {};
}

/// What the next try may bring is no verdict.
bool of_the_moment(const Error& error) {
  return error.kind == ErrorKind::kUnavailable || error.kind == ErrorKind::kTimedOut ||
         error.kind == ErrorKind::kInterrupted || error.kind == ErrorKind::kBusy;
}

/// Whether the file that lies at `handle` is opened by the key; a verdict, whatever it is.
Result<std::optional<engine::OpenedImage>> judge_key(const Site& site, const FileHandle& handle,
                                                     const Result<crypto::Secret>& key, Bytes limit,
                                                     Verification& out) {
  if (!key.ok()) {
    if (of_the_moment(key.error())) return key.error();
    bad(out, "key", key.error());
    return std::optional<engine::OpenedImage>();
  }
  auto opened = engine::open_sealed(handle, *key, limit, site.sealed_setup());
  if (!opened.ok() && of_the_moment(opened.error())) return std::move(opened).error();
  if (!opened.ok()) {
    bad(out, "key", opened.error());
    return std::optional<engine::OpenedImage>();
  }
  good(out, "key", "it opens the archive, which was decrypted in memory only");
  return std::optional(std::move(*opened));
}

/// An encrypted archive: whether it is the registered one, and opened by this site's key. False:
/// what is in it cannot be told.
Result<bool> judge_sealed(Site& site, const Container& container,
                          const wire::ContainerConfig& config, const fs::path& key_file,
                          Verification& out) {
  MEDPERF_TRY(const Policy* policy, site.policy());
  MEDPERF_TRY(const FileDigest digest, FileDigest::parse(container.image_hash));
  const auto handle = fetch_verified(site, config.image, digest,
                                     site.workspace().image_file(digest), policy->archive_limit);
  if (!handle.ok()) {
    if (of_the_moment(handle.error())) return handle.error();
    bad(out, "digest", handle.error());
    return false;
  }
  out.archive = digest.prefixed();
  good(out, "digest", "the archive is the registered one, byte for byte");
  MEDPERF_TRY(const auto opened, judge_key(site, *handle, container_key(site, container, key_file),
                                           policy->archive_limit, out));
  return opened.has_value();
}

Result<PublisherSignature> signature_of(const OwnVerification& own, const Policy& policy,
                                        const OwnArchive& archive) {
  Json metadata = Json::object();
  if (!own.signature.empty()) {
    MEDPERF_TRY(const Json envelope, read_own_document(own.signature));
    MEDPERF_CHECK(check_subject(envelope, archive.image.image, archive.digest));
    Json signatures = Json::array();
    signatures.push(envelope);
    metadata.set("medperf", Json::object({{"signatures", std::move(signatures)}}));
  }
  std::set<std::int64_t> publishers = {0};
  for (const PublisherKey& key : policy.publisher_keys) publishers.insert(key.user.value);
  PublisherSignature best;
  for (const std::int64_t publisher : publishers) {
    MEDPERF_TRY(PublisherSignature found,
                check_signatures(metadata, UserId{publisher}, archive.image, archive.digest,
                                 policy.publisher_keys));
    const bool verified = found.state == SignatureState::kVerified;
    best = std::move(found);
    if (verified) return best;
  }
  return best;
}

/// All that is told of an image once it can be looked at.
Status judge_examined(Site& site, const Container& container, const fs::path& key, bool encrypted,
                      Verification& out) {
  MEDPERF_TRY(const Policy* policy, site.policy());
  auto examined = [&]() -> Result<Admitted> {
    MEDPERF_TRY(Admitted admitted, examine(site, container, encrypted ? key : fs::path()));
    // What an earlier command verified is hashed again.
    MEDPERF_CHECK(ensure_archived(site, admitted));
    return admitted;
  }();
  const char* what = encrypted ? "image" : "digest";  // the digest of an encrypted one is told
  if (!examined.ok()) {
    if (of_the_moment(examined.error())) return std::move(examined).error();
    bad(out, what, examined.error());
    return {};
  }
  out.archive = examined->archive.prefixed();
  out.image = examined->image.image.prefixed();
  if (!encrypted) good(out, what, "the archive is the registered one, byte for byte");
  judge_signature(*policy, examined->signature, out);
  judge_configuration(examined->config, out);
  judge_policy(*policy, examined->image, examined->findings, out);
  return judge_requests(site, examined->config, out);
}

Result<crypto::Secret> own_key(const fs::path& file) {
  if (file.empty()) {
    return make_error(ErrorKind::kRefused, "key", "the archive is encrypted",
                      "name the file of its key with --key");
  }
  MEDPERF_TRY(std::string text, crypto::read_key_file(file));
  return crypto::Secret(std::move(text));
}

/// The digest of an archive of one's own, compared with what it must be.
void judge_own_digest(const OwnVerification& own, const FileDigest& digest, Verification& out) {
  out.archive = digest.prefixed();
  std::string wanted = own.image_hash;
  if (wanted.starts_with("sha256:")) wanted.erase(0, 7);
  if (!wanted.empty() && wanted != digest.hex()) {
    bad(out, "digest",
        make_error(ErrorKind::kCorrupt, own.archive.string(),
                   "it is not " + printable(own.image_hash, 80), "get the archive again"));
    return;
  }
  good(out, "digest",
       wanted.empty() ? "the archive is whole; nothing to compare it with was given"
                      : "the archive is the wanted one, byte for byte");
}

/// The archive of one's own, encrypted or not, with the verdicts on its digest and key; nothing
/// when it cannot be read.
Result<std::optional<OwnArchive>> own_archive(const Site& site, const OwnVerification& own,
                                              bool encrypted, const Policy& policy,
                                              Verification& out) {
  using Nothing = std::optional<OwnArchive>;
  if (!encrypted) {
    auto archive = read_own_archive(own.archive);
    if (!archive.ok() && archive.error().kind == ErrorKind::kNotFound)
      return std::move(archive).error();
    if (!archive.ok()) {
      bad(out, "digest", archive.error());
      return Nothing();
    }
    judge_own_digest(own, archive->digest, out);
    out.image = archive->image.image.prefixed();
    return Nothing(std::move(*archive));
  }
  MEDPERF_TRY(const FileHandle handle, open_file(own.archive));
  OwnArchive archive;
  MEDPERF_TRY(archive.digest, crypto::digest_file(handle));
  judge_own_digest(own, archive.digest, out);
  MEDPERF_TRY(auto opened, judge_key(site, handle, own_key(own.key), policy.archive_limit, out));
  if (!opened) return Nothing();
  archive.image = std::move(opened->image);
  archive.plain = opened->plain;
  out.image = archive.image.image.prefixed();
  return Nothing(std::move(archive));
}

/// The archive of a model's files as it lies here or is fetched, after a copy was taken in.
Status bring_files(Site& site, const Asset& asset, const FileDigest& digest,
                   const fs::path& archive) {
  const fs::path place = site.workspace().model_archive(digest);
  MEDPERF_CHECK(make_private_folder(place.parent_path()));
  if (!archive.empty()) MEDPERF_CHECK(keep_copy(archive, digest, place));
  return ensure_files_archived(site, asset, digest);
}

/// What is in it, unpacked as for a run.
Status judge_files(Site& site, const Asset& asset, Verification& out) {
  const auto files = admit_files(site, asset);
  if (!files.ok() && of_the_moment(files.error())) return files.error();
  if (!files.ok()) {
    bad(out, "files", files.error());
    return {};
  }
  good(out, "files",
       fmt::format("{} file(s), {}; {} of them can hold programs", files->manifest.files.size(),
                   to_string(files->size()), files_with_code(*files).size()));
  return {};
}

}  // namespace

Result<Verification> verify_files(Site& site, AssetId id, const fs::path& archive) {
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(const Asset asset, hub->asset(id));
  MEDPERF_TRY(const Policy* policy, site.policy());
  Verification out;
  out.name = printable(asset.name, 128);
  auto digest = FileDigest::parse(asset.hash);
  if (!digest.ok()) return std::move(digest).error().at("asset_hash");
  const Status here = bring_files(site, asset, *digest, archive);
  if (!here.ok()) {
    if (of_the_moment(here.error())) return here.error();
    bad(out, "digest", here.error());
    return out;
  }
  out.archive = digest->prefixed();
  good(out, "digest", "the archive is the registered one, byte for byte");
  const auto signature =
      check_files_signatures(asset.metadata, asset.owner, *digest, policy->publisher_keys);
  if (!signature.ok()) {
    bad(out, "signature", signature.error());
    return out;
  }
  judge_signature(*policy, *signature, out);
  // What the policy refuses unsigned is not unpacked.
  if (out.good()) MEDPERF_CHECK(judge_files(site, asset, out));
  return out;
}

bool Verification::good() const {
  return std::all_of(verdicts.begin(), verdicts.end(), [](const Verdict& one) { return one.good; });
}

Result<Verification> verify_registered(Site& site, ContainerId id, const fs::path& archive,
                                       const fs::path& key) {
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(const Container container, hub->container(id));
  Verification out;
  out.name = printable(container.name, 128);
  if (const auto taken = archive.empty() ? Status() : take_copy(site, container, archive);
      !taken.ok()) {
    if (of_the_moment(taken.error())) return taken.error();
    bad(out, "digest", taken.error());
    return out;
  }
  const auto config = wire::read_container_config(container.config);
  const bool encrypted = config.ok() && wire::is_encrypted(config->type);
  if (encrypted) {
    MEDPERF_TRY(const bool opened, judge_sealed(site, container, *config, key, out));
    if (!opened) {
      judge_configuration(*config, out);
      return out;
    }
  }
  MEDPERF_CHECK(judge_examined(site, container, key, encrypted, out));
  return out;
}

Result<Verification> verify_own(Site& site, const OwnVerification& own) {
  MEDPERF_TRY(const Policy* policy, site.policy());
  Verification out;
  out.name = own.archive.filename().string();
  std::optional<wire::ContainerConfig> config;
  if (!own.config.empty()) {
    MEDPERF_TRY(const Json document, read_own_document(own.config));
    auto read = wire::read_container_config(document);
    if (!read.ok()) bad(out, "configuration", read.error());
    if (read.ok()) config = std::move(*read);
  }
  const bool encrypted = config ? wire::is_encrypted(config->type) : !own.key.empty();
  MEDPERF_TRY(const auto archive, own_archive(site, own, encrypted, *policy, out));
  if (!archive) return out;
  const auto signature = signature_of(own, *policy, *archive);
  if (signature.ok()) judge_signature(*policy, *signature, out);
  if (!signature.ok()) bad(out, "signature", signature.error());
  judge_policy(*policy, archive->image,
               engine::inspect(archive->image, to_iso8601(site.clock().now())), out);
  if (!config) return out;
  judge_configuration(*config, out);
  MEDPERF_CHECK(judge_requests(site, *config, out));
  return out;
}

}  // namespace medperf::site
