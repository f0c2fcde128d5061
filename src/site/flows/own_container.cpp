#include "site/flows/own_container.h"

#include <fcntl.h>

#include <algorithm>
#include <system_error>

#include "base/yaml.h"
#include "crypto/sha256.h"
#include "site/dataset/unpack.h"

namespace medperf::site {
namespace {

/// Numbers of the hub begin with 1.
constexpr ContainerId kUnregistered{0};
constexpr std::size_t kDayLength = std::string_view("2026-11-26").size();

Result<Json> read_document(const fs::path& file) {
  auto text = read_file(file, mebibytes(4));
  if (!text.ok()) return std::move(text).error();
  auto value = parse_yaml(*text);
  if (!value.ok()) return std::move(value).error().at(file.string());
  return value;
}

Result<Admitted> read_own(Site& site, const OwnContainer& own) {
  Admitted out;
  out.container.id = kUnregistered;
  out.container.name = own.config.parent_path().filename().string();
  out.container.is_valid = true;
  MEDPERF_TRY(out.container.config, read_document(own.config));
  auto config = wire::read_container_config(out.container.config);
  if (!config.ok()) return std::move(config).error().at(own.config.string());
  out.config = std::move(*config);
  if (!own.parameters.empty()) {
    MEDPERF_TRY(out.container.parameters, read_document(own.parameters));
  }
  const FileHandle archive(::open(own.archive.c_str(), O_RDONLY | O_CLOEXEC));
  if (!archive.is_open()) {
    return make_error(ErrorKind::kNotFound, own.archive.string(),
                      "the image archive cannot be opened",
                      "save the image with 'podman save --format docker-archive'");
  }
  MEDPERF_TRY(out.archive, crypto::digest_file(archive));
  auto image = engine::read_archive(archive);
  if (!image.ok()) return std::move(image).error().at(own.archive.string());
  out.image = std::move(*image);
  out.findings = engine::inspect(out.image, to_iso8601(site.clock().now()).substr(0, kDayLength));
  return out;
}

/// Where the gate keeps verified archives.
Status keep_archive(Site& site, const OwnContainer& own, const FileDigest& digest) {
  const fs::path kept = site.workspace().image_file(digest);
  if (fs::exists(kept)) return {};
  std::error_code failure;
  fs::copy_file(own.archive, kept, failure);
  if (!failure) return {};
  return make_error(ErrorKind::kUnavailable, kept.string(),
                    "the archive cannot be copied: " + failure.message(), "check the disk");
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
  return out;
}

Status try_task(Site& site, const OwnContainer& own, const std::string& task,
                const std::map<std::string, std::string>& paths, const fs::path& log_file) {
  MEDPERF_TRY(const OwnCheck check, check_own(site, own));
  if (check.container.refusal) return *check.container.refusal;
  for (const auto& problem : check.problems) {
    if (problem.fatal)
      return make_error(ErrorKind::kInvalid, own.config.string() + ": " + problem.where,
                        problem.what, "'medperf container check' lists every problem");
  }
  MEDPERF_TRY(const FileLock lock, site.workspace().lock("own-container"));
  MEDPERF_CHECK(keep_archive(site, own, check.container.archive));
  const fs::path folder = site.workspace().container_folder(kUnregistered);
  MEDPERF_CHECK(remove_tree(folder));
  MEDPERF_CHECK(make_private_folder(folder));
  if (!own.additional.empty()) MEDPERF_CHECK(unpack(own.additional, folder / "additional_files"));
  TaskRequest request;
  request.container = &check.container;
  request.task = task;
  request.paths = paths;
  request.log_file = log_file;
  request.subject = "own container";
  auto ended = run_task(site, request);
  MEDPERF_CHECK(remove_tree(folder));
  if (!ended.ok()) return std::move(ended).error();
  return {};
}

}  // namespace medperf::site
