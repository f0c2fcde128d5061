#include "site/gate/gate.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include "crypto/sha256.h"
#include "engine/memory/place.h"
#include "site/flows/journal.h"
#include "site/gate/registry.h"
#include "site/review/texts.h"
#include "site/sealed/container_key.h"

namespace medperf::site {
namespace {

Json texts(const std::vector<std::string>& list) {
  Json::Array out;
  for (const std::string& text : list) out.emplace_back(text);
  return Json(std::move(out));
}

std::vector<std::string> texts_from(const Json* list) {
  std::vector<std::string> out;
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& item : list->items()) {
    if (item.is_string()) out.push_back(item.as_string());
  }
  return out;
}

/// What the journal keeps of a verified archive.
Json verified_json(const engine::ImageArchive& image,
                   const std::vector<engine::Finding>& findings) {
  Json::Array layers;
  for (const engine::Layer& layer : image.layers) {
    layers.push_back(Json::object(
        {{"diff_id", layer.diff_id.hex()}, {"size", static_cast<std::int64_t>(layer.size.value)}}));
  }
  Json::Array found;
  for (const engine::Finding& finding : findings) {
    found.push_back(Json::object({{"severity", static_cast<int>(finding.severity)},
                                  {"check", finding.check},
                                  {"what", finding.what},
                                  {"advice", finding.advice}}));
  }
  return Json::object({{"image", image.image.hex()},
                       {"format", image.format},
                       {"manifest", image.manifest ? image.manifest->hex() : std::string()},
                       {"index", image.index ? image.index->hex() : std::string()},
                       {"architecture", image.architecture},
                       {"os", image.os},
                       {"user", image.user},
                       {"entrypoint", texts(image.entrypoint)},
                       {"command", texts(image.command)},
                       {"layers", Json(std::move(layers))},
                       {"findings", Json(std::move(found))}});
}

Result<engine::ImageArchive> image_from(const Json& document) {
  engine::ImageArchive image;
  MEDPERF_TRY(image.image, ImageId::parse(document.get_string("image")));
  image.format = document.get_string("format");
  if (const std::string manifest = document.get_string("manifest"); !manifest.empty()) {
    MEDPERF_TRY(image.manifest, ManifestDigest::parse(manifest));
  }
  if (const std::string index = document.get_string("index"); !index.empty()) {
    MEDPERF_TRY(image.index, ManifestDigest::parse(index));
  }
  image.architecture = document.get_string("architecture");
  image.os = document.get_string("os");
  image.user = document.get_string("user");
  image.entrypoint = texts_from(document.find("entrypoint"));
  image.command = texts_from(document.find("command"));
  const Json* layers = document.find("layers");
  if (layers == nullptr || !layers->is_array()) return image;
  for (const Json& item : layers->items()) {
    MEDPERF_TRY(FileDigest diff, FileDigest::parse(item.get_string("diff_id")));
    image.layers.push_back({diff, Bytes{static_cast<std::uint64_t>(item.get_int("size"))}});
  }
  return image;
}

std::vector<engine::Finding> findings_from(const Json& document) {
  std::vector<engine::Finding> out;
  const Json* list = document.find("findings");
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& item : list->items()) {
    const auto severity = std::clamp<std::int64_t>(item.get_int("severity", 3), 0, 3);
    out.push_back({static_cast<engine::Severity>(severity), item.get_string("check"),
                   item.get_string("what"), item.get_string("advice")});
  }
  return out;
}

std::string where(const Container& container) {
  return fmt::format("container {} '{}'", container.id.value, container.name);
}

/// An image that was fetched and verified, and the archive that holds it here.
struct BroughtIn {
  FileDigest archive;
  engine::ImageArchive image;
  Bytes plain{0};  ///< see Admitted
};

/// What is registered of an image in a registry: the digest of its manifest or index, or, before
/// December 2025, the bare hex of its id.
Result<RegistryImage> resolve_registered(Site& site, const Container& container,
                                         const ImageReference& reference) {
  std::optional<ManifestDigest> wanted;
  if (container.image_hash.starts_with("sha256:")) {
    MEDPERF_TRY(wanted, ManifestDigest::parse(container.image_hash));
  }
  MEDPERF_TRY(RegistryImage found, resolve_image(site, reference, wanted));
  if (wanted || found.image.hex() == container.image_hash) return found;
  return make_error(ErrorKind::kCorrupt, where(container),
                    "the tag stands for the image " + found.image.prefixed() + ", registered is " +
                        container.image_hash,
                    "ask the owner to register the image by the registry's digest");
}

