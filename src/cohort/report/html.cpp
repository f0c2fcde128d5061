#include "cohort/report/html.h"

#include <fmt/format.h>

#include "base/encoding.h"

namespace medperf::cohort::report {
namespace {

// Colours have a contrast of at least 4.5 to their ground (7 for text).
constexpr std::string_view kStyle =
    ":root{color:#1b1f24;background:#fff;font:16px/1.5 system-ui,sans-serif}"
    "body{max-width:64rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}"
    "h1{font-size:1.6rem;line-height:1.25}h2{font-size:1.25rem;margin-top:2rem}"
    "h3{font-size:1.05rem}figure{margin:1rem 0}svg{width:100%;height:auto;max-width:30rem}"
    "figcaption,caption{text-align:left;color:#3d4650;padding:.25rem 0}"
    ".scroll{overflow-x:auto}.scroll:focus{outline:3px solid #0b5cad}"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
    "th,td{border-bottom:1px solid #8a939c;padding:.25rem .6rem;text-align:right;"
    "white-space:nowrap}th:first-child{text-align:left}thead th{background:#eef1f4}"
    "svg text{font:14px system-ui,sans-serif;fill:#1b1f24}"
    ".axis{stroke:#59636e;stroke-width:1}.grid{stroke:#d5dae0;stroke-width:1}"
    ".box{fill:#d3e5f8;stroke:#0b4a8f;stroke-width:1.5}.middle{stroke:#0b4a8f;stroke-width:3}"
    ".dot{fill:#0b4a8f;fill-opacity:.55}.line{fill:none;stroke:#0b4a8f;stroke-width:2}"
    ".guide{fill:none;stroke:#59636e;stroke-width:1.5;stroke-dasharray:6 4}"
    ".reference{fill:none;stroke:#ffd24d;stroke-width:2}"
    ".prediction{fill:none;stroke:#4dc3ff;stroke-width:2;stroke-dasharray:4 2}"
    ".overlays{display:flex;flex-wrap:wrap;gap:1rem}.overlays figure{flex:1 1 "
    "15rem;max-width:22rem}"
    ".overlays image{image-rendering:pixelated}.overlays svg{max-height:30rem}"
    ".plots{display:flex;flex-wrap:wrap;gap:1rem}.plots figure{flex:1 1 20rem;max-width:20rem;"
    "margin:0}"
    ".cell{fill:#0b4a8f;stroke:#8a939c;stroke-width:.5}"
    ".failed{border-left:4px solid #a40e26;padding-left:.75rem}"
    "@media (max-width:40rem){th:first-child{white-space:normal;min-width:8rem}}"
    "@media print{:root{font-size:11px}body{max-width:none}.scroll{overflow:visible}"
    "th,td{white-space:normal;padding:.15rem .4rem}td{min-width:8ch}"
    ".wide{font-size:.75em}.wide td{min-width:0}.wide th,.wide td{padding:.1rem .2rem}"
    "h2,h3{break-after:avoid}figure,tr{break-inside:avoid}}";

/// base64 of the SHA-256 of kStyle.
constexpr std::string_view kStyleDigest = "VleF8oyuXyj+3HZT+wnC2QAylhAunpftMkcP/5vEA1Y=";

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : valid_utf8(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
    }
  }
  return out;
}

std::string_view style_sheet() {
  return kStyle;
}

std::string page(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n<h1>{}</h1>\n{}</main>\n"
      "</body>\n</html>\n",
      kStyleDigest, escaped(title), kStyle, escaped(title), body);
}

std::string table(const Table& table) {
  // On paper, more columns do not fit with every number in one line.
  constexpr std::size_t kFitOnPaper = 9;
  std::string out = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\">\n<table{1}>\n"
      "<caption>{0}</caption>\n<thead><tr>",
      escaped(table.caption), table.heads.size() > kFitOnPaper ? " class=\"wide\"" : "");
  for (const std::string& head : table.heads) {
    out += fmt::format("<th scope=\"col\">{}</th>", escaped(head));
  }
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    out += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += i == 0 ? fmt::format("<th scope=\"row\">{}</th>", escaped(row[i]))
                    : fmt::format("<td>{}</td>", escaped(row[i]));
    }
    out += "</tr>\n";
  }
  return out + "</tbody>\n</table>\n</div>\n";
}

}  // namespace medperf::cohort::report
