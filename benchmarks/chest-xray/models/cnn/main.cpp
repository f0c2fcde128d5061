// Sample model: a small convolutional network (ONNX), run by OpenCV's DNN module on one core. The
// same program serves cnn and cnn-robust; only the weights differ.

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>

#include "common/case_io.h"

namespace {

constexpr std::size_t kBatch = 16;

/// Probabilities of pneumonia; the network takes pixels in [0, 1] and gives a logit.
std::vector<double> predict(cv::dnn::Net& net, const cxr::Cases& cases) {
  std::vector<double> scores;
  scores.reserve(cases.ids.size());
  for (std::size_t start = 0; start < cases.ids.size(); start += kBatch) {
    const std::size_t count = std::min(kBatch, cases.ids.size() - start);
    const int shape[] = {static_cast<int>(count), 1, cxr::kSide, cxr::kSide};
    cv::Mat input(4, shape, CV_32F);
    const unsigned char* pixels = cases.image(start);
    auto* values = input.ptr<float>();
    for (std::size_t k = 0; k < count * cxr::kPixels; ++k) {
      values[k] = static_cast<float>(pixels[k]) / 255.0F;
    }
    net.setInput(input);
    const cv::Mat logits = net.forward();
    for (std::size_t i = 0; i < count; ++i) {
      const double logit = logits.ptr<float>()[i];
      scores.push_back(1.0 / (1.0 + std::exp(-logit)));
    }
  }
  return scores;
}

medperf::Status run(int argc, char** argv) {
  MEDPERF_TRY(const cxr::Options options, cxr::parse_options(argc, argv));
  MEDPERF_TRY(const cxr::Cases cases, cxr::read_cases(options.data_path));
  cv::setNumThreads(1);
  try {
    cv::dnn::Net net = cv::dnn::readNetFromONNX(options.weights);
    return cxr::write_predictions(options.output_path, cases, predict(net, cases));
  } catch (const cv::Exception& problem) {
    return medperf::make_error(medperf::ErrorKind::kCorrupt, options.weights,
                               "OpenCV cannot run this network (" + problem.err + ")",
                               "Build the image again.");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const medperf::Status status = run(argc, argv);
  return status ? 0 : cxr::fail("cnn", status.error());
}