Result<BroughtIn> from_registry(Site& site, const Container& container, const std::string& image,
                                const Policy& policy) {
  MEDPERF_TRY(const ImageReference reference, parse_image_reference(image));
  MEDPERF_TRY(const RegistryImage found, resolve_registered(site, container, reference));
  MEDPERF_TRY(const Json config, parse_json(found.config));
  MEDPERF_CHECK(check_platform(policy, config.get_string("os"), config.get_string("architecture"),
                               found.image.prefixed()));
  const fs::path part = site.workspace().download_file(found.image.hex());
  MEDPERF_CHECK(fetch_image(site, reference, found, part, policy.archive_limit));
  MEDPERF_TRY(const FileHandle handle, open_file(part));
  BroughtIn out;
  MEDPERF_TRY(out.archive, crypto::digest_file(handle));
  MEDPERF_TRY(out.image, engine::read_archive(handle));
  if (out.image.image != found.image) {
    return make_error(ErrorKind::kCorrupt, where(container),
                      "the layers are not those of the image " + found.image.prefixed(),
                      "tell the registry's owner; nothing was run");
  }
  out.image.manifest = found.manifest;
  if (found.top != found.manifest) out.image.index = found.top;
  const fs::path place = site.workspace().image_file(out.archive);
  if (::rename(part.c_str(), place.c_str()) != 0)
    return make_error(ErrorKind::kUnavailable, place.string(), "the archive cannot be put in place",
                      "check the disk");
  MEDPERF_CHECK(site.record("request", Json::object({{"what", "download"},
                                                     {"url", image},
                                                     {"manifest", found.manifest.prefixed()},
                                                     {"image", found.image.prefixed()}})));
  return out;
}

/// What the registration says of an archive's platform is only good for sparing a download: the
/// image itself is asked once it is here. Archives hold their configuration anywhere, so without
/// this their platform is not known before.
Status check_registered_platform(const Policy& policy, const Container& container) {
  const std::string platform = container.registered_platform();
  const auto slash = platform.find('/');
  if (slash == std::string::npos) return {};
  return check_platform(policy, std::string_view(platform).substr(0, slash),
                        std::string_view(platform).substr(slash + 1), where(container));
}

/// Fetches and verifies, from wherever the owner serves it.
Result<BroughtIn> bring_in(Site& site, const Container& container,
                           const wire::ContainerConfig& config, const fs::path& key_file) {
  MEDPERF_TRY(const Policy* policy, site.policy());
  if (config.type == wire::ContainerType::kDockerImage)
    return from_registry(site, container, config.image, *policy);
  MEDPERF_CHECK(check_registered_platform(*policy, container));
  BroughtIn out;
  MEDPERF_TRY(out.archive, FileDigest::parse(container.image_hash));
  // What is read below is what was hashed: one descriptor.
  MEDPERF_TRY(const FileHandle handle,
              fetch_verified(site, config.image, out.archive,
                             site.workspace().image_file(out.archive), policy->archive_limit));
  if (!wire::is_encrypted(config.type)) {
    MEDPERF_TRY(out.image, engine::read_archive(handle));
    return out;
  }
  MEDPERF_TRY(const crypto::Secret key, container_key(site, container, key_file));
  MEDPERF_TRY(engine::OpenedImage opened,
              engine::open_sealed(handle, key, policy->archive_limit, site.sealed_setup()));
  out.image = std::move(opened.image);
  out.plain = opened.plain;
  return out;
}

/// Fetches, verifies and inspects; gives what the journal notes.
Result<Json> verify(Site& site, const Container& container, const wire::ContainerConfig& config,
                    const fs::path& key_file) {
  const SpentGuard guard(site.gate_time());
  MEDPERF_TRY(const BroughtIn brought, bring_in(site, container, config, key_file));
  const auto& [digest, image, plain] = brought;
  const fs::path file = site.workspace().image_file(digest);
  if (const auto stamp = FileStamp::of(file)) site.note_verified_archive(digest, *stamp);
  const std::string registered = container.registered_image_id();
  if (!registered.empty()) {
    MEDPERF_TRY(ImageId expected, ImageId::parse(registered));
    if (expected != image.image) {
      return make_error(ErrorKind::kCorrupt, file.string(),
                        fmt::format("the image in the archive is {}, registered is {}",
                                    image.image.prefixed(), expected.prefixed()),
                        "ask the owner to register the container again");
    }
  }
  std::vector<engine::Finding> findings = engine::inspect(image, to_iso8601(site.clock().now()));
  if (wire::is_encrypted(config.type)) findings.push_back(encryption_finding());
  const Json report = Json::object({{"medperf", kGateVersion},
                                    {"container", container.id.value},
                                    {"archive", digest.hex()},
                                    {"image", image.image.hex()},
                                    {"at", to_iso8601(site.clock().now())},
                                    {"inspection", engine::to_json(image, findings)}});
  const std::string bytes = to_canonical(report);
  MEDPERF_CHECK(write_file_atomically(site.workspace().gate_report(digest), bytes));
  MEDPERF_CHECK(
      site.record("gate-report", Json::object({{"container", container.id.value},
                                               {"archive", digest.hex()},
                                               {"image", image.image.hex()},
                                               {"findings", findings.size()},
                                               {"report_sha256", crypto::sha256_hex(bytes)}})));
  Json verified = verified_json(image, findings);
  verified.set("archive", digest.hex());
  if (plain.value > 0) verified.set("plain", static_cast<std::int64_t>(plain.value));
  return verified;
}

