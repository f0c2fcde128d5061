#pragma once
// The frame of a report: one file, no scripts, nothing from elsewhere.

#include <string>
#include <string_view>
#include <vector>

namespace medperf::cohort::report {

/// Text as it may stand in an element or a quoted attribute. Bytes that are no UTF-8 and control
/// characters are replaced.
std::string escaped(std::string_view text);

/// The style sheet, whose digest the page's content security policy names (a test holds them
/// together).
std::string_view style_sheet();

/// A whole page around `body`, which is markup already. Nothing but the style sheet and images in
/// the file itself is allowed by its policy.
std::string page(std::string_view title, std::string_view body);

struct Table {
  std::string caption;
  std::vector<std::string> heads;
  std::vector<std::vector<std::string>> rows;  ///< text, not markup; the first cell names the row
};
/// Scrolls sideways on its own where the screen is narrow, also by keyboard.
std::string table(const Table& table);

}  // namespace medperf::cohort::report
