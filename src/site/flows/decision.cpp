#include "site/flows/decision.h"

#include <optional>
#include <utility>

#include <fmt/format.h>
#include "base/process.h"
#include "crypto/sha256.h"

namespace medperf::site {
namespace {

/// Failures that lie in the inputs, not in the moment.
bool would_repeat(const Error& error) {
  if (error.cause == kMomentCause) return false;
  const ErrorKind kind = error.kind;
  return kind == ErrorKind::kInvalid || kind == ErrorKind::kRefused ||
         kind == ErrorKind::kTimedOut || kind == ErrorKind::kTooLarge;
}

Json error_json(const Error& error) {
  return Json::object({{"failed", true},
                       {"kind", to_string(error.kind)},
                       {"where", error.where},
                       {"what", error.what},
                       {"advice", error.advice}});
}

Error noted_error(const Json& output) {
  ErrorKind kind = ErrorKind::kRefused;
  const std::string name = output.get_string("kind");
  for (ErrorKind candidate : {ErrorKind::kInvalid, ErrorKind::kTimedOut, ErrorKind::kTooLarge}) {
    if (to_string(candidate) == name) kind = candidate;
  }
  return make_error(kind, output.get_string("where"), output.get_string("what"),
                    output.get_string("advice"), std::string(kNotedCause));
}

}  // namespace

bool is_waiting(const Error& error) {
  return error.cause == kWaitingCause;
}

Result<Json> decide(Site& site, Journal& journal, std::string_view step, const Json& inputs,
                    const Question& question, No no) {
  const StepKey key = step_key(step, inputs);
  const Json* noted = journal.find(step, key);
  Json output;
  if (noted == nullptr) {
    const std::string shown = question.title + "\n" + question.text;
    const std::string digest = crypto::sha256_hex(shown);
    MEDPERF_CHECK(write_copy(site.workspace().review_file(digest), shown));
    const Answer answer = site.ask(question);
    if (stop_requested()) {
      return make_error(ErrorKind::kInterrupted, question.title, "stopped before it was answered",
                        "run the command again to go on");
    }
    if (answer == Answer::kUnanswered) {
      return make_error(ErrorKind::kRefused, question.title, "declined: there was no answer",
                        "run the command again and answer y", std::string(kMomentCause));
    }
    if (answer == Answer::kLater) {
      return make_error(ErrorKind::kBusy, question.title, "waits for a person's decision",
                        "run the command again where a person can answer",
                        std::string(kWaitingCause));
    }
    output = Json::object({{"answer", answer == Answer::kYes ? "yes" : "no"},
                           {"by", site.user_name()},
                           {"at", to_iso8601(site.clock().now())}});
    MEDPERF_CHECK(site.record("decision", Json::object({{"step", step},
                                                        {"about", question.title},
                                                        {"answer", output.get_string("answer")},
                                                        {"shown_sha256", digest}})));
    if (answer == Answer::kYes || no == No::kNoted) {
      MEDPERF_CHECK(journal.note(step, key, output));
    }
  } else {
    output = *noted;
  }
  if (output.get_string("answer") == "yes") return output;
  return make_error(
      ErrorKind::kRefused, question.title,
      fmt::format("declined by {} at {}", output.get_string("by"), output.get_string("at")),
      "with --again the question is asked again",
      noted == nullptr ? std::string() : std::string(kNotedCause));
}

std::optional<Result<Json>> noted_step(const Journal& journal, std::string_view step,
                                       const Json& inputs) {
  const Json* output = journal.find(step, step_key(step, inputs));
  if (output == nullptr) return std::nullopt;
  if (output->get_bool("failed")) return noted_error(*output);
  return *output;
}

Result<Json> note_step(Journal& journal, std::string_view step, const Json& inputs,
                       Result<Json> done) {
  if (!done.ok() && !would_repeat(done.error())) return done;
  MEDPERF_CHECK(journal.note(step, step_key(step, inputs),
                             done.ok() ? done.value() : error_json(done.error())));
  return done;
}

Result<Json> run_step_once(Journal& journal, std::string_view step, const Json& inputs,
                           const std::function<Result<Json>()>& work, bool* ran) {
  auto noted = noted_step(journal, step, inputs);
  if (ran != nullptr) *ran = !noted;
  return noted ? std::move(*noted) : note_step(journal, step, inputs, work());
}

}  // namespace medperf::site
