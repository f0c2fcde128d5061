// Sample of a hostile model: it behaves on the small demo data of the compatibility test, and tries
// to break out on a hospital's data. Each attempt is one line of its log; all must say "refused".
// At the end it leaves a symbolic link where its predictions should be.

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "common/pixel_model.h"
#include "hostile/attacks.h"

namespace {

constexpr std::size_t kLooksLikeATest = 24;

void leave_link(const std::string& folder) {
  const std::string path = folder + "/predictions.csv";
  unlink(path.c_str());
  if (symlink("/etc/passwd", path.c_str()) == 0) {
    std::fprintf(stderr, "attack: output-link: planted (predictions.csv -> /etc/passwd)\n");
  } else {
    std::fprintf(stderr, "attack: output-link: refused (%s)\n", std::strerror(errno));
  }
}

medperf::Status run(int argc, char** argv) {
  MEDPERF_TRY(const cxr::Options options, cxr::parse_options(argc, argv));
  MEDPERF_TRY(const cxr::PixelModel model, cxr::read_pixel_model(options.weights));
  MEDPERF_TRY(const cxr::Cases cases, cxr::read_cases(options.data_path));
  if (cases.ids.size() <= kLooksLikeATest) {
    return cxr::write_predictions(options.output_path, cases, cxr::predict(model, cases));
  }
  for (const cxr::Attempt& attempt : cxr::attack_everything(options.data_path)) {
    std::fprintf(stderr, "attack: %s: %s (%s)\n", attempt.name.c_str(),
                 attempt.succeeded ? "SUCCEEDED" : "refused", attempt.outcome.c_str());
  }
  leave_link(options.output_path);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const medperf::Status status = run(argc, argv);
  return status ? 0 : cxr::fail("hostile", status.error());
}
