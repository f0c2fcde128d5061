#include "site/flows/own_container.h"

#include <algorithm>
#include <system_error>

#include "result/envelope.h"
#include "site/dataset/unpack.h"
#include "site/flows/own_files.h"
#include "site/flows/script.h"
#include "site/sealed/container_key.h"

namespace medperf::site {
namespace {

/// Numbers of the hub begin with 1.
constexpr ContainerId kUnregistered{0};

Result<OwnArchive> read_image(Site& site, const OwnContainer& own, const Admitted& container) {
  if (!container.encrypted()) return read_own_archive(own.archive);
  MEDPERF_TRY(const crypto::Secret key, container_key(site, container.container, own.key));
  MEDPERF_TRY(const Policy* policy, site.policy());
  return read_own_sealed(site, own.archive, key, policy->archive_limit);
}

Result<Admitted> read_own(Site& site, const OwnContainer& own) {
  Admitted out;
  out.container.id = kUnregistered;
  out.container.name = own.config.parent_path().filename().string();
  out.container.is_valid = true;
  MEDPERF_TRY(out.container.config, read_own_document(own.config));
  auto config = wire::read_container_config(out.container.config);
  if (!config.ok()) return std::move(config).error().at(own.config.string());
  out.config = std::move(*config);
  if (!own.parameters.empty()) {
    MEDPERF_TRY(out.container.parameters, read_own_document(own.parameters));
  }
  out.key_file = own.key;
  MEDPERF_TRY(OwnArchive archive, read_image(site, own, out));
  out.archive = archive.digest;
  out.image = std::move(archive.image);
  out.plain = archive.plain;
  out.findings = engine::inspect(out.image, to_iso8601(site.clock().now()));
  if (out.encrypted()) out.findings.push_back(encryption_finding());
  return out;
}

/// The file that holds a task's results; empty: the task gives none.
fs::path results_file(const OwnTask& task) {
  const auto path = [&](const char* label) {
    const auto found = task.paths.find(label);
    return found == task.paths.end() ? fs::path() : fs::path(found->second);
  };
  if (task.task == "evaluate") return path("output_path");
  if (task.task != kScriptTask) return {};
  const fs::path folder = path("results_path");
  return folder.empty() ? folder : folder / kScriptResults;
}

Result<result::ResultSchema> read_schema(const fs::path& file) {
  MEDPERF_TRY(const Json document, read_own_document(file));
  auto schema = result::ResultSchema::parse(document);
  if (!schema.ok()) return std::move(schema).error().at(file.string());
  return schema;
}

/// The results through the envelope, as at a hospital.
Result<OwnResults> results_of(Site& site, const OwnTask& task) {
  OwnResults out;
  const fs::path file = results_file(task);
  if (file.empty()) return out;
  MEDPERF_TRY(out.results,
              read_container_yaml(site, file.parent_path(), file.filename(), "results.yaml"));
  out.sent = to_canonical(out.results);
  if (task.result_schema.empty()) return out;
  MEDPERF_TRY(const result::ResultSchema schema, read_schema(task.result_schema));
  auto envelope = result::make_envelope(schema, out.results);
  if (!envelope.ok()) return std::move(envelope).error().at("results of task " + task.task);
  out.sent = std::move(envelope->canonical);
  return out;
}

}  // namespace

bool OwnCheck::good() const {
  return !container.refusal && std::none_of(problems.begin(), problems.end(),
                                            [](const auto& problem) { return problem.fatal; });
}

Result<OwnCheck> check_own(Site& site, const OwnContainer& own) {
  OwnCheck out;
  MEDPERF_TRY(out.container, read_own(site, own));
  out.problems = wire::check_contract(out.container.config);
  for (const auto& [name, task] : out.container.config.tasks) {
    if (task.declares("parameters_file") && own.parameters.empty()) {
      out.problems.push_back(
          {"tasks." + name + ".parameters_file", "asks for parameters, and none are given"});
    }
  }
  MEDPERF_TRY(const Policy* policy, site.policy());
  const auto admitted = check_image(*policy, out.container.image, out.container.findings);
  if (!admitted.ok()) out.container.refusal = admitted.error();
  for (const auto& item : out.container.config.tasks) {
    const auto granted = site.grant(item.second);
    if (granted.ok()) continue;
    if (granted.error().kind != ErrorKind::kRefused) return granted.error();
    if (!out.container.refusal) out.container.refusal = granted.error();
  }
  return out;
}

Result<OwnResults> try_task(Site& site, const OwnContainer& own, const OwnTask& task) {
  MEDPERF_TRY(const OwnCheck check, check_own(site, own));
  if (check.container.refusal) return *check.container.refusal;
  for (const auto& problem : check.problems) {
    if (problem.fatal)
      return make_error(ErrorKind::kInvalid, own.config.string() + ": " + problem.where,
                        problem.what, "'medperf container check' lists every problem");
  }
  MEDPERF_TRY(const FileLock lock, site.workspace().lock("own-container"));
  MEDPERF_CHECK(keep_copy(own.archive, check.container.archive,
                          site.workspace().image_file(check.container.archive)));
  const fs::path folder = site.workspace().container_folder(kUnregistered);
  MEDPERF_CHECK(remove_tree(folder));
  MEDPERF_CHECK(make_private_folder(folder));
  if (!own.additional.empty()) MEDPERF_CHECK(unpack(own.additional, folder / "additional_files"));
  TaskRequest request;
  request.container = &check.container;
  request.task = task.task;
  request.paths = task.paths;
  request.log_file = task.log_file;
  request.subject = "own container";
  auto ended = run_task(site, request);
  MEDPERF_CHECK(remove_tree(folder));
  if (!ended.ok()) return std::move(ended).error();
  return results_of(site, task);
}

}  // namespace medperf::site
