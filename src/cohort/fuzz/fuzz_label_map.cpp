// A label map from a file of any ending: the first byte chooses it. What is read fits its size, and
// the metrics can look at it.

#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "cohort/label_pair.h"

namespace {

struct Scratch {
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "fuzz_label_map.XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    folder = name;
  }
  ~Scratch() { std::filesystem::remove_all(folder); }
  std::filesystem::path folder;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace medperf;
  static const Scratch scratch;
  if (size == 0) return 0;
  constexpr std::array kEndings = {".nii", ".nii.gz", ".png", ".npy", ".hdr"};
  const std::filesystem::path path =
      scratch.folder / (std::string("map") + kEndings[data[0] % kEndings.size()]);
  if (std::FILE* const file = std::fopen(path.c_str(), "wb")) {
    std::fwrite(data + 1, 1, size - 1, file);
    std::fclose(file);
  }
  cohort::LabelMapRules rules;
  rules.spacing_mm = {1, 1, 1};
  rules.limit = mebibytes(16);
  // A map beside itself: whatever is read is one, on its own grid, and no larger than the limit.
  const auto pair = cohort::read_label_pair(path, path, imaging::GridRule::kResampleNearest, rules);
  if (pair.ok()) {
    if (pair->prediction.elements.size() > rules.limit.value) __builtin_trap();
    (void)cohort::view_of(pair->prediction);
  }
  std::filesystem::remove(path);
  return 0;
}
