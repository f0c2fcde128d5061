#include "common/pixel_model.h"

#include <charconv>
#include <cmath>

#include "base/encoding.h"
#include "base/files.h"

namespace cxr {

medperf::Result<PixelModel> read_pixel_model(const std::string& path) {
  MEDPERF_TRY(const std::string text, medperf::read_file(path, medperf::mebibytes(1)));
  std::vector<double> numbers;
  for (const std::string_view raw : medperf::split(text, '\n')) {
    const std::string_view line = medperf::trim(raw);
    if (line.empty() || line.front() == '#') continue;
    double value = 0;
    const auto [end, problem] = std::from_chars(line.data(), line.data() + line.size(), value);
    if (problem != std::errc() || end != line.data() + line.size() || !std::isfinite(value)) {
      return medperf::make_error(medperf::ErrorKind::kCorrupt, path,
                                 "'" + medperf::printable(line, 40) + "' is no number",
                                 "Build the image again.");
    }
    numbers.push_back(value);
  }
  if (numbers.size() != 1 + kPixels) {
    return medperf::make_error(medperf::ErrorKind::kCorrupt, path,
                               std::to_string(numbers.size()) + " numbers, expected 785",
                               "Build the image again.");
  }
  PixelModel model;
  model.intercept = numbers.front();
  model.weights.assign(numbers.begin() + 1, numbers.end());
  return model;
}

std::vector<double> predict(const PixelModel& model, const Cases& cases) {
  std::vector<double> scores;
  scores.reserve(cases.ids.size());
  for (std::size_t i = 0; i < cases.ids.size(); ++i) {
    const unsigned char* image = cases.image(i);
    double sum = model.intercept;
    for (std::size_t k = 0; k < kPixels; ++k) sum += model.weights[k] * (image[k] / 255.0);
    scores.push_back(1.0 / (1.0 + std::exp(-sum)));
  }
  return scores;
}

}  // namespace cxr
