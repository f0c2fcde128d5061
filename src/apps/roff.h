#pragma once
// Manual pages in roff, man(7).

#include <string>
#include <string_view>

namespace medperf::roff {

/// Text as roff wants it: no line may begin with a control character.
inline std::string escaped(std::string_view text) {
  std::string out;
  bool at_start = true;
  for (const char c : text) {
    if (at_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    at_start = c == '\n';
  }
  return out;
}

inline std::string heading(std::string_view title) {
  return ".SH " + std::string(title) + "\n";
}

/// A term in bold with its explanation below it.
inline std::string item(std::string_view term, std::string_view text) {
  return ".TP\n\\fB" + escaped(term) + "\\fR\n" + escaped(text) + "\n";
}

inline std::string example(std::string_view text) {
  return ".PP\n.nf\n.RS\n" + escaped(text) + "\n.RE\n.fi\n";
}

/// The beginning of a page: its name, section and what it is about.
inline std::string head(std::string_view name, std::string_view section,
                        std::string_view sentence) {
  return ".TH " + std::string(name) + " " + std::string(section) +
         " \"\" \"MedPerf " MEDPERF_VERSION "\" \"MedPerf\"\n" + heading("NAME") + escaped(name) +
         " \\- " + escaped(sentence) + "\n";
}

}  // namespace medperf::roff
