#include "engine/builtin/store.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/encoding.h"
#include "base/json.h"
#include "engine/image/sif.h"
#include "engine/image/unpack.h"

namespace medperf::engine {
namespace {

constexpr const char* kDocument = "image.json";
constexpr const char* kFormat = "medperf/builtin-image/v1";
constexpr const char* kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
// What a sif runs, with the environment that it was built with, as its own engine does.
constexpr const char* kRunScript = "/.singularity.d/runscript";
constexpr const char* kWithEnvironment =
    "for f in /.singularity.d/env/*.sh; do [ -f \"$f\" ] && . \"$f\"; done; exec \"$0\" \"$@\"";

Json list_of(const std::vector<std::string>& texts) {
  Json list = Json::array();
  for (const auto& text : texts) list.push(text);
  return list;
}

std::vector<std::string> texts_of(const Json& document, std::string_view key) {
  std::vector<std::string> out;
  const Json* list = document.find(key);
  if (list == nullptr || !list->is_array()) return out;
  for (const auto& item : list->items()) {
    if (item.is_string()) out.push_back(item.as_string());
  }
  return out;
}

std::string document_of(const ImageArchive& image, const ImageStart& start,
                        const TreeCounts& counts) {
  Json layers = Json::array();
  for (const auto& layer : image.layers) layers.push(layer.diff_id.prefixed());
  return to_text(
      Json::object({{"format", kFormat},
                    {"image", image.image.prefixed()},
                    {"from", image.format},
                    {"layers", std::move(layers)},
                    {"files", static_cast<std::int64_t>(counts.files)},
                    {"special_files_left_out", static_cast<std::int64_t>(counts.special)},
                    {"entrypoint", list_of(start.entrypoint)},
                    {"command", list_of(start.command)},
                    {"environment", list_of(start.environment)},
                    {"working_folder", start.working_folder}}));
}

// Resolves below the root alone: a link to /etc there means the image's /etc.
FileHandle open_in_root(int root, const std::string& path, std::uint64_t flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return FileHandle(
      static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof(how))));
}

Error place_error(std::string_view path, const std::string& what) {
  return make_error(ErrorKind::kInvalid, printable(path, 300), what,
                    "Tell the owner of the image, or mount to another place");
}

Status make_place(int root, std::string_view path, bool folder) {
  std::string parent = "/";
  const auto parts = split(path, '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].empty() || parts[i] == ".") continue;
    const std::string name(parts[i]);
    const std::string here = parent + "/" + name;
    const FileHandle there = open_in_root(root, here, O_PATH);
    if (!there.is_open()) {
      if (errno != ENOENT) return place_error(path, "the image has no folder to mount this in");
      const FileHandle above = open_in_root(root, parent, O_PATH | O_DIRECTORY);
      const bool last = i + 1 == parts.size();
      const int made = folder || !last ? ::mkdirat(above.get(), name.c_str(), 0755)
                                       : ::mknodat(above.get(), name.c_str(), S_IFREG | 0644, 0);
      if (!above.is_open() || (made != 0 && errno != EEXIST))
        return place_error(path, "a place to mount this cannot be made in the image");
      if (made == 0) (void)!::fchmodat(above.get(), name.c_str(), folder || !last ? 0755 : 0644, 0);
    }
    parent = here;
  }
  return {};
}

}  // namespace

Status RootStore::open() const {
  MEDPERF_CHECK(make_private_folder(folder_ / "images"));
  MEDPERF_CHECK(make_private_folder(temporary()));
  remove_dead_parts(folder_ / "images");
  return {};
}

Result<bool> RootStore::has(const ImageId& image) const {
  return fs::exists(image_folder(image) / kDocument);
}

Status RootStore::load(const fs::path& archive, const ImageId& image,
                       const SquashUnpacker& squash) const {
  MEDPERF_TRY(const bool present, has(image));
  if (present) return {};
  MEDPERF_TRY(FileHandle given, open_file(archive));
  MEDPERF_TRY(const FileHandle file, plain_archive(std::move(given), temporary()));
  auto read = read_archive(file);
  if (!read.ok()) return std::move(read).error().at(archive.native());
  if (read->image != image) {
    return make_error(ErrorKind::kCorrupt, archive.native(),
                      "the archive does not hold the image " + image.prefixed(),
                      "Fetch the archive again; if it stays so, tell the owner of the image");
  }
  MEDPERF_TRY(auto staged, StagedFolder::make(folder_ / "images"));
  const fs::path root = staged.path() / "root";
  ImageStart start{read->entrypoint, read->command, read->environment, read->working_folder};
  TreeCounts counts;
  if (read->format == "sif") {
    const fs::path squashed = staged.path() / "squashed";
    MEDPERF_CHECK(copy_file_system(file, *read, squashed));
    MEDPERF_CHECK(squash(squashed, root));
    fs::remove(squashed);
    MEDPERF_TRY(counts, clean_tree(root));
    if (fs::exists(fs::symlink_status(root / fs::path(kRunScript).relative_path())))
      start.entrypoint = {"/bin/sh", "-c", kWithEnvironment, kRunScript};
  } else {
    MEDPERF_TRY(counts, unpack_image(file, *read, root));
  }
  MEDPERF_CHECK(
      write_file_atomically(staged.path() / kDocument, document_of(*read, start, counts)));
  const auto done = staged.commit(image_folder(image));
  // Another process may have been faster.
  if (!done.ok() && done.error().kind != ErrorKind::kConflict) return done;
  return {};
}

