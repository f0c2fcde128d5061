#include "site/flows/compatibility.h"

#include <utility>

#include <fmt/format.h>
#include "base/yaml.h"
#include "site/dataset/unpack.h"
#include "site/flows/figures.h"
#include "site/flows/reading.h"

namespace medperf::site {
namespace {

/// A path of paths.yaml: relative, below the demo data.
Result<fs::path> demo_path(const Json& paths, std::string_view key, const fs::path& folder) {
  const std::string text = paths.get_string(key);
  const fs::path relative(text);
  bool inside = !text.empty() && relative.is_relative();
  for (const fs::path& part : relative) inside = inside && part != "..";
  if (!inside) {
    return make_error(ErrorKind::kInvalid, "paths.yaml: " + std::string(key),
                      "must be a relative path inside the demo data",
                      "ask the benchmark's group to correct the demo data");
  }
  return folder / relative;
}

Result<DemoData> fetch_demo(Site& site, const Benchmark& benchmark, const FileDigest& digest) {
  const fs::path folder = site.workspace().demo_folder(digest.hex());
  const fs::path archive = folder / "demo.tar.gz";
  const fs::path files = folder / "files";
  MEDPERF_CHECK(make_private_folder(folder));
  MEDPERF_TRY(const Policy* policy, site.policy());
  auto fetched = fetch_verified(site, benchmark.demo_url, digest, archive, policy->archive_limit);
  if (!fetched.ok()) return std::move(fetched).error().at("demo data");
  if (!fs::exists(files)) MEDPERF_CHECK(unpack(archive, files));
  MEDPERF_TRY(std::string text, read_file_beneath(files, "paths.yaml", mebibytes(1)));
  MEDPERF_TRY(Json paths, parse_yaml(text));
  DemoData out;
  MEDPERF_TRY(out.data, demo_path(paths, "data_path", files));
  MEDPERF_TRY(out.labels, demo_path(paths, "labels_path", files));
  return out;
}

Result<Prepared> prepare_demo(Site& site, Journal& journal, const Benchmark& benchmark,
                              const Admitted& preparator, const DemoData& demo,
                              const fs::path& folder) {
  Preparation preparation;
  preparation.preparator = preparator;
  preparation.raw_data = demo.data;
  preparation.raw_labels = demo.labels;
  MEDPERF_TRY(Manifest raw, read_raw(site, demo.data, demo.labels));
  preparation.raw_uid = raw.folder_uid();
  preparation.folder = folder;
  preparation.subject = "demo data of benchmark '" + benchmark.name + "'";
  return prepare_data(site, journal, preparation);
}

std::string demo_lock(const FileDigest& digest) {
  return "demo-" + digest.hex().substr(0, 16);
}

fs::path prepared_folder(const Site& site, const FileDigest& digest, const Admitted& preparator) {
  return site.workspace().demo_folder(digest.hex()) /
         fmt::format("prepared-{}", preparator.image.image.hex().substr(0, 16));
}

/// Both asked for before anything runs.
Status approve_test(Site& site, Journal& journal, const Evaluation& evaluation) {
  constexpr const char* kDemo = "the benchmark's demo data";
  const DatasetDigest& data = evaluation.data.digest;
  if (evaluation.files) {
    MEDPERF_CHECK(approve_files(site, journal, "approve-model", evaluation, kDemo));
  } else {
    MEDPERF_CHECK(approve_container(site, journal, "approve-model", "model", evaluation.model_image,
                                    "demo data of the benchmark, no labels",
                                    "it writes predictions; nothing leaves the site", data));
  }
  return approve_container(site, journal, "approve-evaluator", "evaluation", evaluation.evaluator,
                           evaluation.files ? script_mounts(evaluation.evaluator, kDemo)
                                            : "predictions and labels of the demo data",
                           "it writes results, which you see before they are sent", data);
}

}  // namespace

Result<DemoData> fetch_demo_data(Site& site, const Benchmark& benchmark) {
  MEDPERF_TRY(const FileDigest digest, FileDigest::parse(benchmark.demo_hash));
  MEDPERF_TRY(const FileLock lock, site.workspace().lock(demo_lock(digest)));
  return fetch_demo(site, benchmark, digest);
}

Result<Prepared> prepare_demo_data(Site& site, const Benchmark& benchmark) {
  MEDPERF_TRY(const FileDigest digest, FileDigest::parse(benchmark.demo_hash));
  const std::string name = demo_lock(digest);
  MEDPERF_TRY(const FileLock lock, site.workspace().lock(name));
  MEDPERF_TRY(Journal journal, Journal::open(site.workspace().journal_file(name), site.clock()));
  MEDPERF_TRY(const DemoData demo, fetch_demo(site, benchmark, digest));
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(const Container container, hub->container(benchmark.preparator));
  MEDPERF_TRY(const Admitted preparator, admit(site, container));
  return prepare_demo(site, journal, benchmark, preparator, demo,
                      prepared_folder(site, digest, preparator));
}

Result<CompatibilityReport> test_compatibility(Site& site, const CompatibilityTest& test) {
  MEDPERF_TRY(FileDigest digest, FileDigest::parse(test.benchmark.demo_hash));
  const std::string name = demo_lock(digest);
  MEDPERF_TRY(FileLock lock, site.workspace().lock(name));
  MEDPERF_TRY(Journal journal, Journal::open(site.workspace().journal_file(name), site.clock()));
  MEDPERF_TRY(DemoData demo, fetch_demo(site, test.benchmark, digest));

  MEDPERF_TRY(Admitted preparator, admit(site, test.preparator));
  const fs::path folder = prepared_folder(site, digest, preparator);
  MEDPERF_TRY(Prepared prepared,
              prepare_demo(site, journal, test.benchmark, preparator, demo, folder));
  CompatibilityReport report;
  report.demo_uid = prepared.manifest.folder_uid();
  if (!test.benchmark.demo_uid.empty() && test.benchmark.demo_uid != report.demo_uid.hex()) {
    return make_error(ErrorKind::kRefused, "demo data",
                      fmt::format("prepared here it is {}, registered is {}", report.demo_uid.hex(),
                                  test.benchmark.demo_uid),
                      "ask the benchmark's group: the preparation is not repeatable");
  }

  Evaluation evaluation;
  evaluation.benchmark = test.benchmark;
  evaluation.model = test.model;
  MEDPERF_TRY(evaluation.evaluator, admit(site, test.evaluator));
  MEDPERF_CHECK(check_evaluator(test.model, evaluation.evaluator));
  if (test.model.is_files()) {
    MEDPERF_TRY(evaluation.files, admit_files(site, test.model.asset));
  } else {
    MEDPERF_TRY(evaluation.model_image, admit(site, test.model.container));
  }
  evaluation.data = {"demo data", folder / "data", prepared_labels(preparator, folder),
                     prepared.manifest.dataset_digest()};
  evaluation.folder = site.workspace().demo_folder(digest.hex()) /
                      fmt::format("run-{}", figures_key(evaluation).substr(0, 16));
  evaluation.subject = "demo-m" + std::to_string(test.model.id.value);
  MEDPERF_CHECK(approve_test(site, journal, evaluation));
  MEDPERF_TRY(LocalResult result, evaluate_locally(site, journal, evaluation));
  const Json* results =
      result.has_schema ? result.envelope.document.find("results") : &result.envelope.document;
  report.results = results == nullptr ? Json::object() : *results;
  report.figures = result.figures;
  const auto evaluated =
      kept_figures(site.workspace(), figures_key(evaluation.evaluator.image.image));
  if (evaluated && evaluated->on == evaluation.data.name)
    report.evaluation_figures = to_json(*evaluated);
  report.ran = prepared.ran || result.ran;
  return report;
}

}  // namespace medperf::site
