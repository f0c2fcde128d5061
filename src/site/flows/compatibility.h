#pragma once
// The compatibility test (container contract, section 10): a benchmark's containers and a model on
// its demo data, before anything is registered or asked for.

#include "site/flows/evaluate.h"
#include "site/flows/prepare.h"

namespace medperf::site {

/// A benchmark's demo data, as its archive holds it.
struct DemoData {
  fs::path data, labels;
};
/// Fetched by its digest and unpacked, unless it is here. Errors: as fetch_verified and unpack;
/// invalid (paths.yaml).
Result<DemoData> fetch_demo_data(Site& site, const Benchmark& benchmark);
/// The demo data prepared by the benchmark's preparation. Errors: as prepare_data, admit.
Result<Prepared> prepare_demo_data(Site& site, const Benchmark& benchmark);

struct CompatibilityTest {
  Benchmark benchmark;  ///< id 0 while it is not registered
  Container preparator;
  Container evaluator;
  Model model;
};

struct CompatibilityReport {
  FolderUid demo_uid;                ///< of the prepared demo data
  Json results;                      ///< what may be sent: the envelope's results
  Json figures;                      ///< what inference took; null: not known
  Json evaluation_figures = Json();  ///< and what the evaluation of it took
  bool ran = false;
};

/// Runs what is not noted yet. Errors: as the steps; refused, when the prepared demo data is not
/// the registered one.
Result<CompatibilityReport> test_compatibility(Site& site, const CompatibilityTest& test);

}  // namespace medperf::site
