#pragma once
// How every C++ sample model meets its benchmark: prepared cases in, predictions out.

#include <string>
#include <vector>

#include "base/result.h"
#include "imaging/npy.h"

namespace cxr {

constexpr std::size_t kSide = 28;  ///< pixels
constexpr std::size_t kPixels = kSide * kSide;

/// Where things are; the defaults are the mounts of container_config.yaml.
struct Options {
  std::string data_path = "/mlcommons/volumes/data";
  std::string output_path = "/mlcommons/volumes/predictions";
  std::string weights = "/weights";
};

/// Reads `--data_path DIR`, `--output_path DIR`, `--weights FILE` (or with '=').
medperf::Result<Options> parse_options(int argc, char** argv);

struct Cases {
  std::vector<std::string> ids;
  medperf::imaging::NpyArray images;  ///< uint8, (ids.size(), 28, 28)

  const unsigned char* image(std::size_t i) const {
    return reinterpret_cast<const unsigned char*>(images.data.data()) + i * kPixels;
  }
};

/// Reads images.npy and cases.csv of a prepared data folder.
medperf::Result<Cases> read_cases(const std::string& folder);

/// Writes predictions.csv: `case_id,score`, in the order of the cases; a score is the probability
/// of pneumonia with nine significant digits.
medperf::Status write_predictions(const std::string& folder, const Cases& cases,
                                  const std::vector<double>& scores);

/// Says an error on standard error; the exit code to return.
int fail(const char* program, const medperf::Error& error);

}  // namespace cxr
