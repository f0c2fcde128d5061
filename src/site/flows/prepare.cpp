#include "site/flows/prepare.h"

#include <utility>

#include "base/yaml.h"
#include "engine/limits/run_watch.h"
#include "site/flows/decision.h"
#include "site/flows/evaluate.h"
#include "site/flows/figures.h"
#include "site/flows/progress.h"
#include "site/flows/reading.h"
#include "site/flows/report_sender.h"
#include "site/flows/task.h"

namespace medperf::site {
namespace {

bool declares(const Admitted& preparator, std::string_view task, std::string_view label) {
  const wire::Task* found = preparator.config.task(task);
  return found != nullptr && found->declares(label);
}

TaskRequest request_for(const Preparation& preparation, const std::string& task,
                        const Json& inputs) {
  TaskRequest request;
  request.inputs = inputs;
  request.container = &preparation.preparator;
  request.task = task;
  request.log_file = preparation.folder / "logs" / (task + ".log");
  request.subject = preparation.subject;
  return request;
}

constexpr std::string_view kNotReadyStep = "not-ready";

/// Of a preparator that reports its progress; such a one leaves manual work and is run again after.
bool reports(const Preparation& preparation) {
  return declares(preparation.preparator, "prepare", "report_file");
}

PreparationReport report_of(const Preparation& preparation) {
  auto report = read_preparation_report(preparation.folder / "report", "report.yaml");
  return report.ok() ? std::move(*report) : PreparationReport();
}

std::string_view word_for(const Status& ended) {
  if (ended.ok()) return "finished";
  return ended.error().kind == ErrorKind::kInterrupted ? "interrupted" : "failed";
}

Status run_and_tell(Site& site, Journal& journal, const Preparation& preparation,
                    TaskRequest& request) {
  if (!reports(preparation)) {
    MEDPERF_CHECK(run_task(site, request));
    return {};
  }
  std::optional<ReportSender> sender;
  if (preparation.dataset) {
    MEDPERF_TRY(const bool may, may_tell_progress(site, journal, *preparation.dataset,
                                                  preparation.preparator.identity()));
    MEDPERF_TRY(Hub * hub, site.hub());
    if (may) sender.emplace(*hub, site.clock(), *preparation.dataset);
  }
  if (sender) sender->started();
  request.meanwhile = [&] {
    const PreparationReport report = report_of(preparation);
    if (site.progress() != nullptr && report.cases > 0)
      site.progress()->cases({{preparation.subject, report.done, report.cases}});
    if (sender) sender->look(report);
  };
  Status ended;
  if (auto ran = run_task(site, request); !ran.ok()) ended = std::move(ran).error();
  if (sender) sender->ended(word_for(ended), report_of(preparation));
  return ended;
}

Bytes raw_size(const Preparation& preparation) {
  if (preparation.raw_labels == preparation.raw_data)
    return engine::size_of({preparation.raw_data});
  return engine::size_of({preparation.raw_data, preparation.raw_labels});
}

Result<Json> run_prepare(Site& site, Journal& journal, const Preparation& preparation,
                         const Json& inputs) {
  // Earlier output stays: a resumable preparator goes on from it (container contract, section 8).
  const fs::path& folder = preparation.folder;
  TaskRequest request = request_for(preparation, "prepare", inputs);
  request.paths = {{"data_path", preparation.raw_data.string()},
                   {"labels_path", preparation.raw_labels.string()},
                   {"output_path", (folder / "data").string()},
                   {"output_labels_path", (folder / "labels").string()},
                   {"metadata_path", (folder / "metadata").string()},
                   {"report_file", (folder / "report" / "report.yaml").string()}};
  const std::vector<fs::path> written = {folder / "data", folder / "labels", folder / "metadata"};
  // A preparation that goes on where an earlier one stopped says nothing of the whole.
  std::error_code none;
  const bool whole = !fs::exists(folder / "data") || fs::is_empty(folder / "data", none);
  request.succeeded = [&, whole](const engine::RunOutcome& outcome) {
    if (!whole) return;
    const RunFigures figures{raw_mebibytes(raw_size(preparation)),
                             outcome.wall,
                             outcome.peak_memory,
                             engine::size_of(written),
                             preparation.dataset ? preparation.subject : "demo data",
                             FiguresUnit::kRawMebibytes};
    (void)keep_figures(site.workspace(), figures_key(preparation.preparator.image.image), figures)
        .ok();
  };
  MEDPERF_CHECK(run_and_tell(site, journal, preparation, request));
  return Json::object();
}

TaskRequest check_request(const Preparation& preparation, const std::string& task,
                          const Json& inputs) {
  const fs::path& folder = preparation.folder;
  TaskRequest request = request_for(preparation, task, inputs);
  request.paths = {{"data_path", (folder / "data").string()},
                   {"labels_path", prepared_labels(preparation.preparator, folder).string()}};
  if (declares(preparation.preparator, "prepare", "metadata_path")) {
    request.paths["metadata_path"] = (folder / "metadata").string();
  }
  return request;
}

Result<Json> run_sanity_check(Site& site, const Preparation& preparation, const Json& inputs) {
  auto done = run_task(site, check_request(preparation, "sanity_check", inputs));
  if (done.ok()) return Json::object();
  Error error = std::move(done).error();
  if (error.kind == ErrorKind::kInvalid) {
    error.kind = ErrorKind::kRefused;
    if (reports(preparation)) error.cause = std::string(kNotReadyCause);
    error.what = "the data is not ready: " + error.what;
    error.advice = "correct the data and run 'medperf dataset prepare' again; " + error.advice;
  }
  return error;
}

Result<Json> run_statistics(Site& site, const Preparation& preparation, const Json& inputs) {
  TaskRequest request = check_request(preparation, "statistics", inputs);
  request.output = preparation.folder / "statistics.part";
  request.paths["output_path"] = (request.output / "statistics.yaml").string();
  MEDPERF_TRY(const fs::path output, run_task(site, request));
  MEDPERF_TRY(Json statistics,
              read_container_yaml(site, output, "statistics.yaml", "statistics.yaml"));
  if (!statistics.is_object()) {
    return make_error(ErrorKind::kRefused, "statistics.yaml", "is no map",
                      "the preparation container's owner must correct it");
  }
  MEDPERF_CHECK(write_file_atomically(preparation.folder / "statistics.yaml", to_yaml(statistics)));
  MEDPERF_CHECK(remove_tree(output));
  return Json::object({{"statistics", statistics}});
}

/// How often the check of a preparator with a report has found manual work left.
std::int64_t round_of(const Journal& journal) {
  const Json* noted = journal.latest(kNotReadyStep);
  return noted == nullptr ? 0 : noted->get_int("round");
}

Error not_ready(const Preparation& preparation, std::string_view what) {
  return make_error(
      ErrorKind::kRefused, preparation.subject, "is not ready yet: " + std::string(what),
      "do the manual work that the preparation asks for in " + preparation.folder.string() +
          " and run 'medperf dataset prepare' again: it goes on",
      std::string(kNotReadyCause));
}

/// Refuses to go on when only what was found unready lies there.
Status check_for_changes(Site& site, const Journal& journal, const Preparation& preparation,
                         const std::vector<DatasetRoot>& roots) {
  const Json* noted = journal.latest(kNotReadyStep);
  if (!preparation.only_after_changes || noted == nullptr) return {};
  MEDPERF_TRY(const Manifest now,
              read_dataset(site, roots, preparation.folder / kStampsName, Reading::kChanged));
  if (now.dataset_digest().hex() != noted->get_string("prepared")) return {};
  return not_ready(preparation, "nothing was changed since its last check");
}

/// Whether it ran now.
Result<bool> prepare_step(Site& site, Journal& journal, const Preparation& preparation) {
  bool ran = false;
  if (preparation.already_prepared) return ran;
  MEDPERF_TRY(const Policy* policy, site.policy());
  Json about_raw = Json::object({{"preparator", preparation.preparator.identity()},
                                 {"raw", preparation.raw_uid.hex()},
                                 {"policy", policy->digest.hex()}});
  // After each check that failed for manual work, the preparation goes on.
  if (const std::int64_t round = round_of(journal); round > 0) about_raw.set("round", round);
  const auto work = [&]() -> Result<Json> {
    // It is about to be read.
    MEDPERF_CHECK(
        check_raw(site, preparation.raw_data, preparation.raw_labels, preparation.raw_uid));
    return run_prepare(site, journal, preparation, about_raw);
  };
  MEDPERF_CHECK(run_step(journal, "prepare", about_raw, work, &ran));
  return ran;
}

/// A failed check of a preparator with a report: the next command prepares again.
Error note_not_ready(Journal& journal, const Preparation& preparation, const Manifest& manifest,
                     const Error& error) {
  const Json noted = Json::object(
      {{"round", round_of(journal) + 1}, {"prepared", manifest.dataset_digest().hex()}});
  auto done = journal.note(kNotReadyStep, step_key(kNotReadyStep, noted), noted);
  if (!done.ok()) return std::move(done).error();
  return not_ready(preparation, error.what);
}

Status check_and_count(Site& site, Journal& journal, const Preparation& preparation,
                       Prepared& out) {
  const Json inputs = Json::object({{"preparator", preparation.preparator.identity()},
                                    {"prepared", out.manifest.dataset_digest().hex()}});
  bool checked = false;
  bool counted = false;
  auto sane = run_step(
      journal, "sanity_check", inputs, [&] { return run_sanity_check(site, preparation, inputs); },
      &checked);
  if (!sane.ok()) {
    if (sane.error().cause != kNotReadyCause) return std::move(sane).error();
    return note_not_ready(journal, preparation, out.manifest, sane.error());
  }
  MEDPERF_TRY(Json counts,
              run_step(
                  journal, "statistics", inputs,
                  [&] { return run_statistics(site, preparation, inputs); }, &counted));
  const Json* statistics = counts.find("statistics");
  out.statistics = statistics == nullptr ? Json::object() : *statistics;
  out.ran = checked || counted;
  return {};
}

}  // namespace

fs::path prepared_labels(const Admitted& preparator, const fs::path& folder) {
  return declares(preparator, "prepare", "output_labels_path") ? folder / "labels"
                                                               : folder / "data";
}

std::vector<DatasetRoot> prepared_roots(const Admitted& preparator, const fs::path& folder) {
  std::vector<DatasetRoot> roots = {{"data", folder / "data"}};
  if (prepared_labels(preparator, folder) != folder / "data") {
    roots.push_back({"labels", folder / "labels"});
  }
  return roots;
}

Result<Prepared> prepare_data(Site& site, Journal& journal, const Preparation& preparation) {
  MEDPERF_CHECK(make_private_folder(preparation.folder));
  MEDPERF_TRY(DatasetDigest about, DatasetDigest::parse(preparation.raw_uid.hex()));
  MEDPERF_TRY(const Policy* policy, site.policy());
  const std::string expected =
      preparation_expectation(site.workspace(), preparation.preparator.image.image,
                              raw_size(preparation), policy->limits.memory);
  MEDPERF_CHECK(approve_container(
      site, journal, "approve-preparation", "data preparation", preparation.preparator,
      preparation.subject + ": raw data and labels, read-only",
      "it writes prepared data, checks it and counts; nothing leaves the site", about,
      No::kForgotten, expected));
  Prepared out;
  out.roots = prepared_roots(preparation.preparator, preparation.folder);
  MEDPERF_CHECK(check_for_changes(site, journal, preparation, out.roots));
  MEDPERF_TRY(const bool prepared, prepare_step(site, journal, preparation));
  MEDPERF_TRY(out.manifest, read_dataset(site, out.roots, preparation.folder / kStampsName,
                                         prepared ? Reading::kFull : Reading::kChanged));
  if (out.manifest.files.empty()) {
    return make_error(ErrorKind::kRefused, preparation.folder.string(),
                      "the preparation left no files", "see the logs beside it");
  }
  MEDPERF_CHECK(check_and_count(site, journal, preparation, out));
  out.ran = out.ran || prepared;
  return out;
}

}  // namespace medperf::site
