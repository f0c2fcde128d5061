#include "imaging/dicom_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

namespace medperf::imaging {
namespace {

constexpr std::uint32_t kUndefined = 0xffffffff;
constexpr std::uint32_t kItem = 0xfffee000;
constexpr std::uint32_t kItemEnd = 0xfffee00d;
constexpr std::uint32_t kSequenceEnd = 0xfffee0dd;
constexpr std::uint32_t kPixelData = 0x7fe00010;
constexpr std::size_t kPreambleAndMark = 132;
constexpr std::uint32_t kMetaLength = 0x00020000;
constexpr std::uint32_t kTransferSyntax = 0x00020010;

/// Value representations with a length of four and of two bytes. Source: PS3.5 table 7.1-1.
constexpr std::array<std::string_view, 13> kLong{"OB", "OD", "OF", "OL", "OV", "OW", "SQ",
                                                 "SV", "UC", "UN", "UR", "UT", "UV"};
constexpr std::array<std::string_view, 21> kShort{"AE", "AS", "AT", "CS", "DA", "DS", "DT",
                                                  "FD", "FL", "IS", "LO", "LT", "PN", "SH",
                                                  "SL", "SS", "ST", "TM", "UI", "UL", "US"};

enum class Pixels { kPlain, kPacked, kJpeg };

struct Encoding {
  bool explicit_vr = true;
  bool big_endian = false;
  Pixels pixels = Pixels::kPlain;
};

Error corrupt(std::string what, std::size_t at) {
  return make_error(ErrorKind::kCorrupt, {},
                    fmt::format("the DICOM file is damaged: {} at byte {}", what, at),
                    "Copy the file again from its source.");
}

/// Whether DCMTK's search for the frame header of JPEG data comes by the marker TEM: version 3.6.7
/// takes no step there and searches for ever. No image has that marker: it is for arithmetic coding
/// in progress. Source: ITU-T T.81, table B.1.
bool stops_header_search(std::string_view jpeg) {
  const auto byte = [jpeg](std::size_t at) -> unsigned {
    return static_cast<unsigned char>(jpeg[at]);
  };
  constexpr unsigned kTem = 0x01, kFill = 0xff;
  constexpr std::size_t kMarkerAndLength = 4;
  std::size_t at = 0;
  while (at + kMarkerAndLength < jpeg.size() && byte(at) == 0xff) {
    const unsigned marker = byte(at + 1);
    const bool frame_header =
        marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (marker == kTem) return true;
    if (marker == 0 || marker == 2 || frame_header) return false;
    if (marker == kFill) {
      at += 1;
    } else if (marker < 0xc0 || (marker >= 0xd0 && marker <= 0xd9)) {
      at += 2;  // reserved, or restart, start and end: nothing belongs to them
    } else {
      at += 2 + (byte(at + 2) << 8 | byte(at + 3));
    }
  }
  return false;
}

struct Element {
  std::uint32_t tag = 0;
  std::array<char, 2> vr{};
  std::uint32_t length = 0;
  std::size_t value = 0;  ///< where it starts
};

class Walker {
 public:
  Walker(std::string_view bytes, const DicomLimits& limits) : bytes_(bytes), limits_(limits) {}

  /// Walks elements from `at` up to `end`, or (`until_item_end`) to the end mark of an item.
  /// Gives where it stopped.
  Result<std::size_t> walk(std::size_t at, std::size_t end, Encoding encoding, std::size_t depth,
                           bool until_item_end) {
    if (depth > limits_.depth) {
      return make_error(
          ErrorKind::kTooLarge, {},
          fmt::format("sequences of the DICOM file are nested more than {} deep", limits_.depth));
    }
    while (at < end) {
      MEDPERF_TRY(const Element element, read_element(at, end, encoding));
      if (element.tag == kItemEnd && until_item_end) return element.value;
      if (element.tag >> 16 == 0xfffe) return corrupt("a mark of items where none belongs", at);
      MEDPERF_TRY(at, pass_value(element, end, encoding, depth));
    }
    if (until_item_end) return corrupt("an item has no end", at);
    return at;
  }

  Result<Element> read_element(std::size_t at, std::size_t end, Encoding encoding) {
    if (++count_ > limits_.elements) {
      return make_error(
          ErrorKind::kTooLarge, {},
          fmt::format("the DICOM file has more than {} data elements", limits_.elements));
    }
    if (end - at < 8) return corrupt("a data element is cut short", at);
    Element element;
    element.tag = number(at, 2, encoding) << 16 | number(at + 2, 2, encoding);
    const bool mark = element.tag >> 16 == 0xfffe;  // items and end marks have no VR
    if (!encoding.explicit_vr || mark) {
      element.length = number(at + 4, 4, encoding);
      element.value = at + 8;
      return element;
    }
    element.vr = {bytes_[at + 4], bytes_[at + 5]};
    // Of another one it is not known how long its length is.
    if (!is_among(element.vr, kLong) && !is_among(element.vr, kShort)) {
      return corrupt("a value of no known representation", at);
    }
    if (is_among(element.vr, kLong)) {
      if (end - at < 12) return corrupt("a data element is cut short", at);
      element.length = number(at + 8, 4, encoding);
      element.value = at + 12;
    } else {
      element.length = number(at + 6, 2, encoding);
      element.value = at + 8;
    }
    return element;
  }

