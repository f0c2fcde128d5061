// Sample of a model that passes the compatibility test on the small demo data and fails at every
// hospital: it was built with room for 24 cases. The platform must show its message, go on with the
// other models and keep its half-written output out.

#include <cstdio>
#include <fstream>

#include "common/pixel_model.h"

namespace {

constexpr std::size_t kRoom = 24;

medperf::Status run(int argc, char** argv) {
  MEDPERF_TRY(const cxr::Options options, cxr::parse_options(argc, argv));
  MEDPERF_TRY(const cxr::PixelModel model, cxr::read_pixel_model(options.weights));
  MEDPERF_TRY(const cxr::Cases cases, cxr::read_cases(options.data_path));
  if (cases.ids.size() > kRoom) {
    std::ofstream(options.output_path + "/predictions.csv") << "case_id,score\n" << cases.ids[0];
    return medperf::make_error(
        medperf::ErrorKind::kBug, options.data_path,
        std::to_string(cases.ids.size()) + " cases, but this model has room for 24",
        "Ask the model's owner for a version without this limit.");
  }
  return cxr::write_predictions(options.output_path, cases, cxr::predict(model, cases));
}

}  // namespace

int main(int argc, char** argv) {
  const medperf::Status status = run(argc, argv);
  if (status) return 0;
  cxr::fail("broken", status.error());
  return 70;  // EX_SOFTWARE of sysexits.h
}