/// The archive's file, verified in this command: hashed again only when it is not the very file
/// (inode, size, times) that was hashed.
Status ensure_archive(Site& site, const Admitted& admitted, const fs::path& file) {
  const SpentGuard guard(site.gate_time());
  const auto seen = FileStamp::of(file);
  if (seen && site.verified_archive(admitted.archive) == seen) return {};
  MEDPERF_TRY(const Policy* policy, site.policy());
  if (admitted.config.type != wire::ContainerType::kDockerImage) {
    auto handle =
        fetch_verified(site, admitted.config.image, admitted.archive, file, policy->archive_limit);
    if (!handle.ok()) return std::move(handle).error();
    return {};
  }
  if (auto kept = crypto::digest_file(file); kept.ok() && *kept == admitted.archive) return {};
  MEDPERF_TRY(const BroughtIn again,
              from_registry(site, admitted.container, admitted.config.image, *policy));
  if (again.archive == admitted.archive) return {};
  return make_error(ErrorKind::kCorrupt, where(admitted.container),
                    "the registry gives other layers than before", "tell the registry's owner");
}

/// What the policy says of an image: who signed it, its platform, its findings.
Status check_policy(const Policy& policy, Admitted& admitted) {
  MEDPERF_TRY(admitted.signature,
              check_signatures(admitted.container.metadata, admitted.container.owner,
                               admitted.image, admitted.archive, policy.publisher_keys));
  const bool verified = admitted.signature.state == SignatureState::kVerified;
  if (policy.require_signature && !verified) {
    return make_error(
        ErrorKind::kRefused, admitted.image.image.prefixed(),
        "the site policy requires a signature, and the image is " + admitted.signature.text,
        "ask the publisher to sign it, and put the key into images.publisher_keys");
  }
  admitted.findings.push_back({verified ? engine::Severity::kInfo : engine::Severity::kNotice,
                               "signature", admitted.signature.text, ""});
  return check_image(policy, admitted.image, admitted.findings);
}

}  // namespace

Json Admitted::identity() const {
  return Json::object({{"container", container.id.value},
                       {"archive", archive.hex()},
                       {"image", image.image.hex()},
                       {"config", crypto::sha256_hex(to_canonical(container.config))},
                       {"parameters", parameters_digest()},
                       {"additional_files", container.additional_files_hash}});
}

std::string Admitted::parameters_digest() const {
  return container.parameters.is_null() ? std::string()
                                        : crypto::sha256_hex(to_canonical(container.parameters));
}

Result<Admitted> examine(Site& site, const Container& container, const fs::path& key_file) {
  if (!container.is_valid) {
    return make_error(ErrorKind::kRefused, where(container), "its owner has withdrawn it",
                      "ask the owner for a valid one");
  }
  Admitted out;
  out.container = container;
  out.key_file = key_file;
  auto config = wire::read_container_config(container.config);
  if (!config.ok()) return std::move(config).error().at(where(container));
  out.config = std::move(*config);
  auto digest = FileDigest::parse(container.image_hash);
  if (!digest.ok()) return std::move(digest).error().at(where(container) + ": image_hash");
  const std::string name = "image-" + digest->hex().substr(0, 16);
  MEDPERF_TRY(FileLock lock, site.workspace().lock(name));
  MEDPERF_TRY(Journal journal, Journal::open(site.workspace().journal_file(name), site.clock()));
  const Json inputs =
      Json::object({{"archive", digest->hex()}, {"image", container.registered_image_id()}});
  auto verified = run_step(journal, "verify", inputs,
                           [&] { return verify(site, container, out.config, key_file); });
  if (!verified.ok()) return std::move(verified).error().at(where(container));
  MEDPERF_TRY(out.archive, FileDigest::parse(verified->get_string("archive", digest->hex())));
  MEDPERF_TRY(out.image, image_from(*verified));
  out.findings = findings_from(*verified);
  out.plain = Bytes{static_cast<std::uint64_t>(verified->get_int("plain"))};
  MEDPERF_TRY(const Policy* policy, site.policy());
  auto admitted = check_policy(*policy, out);
  if (!admitted.ok()) out.refusal = std::move(admitted).error();
  return out;
}

