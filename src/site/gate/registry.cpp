#include "site/gate/registry.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/encoding.h"
#include "crypto/sha256.h"
#include "engine/probe/probe_image.h"
#include "site/gate/registry_login.h"

namespace medperf::site {
namespace {

constexpr std::string_view kDefaultRegistry = "registry-1.docker.io";
constexpr std::string_view kManifests =
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json";
constexpr Bytes kDocument = mebibytes(4);
constexpr std::size_t kPiece = std::size_t{1} << 20;
constexpr int kFound = 200, kDenied = 401, kMissing = 404;

bool is_path(std::string_view text) {
  return !text.empty() && text.size() <= 255 && text.front() != '/' && text.back() != '/' &&
         text.find("..") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '.' || c == '_' ||
                  c == '-' || c == '/';
         });
}

bool is_tag(std::string_view text) {
  return !text.empty() && text.size() <= 128 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-';
         });
}

std::string query_value(std::string_view text) {
  std::string out;
  for (const unsigned char c : text) {
    if (std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == '~')
      out += static_cast<char>(c);
    else
      out += fmt::format("%{:02X}", c);
  }
  return out;
}

/// Removes a download and what it would have gone on from.
void forget_download(const fs::path& file) {
  std::error_code ignored;
  fs::remove(file, ignored);
  fs::remove(file.string() + ".resume", ignored);
}

/// One repository of one registry, with the sign-in or token it asks for.
class Repository {
 public:
  Repository(Site& site, const ImageReference& reference) : site_(site), reference_(reference) {}

  std::string url(std::string_view kind, std::string_view what) const {
    return fmt::format("https://{}/v2/{}/{}/{}", reference_.registry, reference_.repository, kind,
                       what);
  }

  /// A document whose SHA-256 is `digest`, or whatever there is when it is empty.
  Result<std::string> document(std::string_view kind, const std::string& what,
                               const std::string& digest) {
    const std::string place = url(kind, what);
    MEDPERF_TRY(const net::Reply reply, get(place));
    if (reply.status == kMissing)
      return make_error(ErrorKind::kNotFound, place, "the registry has no such image",
                        "ask the image's owner");
    if (reply.status == kDenied) return not_let_in(place);
    if (reply.status != kFound)
      return make_error(ErrorKind::kUnavailable, place,
                        fmt::format("the registry answers with status {}", reply.status));
    const std::string found = crypto::sha256_hex(reply.body);
    if (!digest.empty() && found != digest)
      return make_error(ErrorKind::kCorrupt, place,
                        "the registry's answer has SHA-256 " + found + ", not the one asked for");
    return reply.body;
  }

  Status blob(const engine::OciDescriptor& blob, const fs::path& target, Bytes limit) {
    // Redirected downloads may not ask for a token again: it is had before.
    if (headers_.empty()) MEDPERF_CHECK(get(url("manifests", reference_.tag)));
    const std::string place = url("blobs", blob.digest.prefixed());
    site_.tell(fmt::format("fetching {} ({})", place, to_string(blob.size)));
    auto outcome = site_.fetch(place, headers_, target, limit);
    if (!outcome.ok() && outcome.error().kind == ErrorKind::kForbidden) {
      // Tokens live for minutes, large layers take longer: one more, then on from the bytes here.
      headers_.clear();
      MEDPERF_CHECK(get(url("manifests", reference_.tag)));
      outcome = site_.fetch(place, headers_, target, limit);
    }
    if (!outcome.ok()) return std::move(outcome).error().at(place);
    MEDPERF_TRY(const FileDigest found, crypto::digest_file(target));
    if (found == blob.digest) return {};
    forget_download(target);
    return make_error(ErrorKind::kCorrupt, place,
                      "the layer's SHA-256 is " + found.hex() + ", not the one asked for",
                      "run the command again; if it stays so, tell the registry's owner");
  }

 private:
  Result<net::Reply> get(const std::string& place) {
    net::Call call;
    call.url = place;
    call.headers = headers_;
    call.headers["accept"] = std::string(kManifests);
    call.answer_limit = kDocument;
    MEDPERF_TRY(net::Reply reply, site_.call(call));
    const auto wants = reply.headers.find("www-authenticate");
    if (reply.status != kDenied || !headers_.empty() || wants == reply.headers.end()) return reply;
    MEDPERF_CHECK(sign_in(wants->second));
    if (headers_.empty()) return reply;
    call.headers["authorization"] = headers_["authorization"];
    return site_.call(call);
  }

