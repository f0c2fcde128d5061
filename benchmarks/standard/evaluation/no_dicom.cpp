// In place of the reader of DICOM, which is a shared module: an image of one static file has none.
#include "imaging/dicom.h"

namespace medperf::imaging {
namespace {

Error no_dicom() {
  return make_error(ErrorKind::kUnavailable, {}, "this evaluator reads no DICOM",
                    "Let the preparation and the model write NIfTI, NPY or PNG.");
}

}  // namespace

Result<DicomImage> read_dicom(const std::filesystem::path&, const DicomLimits&, Links) {
  return no_dicom();
}

Result<Volume> read_dicom_series(const std::filesystem::path&, const DicomLimits&, Links) {
  return no_dicom();
}

Result<SegmentationGrid> segmentation_grid(std::span<const DicomImage* const>, const Bytes&) {
  return no_dicom();
}

Result<Geometry> grid_with_frames(const Geometry&, const DicomImage&, const Bytes&) {
  return no_dicom();
}

Result<Volume> segmentation_to_labels(const DicomImage&, const Geometry&, SegmentSets*,
                                      const Bytes&) {
  return no_dicom();
}

}  // namespace medperf::imaging
