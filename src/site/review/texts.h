#pragma once
// The texts that a person reads before deciding: what runs, and exactly what would leave the site.

#include <string>
#include <vector>

#include "base/json.h"
#include "result/envelope.h"
#include "site/gate/model_files.h"
#include "site/review/gate_report.h"
#include "site/review/person.h"

namespace medperf::site {

struct RunRequest {
  std::string role;  ///< "model", "data preparation", "evaluation"
  GateReport report;
  std::string on_what;        ///< "dataset 3 (prepared data, no labels)"
  std::string effect;         ///< what happens if yes
  std::string expected = {};  ///< how long, how much disk and memory; empty: nothing is said
};

/// A model given as files.
struct FilesRequest {
  const ModelFiles& files;
  const Admitted& script;  ///< that is given them
  std::string on_what;     ///< what else the script is given
  std::string expected = {};
};

Question files_question(const FilesRequest& request);
Question run_question(const RunRequest& request);
/// `where` is the hub's address; the text holds the canonical bytes in full.
Question upload_question(const std::string& title, const result::Envelope& envelope,
                         const std::string& where, const std::string& with);
/// Any JSON that would leave (dataset registration, statistics, compatibility results).
Question send_question(const std::string& title, const Json& what, const std::string& where,
                       const std::string& effect);
/// What the person should know before an encrypted image is decrypted into the memory of a machine
/// that may swap it.
std::string swap_warning(const std::string& whose);
/// Short lines "auc: 0.951 [0.927, 0.975]" of a results object, for people.
std::string results_text(const Json& results);

}  // namespace medperf::site
