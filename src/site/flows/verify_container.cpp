#include "site/flows/verify_container.h"

#include <algorithm>
#include <set>
#include <system_error>

#include <fmt/format.h>
#include "base/encoding.h"
#include "crypto/sha256.h"
#include "site/flows/own_files.h"
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
  MEDPERF_TRY(const FileDigest found, crypto::digest_file(archive));
  if (found != wanted) {
    return make_error(ErrorKind::kCorrupt, archive.string(),
                      fmt::format("its digest is {}, registered is {}", found.hex(), wanted.hex()),
                      "get the archive again from its owner");
  }
  const fs::path kept = site.workspace().image_file(wanted);
  std::error_code failure;
  if (!fs::exists(kept)) fs::copy_file(archive, kept, failure);
  if (!failure) return {};
  return make_error(ErrorKind::kUnavailable, kept.string(),
                    "the archive cannot be copied: " + failure.message(), "check the disk");
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

void judge_signature(const Policy& policy, const ImageSignature& signature, Verification& out) {
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

Result<ImageSignature> signature_of(const OwnVerification& own, const Policy& policy,
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
  ImageSignature best;
  for (const std::int64_t publisher : publishers) {
    MEDPERF_TRY(ImageSignature found, check_signatures(metadata, UserId{publisher}, archive.image,
                                                       archive.digest, policy.publisher_keys));
    const bool verified = found.state == SignatureState::kVerified;
    best = std::move(found);
    if (verified) return best;
  }
  return best;
}

}  // namespace

bool Verification::good() const {
  return std::all_of(verdicts.begin(), verdicts.end(), [](const Verdict& one) { return one.good; });
}

Result<Verification> verify_registered(Site& site, ContainerId id, const fs::path& archive) {
  MEDPERF_TRY(const Policy* policy, site.policy());
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(const Container container, hub->container(id));
  Verification out;
  out.name = printable(container.name, 128);
  auto examined = [&]() -> Result<Admitted> {
    if (!archive.empty()) MEDPERF_CHECK(take_copy(site, container, archive));
    MEDPERF_TRY(Admitted admitted, examine(site, container));
    // What an earlier command verified is hashed again.
    MEDPERF_CHECK(ensure_archived(site, admitted));
    return admitted;
  }();
  if (!examined.ok()) {
    if (of_the_moment(examined.error())) return std::move(examined).error();
    bad(out, "digest", examined.error());
    return out;
  }
  out.archive = "sha256:" + examined->archive.hex();
  out.image = examined->image.image.prefixed();
  good(out, "digest", "the archive is the registered one, byte for byte");
  judge_signature(*policy, examined->signature, out);
  judge_configuration(examined->config, out);
  judge_policy(*policy, examined->image, examined->findings, out);
  MEDPERF_CHECK(judge_requests(site, examined->config, out));
  return out;
}

Result<Verification> verify_own(Site& site, const OwnVerification& own) {
  MEDPERF_TRY(const Policy* policy, site.policy());
  Verification out;
  out.name = own.archive.filename().string();
  auto archive = read_own_archive(own.archive);
  if (!archive.ok()) {
    if (archive.error().kind == ErrorKind::kNotFound) return std::move(archive).error();
    bad(out, "digest", archive.error());
    return out;
  }
  out.archive = "sha256:" + archive->digest.hex();
  out.image = archive->image.image.prefixed();
  std::string wanted = own.image_hash;
  if (wanted.starts_with("sha256:")) wanted.erase(0, 7);
  if (!wanted.empty() && wanted != archive->digest.hex()) {
    bad(out, "digest",
        make_error(ErrorKind::kCorrupt, own.archive.string(),
                   "it is not " + printable(own.image_hash, 80), "get the archive again"));
  } else {
    good(out, "digest",
         wanted.empty() ? "the archive is whole; nothing to compare it with was given"
                        : "the archive is the wanted one, byte for byte");
  }
  const auto signature = signature_of(own, *policy, *archive);
  if (signature.ok()) judge_signature(*policy, *signature, out);
  if (!signature.ok()) bad(out, "signature", signature.error());
  judge_policy(*policy, archive->image,
               engine::inspect(archive->image, to_iso8601(site.clock().now())), out);
  if (own.config.empty()) return out;
  MEDPERF_TRY(const Json document, read_own_document(own.config));
  const auto config = wire::read_container_config(document);
  if (!config.ok()) {
    bad(out, "configuration", config.error());
    return out;
  }
  judge_configuration(*config, out);
  MEDPERF_CHECK(judge_requests(site, *config, out));
  return out;
}

}  // namespace medperf::site
