// The only file that knows DCMTK: one DICOM file to a DicomImage. Built into a module of its own,
// loaded when the first DICOM file is read (dicom.cpp): DCMTK with its libraries and its dictionary
// would double the time and the size of every start.

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <exception>
#include <new>
#include <utility>

#include "imaging/dicom_image.h"

namespace medperf::imaging {
namespace {

Error invalid(std::string what, std::string advice = {}) {
  return make_error(ErrorKind::kInvalid, {}, std::move(what), std::move(advice));
}

/// The decoders, and silence: what went wrong is in our errors, not in the library's log.
struct Library {
  Library() {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    DcmRLEDecoderRegistration::registerCodecs();
    DJDecoderRegistration::registerCodecs();
    DJLSDecoderRegistration::registerCodecs();
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() {
    DJLSDecoderRegistration::cleanup();
    DJDecoderRegistration::cleanup();
    DcmRLEDecoderRegistration::cleanup();
  }
};

std::string text_of(DcmItem& item, const DcmTagKey& tag) {
  OFString value;
  if (item.findAndGetOFString(tag, value).bad()) return {};
  return {value.c_str(), value.length()};
}

std::optional<double> number_of(DcmItem* item, const DcmTagKey& tag, unsigned long place = 0) {
  Float64 value = 0;
  if (item == nullptr || item->findAndGetFloat64(tag, value, place).bad()) return std::nullopt;
  return value;
}

std::optional<std::uint16_t> short_of(DcmItem* item, const DcmTagKey& tag) {
  Uint16 value = 0;
  if (item == nullptr || item->findAndGetUint16(tag, value).bad()) return std::nullopt;
  return value;
}

bool read_vector(DcmItem* item, const DcmTagKey& tag, unsigned long first, Vector3& out) {
  for (unsigned long d = 0; d < 3; ++d) {
    const auto value = number_of(item, tag, first + d);
    if (!value || !std::isfinite(*value)) return false;
    out[d] = *value;
  }
  return true;
}

/// Where the attributes of a frame are found: in the file itself for a single-frame image; else in
/// the functional groups of the frame, or of all frames. Source: PS3.3 C.7.6.16.
class FrameSource {
 public:
  FrameSource(DcmItem& dataset, DcmItem* own, DcmItem* shared)
      : dataset_(dataset), own_(own), shared_(shared) {}

  /// The item that holds attributes of the group `sequence`.
  DcmItem* group(const DcmTagKey& sequence) const {
    if (own_ == nullptr) return &dataset_;
    for (DcmItem* groups : {own_, shared_}) {
      DcmItem* found = nullptr;
      if (groups != nullptr && groups->findAndGetSequenceItem(sequence, found, 0).good()) {
        return found;
      }
    }
    return nullptr;
  }

