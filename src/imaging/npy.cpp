#include "imaging/npy.h"

#include <array>
#include <bit>
#include <cctype>
#include <cstring>
#include <limits>
#include <utility>

#include "base/encoding.h"

namespace medperf::imaging {
namespace {

static_assert(std::endian::native == std::endian::little, "elements are kept little-endian");

constexpr std::string_view kMagic = "\x93NUMPY";

struct TypeRow {
  NpyType type;
  std::string_view descr;
  std::size_t size;
};
constexpr std::array<TypeRow, 11> kTypes{{{NpyType::kBool, "|b1", 1},
                                          {NpyType::kU8, "|u1", 1},
                                          {NpyType::kI8, "|i1", 1},
                                          {NpyType::kU16, "<u2", 2},
                                          {NpyType::kI16, "<i2", 2},
                                          {NpyType::kU32, "<u4", 4},
                                          {NpyType::kI32, "<i4", 4},
                                          {NpyType::kU64, "<u8", 8},
                                          {NpyType::kI64, "<i8", 8},
                                          {NpyType::kF32, "<f4", 4},
                                          {NpyType::kF64, "<f8", 8}}};

const TypeRow& row_of(NpyType type) {
  for (const TypeRow& row : kTypes) {
    if (row.type == type) return row;
  }
  return kTypes[0];
}

Error corrupt(std::string what) {
  return make_error(ErrorKind::kCorrupt, {}, std::move(what),
                    "Write the file again with numpy.save.");
}

struct Header {
  std::string descr;
  bool fortran_order = false;
  std::vector<std::size_t> shape;
};

/// Reads the header, a Python dict literal of exactly three keys, without evaluating Python.
class HeaderReader {
 public:
  HeaderReader(std::string_view text, std::size_t dimensions)
      : text_(text), dimensions_(dimensions) {}

  Result<Header> read() {
    Header header;
    unsigned seen = 0;
    if (!take('{')) return broken();
    while (!take('}')) {
      std::string key;
      if (!read_string(key) || !take(':')) return broken();
      unsigned bit = 0;
      if (key == "descr" && peek() == '[') {
        return make_error(ErrorKind::kInvalid, {}, "the array has named fields (a record type)",
                          "Save one plain numeric array.");
      }
      if (key == "descr" && read_string(header.descr)) bit = 1;
      if (key == "fortran_order" && read_bool(header.fortran_order)) bit = 2;
      if (key == "shape" && read_shape(header.shape)) bit = 4;
      if (bit == 0 || (seen & bit) != 0) return broken();
      seen |= bit;
      if (!take(',') && peek() != '}') return broken();
    }
    skip_space();
    if (seen != 7 || at_ != text_.size()) return broken();
    return header;
  }

 private:
  static Error broken() { return corrupt("the .npy header is malformed"); }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  bool read_string(std::string& out) {
    const char quote = peek();
    if (quote != '\'' && quote != '"') return false;
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) return false;
    out = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return true;
  }
  bool read_bool(bool& out) {
    skip_space();
    for (const auto& [word, value] :
         {std::pair{std::string_view("True"), true}, std::pair{std::string_view("False"), false}}) {
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        out = value;
        return true;
      }
    }
    return false;
  }
  bool read_shape(std::vector<std::size_t>& out) {
    if (!take('(')) return false;
    while (!take(')')) {
      std::size_t value = 0;
      if (std::isdigit(static_cast<unsigned char>(peek())) == 0) return false;
      while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0) {
        const auto digit = static_cast<std::size_t>(text_[at_++] - '0');
        if (value > (std::numeric_limits<std::size_t>::max() - digit) / 10) return false;
        value = value * 10 + digit;
      }
      take('L');  // Python 2 wrote long integers so
      if (out.size() >= dimensions_) return false;
      out.push_back(value);
      if (!take(',') && peek() != ')') return false;
    }
    return true;
  }

  std::string_view text_;
  std::size_t dimensions_;
  std::size_t at_ = 0;
};

/// count x size, or nothing when it passes `limit` (also through overflow).
bool data_size(const std::vector<std::size_t>& shape, std::size_t element, std::uint64_t limit,
               std::size_t& out) {
  bool empty = false;
  for (const std::size_t extent : shape) empty = empty || extent == 0;
  out = empty ? 0 : element;
  if (empty) return true;
  for (const std::size_t extent : shape) {
    if (extent > limit / out) return false;
    out *= extent;
  }
  return out <= limit;
}

