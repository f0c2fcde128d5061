#include "prep/image_cohort.h"

#include <algorithm>
#include <map>
#include <set>

#include "imaging/npy.h"

namespace medperf::prep {
namespace {

/// FNV-1a, 64 bits. Decides an order only; nothing is proved by it.
std::uint64_t content_digest(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  return hash;
}

std::string case_id(std::size_t index) {
  const std::string number = std::to_string(index + 1);
  return "case-" + std::string(number.size() < 4 ? 4 - number.size() : 0, '0') + number;
}

/// The image files of the export by accession, each below `data` or `data`/images.
Result<std::map<std::string, fs::path>> find_images(const fs::path& data) {
  MEDPERF_TRY(const auto files, list_files(data));
  std::map<std::string, fs::path> images;
  for (const fs::path& file : files) {
    const fs::path folder = file.parent_path();
    if (file.extension() != ".png" || !(folder.empty() || folder == "images")) continue;
    if (!images.emplace(file.stem().string(), file).second) {
      return make_error(ErrorKind::kInvalid, file.string(), "two images have this accession",
                        "Keep one of them.");
    }
  }
  return images;
}

Status check_match(const std::map<std::string, fs::path>& images,
                   const std::vector<RawLabel>& labels) {
  std::set<std::string_view> labelled;
  for (const RawLabel& label : labels) {
    labelled.insert(label.accession);
    if (!images.contains(label.accession)) {
      return make_error(ErrorKind::kInvalid, "accession " + label.accession,
                        "labels.csv has a label for it, but there is no image",
                        "Export the image as <accession>.png or remove the row.");
    }
  }
  for (const auto& [accession, file] : images) {
    if (!labelled.contains(accession)) {
      return make_error(ErrorKind::kInvalid, "accession " + accession,
                        "its image has no label in labels.csv",
                        "Add a row with its finding or remove the image.");
    }
  }
  return {};
}

struct Prepared {
  std::string pixels;
  std::string accession;
  bool positive = false;
  std::uint64_t digest = 0;
};

Result<Prepared> read_image(const fs::path& data, const fs::path& file, const RawLabel& label,
                            std::uint32_t side) {
  MEDPERF_TRY(const std::string bytes, read_file_beneath(data, file, mebibytes(16)));
  auto image = imaging::parse_png(bytes);
  if (!image.ok()) return std::move(image).error().at("accession " + label.accession);
  if (auto status = check_image(*image, side); !status.ok()) {
    return std::move(status).error().at("accession " + label.accession);
  }
  Prepared result{std::string(image->pixels.size(), '\0'), label.accession, label.positive, 0};
  std::transform(image->pixels.begin(), image->pixels.end(), result.pixels.begin(),
                 [](std::uint16_t value) { return static_cast<char>(value); });
  result.digest = content_digest(result.pixels);
  return result;
}

}  // namespace

Status check_image(const imaging::GreyImage& image, std::uint32_t side) {
  if (image.bits != 8 || image.width != side || image.height != side) {
    return make_error(ErrorKind::kInvalid, "",
                      "the image is " + std::to_string(image.width) + " x " +
                          std::to_string(image.height) + " of " + std::to_string(image.bits) +
                          " bits",
                      "The benchmark takes grey images of " + std::to_string(side) + " x " +
                          std::to_string(side) + " pixels and 8 bits.");
  }
  const auto [low, high] = std::minmax_element(image.pixels.begin(), image.pixels.end());
  if (*low == *high) {
    return make_error(ErrorKind::kInvalid, "", "the image is blank: all pixels are equal",
                      "Export it again or remove it with its row.");
  }
  return {};
}

Result<PreparedCohort> prepare_image_cohort(const fs::path& data, const fs::path& labels,
                                            const ImageCohortRules& rules) {
  MEDPERF_TRY(const std::string table, read_file_beneath(labels, "labels.csv", mebibytes(64)));
  MEDPERF_TRY(const auto rows, read_raw_labels(table, rules.findings));
  MEDPERF_TRY(const auto files, find_images(data));
  MEDPERF_CHECK(check_match(files, rows));
  if (rows.empty() || rows.size() > rules.maximum_cases) {
    return make_error(ErrorKind::kInvalid, "labels.csv",
                      "it has " + std::to_string(rows.size()) + " rows",
                      "Between 1 and " + std::to_string(rules.maximum_cases) + " are possible.");
  }
  std::vector<Prepared> cases;
  for (const RawLabel& row : rows) {
    MEDPERF_TRY(Prepared prepared, read_image(data, files.at(row.accession), row, rules.side));
    cases.push_back(std::move(prepared));
  }
  std::sort(cases.begin(), cases.end(), [](const Prepared& a, const Prepared& b) {
    return a.digest != b.digest ? a.digest < b.digest : a.pixels < b.pixels;
  });
  PreparedCohort cohort;
  cohort.side = rules.side;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (i > 0 && cases[i].pixels == cases[i - 1].pixels) {
      return make_error(ErrorKind::kInvalid,
                        "accessions " + cases[i - 1].accession + " and " + cases[i].accession,
                        "both images have the same pixels", "Keep one of them.");
    }
    cohort.case_ids.push_back(case_id(i));
    cohort.pixels += cases[i].pixels;
    cohort.positive.push_back(cases[i].positive);
  }
  return cohort;
}

}  // namespace medperf::prep
