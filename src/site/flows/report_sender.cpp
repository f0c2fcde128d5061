#include "site/flows/report_sender.h"

#include <fmt/format.h>
#include "base/log.h"
#include "site/flows/decision.h"

namespace medperf::site {
namespace {

constexpr double kMicroseconds = 1e6;
constexpr std::string_view kStep = "approve-progress";

Question progress_question(DatasetId dataset, const std::string& hub) {
  Question out;
  out.title = fmt::format("Tell the hub how far the preparation of dataset {} got", dataset.value);
  out.text = fmt::format(
      "  would leave for {} while it runs, at most every 30 s, seen by you and the owner of the "
      "preparation container:\n"
      "    {{\"execution_status\": \"running\", \"progress\": {{\"Stage 3\": \"60.0%\"}}}}\n"
      "  that is the share of cases by status number; no case, name or path\n"
      "  if no      it is prepared all the same, and nothing is told\n",
      hub);
  out.prompt = "Tell it?";
  out.optional = true;
  return out;
}

}  // namespace

Result<bool> may_tell_progress(Site& site, Journal& journal, DatasetId dataset,
                               const Json& preparator) {
  MEDPERF_TRY(const Policy* policy, site.policy());
  if (policy->tell_progress == TellProgress::kNever) return false;
  const Json inputs = Json::object({{"preparator", preparator}, {"policy", policy->digest.hex()}});
  if (policy->tell_progress == TellProgress::kAlways) {
    const auto note = [&]() -> Result<Json> {
      MEDPERF_CHECK(site.record("decision", Json::object({{"step", kStep},
                                                          {"answer", "yes"},
                                                          {"rule", "reports.preparation"},
                                                          {"dataset", dataset.value}})));
      return Json::object({{"answer", "yes"}, {"by", "policy"}});
    };
    MEDPERF_CHECK(run_step(journal, kStep, inputs, note));
    return true;
  }
  MEDPERF_TRY(Hub * hub, site.hub());
  const auto answer =
      decide(site, journal, kStep, inputs, progress_question(dataset, hub->url()), No::kForgotten);
  if (answer.ok()) return true;
  const ErrorKind kind = answer.error().kind;
  if (kind == ErrorKind::kRefused || is_waiting(answer.error())) return false;
  return answer.error();
}

void ReportSender::look(const PreparationReport& report) {
  progress_ = report.progress;
  const Timestamp now = clock_.now();
  const double since =
      told_at_ ? static_cast<double>(now.microseconds - told_at_->microseconds) / kMicroseconds : 0;
  if (told_at_ && since < kPause.count()) return;
  send("running");
}

void ReportSender::ended(std::string_view how, const PreparationReport& report) {
  progress_ = report.progress;
  send(how);
}

void ReportSender::send(std::string_view status) {
  const Json report = Json::object({{"execution_status", status}, {"progress", progress_}});
  std::string text = to_canonical(report);
  if (text == told_) return;
  told_at_ = clock_.now();
  const auto told = hub_.put_once(paths::dataset(dataset_), Json::object({{"report", report}}));
  if (!told.ok()) {
    log::warning("the hub could not be told of the preparation's progress",
                 {{"why", told.error().text()}});
    return;
  }
  told_ = std::move(text);
}

}  // namespace medperf::site