std::string to_c_order(std::string_view data, const std::vector<std::size_t>& shape,
                       std::size_t element) {
  std::vector<std::size_t> stride(shape.size());
  std::size_t step = element;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    stride[d] = step;
    step *= shape[d];
  }
  std::string out(data.size(), '\0');
  std::vector<std::size_t> index(shape.size(), 0);
  for (std::size_t at = 0; at < out.size(); at += element) {
    std::size_t from = 0;
    for (std::size_t d = 0; d < shape.size(); ++d) from += index[d] * stride[d];
    std::memcpy(out.data() + at, data.data() + from, element);
    for (std::size_t d = shape.size(); d-- > 0;) {
      if (++index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
  return out;
}

/// Splits the file into header text and elements. Source: format.py, "Format Version 1.0" to 3.0.
Result<std::pair<std::string_view, std::string_view>> split_file(std::string_view bytes,
                                                                 const NpyLimits& limits) {
  if (bytes.size() < 10 || bytes.substr(0, 6) != kMagic) {
    return corrupt("this is no .npy file: the first bytes are not those of NumPy");
  }
  const auto byte = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i]));
  };
  const std::size_t major = byte(6);
  if (major < 1 || major > 3 || byte(7) != 0) {
    return make_error(ErrorKind::kInvalid, {},
                      ".npy version " + std::to_string(major) + "." + std::to_string(byte(7)) +
                          " is not known (1.0 to 3.0 are)",
                      "Save the array with numpy.save.");
  }
  std::size_t start = 10;
  std::size_t length = byte(8) | byte(9) << 8;
  if (major > 1) {
    if (bytes.size() < 12) return corrupt("the .npy header is cut short");
    start = 12;
    length |= byte(10) << 16 | byte(11) << 24;
  }
  if (length > limits.header) {
    return make_error(ErrorKind::kTooLarge, {},
                      "the .npy header has " + std::to_string(length) + " bytes");
  }
  if (bytes.size() - start < length) return corrupt("the .npy header is cut short");
  return std::pair{bytes.substr(start, length), bytes.substr(start + length)};
}

template <typename T>
void append_as_doubles(std::string_view data, std::vector<double>& out) {
  for (std::size_t at = 0; at + sizeof(T) <= data.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, data.data() + at, sizeof(T));
    out.push_back(static_cast<double>(value));
  }
}

}  // namespace

std::size_t size_of(NpyType type) {
  return row_of(type).size;
}
std::string_view descr_of(NpyType type) {
  return row_of(type).descr;
}

std::size_t NpyArray::count() const {
  std::size_t count = 1;
  for (const std::size_t extent : shape) count *= extent;
  return count;
}

std::string NpyArray::description() const {
  std::string text = "(";
  for (std::size_t d = 0; d < shape.size(); ++d) {
    text += (d == 0 ? "" : ", ") + std::to_string(shape[d]);
  }
  return text + ") " + std::string(descr_of(type));
}

Result<NpyArray> parse_npy(std::string_view bytes, const NpyLimits& limits) {
  MEDPERF_TRY(const auto parts, split_file(bytes, limits));
  MEDPERF_TRY(Header header, HeaderReader(parts.first, limits.dimensions).read());
  const TypeRow* row = nullptr;
  for (const TypeRow& candidate : kTypes) {
    // One-byte types have no byte order: NumPy writes '|', some writers '<'.
    const bool same_kind =
        header.descr.size() == 3 && header.descr.substr(1) == candidate.descr.substr(1);
    if (header.descr == candidate.descr || (same_kind && candidate.size == 1)) row = &candidate;
  }
  if (row == nullptr) {
    return make_error(ErrorKind::kInvalid, {},
                      "element type '" + printable(header.descr, 40) + "' is not read here",
                      "Save integers, floats or booleans in little-endian order.");
  }
  std::size_t size = 0;
  if (!data_size(header.shape, row->size, limits.data.value, size)) {
    return make_error(ErrorKind::kTooLarge, {},
                      "the array has more than " + to_string(limits.data) + " of elements",
                      "Split it into smaller files.");
  }
  if (parts.second.size() != size) {
    return corrupt("the .npy header announces " + std::to_string(size) + " bytes of elements, " +
                   std::to_string(parts.second.size()) + " are there");
  }
  NpyArray array;
  array.type = row->type;
  array.data = header.fortran_order && header.shape.size() > 1
                   ? to_c_order(parts.second, header.shape, row->size)
                   : std::string(parts.second);
  array.shape = std::move(header.shape);
  return array;
}

std::string write_npy(const NpyArray& array) {
  std::string header =
      "{'descr': '" + std::string(descr_of(array.type)) + "', 'fortran_order': False, 'shape': (";
  for (std::size_t d = 0; d < array.shape.size(); ++d) {
    header += (d == 0 ? "" : ", ") + std::to_string(array.shape[d]);
  }
  header += array.shape.size() == 1 ? ",), }" : "), }";
  // The elements start at a multiple of 64 bytes; the header ends in a line feed.
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string out(kMagic);
  out += '\x01';
  out += '\0';
  out += static_cast<char>(header.size() & 0xff);
  out += static_cast<char>(header.size() >> 8);
  return out + header + array.data;
}

std::vector<double> to_doubles(const NpyArray& array) {
  std::vector<double> out;
  out.reserve(array.count());
  switch (array.type) {
    case NpyType::kBool:
    case NpyType::kU8:
      append_as_doubles<std::uint8_t>(array.data, out);
      break;
    case NpyType::kI8:
      append_as_doubles<std::int8_t>(array.data, out);
      break;
    case NpyType::kU16:
      append_as_doubles<std::uint16_t>(array.data, out);
      break;
    case NpyType::kI16:
      append_as_doubles<std::int16_t>(array.data, out);
      break;
    case NpyType::kU32:
      append_as_doubles<std::uint32_t>(array.data, out);
      break;
    case NpyType::kI32:
      append_as_doubles<std::int32_t>(array.data, out);
      break;
    case NpyType::kU64:
      append_as_doubles<std::uint64_t>(array.data, out);
      break;
    case NpyType::kI64:
      append_as_doubles<std::int64_t>(array.data, out);
      break;
    case NpyType::kF32:
      append_as_doubles<float>(array.data, out);
      break;
    case NpyType::kF64:
      append_as_doubles<double>(array.data, out);
      break;
  }
  return out;
}

}  // namespace medperf::imaging