  /// What the registry asks for: the site's sign-in itself, or a token that is had with it, or
  /// without one where everybody may read (distribution's token specification).
  Status sign_in(std::string_view header) {
    const Challenge challenge = read_challenge(header);
    MEDPERF_TRY(const std::string own,
                basic_authorization(site_.options().text("registry.credentials"),
                                    reference_.registry, reference_.repository));
    signed_in_ = !own.empty();
    if (challenge.scheme == "basic" && signed_in_) headers_["authorization"] = own;
    if (challenge.scheme != "bearer" || challenge.realm.empty()) return {};
    MEDPERF_TRY(const Policy* policy, site_.policy());
    MEDPERF_CHECK(check_download(*policy, challenge.realm));
    net::Call call;
    call.url = challenge.realm + (challenge.realm.find('?') == std::string::npos ? "?" : "&") +
               "service=" + query_value(challenge.service) +
               "&scope=" + query_value("repository:" + reference_.repository + ":pull");
    if (signed_in_) call.headers["authorization"] = own;
    call.answer_limit = kDocument;
    MEDPERF_TRY(const net::Reply reply, site_.call(call));
    auto document = parse_json(reply.body);
    if (reply.status != kFound || !document.ok()) return {};
    std::string token = document->get_string("token");
    if (token.empty()) token = document->get_string("access_token");
    if (!token.empty()) headers_["authorization"] = "Bearer " + token;
    return {};
  }

  Error not_let_in(const std::string& place) const {
    if (signed_in_)
      return make_error(ErrorKind::kForbidden, place,
                        "the registry does not let the site's sign-in for " + reference_.registry +
                            " read this image",
                        "check the name and password in the file of registry.credentials, or ask "
                        "the registry's owner for the right to read it");
    return make_error(ErrorKind::kForbidden, place, "the registry wants a sign-in",
                      "put one for " + reference_.registry +
                          " into the file that registry.credentials names, or ask the owner for "
                          "an archive");
  }

  Site& site_;
  const ImageReference& reference_;
  net::Headers headers_;
  bool signed_in_ = false;  ///< with the site's own name at this registry
};

/// Appends a file's bytes as an entry of a tar.
Status append_entry(const FileHandle& out, const std::string& name, const FileHandle& content,
                    std::uint64_t size) {
  MEDPERF_TRY(const std::string header, engine::tar_header(name, size));
  const auto put = [&](const char* bytes, std::size_t count) {
    return ::write(out.get(), bytes, count) == static_cast<ssize_t>(count);
  };
  bool good = put(header.data(), header.size());
  std::vector<char> piece(kPiece);
  std::uint64_t done = 0;
  while (good && done < size) {
    const ssize_t n = ::pread(content.get(), piece.data(), piece.size(), static_cast<off_t>(done));
    good = n > 0 && put(piece.data(), static_cast<std::size_t>(n));
    if (good) done += static_cast<std::uint64_t>(n);
  }
  const std::string padding((512 - size % 512) % 512, '\0');
  if (good && put(padding.data(), padding.size())) return {};
  return make_error(ErrorKind::kUnavailable, name, "the archive cannot be written",
                    "check the disk");
}

Status write_archive(const RegistryImage& image, const std::vector<fs::path>& layers,
                     const fs::path& target) {
  const FileHandle out(
      ::open(target.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!out.is_open())
    return make_error(ErrorKind::kUnavailable, target.string(), "the archive cannot be written");
  Json names = Json::array();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string name = image.layers[i].digest.hex() + ".tar";
    bool twice = false;
    for (const Json& before : names.items()) twice = twice || before.as_string() == name;
    names.push(name);
    if (twice) continue;
    MEDPERF_TRY(const FileHandle layer, open_file(layers[i]));
    MEDPERF_CHECK(append_entry(out, name, layer, image.layers[i].size.value));
  }
  const std::string config = image.image.hex() + ".json";
  const Json manifest = Json::array({Json::object(
      {{"Config", config}, {"RepoTags", Json::array()}, {"Layers", std::move(names)}})});
  const std::string rest = engine::tar_entry(config, image.config) +
                           engine::tar_entry("manifest.json", to_text(manifest)) +
                           engine::tar_end();
  if (::write(out.get(), rest.data(), rest.size()) == static_cast<ssize_t>(rest.size()) &&
      ::fsync(out.get()) == 0) {
    return {};
  }
  return make_error(ErrorKind::kUnavailable, target.string(), "the archive cannot be written",
                    "check the disk");
}

}  // namespace

