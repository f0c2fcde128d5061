// Writes the raw folders of the simulated hospitals: images as 8-bit PNG and a table of labels
// whose identifiers and dates are invented. The same input gives the same bytes.
//   make_sites --data pneumoniamnist.npz --sites sites.yaml --output DIR
//   -> DIR/<site>/images/<accession>.png, DIR/<site>/labels/labels.csv

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <string>

#include "base/files.h"
#include "crypto/sha256.h"
#include "imaging/npz.h"
#include "imaging/png.h"
#include "plan.h"

namespace {

namespace fs = medperf::fs;
using cxr::CaseKey;
using cxr::RandomStream;
using medperf::ErrorKind;
using medperf::make_error;
using medperf::Result;
using medperf::Status;

struct Arguments {
  std::string data;
  std::string sites;
  std::string output;
};

Result<Arguments> parse_arguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--data") arguments.data = argv[i + 1];
    if (name == "--sites") arguments.sites = argv[i + 1];
    if (name == "--output") arguments.output = argv[i + 1];
  }
  if (arguments.data.empty() || arguments.sites.empty() || arguments.output.empty() || argc != 7) {
    return make_error(ErrorKind::kInvalid, {}, "an argument is missing or not understood",
                      "Use: make_sites --data FILE.npz --sites FILE.yaml --output DIR");
  }
  return arguments;
}

struct Dealt {
  std::string digest;  ///< hex; orders the images and seeds their random numbers
  std::size_t index;
  bool operator<(const Dealt& other) const { return digest < other.digest; }
};

/// The images of each split and label that may be dealt, in the order of dealing.
std::map<CaseKey, std::vector<Dealt>> shuffle(const cxr::Plan& plan, const cxr::Splits& splits) {
  std::map<CaseKey, std::vector<Dealt>> piles;
  for (const char* name : {"val", "test"}) {
    const cxr::Split& split = splits.at(name);
    for (std::size_t i = 0; i < split.labels.size(); ++i) {
      if (plan.excluded.contains({name, i})) continue;
      const std::string text = plan.salt + "/" + name + "/" + std::to_string(i);
      piles[{name, split.labels[i]}].push_back({medperf::crypto::sha256_hex(text), i});
    }
  }
  for (auto& [key, pile] : piles) std::sort(pile.begin(), pile.end());
  return piles;
}

std::uint64_t seed_of(const std::string& digest_hex) {
  std::uint64_t seed = 0;
  std::from_chars(digest_hex.data(), digest_hex.data() + 16, seed, 16);
  return seed;
}

/// Invented, and from random numbers of their own, so that images do not depend on them.
std::string invent_row(RandomStream& random, std::set<std::string>& used, std::string& accession) {
  using namespace std::chrono;
  char text[80];
  year_month_day day{};
  do {
    day = sys_days{year{2019} / 1 / 1} + days{random.below(1826)};
    std::snprintf(text, sizeof text, "XR%04d%06d", static_cast<int>(day.year()),
                  static_cast<int>(random.below(1'000'000)));
    accession = text;
  } while (!used.insert(accession).second);
  std::snprintf(text, sizeof text, "P%07d,%04d-%02u-%02u",
                static_cast<int>(random.below(10'000'000)), static_cast<int>(day.year()),
                static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  return text;
}

Status write_image(const fs::path& path, const cxr::Image& image) {
  MEDPERF_TRY(const std::string png, medperf::imaging::write_png(
                                         {cxr::kSide, cxr::kSide, 8,
                                          std::vector<std::uint16_t>(image.begin(), image.end())}));
  // Without a sync each: a thousand of them would take longer than all the rest.
  std::FILE* file = std::fopen(path.c_str(), "wbx");
  const bool written =
      file != nullptr && std::fwrite(png.data(), 1, png.size(), file) == png.size();
  const bool closed = file != nullptr && std::fclose(file) == 0;
  if (written && closed) return {};
  return make_error(ErrorKind::kUnavailable, path.string(), "this file cannot be written",
                    "Check that there is room on the disk.");
}

Status write_site(const fs::path& folder, const cxr::Site& site, const cxr::Plan& plan,
                  const cxr::Splits& splits, std::map<CaseKey, std::vector<Dealt>>& piles) {
  std::error_code problem;
  if (fs::exists(folder, problem)) {
    return make_error(ErrorKind::kConflict, folder.string(), "this folder is there already",
                      "Remove it, or name another output folder.");
  }
  fs::create_directories(folder / "images", problem);
  fs::create_directories(folder / "labels", problem);
  std::set<std::string> used;
  std::map<std::string, std::string> rows;
  for (const auto& [key, count] : site.counts) {
    std::vector<Dealt>& pile = piles[key];
    if (count > pile.size()) {
      return make_error(ErrorKind::kInvalid, site.id, "more images wanted than are left",
                        "Lower the counts in sites.yaml.");
    }
    for (std::size_t n = 0; n < count; ++n) {
      const Dealt& dealt = pile[n];
      RandomStream random(seed_of(dealt.digest));
      RandomStream names(
          seed_of(medperf::crypto::sha256_hex(plan.salt + "/names/" + dealt.digest)));
      std::string accession;
      const std::string row = invent_row(names, used, accession);
      rows[accession] = row + (key.label == 1 ? ",PNEUMONIA" : ",NORMAL");
      MEDPERF_CHECK(
          write_image(folder / "images" / (accession + ".png"),
                      cxr::acquire(splits.at(key.split).images[dealt.index], site.shift, random)));
    }
    pile.erase(pile.begin(), pile.begin() + static_cast<std::ptrdiff_t>(count));
  }
  std::string table = "accession,patient_id,study_date,finding\n";
  for (const auto& [accession, row] : rows) table.append(accession).append(",").append(row) += '\n';
  return medperf::write_file_atomically(folder / "labels" / "labels.csv", table,
                                        medperf::FileMode::kReadable);
}

Status run(int argc, char** argv) {
  MEDPERF_TRY(const Arguments arguments, parse_arguments(argc, argv));
  MEDPERF_TRY(const std::string yaml, medperf::read_file(arguments.sites));
  auto plan = cxr::parse_plan(yaml);
  if (!plan) return std::move(plan).error().at(arguments.sites);
  MEDPERF_TRY(const std::string bytes, medperf::read_file(arguments.data));
  auto arrays = medperf::imaging::parse_npz(bytes);
  if (!arrays) return std::move(arrays).error().at(arguments.data);
  auto splits = cxr::read_splits(*arrays);
  if (!splits) return std::move(splits).error().at(arguments.data);
  if (auto status = cxr::check_exclusions(*plan, *splits); !status) {
    return std::move(status).error().at(arguments.sites);
  }
  auto piles = shuffle(*plan, *splits);
  for (const cxr::Site& site : plan->sites) {
    MEDPERF_CHECK(write_site(fs::path(arguments.output) / site.id, site, *plan, *splits, piles));
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const Status status = run(argc, argv);
  if (status) return 0;
  std::fprintf(stderr, "make_sites: %s\n", status.error().text().c_str());
  return 1;
}
