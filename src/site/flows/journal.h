#pragma once
// The journal of one flow: which steps are done, with which inputs, and what they gave. A flow that
// was stopped anywhere is started again from its beginning and skips what is noted.

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/ids.h"
#include "base/json.h"

namespace medperf::site {

inline constexpr std::string_view kJournalVersion = "medperf/journal/v1";

/// SHA-256 over the step's name and its inputs in canonical form.
StepKey step_key(std::string_view step, const Json& inputs);

/// A file of one canonical JSON object a line, synced before note() returns. A torn last line (a
/// kill while writing) is cut off when opened. One process at a time: the caller holds the flow's
/// lock.
class Journal {
 public:
  static Result<Journal> open(const fs::path& file, const Clock& clock);
  /// Only to be read: changes nothing, so that another process may be at the flow.
  static Result<Journal> peek(const fs::path& file, const Clock& clock);
  /// The newest output noted for this step and key, or null pointer.
  const Json* find(std::string_view step, const StepKey& key) const;
  /// The newest output noted for this step with any key, or null pointer.
  const Json* latest(std::string_view step) const;
  /// Which of these steps was noted last; empty: none is.
  std::string newest_of(std::initializer_list<std::string_view> steps) const;
  Status note(std::string_view step, const StepKey& key, Json output);
  /// Takes back what was noted for this step and key: it will run again.
  Status forget(std::string_view step, const StepKey& key);
  /// Takes back every noted failure and every "no" of a person. Returns how many.
  Result<int> forget_refusals();

 private:
  struct Line {
    std::string step;
    std::string key;
    Json output;  ///< null: taken back
  };
  Journal(fs::path file, const Clock& clock) : file_(std::move(file)), clock_(&clock) {}
  Status append(const Line& line);
  static Result<Line> read_line(std::string_view text);
  /// Reads whole lines; gives how many bytes of the file they are not.
  Result<std::size_t> read();

  fs::path file_;
  const Clock* clock_;
  std::vector<Line> lines_;
};

/// Runs `work` unless its output is noted for these inputs; notes what it gave.
/// `ran`, when given, tells whether it ran now.
Result<Json> run_step(Journal& journal, std::string_view step, const Json& inputs,
                      const std::function<Result<Json>()>& work, bool* ran = nullptr);

}  // namespace medperf::site
