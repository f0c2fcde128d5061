# Writes a C++ file that holds the pages of a folder: cmake -DPAGES=docs/metrics -DOUT=pages.cpp -P embed_pages.cmake
file(GLOB pages ${PAGES}/*.md)
set(rows "")
foreach(page IN LISTS pages)
  get_filename_component(name ${page} NAME)
  file(READ ${page} text)
  string(APPEND rows "    {\"${name}\", R\"PAGE_OF_METRICS(${text})PAGE_OF_METRICS\"},\n")
endforeach()
file(WRITE ${OUT} "// Made from docs/metrics; see cmake/embed_pages.cmake.
#include \"apps/metrics/pages.h\"

#include <array>
#include <utility>

namespace medperf::metrics_app {

std::string_view page_of(std::string_view file) {
  static constexpr std::pair<std::string_view, std::string_view> kPages[] = {
${rows}  };
  for (const auto& [name, text] : kPages) {
    if (name == file) return text;
  }
  return {};
}

}  // namespace medperf::metrics_app
")
