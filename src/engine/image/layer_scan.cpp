#include "engine/image/layer_scan.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.h"
#include "crypto/sha256.h"
#include "engine/image/file_content.h"

namespace medperf::engine {
namespace {

constexpr std::size_t kListLength = 50;

constexpr std::array<std::string_view, 8> kPackageManagers = {"apt", "apt-get", "dpkg", "rpm",
                                                              "dnf", "yum",     "apk",  "pip3"};
constexpr std::array<std::string_view, 4> kPrivilege = {"sudo", "doas", "pkexec", "gosu"};
constexpr std::array<std::string_view, 3> kServers = {"sshd", "dropbear", "telnetd"};
constexpr std::array<std::string_view, 5> kShells = {"sh", "bash", "dash", "ash", "busybox"};
constexpr std::array<std::string_view, 11> kSecretNames = {
    "id_rsa",           "id_ed25519",       "id_ecdsa",         "id_dsa",
    ".netrc",           ".pgpass",          ".git-credentials", ".docker/config.json",
    "credentials.json", ".aws/credentials", "htpasswd"};

void note(std::vector<std::string>& list, std::string_view path) {
  if (list.size() < kListLength) list.push_back(printable(path, 300));
}

std::string_view without_dot(std::string_view path) {
  while (path.starts_with("./")) path.remove_prefix(2);
  return path;
}

bool leaves_root(std::string_view path) {
  if (path.empty() || path.front() == '/') return true;
  for (const auto part : split(path, '/')) {
    if (part == "..") return true;
  }
  return !is_valid_utf8(path);
}

bool in_program_folder(std::string_view folder) {
  return folder == "bin" || folder == "sbin" || folder.ends_with("/bin") ||
         folder.ends_with("/sbin");
}

bool looks_secret(std::string_view path) {
  return std::any_of(kSecretNames.begin(), kSecretNames.end(), [&](std::string_view secret) {
    return path == secret ||
           (path.ends_with(secret) && path[path.size() - secret.size() - 1] == '/');
  });
}

void look_at(const TarEntry& entry, ImageContents& contents) {
  ++contents.entries;
  const std::string_view path = without_dot(entry.path);
  if (path.empty() || path == ".") return;
  if (leaves_root(path)) note(contents.odd_names, entry.path.empty() ? "(no text)" : entry.path);
  const auto slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  const std::string_view folder =
      slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
  const bool file = entry.kind == EntryKind::kFile;
  if (file && (entry.mode & 06000u) != 0) note(contents.setuid, path);
  const bool sticky_folder = entry.kind == EntryKind::kFolder && (entry.mode & 01000u) != 0;
  if ((file || entry.kind == EntryKind::kFolder) && (entry.mode & 02u) != 0 && !sticky_folder) {
    note(contents.world_writable, path);
  }
  if (entry.kind == EntryKind::kDevice) note(contents.devices, path);
  if (in_program_folder(folder)) {
    if (std::count(kPackageManagers.begin(), kPackageManagers.end(), name))
      note(contents.package_managers, path);
    if (std::count(kShells.begin(), kShells.end(), name)) note(contents.shells, path);
    if (std::count(kPrivilege.begin(), kPrivilege.end(), name)) note(contents.privilege, path);
    if (std::count(kServers.begin(), kServers.end(), name)) note(contents.servers, path);
  }
  if (file && looks_secret(path)) note(contents.secrets, path);
}

// The two hashes of a blob, updated as the bytes pass by on their way to the tar reader.
struct Pass {
  const ByteSource& source;
  const ArchiveLimits& limits;
  std::uint64_t& budget;
  ScannedBlob& blob;
  crypto::Sha256 packed_hash;
  crypto::Sha256 unpacked_hash;
  bool source_ended = false;
  std::optional<Error> fatal;  // of the source or a limit: ends everything, not only this layer

  Result<std::string_view> packed() {
    if (source_ended) return std::string_view{};
    auto piece = source();
    if (!piece.ok()) {
      fatal = piece.error();
      return piece;
    }
    if (piece->empty()) source_ended = true;
    packed_hash.update(*piece);
    blob.size += piece->size();
    return piece;
  }

