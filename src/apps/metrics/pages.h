#pragma once
// The pages of docs/metrics, which the program carries with it (cmake/embed_pages.cmake).

#include <string_view>

namespace medperf::metrics_app {

/// The text of a page, e.g. of "auroc.md"; empty when there is none.
std::string_view page_of(std::string_view file);

}  // namespace medperf::metrics_app