  /// Where the meta information ends by its first element; nothing when that says another thing.
  Result<std::optional<std::size_t>> stated_end_of_meta(const Element& element) const {
    if (element.tag != kMetaLength) return std::optional<std::size_t>();
    const std::size_t value = element.value;
    if (std::string_view(element.vr.data(), 2) != "UL" || element.length != 4 ||
        bytes_.size() - value < 4) {
      return corrupt("the length of its meta information is no number", value);
    }
    return std::optional<std::size_t>(value + 4 + number(value, 4, {}));
  }

  std::string_view text(const Element& element) const {
    std::string_view value = bytes_.substr(element.value, element.length);
    while (!value.empty() && (value.back() == '\0' || value.back() == ' ')) value.remove_suffix(1);
    return value;
  }

 private:
  std::uint32_t number(std::size_t at, std::size_t size, Encoding encoding) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t from = encoding.big_endian ? at + i : at + size - 1 - i;
      value = value << 8 | static_cast<unsigned char>(bytes_[from]);
    }
    return value;
  }

  static bool is_among(std::array<char, 2> vr, std::span<const std::string_view> list) {
    return std::find(list.begin(), list.end(), std::string_view(vr.data(), 2)) != list.end();
  }

  Result<std::size_t> pass_value(const Element& element, std::size_t end, Encoding encoding,
                                 std::size_t depth) {
    const std::string_view vr(element.vr.data(), 2);
    const bool sequence = encoding.explicit_vr && vr == "SQ";
    if (element.length == kUndefined) {
      if (element.tag == kPixelData && vr != "SQ") {
        if (encoding.pixels == Pixels::kPlain)
          return corrupt("pixels without a length", element.value);
        return pass_fragments(element.value, end, encoding);
      }
      // A sequence; of an unknown kind it is in implicit VR (PS3.5, 6.2.2 note 2).
      Encoding inner = encoding;
      if (encoding.explicit_vr && vr == "UN")
        inner = {false, false, encoding.pixels};
      else if (encoding.explicit_vr && !sequence)
        return corrupt("a value without a length", element.value);
      return pass_items(element.value, end, inner, depth, true);
    }
    if (element.length > end - element.value) {
      return corrupt("a value is longer than what holds it", element.value);
    }
    const std::size_t after = element.value + element.length;
    if (sequence) {
      MEDPERF_CHECK(pass_items(element.value, after, encoding, depth, false));
    } else if ((!encoding.explicit_vr || vr == "UN") && looks_like_items(element, encoding)) {
      // A library with a dictionary may read this as a sequence, so it must be one throughout.
      Encoding inner = encoding;
      if (vr == "UN") inner = {false, false, encoding.pixels};
      MEDPERF_CHECK(pass_items(element.value, after, inner, depth, false));
    }
    return after;
  }

  bool looks_like_items(const Element& element, Encoding encoding) const {
    return element.length >= 8 && (number(element.value, 2, encoding) << 16 |
                                   number(element.value + 2, 2, encoding)) == kItem;
  }

  Result<std::size_t> pass_items(std::size_t at, std::size_t end, Encoding encoding,
                                 std::size_t depth, bool until_mark) {
    while (at < end) {
      MEDPERF_TRY(const Element item, read_element(at, end, encoding));
      if (item.tag == kSequenceEnd && until_mark) return item.value;
      if (item.tag != kItem) return corrupt("a sequence holds something that is no item", at);
      if (item.length == kUndefined) {
        MEDPERF_TRY(at, walk(item.value, end, encoding, depth + 1, true));
        continue;
      }
      if (item.length > end - item.value) {
        return corrupt("an item is longer than what holds it", at);
      }
      MEDPERF_TRY(at, walk(item.value, item.value + item.length, encoding, depth + 1, false));
    }
    if (until_mark) return corrupt("a sequence has no end", at);
    return at;
  }

  Result<std::size_t> pass_fragments(std::size_t at, std::size_t end, Encoding encoding) {
    while (at < end) {
      MEDPERF_TRY(const Element fragment, read_element(at, end, encoding));
      if (fragment.tag == kSequenceEnd) return fragment.value;
      if (fragment.tag != kItem || fragment.length > end - fragment.value) {
        return corrupt("packed pixels are cut short", at);
      }
      if (encoding.pixels == Pixels::kJpeg &&
          stops_header_search(bytes_.substr(fragment.value, fragment.length))) {
        return corrupt("a JPEG image has a marker that belongs to none", fragment.value);
      }
      at = fragment.value + fragment.length;
    }
    return corrupt("packed pixels have no end", at);
  }

