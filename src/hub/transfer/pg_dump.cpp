#include "hub/transfer/pg_dump.h"

#include <charconv>

#include "base/encoding.h"
#include "hub/transfer/lines.h"

namespace medperf::hub {

namespace {

constexpr std::size_t kMostColumns = 1600;  // PostgreSQL's own limit
constexpr std::string_view kEndOfRows = "\\.";

bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

/// A name at the start of `text`, quoted or not; empty when there is none.
std::string take_name(std::string_view& text) {
  std::string name;
  if (take(text, "\"")) {
    while (!text.empty()) {
      if (take(text, "\"\"")) {
        name += '"';
      } else if (take(text, "\"")) {
        return name;
      } else {
        name += text.front();
        text.remove_prefix(1);
      }
    }
    return {};
  }
  while (!text.empty()) {
    const char c = text.front();
    const bool part = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
    if (!part) break;
    name += c;
    text.remove_prefix(1);
  }
  return name;
}

int digit(char c, int base) {
  int value = -1;
  if (c >= '0' && c <= '9') value = c - '0';
  if (c >= 'a' && c <= 'f') value = c - 'a' + 10;
  if (c >= 'A' && c <= 'F') value = c - 'A' + 10;
  return value < base ? value : -1;
}

/// A character given by its number, after "\x" or "\".
char take_number(std::string_view text, std::size_t& i, int base, int digits) {
  int value = 0;
  for (int n = 0; n < digits && i < text.size() && digit(text[i], base) >= 0; ++n, ++i) {
    value = value * base + digit(text[i], base);
  }
  return static_cast<char>(value);
}

/// The character that the escape after a backslash at i - 1 stands for; i moves behind it.
char unescaped(std::string_view text, std::size_t& i) {
  const char c = text[i];
  if (digit(c, 8) >= 0) return take_number(text, i, 8, 3);
  ++i;
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    case 'x':
      return i < text.size() && digit(text[i], 16) >= 0 ? take_number(text, i, 16, 2) : 'x';
    default:
      return c;
  }
}

Result<std::optional<std::string>> read_copy_value(std::string_view text) {
  if (text == "\\N") return std::optional<std::string>();
  std::string value;
  value.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] != '\\') {
      value += text[i++];
    } else if (++i < text.size()) {
      value += unescaped(text, i);
    } else {
      return make_error(ErrorKind::kCorrupt, "", "a value ends inside an escape");
    }
  }
  return std::optional(std::move(value));
}

/// Calls `visit` with each line and its number.
Status for_each_line(const fs::path& file, const std::function<Status(const std::string&)>& visit) {
  MEDPERF_TRY(auto handle, open_file(file));
  LineSource lines(std::move(handle));
  for (std::int64_t number = 1;; ++number) {
    const std::string place = file.string() + ", line " + std::to_string(number);
    auto line = lines.next();
    if (!line.ok()) return std::move(line).error().at(place);
    if (!line->has_value()) return {};
    if (line->value().ends_with('\r')) line->value().pop_back();
    if (Status seen = visit(**line); !seen.ok()) return std::move(seen).error().at(place);
  }
}

}  // namespace

std::optional<CopyHead> read_copy_head(std::string_view line) {
  CopyHead head;
  if (!take(line, "COPY ")) return std::nullopt;
  head.table = take_name(line);
  if (take(line, ".")) head.table = take_name(line);
  if (head.table.empty() || !take(line, " (")) return std::nullopt;
  do {
    head.columns.push_back(take_name(line));
    if (head.columns.back().empty() || head.columns.size() > kMostColumns) return std::nullopt;
  } while (take(line, ", "));
  if (!take(line, ") FROM stdin;") || !line.empty()) return std::nullopt;
  return head;
}

Result<DumpValues> read_copy_row(std::string_view line, std::size_t columns) {
  DumpValues values;
  values.reserve(columns);
  for (const auto piece : split(line, '\t')) {
    MEDPERF_TRY(auto value, read_copy_value(piece));
    values.push_back(std::move(value));
    if (values.size() > columns) break;
  }
  if (values.size() == columns) return values;
  return make_error(ErrorKind::kCorrupt, "", "a row has not as many values as its table columns");
}

std::optional<std::pair<std::string, std::int64_t>> read_setval(std::string_view line) {
  if (!take(line, "SELECT pg_catalog.setval('")) return std::nullopt;
  std::string name = take_name(line);
  if (take(line, ".")) name = take_name(line);
  if (name.empty() || !take(line, "', ")) return std::nullopt;
  std::int64_t value = 0;
  const auto read = std::from_chars(line.data(), line.data() + line.size(), value);
  if (read.ec != std::errc()) return std::nullopt;
  const std::string_view rest(read.ptr, static_cast<std::size_t>(line.end() - read.ptr));
  if (rest.starts_with(", false")) --value;  // the value is the next one
  return std::pair(std::move(name), value);
}

Status for_each_dumped_row(
    const fs::path& file, std::string_view table,
    const std::function<Status(const std::vector<std::string>&, const DumpValues&)>& visit) {
  std::optional<CopyHead> block;
  bool found = false;
  MEDPERF_CHECK(for_each_line(file, [&](const std::string& line) -> Status {
    if (!block) {
      block = read_copy_head(line);
      found = found || (block && block->table == table);
      return {};
    }
    if (line == kEndOfRows) {
      block.reset();
      return {};
    }
    if (block->table != table) return {};
    MEDPERF_TRY(auto values, read_copy_row(line, block->columns.size()));
    return visit(block->columns, values);
  }));
  if (block) {
    return make_error(ErrorKind::kCorrupt, file.string(), "the dump ends inside a table",
                      "Make it anew.");
  }
  if (found) return {};
  return make_error(ErrorKind::kNotFound, file.string(),
                    "the dump has no table " + std::string(table));
}

Result<DumpContents> read_dump_contents(const fs::path& file) {
  DumpContents contents;
  bool in_block = false;
  MEDPERF_CHECK(for_each_line(file, [&](const std::string& line) -> Status {
    if (in_block) {
      in_block = line != kEndOfRows;
    } else if (auto head = read_copy_head(line)) {
      contents.tables.push_back(head->table);
      in_block = true;
    } else if (auto value = read_setval(line)) {
      contents.sequences.insert(std::move(*value));
    }
    return {};
  }));
  return contents;
}

}  // namespace medperf::hub
