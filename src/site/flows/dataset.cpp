#include "site/flows/dataset.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include "base/yaml.h"
#include "site/flows/decision.h"
#include "site/flows/progress.h"
#include "site/review/texts.h"

namespace medperf::site {
namespace {

constexpr std::string_view kFilesName = "files.json";

struct RawPaths {
  fs::path data, labels;
};

Result<RawPaths> load_raw_paths(const fs::path& folder, DatasetId id) {
  auto text = read_file(folder / "raw.yaml", mebibytes(1));
  if (!text.ok()) {
    return make_error(ErrorKind::kNotFound, fmt::format("dataset {}", id.value),
                      "was not submitted from this workspace",
                      "use the workspace that submitted it");
  }
  MEDPERF_TRY(Json document, parse_yaml(*text));
  return RawPaths{document.get_string("data_path"), document.get_string("labels_path")};
}

Result<fs::path> existing_folder(const fs::path& path, std::string_view what) {
  std::error_code failure;
  fs::path absolute = fs::canonical(path, failure);
  if (failure || !fs::is_directory(absolute, failure)) {
    return make_error(ErrorKind::kNotFound, path.string(),
                      "there is no such folder of " + std::string(what), "check the path");
  }
  return absolute;
}

Result<Preparation> preparation_of(Site& site, const Dataset& dataset) {
  Preparation out;
  out.folder = site.workspace().dataset_folder(dataset.id);
  MEDPERF_TRY(RawPaths raw, load_raw_paths(out.folder, dataset.id));
  out.raw_data = raw.data;
  out.raw_labels = raw.labels;
  MEDPERF_TRY(out.raw_uid, FolderUid::parse(dataset.input_data_hash));
  out.subject = fmt::format("dataset {}", dataset.id.value);
  out.dataset = dataset.id;
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(Container container, hub->container(dataset.preparator));
  MEDPERF_TRY(out.preparator, admit(site, container));
  return out;
}

/// What leaves when a dataset becomes operational (container contract, section 8).
Json operational_body(const Dataset& dataset, const Prepared& prepared) {
  Json metadata = prepared.statistics;
  Json ours = Json::object({{"dataset_digest", prepared.manifest.dataset_digest().hex()}});
  metadata.set("medperf", std::move(ours));
  return Json::object({{"input_data_hash", dataset.input_data_hash},
                       {"generated_uid", prepared.manifest.folder_uid().hex()},
                       {"generated_metadata", std::move(metadata)},
                       {"state", "OPERATION"}});
}

Error altered(const OpenDataset& opened, const std::string& which) {
  return make_error(ErrorKind::kRefused, fmt::format("dataset {}", opened.dataset.id.value),
                    "its files are not the registered ones: " + which,
                    "put the files back as they were in " + opened.folder.string() +
                        ", or prepare and submit a new dataset; nothing was run");
}

Status check_files(Site& site, OpenDataset& opened) {
  const Dataset& dataset = opened.dataset;
  const bool uid_same = opened.manifest.folder_uid().hex() == dataset.generated_uid;
  const std::string registered = dataset.registered_digest();
  const bool digest_same =
      registered.empty() || registered == opened.manifest.dataset_digest().hex();
  if (uid_same && digest_same) return {};
  std::string which = "the list of registered files is lost, so they cannot be named";
  auto text = read_file(opened.folder / kFilesName);
  auto document = text.ok() ? parse_json(*text, {256u << 20, 64, 10'000'000})
                            : Result<Json>(std::move(text).error());
  if (document.ok()) {
    auto files = manifest_from_json(*document);
    if (files.ok()) {
      const Difference difference = compare(*files, opened.manifest);
      if (!difference.empty()) which = difference.text();
    }
  }
  MEDPERF_CHECK(site.record(
      "refusal", Json::object({{"what", "altered dataset"}, {"dataset", dataset.id.value}})));
  return altered(opened, which);
}

}  // namespace

std::string dataset_flow(DatasetId id) {
  return fmt::format("dataset-{}", id.value);
}

DataSource OpenDataset::source() const {
  return {fmt::format("dataset {}", dataset.id.value), folder / "data",
          prepared_labels(preparator, folder), manifest.dataset_digest()};
}

Result<Registration> submit_dataset(Site& site, const DatasetSubmission& submission) {
  MEDPERF_TRY(fs::path data, existing_folder(submission.data, "raw data"));
  MEDPERF_TRY(fs::path labels, existing_folder(submission.labels, "raw labels"));
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(Benchmark benchmark, hub->benchmark(submission.benchmark));
  MEDPERF_TRY(Manifest raw, read_raw(site, data, labels));
  if (raw.files.empty()) {
    return make_error(ErrorKind::kInvalid, data.string(), "holds no files", "check the path");
  }
  const std::string uid = raw.folder_uid().hex();
  const Json body = Json::object({{"name", submission.name},
                                  {"description", submission.description},
                                  {"location", submission.location},
                                  {"input_data_hash", uid},
                                  {"generated_uid", uid},
                                  {"split_seed", 0},
                                  {"data_preparation_mlcube", benchmark.preparator.value},
                                  {"submitted_as_prepared", false},
                                  {"generated_metadata", Json::object()}});
  MEDPERF_TRY(FileLock lock, site.workspace().lock("dataset-submit"));
  Registration out;
  MEDPERF_TRY(std::vector<Json> mine, hub->list(paths::my_datasets()));
  for (const Json& row : mine) {
    if (row.get_string("name") == submission.name && row.get_string("input_data_hash") == uid) {
      out.id = row.get_int("id");
      out.already = true;
    }
  }
  if (!out.already) {
    MEDPERF_TRY(Journal journal,
                Journal::open(site.workspace().journal_file("dataset-submit"), site.clock()));
    MEDPERF_TRY(Json yes,
                decide(site, journal, "approve-submit", body,
                       send_question("Register dataset '" + submission.name + "'", body, hub->url(),
                                     "the hub lists the dataset as in "
                                     "development; no data leaves")));
    MEDPERF_TRY(Json answer,
                hub->post(paths::datasets(), body, step_key("dataset-submit", body).hex()));
    MEDPERF_TRY(Dataset dataset, dataset_from(answer));
    out.id = dataset.id.value;
    MEDPERF_CHECK(site.record("upload", Json::object({{"what", "dataset registration"},
                                                      {"dataset", out.id},
                                                      {"input_data_hash", uid}})));
  }
  const fs::path folder = site.workspace().dataset_folder(DatasetId{out.id});
  MEDPERF_CHECK(make_private_folder(folder));
  MEDPERF_CHECK(write_file_atomically(
      folder / "raw.yaml",
      to_yaml(Json::object({{"data_path", data.string()}, {"labels_path", labels.string()}}))));
  return out;
}

Result<Prepared> prepare_dataset(Site& site, DatasetId id, GoOn go_on) {
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(Dataset dataset, hub->dataset(id));
  // In operation the prepared files are registered and stay as they are: they are only checked.
  if (dataset.state == "OPERATION") {
    MEDPERF_TRY(OpenDataset opened, open_dataset(site, id));
    Prepared out;
    out.roots = std::move(opened.roots);
    out.manifest = std::move(opened.manifest);
    out.statistics = opened.dataset.generated_metadata;
    return out;
  }
  MEDPERF_TRY(FileLock lock, site.workspace().lock(dataset_flow(id)));
  MEDPERF_TRY(Journal journal,
              Journal::open(site.workspace().journal_file(dataset_flow(id)), site.clock()));
  const FlowProgress progress(site, dataset_flow(id));
  MEDPERF_TRY(Preparation preparation, preparation_of(site, dataset));
  preparation.only_after_changes = go_on == GoOn::kAfterChanges;
  MEDPERF_TRY(Prepared prepared, prepare_data(site, journal, preparation));
  progress->end_with("done");
  return prepared;
}

Result<Registration> set_operational(Site& site, DatasetId id) {
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(Dataset dataset, hub->dataset(id));
  Registration out{id.value, dataset.state == "OPERATION"};
  if (out.already) return out;
  MEDPERF_TRY(FileLock lock, site.workspace().lock(dataset_flow(id)));
  MEDPERF_TRY(Journal journal,
              Journal::open(site.workspace().journal_file(dataset_flow(id)), site.clock()));
  if (journal.latest("statistics") == nullptr) {
    return make_error(ErrorKind::kConflict, fmt::format("dataset {}", id.value),
                      "is not prepared yet",
                      fmt::format("run 'medperf dataset prepare -d {}' first", id.value));
  }
  MEDPERF_TRY(Preparation preparation, preparation_of(site, dataset));
  MEDPERF_CHECK(check_raw(site, preparation.raw_data, preparation.raw_labels, preparation.raw_uid));
  MEDPERF_TRY(Prepared prepared, prepare_data(site, journal, preparation));
  const Json body = operational_body(dataset, prepared);
  MEDPERF_TRY(Json yes, decide(site, journal, "approve-operational", body,
                               send_question(fmt::format("Set dataset {} operational", id.value),
                                             body, hub->url(),
                                             "hashes and statistics are registered and frozen; "
                                             "no data leaves")));
  MEDPERF_CHECK(
      write_file_atomically(preparation.folder / kFilesName, to_text(to_json(prepared.manifest))));
  MEDPERF_TRY(Json answer, hub->put(paths::dataset(id), body));
  MEDPERF_CHECK(site.record(
      "upload", Json::object({{"what", "dataset operational"},
                              {"dataset", id.value},
                              {"generated_uid", prepared.manifest.folder_uid().hex()},
                              {"dataset_digest", prepared.manifest.dataset_digest().hex()}})));
  return out;
}

Result<OpenDataset> open_dataset(Site& site, DatasetId id, Reading reading) {
  MEDPERF_TRY(Hub * hub, site.hub());
  OpenDataset out;
  MEDPERF_TRY(out.dataset, hub->dataset(id));
  if (out.dataset.state != "OPERATION") {
    return make_error(ErrorKind::kConflict, fmt::format("dataset {}", id.value),
                      "is not in operation yet",
                      fmt::format("run 'medperf dataset prepare -d {0}' and 'medperf dataset "
                                  "set_operational -d {0}' first",
                                  id.value));
  }
  out.folder = site.workspace().dataset_folder(id);
  if (!fs::exists(out.folder / "raw.yaml")) {
    return make_error(ErrorKind::kNotFound, fmt::format("dataset {}", id.value),
                      "its files are not in this workspace", "use the workspace that prepared it");
  }
  MEDPERF_TRY(Container preparator, hub->container(out.dataset.preparator));
  out.preparator.container = preparator;
  MEDPERF_TRY(out.preparator.config, wire::read_container_config(preparator.config));
  out.roots = prepared_roots(out.preparator, out.folder);
  MEDPERF_TRY(out.manifest, read_dataset(site, out.roots, out.folder / kStampsName, reading));
  MEDPERF_CHECK(check_files(site, out));
  return out;
}

}  // namespace medperf::site
