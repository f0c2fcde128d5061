#include "common/case_io.h"

#include <cstdio>

#include "base/encoding.h"
#include "base/files.h"

namespace cxr {

using medperf::Error;
using medperf::ErrorKind;
using medperf::make_error;

namespace {

constexpr std::size_t kMostCases = 1'000'000;

}  // namespace

medperf::Result<Options> parse_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const std::size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    std::string* target = name == "--data_path"     ? &options.data_path
                          : name == "--output_path" ? &options.output_path
                          : name == "--weights"     ? &options.weights
                                                    : nullptr;
    if (target == nullptr || (equals == std::string::npos && i + 1 == argc)) {
      return make_error(ErrorKind::kInvalid, argument, "this argument is not understood",
                        "Use --data_path DIR, --output_path DIR and --weights FILE.");
    }
    *target = equals == std::string::npos ? argv[++i] : argument.substr(equals + 1);
  }
  return options;
}

medperf::Result<Cases> read_cases(const std::string& folder) {
  Cases cases;
  MEDPERF_TRY(const std::string table,
              medperf::read_file(folder + "/cases.csv", medperf::mebibytes(64)));
  bool header = true;
  for (const std::string_view line : medperf::split(table, '\n')) {
    const std::string_view id = medperf::trim(line);
    if (header) {
      if (id != "case_id") {
        return make_error(ErrorKind::kInvalid, folder + "/cases.csv",
                          "the first line is not 'case_id'", "Prepare the data again.");
      }
      header = false;
    } else if (!id.empty()) {
      cases.ids.emplace_back(id);
    }
  }
  if (cases.ids.size() > kMostCases) {
    return make_error(ErrorKind::kTooLarge, folder + "/cases.csv", "more than a million cases");
  }
  const std::string path = folder + "/images.npy";
  MEDPERF_TRY(const std::string bytes, medperf::read_file(path, medperf::mebibytes(1024)));
  auto images = medperf::imaging::parse_npy(bytes);
  if (!images) return std::move(images).error().at(path);
  const std::vector<std::size_t> expected{cases.ids.size(), kSide, kSide};
  if (images->type != medperf::imaging::NpyType::kU8 || images->shape != expected) {
    return make_error(ErrorKind::kInvalid, path,
                      "the array is " + images->description() + ", expected (" +
                          std::to_string(cases.ids.size()) + ", 28, 28) |u1",
                      "Prepare the data again with this benchmark's preparation container.");
  }
  cases.images = std::move(images).value();
  return cases;
}

medperf::Status write_predictions(const std::string& folder, const Cases& cases,
                                  const std::vector<double>& scores) {
  std::string text = "case_id,score\n";
  for (std::size_t i = 0; i < cases.ids.size(); ++i) {
    char number[32];
    std::snprintf(number, sizeof number, ",%.9g\n", scores[i]);
    text += cases.ids[i] + number;
  }
  return medperf::write_file_atomically(folder + "/predictions.csv", text,
                                        medperf::FileMode::kReadable);
}

int fail(const char* program, const Error& error) {
  std::fprintf(stderr, "%s: %s\n", program, error.text().c_str());
  return 1;
}

}  // namespace cxr
