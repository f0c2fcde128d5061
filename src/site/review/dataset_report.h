#pragma once
// What a data owner reads about a preparation: how far it is, its check, its statistics and the
// state of each case. Made of what lies in this workspace, for this site alone: it names cases.

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "site/workspace/workspace.h"

namespace medperf::site {

struct PreparationStep {
  std::string name;   ///< "sanity_check"
  std::string state;  ///< "done", "passed", "not ready", "not done"
  std::string text;   ///< what the container said last, where it did not succeed
};

/// A case as the preparation's own report has it; foreign text.
struct ReportedCase {
  std::string id;
  std::vector<std::string> values;  ///< one a column
};

struct DatasetReport {
  DatasetId dataset;
  std::vector<PreparationStep> steps;
  std::vector<std::vector<std::string>> statistics;  ///< name and value
  std::vector<std::vector<std::string>> counts;      ///< state and number of its cases
  std::vector<std::string> columns;                  ///< of the cases
  std::vector<ReportedCase> cases;                   ///< the least advanced first
  std::size_t cases_in_all = 0;                      ///< more than are shown, perhaps
  std::string problem;  ///< why the preparation's own report is not shown; empty: it is, or is none
  bool ready() const;
};

/// Needs no hub. Errors: not_found (not prepared in this workspace), unavailable.
Result<DatasetReport> read_dataset_report(const Workspace& workspace, DatasetId id,
                                          const Clock& clock);

std::string report_text(const DatasetReport& report);
Json to_json(const DatasetReport& report);
/// One page, without scripts and with nothing from elsewhere.
std::string report_html(const DatasetReport& report);

}  // namespace medperf::site