  std::string_view bytes_;
  DicomLimits limits_;
  std::size_t count_ = 0;
};

struct Meta {
  std::string transfer_syntax;
  std::size_t end = kPreambleAndMark;
};

/// Group 2, which is always explicit and little-endian; what follows it is of the transfer syntax.
/// Where it ends must be the same for who counts its bytes, as DCMTK does, and for who goes by the
/// groups: the rest would be read in two ways.
Result<Meta> walk_meta(std::string_view bytes, Walker& walker) {
  Meta meta;
  std::optional<std::size_t> stated;
  while (bytes.substr(meta.end, 2) == std::string_view("\2\0", 2)) {
    MEDPERF_TRY(const Element element, walker.read_element(meta.end, bytes.size(), {}));
    if (element.length > bytes.size() - element.value) {
      return corrupt("the meta information is cut short", meta.end);
    }
    if (meta.end == kPreambleAndMark) {
      MEDPERF_TRY(stated, walker.stated_end_of_meta(element));
    }
    if (element.tag == kTransferSyntax && !meta.transfer_syntax.empty()) {
      return corrupt("the transfer syntax is stated twice", meta.end);
    }
    if (element.tag == kTransferSyntax) meta.transfer_syntax = walker.text(element);
    meta.end = element.value + element.length;
  }
  if (stated && *stated != meta.end) {
    return corrupt("its meta information is not as long as it states", kPreambleAndMark);
  }
  if (!stated && bytes.substr(meta.end, 2) == std::string_view("\0\2", 2)) {
    return corrupt("meta information in two byte orders", meta.end);
  }
  return meta;
}

struct SyntaxRow {
  std::string_view uid;
  Encoding encoding;
};
constexpr SyntaxRow kRead[] = {
    {"1.2.840.10008.1.2", {false, false, Pixels::kPlain}},
    {"1.2.840.10008.1.2.1", {true, false, Pixels::kPlain}},
    {"1.2.840.10008.1.2.2", {true, true, Pixels::kPlain}},
    {"1.2.840.10008.1.2.5", {true, false, Pixels::kPacked}},   // RLE
    {"1.2.840.10008.1.2.4.50", {true, false, Pixels::kJpeg}},  // JPEG baseline
    {"1.2.840.10008.1.2.4.51", {true, false, Pixels::kJpeg}},  // JPEG extended
    {"1.2.840.10008.1.2.4.57", {true, false, Pixels::kJpeg}},  // JPEG lossless
    {"1.2.840.10008.1.2.4.70",
     {true, false, Pixels::kJpeg}},  // JPEG lossless, first-order prediction
    {"1.2.840.10008.1.2.4.80", {true, false, Pixels::kPacked}},  // JPEG-LS lossless
    {"1.2.840.10008.1.2.4.81", {true, false, Pixels::kPacked}},  // JPEG-LS near-lossless
};

std::string_view name_of_unread(std::string_view uid) {
  if (uid == "1.2.840.10008.1.2.1.99") return "deflated";
  if (uid.starts_with("1.2.840.10008.1.2.4.9")) return "JPEG 2000";
  if (uid.starts_with("1.2.840.10008.1.2.4.20")) return "High-Throughput JPEG 2000";
  if (uid.starts_with("1.2.840.10008.1.2.4.11")) return "JPEG XL";
  if (uid.starts_with("1.2.840.10008.1.2.4.10")) return "video";
  return "unknown";
}

bool looks_like_uid(std::string_view uid) {
  return !uid.empty() && uid.size() <= 64 &&
         uid.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

bool is_dicom(std::string_view bytes) {
  return bytes.size() >= 132 && bytes.substr(128, 4) == "DICM";
}

Result<std::string> scan_dicom(std::string_view bytes, const DicomLimits& limits) {
  if (!is_dicom(bytes)) {
    return make_error(ErrorKind::kCorrupt, {}, "this is no DICOM file: its mark is missing",
                      "Give files as DICOM part 10 has them, with preamble and meta information.");
  }
  Walker walker(bytes, limits);
  MEDPERF_TRY(const Meta meta, walk_meta(bytes, walker));
  const std::string& uid = meta.transfer_syntax;
  for (const SyntaxRow& row : kRead) {
    if (row.uid != uid) continue;
    MEDPERF_CHECK(walker.walk(meta.end, bytes.size(), row.encoding, 0, false));
    return uid;
  }
  if (!looks_like_uid(uid)) return corrupt("no transfer syntax is stated", kPreambleAndMark);
  return make_error(ErrorKind::kInvalid, {},
                    fmt::format("the pixels are packed in a way that is not read here: {} "
                                "(transfer syntax {})",
                                name_of_unread(uid), uid),
                    "Unpack the file first, to explicit little-endian.");
}

}  // namespace medperf::imaging
