#pragma once
// Pieces that the reports of all tasks share.

#include <span>
#include <string>
#include <string_view>

#include "cohort/cohort_document.h"
#include "cohort/cohort_result.h"
#include "cohort/summary.h"

namespace medperf::cohort::report {

/// Four digits, or the reason in words ("undefined: ref_empty").
std::string figure(const metrics::Estimate& value);
std::string number(const std::optional<double>& value);

/// A table of the summaries, with groups where there are some.
std::string summary_table(const CohortResult& result, std::span<const Summary> summaries);
/// A plot for each metric, its regions and tolerances as rows.
std::string box_plots(const CohortResult& result, std::span<const Summary> summaries);
/// Each failed case with the reason and what to do; empty when all went well.
std::string failures(const CohortResult& result);
/// One row a case, at most the first 2,000.
std::string case_table(const CohortResult& result);
/// What was asked for, and with what it was made.
std::string settings_part(const CohortSettings& settings);

}  // namespace medperf::cohort::report
