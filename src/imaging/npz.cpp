#include "imaging/npz.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <utility>

namespace medperf::imaging {
namespace {

struct CloseArchive {
  void operator()(archive* a) const { archive_read_free(a); }
};
using ArchiveReader = std::unique_ptr<archive, CloseArchive>;

Error corrupt(std::string what) {
  return make_error(ErrorKind::kCorrupt, {}, std::move(what),
                    "Write the file again with numpy.savez.");
}

Error too_large(const NpzLimits& limits) {
  return make_error(ErrorKind::kTooLarge, {},
                    "the .npz file unpacks to more than " + to_string(limits.unpacked) + " or " +
                        std::to_string(limits.entries) + " arrays",
                    "Split it into smaller files.");
}

/// Unpacks the current entry; `room` is how much may still come and is lessened.
Result<std::string> read_entry(archive* reader, std::uint64_t& room, const NpzLimits& limits) {
  std::string content;
  std::string block(64 << 10, '\0');
  for (;;) {
    const la_ssize_t got = archive_read_data(reader, block.data(), block.size());
    if (got < 0) return corrupt("an entry of the .npz file cannot be unpacked");
    if (got == 0) return content;
    // The size in the zip's directory is the writer's claim: what counts is what really comes.
    if (static_cast<std::uint64_t>(got) > room) return too_large(limits);
    room -= static_cast<std::uint64_t>(got);
    content.append(block, 0, static_cast<std::size_t>(got));
  }
}

}  // namespace

Result<std::map<std::string, NpyArray>> parse_npz(std::string_view bytes, const NpzLimits& limits) {
  const ArchiveReader reader(archive_read_new());
  archive_read_support_format_zip(reader.get());
  if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) {
    return corrupt("this is no .npz file: it is no zip");
  }
  std::map<std::string, NpyArray> arrays;
  std::uint64_t room = limits.unpacked.value;
  archive_entry* entry = nullptr;
  for (;;) {
    const int outcome = archive_read_next_header(reader.get(), &entry);
    if (outcome == ARCHIVE_EOF) break;
    if (outcome != ARCHIVE_OK) return corrupt("this is no .npz file, or its directory is broken");
    if (arrays.size() >= limits.entries) return too_large(limits);
    const char* path = archive_entry_pathname_utf8(entry);
    std::string name = path == nullptr ? "" : path;
    if (!name.ends_with(".npy")) {
      return corrupt("the .npz file holds something that is no .npy file");
    }
    name.resize(name.size() - 4);
    MEDPERF_TRY(const std::string content, read_entry(reader.get(), room, limits));
    auto array = parse_npy(content, {.data = limits.unpacked});
    if (!array) return std::move(array).error().at(name);
    if (!arrays.emplace(name, std::move(array).value()).second) {
      return corrupt("the .npz file holds an array of the same name twice");
    }
  }
  if (arrays.empty()) return corrupt("this is no .npz file: there is no array in it");
  return arrays;
}

}  // namespace medperf::imaging
