#pragma once
// Writes DICOM files element by element, right or wrong: what the tests and seeds are made of.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace medperf::imaging {

/// One data set: elements in the order of their tags.
class DicomMaker {
 public:
  enum class Encoding { kExplicit, kImplicit, kBigEndian };
  struct Value {
    std::string vr;
    std::string bytes;  ///< in little-endian; `unit` says how it is turned
    std::size_t unit = 1;
    std::vector<DicomMaker> items{};  ///< of a sequence
  };

  DicomMaker& text(std::uint32_t tag, std::string vr, std::string value) {
    if (value.size() % 2 == 1) value += vr == "UI" ? '\0' : ' ';
    elements_[tag] = {std::move(vr), std::move(value)};
    return *this;
  }
  DicomMaker& number(std::uint32_t tag, std::uint16_t value) {
    elements_[tag] = {"US", {static_cast<char>(value & 0xff), static_cast<char>(value >> 8)}, 2};
    return *this;
  }
  DicomMaker& bytes(std::uint32_t tag, std::string vr, std::string value, std::size_t unit = 1) {
    elements_[tag] = {std::move(vr), std::move(value), unit};
    return *this;
  }
  DicomMaker& sequence(std::uint32_t tag, std::vector<DicomMaker> items) {
    elements_[tag] = {"SQ", {}, 1, std::move(items)};
    return *this;
  }
  DicomMaker& drop(std::uint32_t tag) {
    elements_.erase(tag);
    return *this;
  }

  std::string data_set(Encoding encoding) const {
    std::string out;
    for (const auto& [tag, value] : elements_) {
      std::string body = value.bytes;
      for (const DicomMaker& item : value.items) {
        const std::string inner = item.data_set(encoding);
        body += tag_bytes(0xfffee000, encoding) + integer(inner.size(), 4, encoding) + inner;
      }
      if (encoding == Encoding::kBigEndian && value.items.empty()) {
        for (std::size_t at = 0; at + value.unit <= body.size(); at += value.unit) {
          std::reverse(body.begin() + static_cast<std::ptrdiff_t>(at),
                       body.begin() + static_cast<std::ptrdiff_t>(at + value.unit));
        }
      }
      out += tag_bytes(tag, encoding);
      const bool wide =
          value.vr == "OW" || value.vr == "OB" || value.vr == "SQ" || value.vr == "UN";
      if (encoding != Encoding::kImplicit) out += value.vr;
      if (encoding == Encoding::kImplicit || wide) {
        if (encoding != Encoding::kImplicit) out += std::string(2, '\0');
        out += integer(body.size(), 4, encoding);
      } else {
        out += integer(body.size(), 2, encoding);
      }
      out += body;
    }
    return out;
  }

  /// The whole file, with preamble and meta information.
  std::string file(Encoding encoding = Encoding::kExplicit, std::string syntax = {}) const {
    if (syntax.empty()) {
      syntax = encoding == Encoding::kExplicit   ? "1.2.840.10008.1.2.1"
               : encoding == Encoding::kImplicit ? "1.2.840.10008.1.2"
                                                 : "1.2.840.10008.1.2.2";
    }
    DicomMaker meta;
    meta.bytes(0x00020001, "OB", std::string("\0\1", 2));
    meta.text(0x00020002, "UI",
              elements_.contains(0x00080016) ? elements_.at(0x00080016).bytes : "1.2");
    meta.text(0x00020003, "UI", "1.2.3.4");
    meta.text(0x00020010, "UI", syntax);
    const std::string group = meta.data_set(Encoding::kExplicit);
    DicomMaker length;
    length.bytes(0x00020000, "UL", integer(group.size(), 4, Encoding::kExplicit));
    return std::string(128, '\0') + "DICM" + length.data_set(Encoding::kExplicit) + group +
           data_set(encoding);
  }

  static std::string integer(std::size_t value, std::size_t size, Encoding encoding) {
    std::string out;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t shift = encoding == Encoding::kBigEndian ? size - 1 - i : i;
      out += static_cast<char>(value >> (8 * shift) & 0xff);
    }
    return out;
  }
  static std::string tag_bytes(std::uint32_t tag, Encoding encoding) {
    return integer(tag >> 16, 2, encoding) + integer(tag & 0xffff, 2, encoding);
  }

 private:
  std::map<std::uint32_t, Value> elements_;
};

inline std::string words(const std::vector<int>& values) {
  std::string out;
  for (const int value : values) {
    out += static_cast<char>(value & 0xff);
    out += static_cast<char>(value >> 8 & 0xff);
  }
  return out;
}

/// A CT slice of 3 x 2 pixels at (x, y, z) = (-10, 20, z) with the pixels first, first + 1, ...
inline DicomMaker ct_slice(double z, int first = 0) {
  DicomMaker maker;
  maker.text(0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2");
  maker.text(0x00080018, "UI", "1.2.3." + std::to_string(1000 + first));
  maker.text(0x00080060, "CS", "CT");
  maker.text(0x00180050, "DS", "2.5");
  maker.text(0x0020000d, "UI", "1.2.3.4.5");
  maker.text(0x0020000e, "UI", "1.2.3.4.6");
  maker.text(0x00200032, "DS", "-10\\20\\" + std::to_string(z));
  maker.text(0x00200037, "DS", "1\\0\\0\\0\\1\\0");
  maker.text(0x00200052, "UI", "1.2.3.4.7");
  maker.number(0x00280002, 1);
  maker.text(0x00280004, "CS", "MONOCHROME2");
  maker.number(0x00280010, 2);
  maker.number(0x00280011, 3);
  maker.text(0x00280030, "DS", "0.75\\0.5");
  maker.number(0x00280100, 16);
  maker.number(0x00280101, 12);
  maker.number(0x00280102, 11);
  maker.number(0x00280103, 0);
  maker.text(0x00281052, "DS", "-1024");
  maker.text(0x00281053, "DS", "1");
  std::vector<int> pixels;
  for (int i = 0; i < 6; ++i) pixels.push_back(first + i);
  maker.bytes(0x7fe00010, "OW", words(pixels), 2);
  return maker;
}

}  // namespace medperf::imaging
