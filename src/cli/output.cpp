#include "cli/output.h"

#include <algorithm>
#include <cctype>

#include "base/encoding.h"

namespace medperf::cli {
namespace {

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

void write_line(std::FILE* file, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
  if (!text.ends_with('\n')) std::fputc('\n', file);
  std::fflush(file);
}

}  // namespace

void Output::line(std::string_view text) const {
  write_line(json_ ? stderr : stdout, text);
}

void Output::error(std::string_view text) const {
  write_line(stderr, text);
}

void Output::result(const Json& document) const {
  if (json_) write_line(stdout, to_pretty_text(document));
}

void Output::failure(const Error& error) const {
  Error shown = error;
  // Advice is a sentence of its own after the full stop.
  if (!shown.advice.empty()) {
    shown.advice[0] =
        static_cast<char>(std::toupper(static_cast<unsigned char>(shown.advice.front())));
  }
  write_line(stderr, "medperf: " + shown.text());
  if (!json_) return;
  Json::Array fields;
  for (const FieldError& field : error.fields) {
    fields.push_back(Json::object({{"field", field.field}, {"message", field.message}}));
  }
  result(Json::object({{"error", Json::object({{"kind", to_string(error.kind)},
                                               {"where", error.where},
                                               {"what", error.what},
                                               {"advice", error.advice},
                                               {"fields", Json(std::move(fields))}})}}));
}

std::string table_text(const std::vector<std::string>& heads,
                       const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> cells = {heads};
  for (const auto& row : rows) {
    std::vector<std::string>& copy = cells.emplace_back();
    for (const std::string& cell : row) copy.push_back(printable(cell, 200));
  }
  std::vector<std::size_t> widths(heads.size(), 0);
  for (const auto& row : cells) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  }
  std::string out;
  for (std::size_t line = 0; line < cells.size(); ++line) {
    std::string text;
    for (std::size_t i = 0; i < cells[line].size() && i < widths.size(); ++i) {
      const std::string& cell = cells[line][i];
      text += (i > 0 ? "  " : "") + cell + std::string(widths[i] - width_of(cell), ' ');
    }
    while (text.ends_with(' ')) text.pop_back();
    out += text + "\n";
    if (line == 0) {
      for (std::size_t i = 0; i < widths.size(); ++i) {
        out += (i > 0 ? "  " : "") + std::string(widths[i], '-');
      }
      out += "\n";
    }
  }
  return out;
}

}  // namespace medperf::cli
