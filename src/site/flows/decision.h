#pragma once
// A person's decision as a step: asked once for the same inputs, noted, recorded in the log.

#include <optional>

#include "site/flows/journal.h"
#include "site/site.h"

namespace medperf::site {

/// What becomes of a no.
enum class No {
  kForgotten,  ///< the next command asks again
  kNoted,      ///< stays until Journal::forget_refusals (--again)
};

/// Goes on when the answer is or was yes, and gives {"answer","by","at"}. Errors: refused, when it
/// is or was no; busy with kWaitingCause, when it was put off: the flow waits for a person;
/// interrupted.
Result<Json> decide(Site& site, Journal& journal, std::string_view step, const Json& inputs,
                    const Question& question, No no = No::kForgotten);

/// `cause` of the error of a decision that waits.
inline constexpr std::string_view kWaitingCause = "waiting for a person";
bool is_waiting(const Error& error);

/// `cause` of a refusal that lies in the moment (a wall that does not stand), so it is not noted.
inline constexpr std::string_view kMomentCause = "of the moment";
/// `cause` of an error that an earlier command met and noted: nothing was done now.
inline constexpr std::string_view kNotedCause = "noted by an earlier command";

/// What is noted for this step and these inputs, a failure as its error; nothing: it has to be
/// done.
std::optional<Result<Json>> noted_step(const Journal& journal, std::string_view step,
                                       const Json& inputs);
/// Notes what a step gave, or a failure that the same inputs would only repeat, and gives it back.
Result<Json> note_step(Journal& journal, std::string_view step, const Json& inputs,
                       Result<Json> done);

/// As run_step; also notes a failure that the same inputs would only repeat (the container failed,
/// a rule refused), so that a second command starts nothing. The noted failure comes back as an
/// error.
Result<Json> run_step_once(Journal& journal, std::string_view step, const Json& inputs,
                           const std::function<Result<Json>()>& work, bool* ran = nullptr);

}  // namespace medperf::site