// Renamed first, so that a killed removal leaves nothing taken for whole.
Status RootStore::remove(const ImageId& image) const {
  const fs::path folder = image_folder(image);
  if (!fs::exists(folder)) return {};
  // Made for its name, which is one of a part: it is put in the place of that empty folder.
  MEDPERF_TRY(const auto removed, StagedFolder::make(folder_ / "images"));
  std::error_code ignored;
  fs::remove(removed.path() / "root", ignored);
  if (::rename(folder.c_str(), removed.path().c_str()) == 0 || errno == ENOENT) return {};
  const std::string cause = std::system_category().message(errno);
  return make_error(ErrorKind::kUnavailable, folder.native(),
                    "the image cannot be removed: " + cause, {}, cause);
}

Result<ImageStart> RootStore::start_of(const ImageId& image) const {
  const fs::path path = image_folder(image) / kDocument;
  MEDPERF_TRY(const auto text, read_file(path, mebibytes(4)));
  MEDPERF_TRY(const auto document, parse_json(text));
  if (document.get_string("format") != kFormat ||
      document.get_string("image") != image.prefixed()) {
    return make_error(ErrorKind::kCorrupt, path.native(), "this is no image of this store",
                      "Remove the folder and load the image again");
  }
  return ImageStart{texts_of(document, "entrypoint"), texts_of(document, "command"),
                    texts_of(document, "environment"), document.get_string("working_folder")};
}

Result<std::string> RootStore::mount_point(const ImageId& image, std::string_view path,
                                           bool folder) const {
  const fs::path root_path = root_of(image);
  const FileHandle root(::open(root_path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.is_open())
    return make_error(ErrorKind::kNotFound, image.prefixed(), "the image's files are missing",
                      "Remove the image and load it again");
  FileHandle place = open_in_root(root.get(), std::string(path), O_PATH);
  if (!place.is_open()) {
    MEDPERF_CHECK(make_place(root.get(), path, folder));
    place = open_in_root(root.get(), std::string(path), O_PATH);
  }
  struct stat status {};
  if (!place.is_open() || ::fstat(place.get(), &status) != 0)
    return place_error(path, "a place to mount this cannot be made in the image");
  if (folder ? !S_ISDIR(status.st_mode) : !S_ISREG(status.st_mode))
    return place_error(path, folder ? "the image has something there that is no folder"
                                    : "the image has something there that is no file");
  const auto self = [](const FileHandle& file) {
    std::error_code ignored;
    return fs::read_symlink("/proc/self/fd/" + std::to_string(file.get()), ignored).native();
  };
  const std::string whole = self(place), above = self(root);
  if (whole == above) return std::string("/");
  if (above.empty() || !whole.starts_with(above + "/"))
    return place_error(path, "its place in the image cannot be named");
  return whole.substr(above.size());
}

Result<std::vector<std::string>> program_of(const ImageStart& image, const RunSpec& spec) {
  std::vector<std::string> out;
  if (spec.entrypoint) {
    out.push_back(*spec.entrypoint);
  } else {
    out = image.entrypoint;
  }
  const bool own = !spec.command.empty() || spec.entrypoint;
  const auto& words = own ? spec.command : image.command;
  out.insert(out.end(), words.begin(), words.end());
  if (!out.empty() && !out.front().empty()) return out;
  return make_error(ErrorKind::kInvalid, spec.image.prefixed(),
                    "the image names no program, and neither does the container's configuration",
                    "Set an entry point in the configuration");
}

std::map<std::string, std::string> environment_of(const ImageStart& image, const RunSpec& spec) {
  std::map<std::string, std::string> out;
  for (const auto& variable : image.environment) {
    const auto equals = variable.find('=');
    if (equals != std::string::npos && equals > 0)
      out[variable.substr(0, equals)] = variable.substr(equals + 1);
  }
  out.emplace("PATH", kPath);
  out["HOME"] = "/tmp";
  out["HOSTNAME"] = "medperf";
  for (const auto& [key, value] : spec.environment) out[key] = value;
  return out;
}

}  // namespace medperf::engine
