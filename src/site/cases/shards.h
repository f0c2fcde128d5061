#pragma once
// Shards: the cases of prepared data shared out among several runs of a model, and their
// predictions put together again, so that the result is that of one run.

#include <cstddef>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "wire/spec.h"

namespace medperf::site {

/// Cases [begin, end).
struct CaseRange {
  std::size_t begin = 0, end = 0;
  auto operator<=>(const CaseRange&) const = default;
};
/// `shards` ranges that differ by one case at most; fewer when there are fewer cases, at least one.
std::vector<CaseRange> share_out(std::size_t cases, std::size_t shards);

/// Errors: not_found (a part is missing), invalid (parts disagree, or one cannot be read),
/// too_large (a table over 64 MiB, an array over 1 GiB); they name no case.
Result<std::size_t> count_cases(const wire::CaseLayout& layout, const fs::path& data);

/// How many cases the outputs of a run that goes on hold: rows of the first merged table that is
/// there, else files or folders at the top. Of 64 MiB and 1,000,000 names at most; 0: none yet.
std::size_t count_outputs(const wire::CaseLayout& layout, const fs::path& output);

/// Writes the data of each range into targets[i]: its cases, and all that is no case. Files can be
/// read by everyone, as containers need it; the folder above is private. Errors: as count_cases.
Status write_shards(const wire::CaseLayout& layout, const fs::path& data,
                    const std::vector<CaseRange>& ranges, const std::vector<fs::path>& targets);

/// Puts the predictions of all shards, in their order, into `target`, which is empty or not there.
/// Errors: invalid (two shards wrote a file of one name that no rule merges; headers differ).
Status merge_predictions(const wire::CaseLayout& layout, const std::vector<fs::path>& parts,
                         const fs::path& target);

}  // namespace medperf::site