Result<Admitted> admit(Site& site, const Container& container) {
  MEDPERF_TRY(Admitted out, examine(site, container));
  if (!out.refusal) return out;
  MEDPERF_CHECK(site.record("refusal", Json::object({{"what", "image"},
                                                     {"container", container.id.value},
                                                     {"reason", out.refusal->text()}})));
  return std::move(*out.refusal).at(where(container));
}

engine::Finding encryption_finding() {
  return {engine::Severity::kInfo, "encryption",
          "the image is encrypted; it is decrypted into memory only, for each run, and never lies "
          "on a disk here",
          ""};
}

Status ensure_archived(Site& site, const Admitted& admitted) {
  const std::string name = "image-" + admitted.archive.hex().substr(0, 16);
  MEDPERF_TRY(FileLock lock, site.workspace().lock(name));
  return ensure_archive(site, admitted, site.workspace().image_file(admitted.archive));
}

Status ensure_for_nodes(Site& site, const Admitted& admitted) {
  MEDPERF_CHECK(ensure_archived(site, admitted));
  NodeKeys& keys = site.node_keys();
  if (!admitted.encrypted() || keys.has(admitted.archive)) return {};
  MEDPERF_TRY(crypto::Secret key, container_key(site, admitted.container, admitted.key_file));
  keys.keep(admitted.archive, std::move(key));
  return {};
}

engine::SealedSize sealed_size(const Admitted& admitted) {
  engine::SealedSize out;
  out.plain = admitted.plain;
  for (const engine::Layer& layer : admitted.image.layers) out.unpacked.value += layer.size.value;
  out.squashed = admitted.image.format == "sif";
  return out;
}

namespace {

/// What the person should know before an encrypted image is decrypted into memory here.
void warn_of_swap(Site& site) {
  if (!engine::places_may_swap()) return;
  site.tell_once(swap_warning("this machine"));
}

/// The key is taken now, in the command's own thread; the rest is done by each run.
Status make_sealed_ready(Site& site, const Admitted& admitted) {
  MEDPERF_TRY(const engine::Engine* by, site.memory_engine());
  if (!by->takes(admitted.image.format)) {
    return make_error(ErrorKind::kRefused, where(admitted.container),
                      by->description() + " does not take a " + admitted.image.format,
                      "choose another engine with engine.kind; 'medperf doctor' lists them");
  }
  const std::string name = "image-" + admitted.archive.hex().substr(0, 16);
  MEDPERF_TRY(FileLock lock, site.workspace().lock(name));
  engine::SealedImage image{sealed_size(admitted), {}, {}, {}, {}};
  image.file = site.workspace().image_file(admitted.archive);
  MEDPERF_CHECK(ensure_archive(site, admitted, image.file));
  image.digest = admitted.archive;
  image.image = admitted.image.image;
  MEDPERF_TRY(image.passphrase, container_key(site, admitted.container, admitted.key_file));
  warn_of_swap(site);
  site.run_in_memory(std::move(image), *by);
  return {};
}

}  // namespace

Status ensure_loaded(Site& site, const Admitted& admitted) {
  MEDPERF_TRY(engine::Engine * engine, site.engine());
  if (admitted.encrypted()) return make_sealed_ready(site, admitted);
  if (!admitted.image.format.empty() && !engine->takes(admitted.image.format)) {
    return make_error(ErrorKind::kRefused, where(admitted.container),
                      "this site's engine, " + engine->description() + ", does not take a " +
                          admitted.image.format,
                      "choose another engine with engine.kind; 'medperf doctor' lists them");
  }
  const ImageId& image = admitted.image.image;
  MEDPERF_TRY(bool there, engine->has_image(image));
  if (there) return {};
  const std::string name = "image-" + admitted.archive.hex().substr(0, 16);
  MEDPERF_TRY(FileLock lock, site.workspace().lock(name));
  const fs::path file = site.workspace().image_file(admitted.archive);
  MEDPERF_CHECK(ensure_archive(site, admitted, file));
  Bytes needed = mebibytes(32);
  for (const engine::Layer& layer : admitted.image.layers) needed.value += layer.size.value;
  MEDPERF_TRY(Bytes free, free_space(site.workspace().root()));
  if (free < needed) {
    return make_error(ErrorKind::kUnavailable, site.workspace().root().string(),
                      fmt::format("the disk is full: the image needs {}, free are {}",
                                  medperf::to_string(needed), medperf::to_string(free)),
                      "free space and run the command again");
  }
  MEDPERF_CHECK(engine->load(file, image));
  MEDPERF_TRY(bool loaded, engine->has_image(image));
  if (!loaded) {
    return make_error(ErrorKind::kCorrupt, image.prefixed(),
                      "the engine does not hold the image that was loaded", "run 'medperf doctor'");
  }
  return site.record("image-loaded", Json::object({{"container", admitted.container.id.value},
                                                   {"image", image.hex()}}));
}

}  // namespace medperf::site
