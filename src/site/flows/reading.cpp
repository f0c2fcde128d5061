#include "site/flows/reading.h"

#include <fmt/format.h>

namespace medperf::site {
namespace {

constexpr Bytes kStampsLimit = mebibytes(1024);

HashOptions told(Site& site) {
  HashOptions options;
  options.progress = [&site, before = std::uint64_t{0}](Bytes done, Bytes all) mutable {
    // Whoever waits less than a second for it is not told.
    if (done.value >= all.value && before == 0) return;
    before = done.value;
    site.tell(fmt::format("hashing: {} of {}", to_string(done), to_string(all)));
  };
  return options;
}

}  // namespace

Result<Manifest> read_dataset(Site& site, const std::vector<DatasetRoot>& roots,
                              const fs::path& stamps, Reading reading) {
  HashOptions options = told(site);
  Manifest known;
  if (reading == Reading::kChanged && site.options().text("dataset.reading") != "full") {
    auto text = read_file(stamps, kStampsLimit);
    if (text.ok()) known = manifest_from_stamps(*text);
    options.known = &known;
  }
  const Timestamp began = site.clock().now();
  MEDPERF_TRY(Manifest manifest, hash_dataset(roots, options));
  const std::string text = stamps_text(stamped_before(manifest, began));
  if (text != stamps_text(known)) MEDPERF_CHECK(write_file_atomically(stamps, text));
  return manifest;
}

Result<Manifest> read_raw(Site& site, const fs::path& data, const fs::path& labels) {
  return hash_dataset({{"data", data}, {"labels", labels}}, told(site));
}

Status check_raw(Site& site, const fs::path& data, const fs::path& labels, const FolderUid& uid) {
  MEDPERF_TRY(const Manifest raw, read_raw(site, data, labels));
  if (raw.folder_uid() == uid) return {};
  return make_error(ErrorKind::kRefused, data.string(),
                    "the raw data changed after it was submitted",
                    "put the files back as they were, or submit the dataset anew");
}

}  // namespace medperf::site
