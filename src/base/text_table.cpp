#include "base/text_table.h"

#include <algorithm>

#include "base/encoding.h"

namespace medperf {
namespace {

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

}  // namespace

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

}  // namespace medperf