  Result<std::string_view> unpacked(Unpacker& unpacker) {
    auto piece = unpacker.read();
    if (!piece.ok()) return piece;
    unpacked_hash.update(*piece);
    blob.unpacked += piece->size();
    if (piece->size() > budget) {
      fatal = make_error(ErrorKind::kTooLarge, "",
                         "the layers unpack to more than " + to_string(limits.unpacked),
                         "Ask the owner for a smaller image");
      return *fatal;
    }
    budget -= piece->size();
    if (blob.unpacked > limits.ratio_from.value && blob.unpacked / limits.ratio > blob.size) {
      fatal = make_error(
          ErrorKind::kTooLarge, "",
          "a layer unpacks to more than " + std::to_string(limits.ratio) + " times its size",
          "Treat the archive as hostile");
      return *fatal;
    }
    return piece;
  }
};

Status look_inside(TarReader& tar, const TarEntry& entry, ImageContents& contents) {
  const std::string_view path = without_dot(entry.path);
  note_uncounted(path, entry, contents);
  const std::uint64_t wanted = wanted_bytes(path, entry);
  if (wanted == 0) return {};
  std::string text;
  while (text.size() < wanted) {
    MEDPERF_TRY(const std::string_view piece, tar.read());
    if (piece.empty()) break;
    text += piece;
  }
  look_into(path, text, contents);
  return {};
}

// Walks the tar; what goes wrong in the layer itself is returned as text.
std::string walk(Pass& pass, Unpacker& unpacker) {
  const ByteSource unpacked = [&] { return pass.unpacked(unpacker); };
  auto tar = TarReader::open(unpacked, false);
  if (!tar.ok()) return tar.error().what;
  while (true) {
    auto entry = tar->next();
    if (!entry.ok()) return entry.error().what;
    if (!entry->has_value()) break;
    look_at(**entry, pass.blob.contents);
    if (const auto looked = look_inside(*tar, **entry, pass.blob.contents); !looked.ok())
      return looked.error().what;
    if (pass.blob.contents.entries > pass.limits.layer_entries) {
      pass.fatal = make_error(
          ErrorKind::kTooLarge, "",
          "a layer has more than " + std::to_string(pass.limits.layer_entries) + " entries",
          "Ask the owner for a smaller image");
      return pass.fatal->what;
    }
  }
  // Bytes after the end mark count for the digest too.
  while (true) {
    auto piece = pass.unpacked(unpacker);
    if (!piece.ok()) return piece.error().what;
    if (piece->empty()) return {};
  }
}

}  // namespace

Result<ScannedBlob> scan_layer(const ByteSource& source, const ArchiveLimits& limits,
                               std::uint64_t& budget) {
  ScannedBlob blob;
  Pass pass{source, limits, budget, blob, {}, {}, false, {}};
  {
    auto unpacker = Unpacker::open([&] { return pass.packed(); });
    blob.problem = unpacker.ok() ? walk(pass, *unpacker) : unpacker.error().what;
  }
  while (!pass.fatal && !pass.source_ended) {
    if (!pass.packed().ok()) break;
  }
  if (pass.fatal) return *pass.fatal;
  blob.digest = pass.packed_hash.finish_hex();
  blob.diff_id = pass.unpacked_hash.finish_hex();
  return blob;
}

void merge(ImageContents& image, const ImageContents& layer) {
  image.entries += layer.entries;
  const auto add = [](std::vector<std::string>& to, const std::vector<std::string>& from) {
    for (const auto& item : from) {
      if (to.size() < kListLength) to.push_back(item);
    }
  };
  add(image.setuid, layer.setuid);
  add(image.world_writable, layer.world_writable);
  add(image.devices, layer.devices);
  add(image.package_managers, layer.package_managers);
  add(image.shells, layer.shells);
  add(image.secrets, layer.secrets);
  add(image.secret_contents, layer.secret_contents);
  add(image.privilege, layer.privilege);
  add(image.servers, layer.servers);
  add(image.bills, layer.bills);
  add(image.uncounted, layer.uncounted);
  add(image.odd_names, layer.odd_names);
  // A later layer's file replaces an earlier one's.
  if (!layer.system.empty()) {
    image.system = layer.system;
    image.system_version = layer.system_version;
  }
  if (layer.packages > 0) image.packages = layer.packages;
}

}  // namespace medperf::engine
