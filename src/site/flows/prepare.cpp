#include "site/flows/prepare.h"

#include <utility>

#include "base/yaml.h"
#include "site/flows/decision.h"
#include "site/flows/evaluate.h"
#include "site/flows/reading.h"
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

Result<Json> run_prepare(Site& site, const Preparation& preparation, const Json& inputs) {
  // Earlier output stays: a resumable preparator goes on from it (container contract, section 8).
  const fs::path& folder = preparation.folder;
  TaskRequest request = request_for(preparation, "prepare", inputs);
  request.paths = {{"data_path", preparation.raw_data.string()},
                   {"labels_path", preparation.raw_labels.string()},
                   {"output_path", (folder / "data").string()},
                   {"output_labels_path", (folder / "labels").string()},
                   {"metadata_path", (folder / "metadata").string()},
                   {"report_file", (folder / "report" / "report.yaml").string()}};
  MEDPERF_CHECK(run_task(site, request));
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
  MEDPERF_TRY(const Policy* policy, site.policy());
  const Json identity = preparation.preparator.identity();
  MEDPERF_CHECK(make_private_folder(preparation.folder));
  Prepared out;
  out.roots = prepared_roots(preparation.preparator, preparation.folder);
  MEDPERF_TRY(DatasetDigest about, DatasetDigest::parse(preparation.raw_uid.hex()));
  MEDPERF_CHECK(approve_container(
      site, journal, "approve-preparation", "data preparation", preparation.preparator,
      preparation.subject + ": raw data and labels, read-only",
      "it writes prepared data, checks it and counts; nothing leaves the site", about));
  bool prepared = false;
  if (!preparation.already_prepared) {
    const Json about_raw = Json::object({{"preparator", identity},
                                         {"raw", preparation.raw_uid.hex()},
                                         {"policy", policy->digest.hex()}});
    MEDPERF_TRY(Json done,
                run_step(
                    journal, "prepare", about_raw,
                    [&]() -> Result<Json> {
                      // It is about to be read.
                      MEDPERF_CHECK(check_raw(site, preparation.raw_data, preparation.raw_labels,
                                              preparation.raw_uid));
                      return run_prepare(site, preparation, about_raw);
                    },
                    &prepared));
  }
  MEDPERF_TRY(out.manifest, read_dataset(site, out.roots, preparation.folder / kStampsName,
                                         prepared ? Reading::kFull : Reading::kChanged));
  if (out.manifest.files.empty()) {
    return make_error(ErrorKind::kRefused, preparation.folder.string(),
                      "the preparation left no files", "see the logs beside it");
  }
  const Json inputs =
      Json::object({{"preparator", identity}, {"prepared", out.manifest.dataset_digest().hex()}});
  bool checked = false;
  bool counted = false;
  MEDPERF_TRY(Json sane,
              run_step(
                  journal, "sanity_check", inputs,
                  [&] { return run_sanity_check(site, preparation, inputs); }, &checked));
  MEDPERF_TRY(Json counts,
              run_step(
                  journal, "statistics", inputs,
                  [&] { return run_statistics(site, preparation, inputs); }, &counted));
  const Json* statistics = counts.find("statistics");
  out.statistics = statistics == nullptr ? Json::object() : *statistics;
  out.ran = prepared || checked || counted;
  return out;
}

}  // namespace medperf::site
