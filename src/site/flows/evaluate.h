#pragma once
// One model on one dataset, up to the edge of the site: gate, decision, infer, evaluate, envelope.
// Nothing leaves here; see submit.h.

#include <string>

#include "result/envelope.h"
#include "site/flows/decision.h"
#include "site/gate/gate.h"

namespace medperf::site {

/// Prepared data as containers see it.
struct DataSource {
  std::string name;  ///< "dataset 3" or "demo data"
  fs::path data;
  fs::path labels;
  DatasetDigest digest;
};

struct Evaluation {
  Benchmark benchmark;
  Model model;
  Admitted model_image;
  Admitted evaluator;
  DataSource data;
  fs::path folder;      ///< of this run
  std::string subject;  ///< "b1-m2-d3"
};

struct LocalResult {
  /// What may leave. Without a result schema: the canonical results themselves.
  result::Envelope envelope;
  bool has_schema = false;
  std::string schema_digest;  ///< SHA-256 hex of the canonical schema
  Timestamp run_at;
  bool ran = false;  ///< a container ran in this call
};

/// A person's approval of a container, or the policy's within its limits.
Status approve_container(Site& site, Journal& journal, std::string_view step,
                         const std::string& role, const Admitted& admitted,
                         const std::string& on_what, const std::string& effect,
                         const DatasetDigest& data, No no = No::kForgotten);

/// Runs what is not noted yet. Errors: as run_task; refused (declined, envelope), also when noted
/// by an earlier command (cause kNotedCause).
Result<LocalResult> evaluate_locally(Site& site, Journal& journal, const Evaluation& evaluation);

/// The result schema of a benchmark, or nothing. Errors: invalid.
Result<std::optional<result::ResultSchema>> result_schema_of(const Benchmark& benchmark);

}  // namespace medperf::site