Result<ImageReference> parse_image_reference(std::string_view text) {
  ImageReference out;
  std::string_view rest = text;
  if (const auto at = rest.find('@'); at != std::string_view::npos) {
    auto digest = ManifestDigest::parse(rest.substr(at + 1));
    if (!digest.ok() || !rest.substr(at + 1).starts_with("sha256:"))
      return std::move(digest).error().at(printable(text, 300));
    out.digest = *digest;
    rest = rest.substr(0, at);
  }
  const auto slash = rest.find('/');
  const std::string_view first = rest.substr(0, slash);
  const bool named = slash != std::string_view::npos &&
                     (first.find_first_of(".:") != std::string_view::npos || first == "localhost");
  out.registry = std::string(named ? first : kDefaultRegistry);
  if (out.registry == "docker.io") out.registry = std::string(kDefaultRegistry);
  if (named) rest = rest.substr(slash + 1);
  out.tag = "latest";
  if (const auto colon = rest.rfind(':'); colon != std::string_view::npos) {
    out.tag = std::string(rest.substr(colon + 1));
    rest = rest.substr(0, colon);
  }
  out.repository = std::string(rest);
  if (!named && rest.find('/') == std::string_view::npos)
    out.repository = "library/" + out.repository;
  const bool host = !out.registry.empty() &&
                    std::all_of(out.registry.begin(), out.registry.end(), [](unsigned char c) {
                      return std::isalnum(c) != 0 || c == '.' || c == '-' || c == ':';
                    });
  if (host && is_path(out.repository) && is_tag(out.tag)) return out;
  return make_error(ErrorKind::kInvalid, printable(text, 300), "is no reference of an image",
                    "for example registry.example/group/model:1.0");
}

Result<RegistryImage> resolve_image(Site& site, const ImageReference& reference,
                                    const std::optional<ManifestDigest>& wanted) {
  MEDPERF_TRY(const Policy* policy, site.policy());
  MEDPERF_CHECK(check_download(*policy, "https://" + reference.registry + "/"));
  Repository repository(site, reference);
  const auto& digest = wanted ? wanted : reference.digest;
  const std::string what = digest ? digest->prefixed() : reference.tag;
  const std::string place = repository.url("manifests", what);
  MEDPERF_TRY(std::string text,
              repository.document("manifests", what, digest ? digest->hex() : std::string()));
  RegistryImage out;
  out.top = crypto::digest_of<ManifestDigest>(text);
  out.manifest = out.top;
  MEDPERF_TRY(Json manifest, engine::parse_oci_document(text, place));
  if (manifest.contains("manifests")) {
    MEDPERF_TRY(const engine::OciDescriptor chosen,
                engine::choose_platform(manifest, engine::host_architecture(), place));
    MEDPERF_TRY(out.manifest, ManifestDigest::parse(chosen.digest.hex()));
    MEDPERF_TRY(text,
                repository.document("manifests", out.manifest.prefixed(), out.manifest.hex()));
    MEDPERF_TRY(manifest, engine::parse_oci_document(text, place));
  }
  MEDPERF_TRY(auto contents, engine::read_manifest(manifest, place));
  MEDPERF_TRY(out.image, ImageId::parse(contents.config.digest.hex()));
  MEDPERF_TRY(out.config, repository.document("blobs", contents.config.digest.prefixed(),
                                              contents.config.digest.hex()));
  out.layers = std::move(contents.layers);
  return out;
}

Status fetch_image(Site& site, const ImageReference& reference, const RegistryImage& image,
                   const fs::path& target, Bytes limit) {
  Bytes all{0};
  for (const auto& layer : image.layers) all.value += layer.size.value;
  if (all > limit)
    return make_error(
        ErrorKind::kTooLarge, reference.repository,
        "the image's layers are " + to_string(all) + ", allowed are " + to_string(limit),
        "ask for a smaller image, or raise images.archive_mib in the policy");
  Repository repository(site, reference);
  std::vector<fs::path> files;
  for (const auto& layer : image.layers) {
    const fs::path file = site.workspace().download_file(layer.digest.hex());
    MEDPERF_CHECK(repository.blob(layer, file, limit));
    files.push_back(file);
  }
  const fs::path part = target.string() + ".part";
  MEDPERF_CHECK(write_archive(image, files, part));
  if (::rename(part.c_str(), target.c_str()) != 0)
    return make_error(ErrorKind::kUnavailable, target.string(),
                      "the archive cannot be put in place", "check the disk");
  for (const fs::path& file : files) forget_download(file);
  return {};
}

}  // namespace medperf::site
