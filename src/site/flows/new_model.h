#pragma once
// A new model's folder: the source of a benchmark's reference implementation and its demo data, to
// be changed.

#include <functional>
#include <string>

#include "site/site.h"

namespace medperf::site {

struct NewModel {
  fs::path folder;
  bool from_source = false;    ///< else a small container that only starts one
  bool prepared_demo = false;  ///< demo/data holds what `infer` reads; else only the raw demo data
  std::string why_not;         ///< why the demo data is not prepared
};

/// Writes a small working container into a folder that is not there yet.
using Scaffold = std::function<Status(const fs::path& folder)>;

/// Makes `folder`, which must not be there: the source archive that the benchmark's specification
/// names, by its digest, or what `scaffold` writes when it names none; demo/ with the demo data,
/// prepared where a container can run here and a person allows it; NEXT-STEPS.md. Errors: conflict
/// (folder), as fetch_verified and unpack.
Result<NewModel> start_model(Site& site, BenchmarkId benchmark, const fs::path& folder,
                             const Scaffold& scaffold);

}  // namespace medperf::site
