#pragma once
// A walk over the data elements of a DICOM file that believes nothing, before a library reads it.

#include <string>
#include <string_view>

#include "base/result.h"
#include "imaging/dicom_image.h"

namespace medperf::imaging {

/// Checks that the file has the preamble and meta information of DICOM part 10, which ends where it
/// states, a transfer syntax that is read here, and that every length fits into what holds it, that
/// sequences are not nested deeper and elements not more than the limits, and that packed pixels do
/// not hold up the library. Takes no memory. What follows may then trust lengths. Gives the UID of
/// the transfer syntax.
/// Read: little-endian implicit and explicit, big-endian explicit, RLE, JPEG (baseline, extended,
/// lossless), JPEG-LS. Refused by name: deflated, JPEG 2000, JPEG XL, video.
/// Source: DICOM PS3.5 section 7 (data elements), PS3.10 section 7.1 (file meta information).
/// Errors: corrupt, invalid (transfer syntax), too_large.
Result<std::string> scan_dicom(std::string_view bytes, const DicomLimits& limits = {});

/// Whether the bytes have DICOM's mark behind the preamble.
bool is_dicom(std::string_view bytes);

}  // namespace medperf::imaging