 private:
  DcmItem& dataset_;
  DcmItem* own_;
  DcmItem* shared_;
};

Result<DicomFrame> read_frame(const FrameSource& source, bool segmentation) {
  DicomFrame frame;
  if (!read_vector(source.group(DCM_PlanePositionSequence), DCM_ImagePositionPatient, 0,
                   frame.position_mm)) {
    return invalid("an image states no position in the patient (ImagePositionPatient)");
  }
  DcmItem* orientation = source.group(DCM_PlaneOrientationSequence);
  if (!read_vector(orientation, DCM_ImageOrientationPatient, 0, frame.along_row) ||
      !read_vector(orientation, DCM_ImageOrientationPatient, 3, frame.along_column)) {
    return invalid("an image states no orientation (ImageOrientationPatient)");
  }
  DcmItem* measures = source.group(DCM_PixelMeasuresSequence);
  const auto between_rows = number_of(measures, DCM_PixelSpacing, 0);
  const auto between_columns = number_of(measures, DCM_PixelSpacing, 1);
  if (!between_rows || !between_columns) {
    return invalid("an image states no spacing of its pixels (PixelSpacing)");
  }
  frame.spacing_j_mm = *between_rows;
  frame.spacing_i_mm = *between_columns;
  frame.between_slices_mm = number_of(measures, DCM_SpacingBetweenSlices);
  frame.thickness_mm = number_of(measures, DCM_SliceThickness);
  if (segmentation) {
    const auto number =
        short_of(source.group(DCM_SegmentIdentificationSequence), DCM_ReferencedSegmentNumber);
    if (!number || *number == 0) return invalid("a frame of the segmentation names no segment");
    frame.segment = *number;
    return frame;
  }
  DcmItem* transformation = source.group(DCM_PixelValueTransformationSequence);
  frame.slope = number_of(transformation, DCM_RescaleSlope).value_or(1);
  frame.intercept = number_of(transformation, DCM_RescaleIntercept).value_or(0);
  if (!std::isfinite(frame.slope) || frame.slope == 0 || !std::isfinite(frame.intercept)) {
    return invalid("RescaleSlope or RescaleIntercept is no usable number");
  }
  return frame;
}

Status read_frames(DcmItem& dataset, std::size_t count, DicomImage& image) {
  DcmSequenceOfItems* per_frame = nullptr;
  if (dataset.findAndGetSequence(DCM_PerFrameFunctionalGroupsSequence, per_frame).bad()) {
    if (count != 1 || image.segmentation) {
      return invalid(
          "a multi-frame image without functional groups does not say where its frames lie",
          "Give the single-frame or the enhanced images of the series.");
    }
    MEDPERF_TRY(DicomFrame frame, read_frame(FrameSource(dataset, nullptr, nullptr), false));
    image.frames.push_back(frame);
    return {};
  }
  if (per_frame->card() != count) {
    return invalid(
        fmt::format("the file has {} frames but describes {}", count, per_frame->card()));
  }
  DcmItem* shared = nullptr;
  dataset.findAndGetSequenceItem(DCM_SharedFunctionalGroupsSequence, shared, 0);
  image.frames.reserve(count);
  DcmObject* object = nullptr;
  while ((object = per_frame->nextInContainer(object)) != nullptr) {
    auto* own = dynamic_cast<DcmItem*>(object);
    if (own == nullptr) return invalid("a functional group is no item");
    MEDPERF_TRY(DicomFrame frame,
                read_frame(FrameSource(dataset, own, shared), image.segmentation));
    image.frames.push_back(frame);
  }
  return {};
}

struct PixelFormat {
  unsigned allocated = 0;
  unsigned stored = 0;
  bool is_signed = false;
};

Result<PixelFormat> read_format(DcmItem& dataset, bool segmentation) {
  const auto samples = short_of(&dataset, DCM_SamplesPerPixel).value_or(1);
  const std::string photometric = text_of(dataset, DCM_PhotometricInterpretation);
  if (samples != 1 || (photometric != "MONOCHROME1" && photometric != "MONOCHROME2")) {
    return invalid("the pixels are colours or indices of a palette, not grey values");
  }
  PixelFormat format;
  format.allocated = short_of(&dataset, DCM_BitsAllocated).value_or(0);
  format.stored = short_of(&dataset, DCM_BitsStored).value_or(0);
  format.is_signed = short_of(&dataset, DCM_PixelRepresentation).value_or(0) == 1;
  const unsigned high = short_of(&dataset, DCM_HighBit).value_or(0);
  if (segmentation) {
    const std::string kind = text_of(dataset, DCM_SegmentationType);
    if (kind != "BINARY") {
      return invalid(fmt::format("the segmentation is {}, only BINARY ones are read",
                                 kind == "FRACTIONAL" || kind == "LABELMAP" ? kind : "of no kind"),
                     "Export it as a binary segmentation.");
    }
    if (format.allocated != 1) return invalid("a binary segmentation has one bit a pixel");
    return format;
  }
  const bool whole = format.allocated == 8 || format.allocated == 16 || format.allocated == 32;
  if (!whole || format.stored == 0 || format.stored > format.allocated ||
      high + 1 != format.stored) {
    return invalid(fmt::format("pixels of {} bits in {}, the highest at {}, are not read here",
                               format.stored, format.allocated, high));
  }
  return format;
}

struct PixelBytes {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
};

/// The pixels as uncompressed bytes in native order. Of the image's own element alone: pixels
/// within a sequence, such as those of an icon, have sizes of their own, which nothing has held
/// against a limit.
Result<PixelBytes> decode(DcmDataset& dataset) {
  DcmElement* element = nullptr;
  dataset.findAndGetElement(DCM_PixelData, element);
  auto* const pixels = dynamic_cast<DcmPixelData*>(element);
  if (pixels == nullptr) return invalid("the file has no pixels");
  DcmStack place;
  place.push(&dataset);
  place.push(pixels);
  if (pixels->chooseRepresentation(EXS_LittleEndianExplicit, nullptr, place).bad()) {
    return make_error(ErrorKind::kCorrupt, {}, "the packed pixels cannot be decoded",
                      "Copy the file again from its source.");
  }
  PixelBytes bytes;
  bytes.size = element->getLength();
  Uint16* words = nullptr;
  Uint8* octets = nullptr;
  if (element->getVR() == EVR_OW && element->getUint16Array(words).good() && words != nullptr) {
    bytes.data = reinterpret_cast<const std::uint8_t*>(words);
  } else if (element->getUint8Array(octets).good() && octets != nullptr) {
    bytes.data = octets;
  } else {
    return invalid("the file has no pixels");
  }
  return bytes;
}

/// Clears what lies above the stored bits, or extends the sign into it.
template <typename T>
void clean_bits(ElementBuffer& pixels, unsigned stored) {
  const unsigned unused = 8 * sizeof(T) - stored;
  if (unused == 0) return;
  auto* values = reinterpret_cast<T*>(pixels.data());
  for (std::size_t i = 0; i < pixels.size() / sizeof(T); ++i) {
    using Unsigned = std::make_unsigned_t<T>;
    values[i] = static_cast<T>(
        static_cast<T>(static_cast<Unsigned>(static_cast<Unsigned>(values[i]) << unused)) >>
        unused);
  }
}

void clean_bits(DicomImage& image, unsigned stored) {
  switch (image.type) {
    case ElementType::kU8:
      return clean_bits<std::uint8_t>(image.pixels, stored);
    case ElementType::kI8:
      return clean_bits<std::int8_t>(image.pixels, stored);
    case ElementType::kU16:
      return clean_bits<std::uint16_t>(image.pixels, stored);
    case ElementType::kI16:
      return clean_bits<std::int16_t>(image.pixels, stored);
    case ElementType::kU32:
      return clean_bits<std::uint32_t>(image.pixels, stored);
    default:
      return clean_bits<std::int32_t>(image.pixels, stored);
  }
}

ElementType type_of(const PixelFormat& format) {
  if (format.allocated == 8) return format.is_signed ? ElementType::kI8 : ElementType::kU8;
  if (format.allocated == 16) return format.is_signed ? ElementType::kI16 : ElementType::kU16;
  return format.is_signed ? ElementType::kI32 : ElementType::kU32;
}

Status read_pixels(DcmDataset& dataset, const PixelFormat& format, std::uint64_t pixels,
                   const DicomLimits& limits, DicomImage& image) {
  const std::uint64_t bytes_each = format.allocated == 1 ? 1 : format.allocated / 8;
  if (pixels > limits.pixels.value / bytes_each) {
    return make_error(ErrorKind::kTooLarge, {},
                      fmt::format("the file announces {} pixels", pixels));
  }
  MEDPERF_TRY(const PixelBytes raw, decode(dataset));
  const std::uint64_t needed = format.allocated == 1 ? (pixels + 7) / 8 : pixels * bytes_each;
  if (raw.size < needed) {
    return make_error(
        ErrorKind::kCorrupt, {},
        fmt::format("the file announces {} bytes of pixels, {} are there", needed, raw.size));
  }
  image.pixels = ElementBuffer(pixels * bytes_each);
  if (format.allocated == 1) {  // packed from the lowest bit on, across frames. PS3.5 8.2
    image.type = ElementType::kU8;
    for (std::uint64_t i = 0; i < pixels; ++i) {
      image.pixels.data()[i] = raw.data[i / 8] >> (i % 8) & 1;
    }
    return {};
  }
  image.type = type_of(format);
  std::memcpy(image.pixels.data(), raw.data, needed);
  clean_bits(image, format.stored);
  return {};
}

void read_segments(DcmItem& dataset, DicomImage& image) {
  DcmSequenceOfItems* sequence = nullptr;
  if (dataset.findAndGetSequence(DCM_SegmentSequence, sequence).bad()) return;
  DcmObject* object = nullptr;
  while ((object = sequence->nextInContainer(object)) != nullptr) {
    auto* item = dynamic_cast<DcmItem*>(object);
    if (item == nullptr) continue;
    const auto number = short_of(item, DCM_SegmentNumber);
    if (number) image.segments.push_back({*number, text_of(*item, DCM_SegmentLabel)});
  }
}

Result<DicomImage> read(std::string_view bytes, const DicomLimits& limits) {
  static const Library library;
  if (!dcmDataDict.isDictionaryLoaded()) {
    return make_error(ErrorKind::kUnavailable, {}, "DCMTK's dictionary of data elements is missing",
                      "Install the package libdcmtk17 whole.");
  }
  DcmInputBufferStream stream;
  stream.setBuffer(bytes.data(), static_cast<offile_off_t>(bytes.size()));
  stream.setEos();
  DcmFileFormat file;
  file.setReadMode(ERM_fileOnly);
  file.transferInit();
  const OFCondition condition = file.read(stream);
  file.transferEnd();
  if (condition.bad()) {
    return make_error(ErrorKind::kCorrupt, {}, "the DICOM file cannot be read",
                      "Copy the file again from its source.", condition.text());
  }
  DcmDataset& dataset = *file.getDataset();
  DicomImage image;
  image.segmentation = text_of(dataset, DCM_SOPClassUID) == UID_SegmentationStorage;
  image.series_uid = text_of(dataset, DCM_SeriesInstanceUID);
  image.frame_of_reference_uid = text_of(dataset, DCM_FrameOfReferenceUID);
  image.lossy = text_of(dataset, DCM_LossyImageCompression) == "01";
  image.rows = short_of(&dataset, DCM_Rows).value_or(0);
  image.columns = short_of(&dataset, DCM_Columns).value_or(0);
  if (image.rows == 0 || image.columns == 0) {
    return invalid("the file holds no image (no rows or columns)");
  }
  Sint32 count = 0;  // DCMTK clears it when the element is missing
  if (dataset.findAndGetSint32(DCM_NumberOfFrames, count).bad()) count = 1;
  if (count < 1) return invalid(fmt::format("the file announces {} frames", count));
  MEDPERF_TRY(const PixelFormat format, read_format(dataset, image.segmentation));
  const auto frames = static_cast<std::uint64_t>(count);
  MEDPERF_CHECK(read_frames(dataset, frames, image));
  read_segments(dataset, image);
  MEDPERF_CHECK(read_pixels(dataset, format, frames * image.rows * image.columns, limits, image));
  return image;
}

}  // namespace
}  // namespace medperf::imaging

extern "C" __attribute__((visibility("default"))) void medperf_parse_dicom_1(
    std::string_view bytes, const medperf::imaging::DicomLimits& limits,
    medperf::Result<medperf::imaging::DicomImage>& out) {
  using namespace medperf;
  try {
    out = imaging::read(bytes, limits);
  } catch (const std::bad_alloc&) {
    out = make_error(ErrorKind::kUnavailable, {}, "no memory for a DICOM image");
  } catch (const std::exception& e) {
    out = make_error(ErrorKind::kBug, {}, "the DICOM library failed", {}, e.what());
  }
}
