#include "base/csv.h"

#include <algorithm>

#include "base/encoding.h"

namespace medperf {
namespace {

/// Reads one record after the other from the text.
class CsvReader {
 public:
  CsvReader(std::string_view text, const CsvLimits& limits) : text_(text), limits_(limits) {}

  bool at_end() const { return position_ >= text_.size(); }

  /// `row` is for messages: 0 is the header.
  Result<std::vector<std::string>> record(std::size_t row) {
    std::vector<std::string> fields;
    while (true) {
      if (fields.size() == limits_.columns)
        return fail(ErrorKind::kTooLarge, row, "too many columns");
      MEDPERF_TRY(std::string field, next_field(row));
      fields.push_back(std::move(field));
      if (at_end()) return fields;
      if (text_[position_] == ',') {
        ++position_;
        continue;
      }
      if (text_[position_] == '\r') ++position_;
      if (at_end() || text_[position_] != '\n') {
        return fail(ErrorKind::kInvalid, row, "a carriage return stands alone");
      }
      ++position_;
      return fields;
    }
  }

  static Error fail(ErrorKind kind, std::size_t row, std::string what) {
    return make_error(kind, row == 0 ? "header" : "row " + std::to_string(row), std::move(what),
                      "Write the table as comma-separated UTF-8 text with one header line.");
  }

 private:
  Result<std::string> next_field(std::size_t row) {
    return !at_end() && text_[position_] == '"' ? quoted_field(row) : plain_field(row);
  }

  Result<std::string> plain_field(std::size_t row) {
    const std::size_t start = position_;
    while (!at_end() && text_[position_] != ',' && text_[position_] != '\n' &&
           text_[position_] != '\r') {
      if (text_[position_] == '"') return fail(ErrorKind::kInvalid, row, "a quote inside a field");
      if (is_control(text_[position_])) {
        return fail(ErrorKind::kInvalid, row, "a control character");
      }
      ++position_;
    }
    if (position_ - start > limits_.field)
      return fail(ErrorKind::kTooLarge, row, "a field is too long");
    return std::string(text_.substr(start, position_ - start));
  }

  Result<std::string> quoted_field(std::size_t row) {
    std::string field;
    ++position_;
    while (!at_end()) {
      const char c = text_[position_++];
      if (c == '"') {
        if (at_end() || text_[position_] != '"') return closed(std::move(field), row);
        ++position_;
      } else if (is_control(c)) {
        return fail(ErrorKind::kInvalid, row, "a control character");
      }
      field += c;
      if (field.size() > limits_.field)
        return fail(ErrorKind::kTooLarge, row, "a field is too long");
    }
    return fail(ErrorKind::kInvalid, row, "a quoted field is not closed");
  }

  Result<std::string> closed(std::string field, std::size_t row) {
    if (at_end() || text_[position_] == ',' || text_[position_] == '\n' ||
        text_[position_] == '\r') {
      return field;
    }
    return fail(ErrorKind::kInvalid, row, "text follows a closing quote");
  }

  static bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  }

  std::string_view text_;
  const CsvLimits& limits_;
  std::size_t position_ = 0;
};

Status check_header(const std::vector<std::string>& header) {
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (header[i].empty()) {
      return CsvReader::fail(ErrorKind::kInvalid, 0,
                             "column " + std::to_string(i + 1) + " has no name");
    }
    if (std::find(header.begin(), header.begin() + static_cast<std::ptrdiff_t>(i), header[i]) !=
        header.begin() + static_cast<std::ptrdiff_t>(i)) {
      return CsvReader::fail(ErrorKind::kInvalid, 0,
                             "column " + std::to_string(i + 1) + " repeats the name of another");
    }
  }
  return {};
}

}  // namespace

std::optional<std::size_t> CsvTable::column(std::string_view name) const {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header.begin());
}

Result<CsvTable> parse_csv(std::string_view text, const CsvLimits& limits) {
  if (text.size() > limits.bytes) {
    return make_error(ErrorKind::kTooLarge, "table",
                      "it has more than " + std::to_string(limits.bytes) + " bytes",
                      "Check that this is the right file.");
  }
  if (!is_valid_utf8(text))
    return CsvReader::fail(ErrorKind::kInvalid, 0, "the table is not UTF-8");
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);  // spreadsheets write this mark
  CsvReader reader(text, limits);
  if (reader.at_end()) return CsvReader::fail(ErrorKind::kInvalid, 0, "the table is empty");
  CsvTable table;
  MEDPERF_TRY(table.header, reader.record(0));
  MEDPERF_CHECK(check_header(table.header));
  while (!reader.at_end()) {
    const std::size_t row = table.rows.size() + 1;
    if (row > limits.rows) return CsvReader::fail(ErrorKind::kTooLarge, row, "too many rows");
    MEDPERF_TRY(std::vector<std::string> fields, reader.record(row));
    if (fields.size() != table.header.size()) {
      return CsvReader::fail(ErrorKind::kInvalid, row,
                             std::to_string(fields.size()) + " fields instead of " +
                                 std::to_string(table.header.size()));
    }
    table.rows.push_back(std::move(fields));
  }
  return table;
}

}  // namespace medperf
