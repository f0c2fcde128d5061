#include "site/gate/model_files.h"

#include <algorithm>
#include <array>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include "base/encoding.h"
#include "crypto/sha256.h"
#include "site/dataset/unpack.h"
#include "site/flows/decision.h"
#include "site/flows/journal.h"
#include "site/gate/gate.h"

namespace medperf::site {
namespace {

constexpr std::string_view kRoot = "files";
constexpr std::size_t kMostFiles = 200'000;
constexpr std::string_view kUnpack = "unpack";

std::string where(const Asset& asset) {
  return fmt::format("model files {} '{}'", asset.id.value, printable(asset.name, 128));
}

Result<Manifest> hash_files(const fs::path& folder) {
  return hash_dataset({{std::string(kRoot), folder}});
}

/// What does not depend on the bytes.
Result<PublisherSignature> check_registration(const Policy& policy, const Asset& asset,
                                              const FileDigest& archive) {
  if (!asset.is_valid) {
    return make_error(ErrorKind::kRefused, where(asset), "its owner has withdrawn it",
                      "ask the owner for a valid one");
  }
  auto signature =
      check_files_signatures(asset.metadata, asset.owner, archive, policy.publisher_keys);
  if (!signature.ok()) return std::move(signature).error().at(where(asset));
  if (policy.require_signature && signature->state != SignatureState::kVerified) {
    return make_error(ErrorKind::kRefused, where(asset),
                      "the site policy requires a signature, and they are " + signature->text,
                      "ask the publisher to sign them with 'medperf asset sign', and put the key "
                      "into images.publisher_keys");
  }
  return signature;
}

/// An archive that nobody serves is taken as it lies.
Status check_given(const Asset& asset, const FileDigest& archive, const fs::path& place) {
  const std::string how = fmt::format(
      "ask the owner for it; 'medperf asset verify {} --archive FILE' takes it in", asset.id.value);
  std::error_code none;
  if (!fs::exists(place, none)) {
    return make_error(ErrorKind::kNotFound, where(asset), "its owner does not serve the archive",
                      how);
  }
  MEDPERF_TRY(const FileDigest found, crypto::digest_file(place));
  if (found == archive) return {};
  return make_error(ErrorKind::kCorrupt, place.string(),
                    "the archive is not the registered one: its SHA-256 is " + found.hex(), how);
}

/// The archive's files in their folder, and what they are.
Result<Manifest> bring_in(Site& site, const Policy& policy, const Asset& asset,
                          const FileDigest& archive) {
  const fs::path folder = site.workspace().model_files(archive);
  MEDPERF_CHECK(ensure_files_archived(site, asset, archive));
  MEDPERF_CHECK(remove_tree(folder));
  MEDPERF_CHECK(
      unpack(site.workspace().model_archive(archive), folder, {policy.archive_limit, kMostFiles}));
  MEDPERF_TRY(Manifest manifest, hash_files(folder));
  if (manifest.files.empty()) {
    return make_error(ErrorKind::kRefused, where(asset), "the archive holds no file",
                      "ask the owner for the right one");
  }
  MEDPERF_CHECK(
      site.record("gate-report", Json::object({{"asset", asset.id.value},
                                               {"archive", archive.hex()},
                                               {"files", manifest.files.size()},
                                               {"content", manifest.dataset_digest().hex()}})));
  return manifest;
}

/// What lies there, if it is what was unpacked.
std::optional<Manifest> still_there(const Journal& journal, const StepKey& key,
                                    const fs::path& folder) {
  const Json* noted = journal.find(kUnpack, key);
  std::error_code none;
  if (noted == nullptr || !fs::is_directory(folder, none)) return std::nullopt;
  auto manifest = hash_files(folder);
  const bool same =
      manifest.ok() && manifest->dataset_digest().hex() == noted->get_string("content");
  return same ? std::optional<Manifest>(std::move(*manifest)) : std::nullopt;
}

Status record_refusal(Site& site, const Asset& asset, const Error& error) {
  return site.record(
      "refusal",
      Json::object({{"what", "model files"}, {"asset", asset.id.value}, {"reason", error.text()}}));
}

/// What was unpacked, held so that it stays; nothing, when it has to be unpacked first.
Result<std::optional<Manifest>> take(Site& site, const StepKey& key, ModelFiles& out) {
  const std::string flow = files_flow(out.archive.hex());
  MEDPERF_TRY(FileLock in_use, site.workspace().share(flow));
  MEDPERF_TRY(const Journal journal,
              Journal::open(site.workspace().journal_file(flow), site.clock()));
  auto there = still_there(journal, key, out.folder);
  if (there) out.in_use = std::make_shared<const FileLock>(std::move(in_use));
  return there;
}

Result<ModelFiles> admit(Site& site, const Policy& policy, const Asset& asset) {
  const SpentGuard guard(site.gate_time());
  ModelFiles out;
  out.asset = asset;
  auto archive = FileDigest::parse(asset.hash);
  if (!archive.ok()) return std::move(archive).error().at(where(asset) + ": asset_hash");
  out.archive = *archive;
  MEDPERF_TRY(out.signature, check_registration(policy, asset, out.archive));
  out.folder = site.workspace().model_files(out.archive);
  const StepKey key = step_key(kUnpack, Json::object({{"archive", out.archive.hex()}}));
  MEDPERF_TRY(std::optional<Manifest> there, take(site, key, out));
  if (!there) {
    const std::string flow = files_flow(out.archive.hex());
    MEDPERF_TRY(const FileLock alone, site.workspace().lock(flow));
    MEDPERF_TRY(Journal journal, Journal::open(site.workspace().journal_file(flow), site.clock()));
    MEDPERF_TRY(const Manifest made, bring_in(site, policy, asset, out.archive));
    MEDPERF_CHECK(
        journal.note(kUnpack, key,
                     Json::object({{"content", made.dataset_digest().hex()}, {"url", asset.url}})));
  }
  if (!there) {
    MEDPERF_TRY(there, take(site, key, out));
  }
  if (!there) {
    return make_error(ErrorKind::kCorrupt, where(asset), "the files were changed as they came in",
                      "run the command again", std::string(kMomentCause));
  }
  out.manifest = std::move(*there);
  return out;
}

}  // namespace

std::string files_flow(std::string_view hex) {
  return "files-" + std::string(hex.substr(0, 16));
}

bool files_were_fetched(const Workspace& workspace, const std::string& hex) {
  const SystemClock unused;  // nothing is noted
  const auto journal = Journal::peek(workspace.journal_file(files_flow(hex)), unused);
  const Json* noted = journal.ok() ? journal->latest(kUnpack) : nullptr;
  const std::string url = noted == nullptr ? std::string() : noted->get_string("url");
  return !url.empty() && url != kUnservedAsset;
}

Status ensure_files_archived(Site& site, const Asset& asset, const FileDigest& archive) {
  MEDPERF_TRY(const Policy* policy, site.policy());
  const fs::path target = site.workspace().model_archive(archive);
  MEDPERF_CHECK(make_private_folder(target.parent_path()));
  if (asset.url == kUnservedAsset) return check_given(asset, archive, target);
  auto fetched = fetch_verified(site, asset.url, archive, target, policy->archive_limit);
  if (!fetched.ok()) return std::move(fetched).error();
  return {};
}

Bytes ModelFiles::size() const {
  Bytes out{0};
  for (const FileEntry& file : manifest.files) out.value += file.stamp.size;
  return out;
}

Json ModelFiles::identity() const {
  return Json::object({{"asset", asset.id.value},
                       {"archive", archive.hex()},
                       {"content", manifest.dataset_digest().hex()}});
}

Result<ModelFiles> admit_files(Site& site, const Asset& asset) {
  MEDPERF_TRY(const Policy* policy, site.policy());
  auto admitted = admit(site, *policy, asset);
  if (!admitted.ok() && admitted.error().kind == ErrorKind::kRefused)
    MEDPERF_CHECK(record_refusal(site, asset, admitted.error()));
  return admitted;
}

Status check_files(const ModelFiles& files) {
  const auto same = looks_unchanged(files.manifest, {{std::string(kRoot), files.folder}});
  if (same.ok() && *same) return {};
  return make_error(ErrorKind::kCorrupt, where(files.asset),
                    "the unpacked files were changed while this command ran",
                    "run the command again; they are unpacked anew", std::string(kMomentCause));
}

std::vector<std::string> files_with_code(const ModelFiles& files) {
  constexpr std::array<std::string_view, 12> kForms = {".pkl",  ".pickle", ".pt",  ".pth",
                                                       ".ckpt", ".joblib", ".bin", ".npy",
                                                       ".so",   ".py",     ".sh",  ".keras"};
  std::vector<std::string> out;
  for (const FileEntry& file : files.manifest.files) {
    const std::string path = file.path.substr(kRoot.size() + 1);
    std::string lower = path;
    for (char& letter : lower) {
      if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    }
    const bool can_run = std::any_of(kForms.begin(), kForms.end(),
                                     [&](std::string_view form) { return lower.ends_with(form); });
    if (can_run) out.push_back(path);
  }
  return out;
}

}  // namespace medperf::site
