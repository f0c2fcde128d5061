#pragma once
// The report of a container, on the terminal, as JSON and as a page.

#include "cli/invocation.h"
#include "site/review/gate_report.h"

namespace medperf::cli {

inline constexpr Argument kHtmlArgument{"--html", "FILE",
                                        "Also write the report as a page, for any browser."};

/// Writes the page when --html is given. Errors: unavailable.
Status write_page(const Invocation& call, const std::string& page);

/// Shows the whole report; gives the exit code: that of a refusal when the policy refuses it.
Result<int> show_report(const Invocation& call, const site::GateReport& report);

}  // namespace medperf::cli
