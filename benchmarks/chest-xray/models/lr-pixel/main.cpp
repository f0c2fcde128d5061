// Sample model: logistic regression on pixels.

#include "common/pixel_model.h"

namespace {

medperf::Status run(int argc, char** argv) {
  MEDPERF_TRY(const cxr::Options options, cxr::parse_options(argc, argv));
  MEDPERF_TRY(const cxr::PixelModel model, cxr::read_pixel_model(options.weights));
  MEDPERF_TRY(const cxr::Cases cases, cxr::read_cases(options.data_path));
  return cxr::write_predictions(options.output_path, cases, cxr::predict(model, cases));
}

}  // namespace

int main(int argc, char** argv) {
  const medperf::Status status = run(argc, argv);
  return status ? 0 : cxr::fail("lr-pixel", status.error());
}
