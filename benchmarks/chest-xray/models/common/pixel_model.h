#pragma once
// Logistic regression on the 784 pixels, used by lr-pixel and by the two models that misbehave.

#include <string>
#include <vector>

#include "common/case_io.h"

namespace cxr {

struct PixelModel {
  double intercept = 0;
  std::vector<double> weights;  ///< one a pixel in [0, 1], row by row
};

/// Reads a text file: comment lines with '#', the intercept, then 784 weights, one a line.
medperf::Result<PixelModel> read_pixel_model(const std::string& path);

/// The probability of pneumonia of each case.
std::vector<double> predict(const PixelModel& model, const Cases& cases);

}  // namespace cxr
