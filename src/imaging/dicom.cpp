#include "imaging/dicom.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <utility>

#include "base/encoding.h"
#include "imaging/dicom_scan.h"

namespace medperf::imaging {
namespace {

constexpr const char* kModule = "medperf-dicom.so";

/// The module's function, or null with the reason. Looked for beside the program only: in
/// lib/medperf below or next to the program's folder, never along a path from the environment.
struct Module {
  DicomModuleFunction* parse = nullptr;
  std::string reason;

  Module() {
    std::error_code ignored;
    const fs::path folder = fs::read_symlink("/proc/self/exe", ignored).parent_path();
    for (const fs::path& place :
         {folder / "lib" / "medperf", folder.parent_path() / "lib/medperf"}) {
      const fs::path path = place / kModule;
      if (!fs::exists(path, ignored)) continue;
      void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // never closed
      if (library == nullptr) {
        const char* text = ::dlerror();
        reason = text == nullptr ? "unknown" : text;
        return;
      }
      parse = reinterpret_cast<DicomModuleFunction*>(::dlsym(library, kDicomModuleFunction));
      if (parse == nullptr) reason = path.string() + " is of another version";
      return;
    }
    reason = std::string(kModule) + " is not in lib/medperf beside the program";
  }
};

}  // namespace

Result<DicomImage> parse_dicom(std::string_view bytes, const DicomLimits& limits) {
  MEDPERF_TRY(const std::string syntax, scan_dicom(bytes, limits));
  static const Module module;
  if (module.parse == nullptr) {
    return make_error(ErrorKind::kUnavailable, {}, "DICOM files cannot be read here",
                      "Install the package medperf-dicom.", module.reason);
  }
  Result<DicomImage> image = make_error(ErrorKind::kBug, {}, "the DICOM module gave nothing");
  module.parse(bytes, limits, image);
  return image;
}

Result<DicomImage> read_dicom(const fs::path& path, const DicomLimits& limits, Links links) {
  MEDPERF_TRY(const std::string bytes, read_file(path, limits.pixels, links));
  Result<DicomImage> image = parse_dicom(bytes, limits);
  if (!image) return std::move(image).error().at(printable(path.string()));
  return image;
}

Result<Volume> read_dicom_series(const fs::path& folder, const DicomLimits& limits, Links links) {
  MEDPERF_TRY(const std::vector<fs::path> files, list_files(folder, links));
  std::vector<DicomImage> images;
  std::vector<std::string> remarks;
  std::uint64_t room = limits.pixels.value;
  for (const fs::path& file : files) {
    if (file.filename() == "DICOMDIR") continue;
    if (file.filename().string().starts_with('.')) {
      remarks.push_back(printable(file.string(), 200) + " is hidden and was passed over");
      continue;
    }
    DicomLimits rest = limits;
    rest.pixels = Bytes{room};
    MEDPERF_TRY(DicomImage image, read_dicom(folder / file, rest, links));
    room -= image.pixels.size();
    images.push_back(std::move(image));
  }
  Result<Volume> volume = series_to_volume(images);
  if (!volume) return std::move(volume).error().at(printable(folder.string()));
  volume->remarks.insert(volume->remarks.end(), remarks.begin(), remarks.end());
  return volume;
}

}  // namespace medperf::imaging
