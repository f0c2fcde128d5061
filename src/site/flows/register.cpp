#include "site/flows/register.h"

#include <fcntl.h>

#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include "base/yaml.h"
#include "crypto/sha256.h"
#include "domain/field_choices.h"
#include "domain/names.h"
#include "engine/image/archive.h"
#include "site/dataset/unpack.h"
#include "site/flows/compatibility.h"
#include "site/flows/decision.h"
#include "site/flows/own_files.h"
#include "site/flows/submit.h"
#include "site/gate/signature.h"
#include "site/review/texts.h"
#include "wire/spec.h"

namespace medperf::site {
namespace {

/// The registered form of an older config has the URL where it names the image.
Status put_image_url(Json& config, const std::string& url) {
  if (config.contains("container_type")) {
    // An image of a registry is registered as the archive that was saved of it.
    if (config.get_string("container_type") == "DockerImage")
      config.set("container_type", "DockerArchive");
    config.set("image", url);
    return {};
  }
  Json* docker = config.find("docker");
  if (docker == nullptr || !docker->is_object()) {
    return make_error(ErrorKind::kInvalid, "container configuration",
                      "has neither 'container_type' nor 'docker'",
                      "see the container contract for both formats");
  }
  docker->set("image", url);
  return {};
}

/// The digest of the file as it is, and the image in it.
Result<OwnArchive> read_archive_of(const Site& site, const ContainerSubmission& submission,
                                   bool encrypted) {
  if (!encrypted) return read_own_archive(submission.archive);
  if (submission.key.empty()) {
    return make_error(ErrorKind::kInvalid, submission.archive.string(),
                      "an encrypted archive is registered with its image's digest",
                      "name the file of its key with --key; the key is not sent");
  }
  MEDPERF_TRY(std::string text, crypto::read_key_file(submission.key));
  const crypto::Secret key(std::move(text));
  return read_own_sealed(site, submission.archive, key, engine::ArchiveLimits{}.unpacked);
}

Result<Json> container_body(const Site& site, const ContainerSubmission& submission) {
  MEDPERF_TRY(Json config, read_own_document(submission.config));
  // As it was written first: what is put in below must not hide a mistake.
  auto written = wire::read_container_config(config);
  if (!written.ok()) return std::move(written).error().at(submission.config.string());
  MEDPERF_CHECK(put_image_url(config, submission.image_url));
  auto readable = wire::read_container_config(config);
  if (!readable.ok()) return std::move(readable).error().at(submission.config.string());
  MEDPERF_TRY(std::string url, download_url(submission.image_url));
  Json parameters;
  if (!submission.parameters.empty()) {
    MEDPERF_TRY(parameters, read_own_document(submission.parameters));
    if (parameters.is_null()) parameters = Json::object();
  }
  std::string additional_hash;
  if (!submission.additional_url.empty()) {
    MEDPERF_TRY(FileDigest digest, crypto::digest_file(submission.additional_archive));
    additional_hash = digest.hex();
  }
  MEDPERF_TRY(OwnArchive archive,
              read_archive_of(site, submission, wire::is_encrypted(written->type)));
  // The platform, so that a site sees before the download that the image is not for it.
  Json ours = Json::object({{"image_id", archive.image.image.prefixed()},
                            {"platform", archive.image.os + "/" + archive.image.architecture}});
  if (!submission.signature.empty()) {
    MEDPERF_TRY(Json envelope, read_own_document(submission.signature));
    auto fits = check_subject(envelope, archive.image.image, archive.digest);
    if (!fits.ok()) return std::move(fits).error().at(submission.signature.string());
    ours.set("signatures", Json::array({std::move(envelope)}));
  }
  return Json::object({{"name", submission.name},
                       {"container_config", std::move(config)},
                       {"parameters_config", std::move(parameters)},
                       {"image_hash", archive.digest.hex()},
                       {"additional_files_tarball_url", submission.additional_url},
                       {"additional_files_tarball_hash", additional_hash},
                       {"state", submission.operational ? "OPERATION" : "DEVELOPMENT"},
                       {"metadata", Json::object({{"medperf", std::move(ours)}})}});
}

/// Names the closed group in a body, once the hub has shown it: a hub without closed groups would
/// ignore the key, and everybody would see the object.
Status set_closed_group(Hub& hub, Json& body, std::int64_t group) {
  if (group == 0) return {};
  MEDPERF_CHECK(hub.get(paths::closed_group(group)));
  body.set("closed_group", group);
  return {};
}

std::string seen_by(std::int64_t group) {
  if (group == 0) return "everyone signed in to the hub can see it; the image stays with you";
  return fmt::format("those inside closed group {} can see it; the image stays with you", group);
}

/// The caller's entity of this name, if it is the same in these keys.
Result<std::optional<Registration>> find_same(const std::vector<Json>& mine, const Json& body,
                                              std::span<const std::string_view> keys) {
  for (const Json& row : mine) {
    if (row.get_string("name") != body.get_string("name")) continue;
    if (row.get_int("closed_group") != body.get_int("closed_group")) continue;
    std::string different;
    for (std::string_view key : keys) {
      const Json* have = row.find(key);
      const Json* want = body.find(key);
      const bool same = have != nullptr && want != nullptr ? *have == *want : have == want;
      if (!same) different += (different.empty() ? "" : ", ") + std::string(key);
    }
    if (different.empty()) return std::optional<Registration>({row.get_int("id"), true});
    return make_error(ErrorKind::kConflict, "'" + body.get_string("name") + "'",
                      "is registered with another content; different: " + different,
                      "register it under another name");
  }
  return std::optional<Registration>();
}

/// The caller's model of this name, if what it wraps is the same; `part` says which of the two.
Result<std::optional<Registration>> find_same_model(Hub& hub, const Json& body,
                                                    std::string_view part) {
  const auto entity = part == "asset" ? domain::Entity::kAsset : domain::Entity::kContainer;
  MEDPERF_TRY(const std::vector<Json> models, hub.list(paths::my_models()));
  for (const Json& model : models) {
    const Json* inner = model.find(part);
    if (model.get_string("name") != body.get_string("name") || inner == nullptr) continue;
    Json row = *inner;
    row.set("name", model.get_string("name"));
    row.set("closed_group", model.get_int("closed_group"));
    MEDPERF_TRY(std::optional<Registration> same,
                find_same({row}, *body.find(part), domain::content_fields(entity)));
    if (same) return std::optional<Registration>({model.get_int("id"), true});
  }
  return std::optional<Registration>();
}

/// Unpacks what a hospital will unpack, so that what it would refuse is not registered.
Status try_unpacking(Site& site, const fs::path& archive, const FileDigest& digest) {
  MEDPERF_TRY(const Policy* policy, site.policy());
  const fs::path folder = site.workspace().model_files(digest).string() + ".tried";
  MEDPERF_CHECK(make_private_folder(folder.parent_path()));
  MEDPERF_CHECK(remove_tree(folder));
  auto unpacked = unpack(archive, folder, {policy->archive_limit, UnpackLimits().entries});
  MEDPERF_CHECK(remove_tree(folder));
  return unpacked;
}

Result<Json> asset_body(Site& site, const FilesSubmission& submission) {
  const bool served = submission.url != kUnservedAsset;
  if (served) {
    MEDPERF_TRY(std::string url, download_url(submission.url));
  }
  MEDPERF_TRY(const FileDigest digest, crypto::digest_file(submission.archive));
  MEDPERF_CHECK(try_unpacking(site, submission.archive, digest));
  // An archive that nobody serves is kept, so that its owner can test it here.
  if (!served)
    MEDPERF_CHECK(keep_copy(submission.archive, digest, site.workspace().model_archive(digest)));
  Json metadata = Json::object();
  if (!submission.signature.empty()) {
    MEDPERF_TRY(Json envelope, read_own_document(submission.signature));
    auto fits = check_files_subject(envelope, digest);
    if (!fits.ok()) return std::move(fits).error().at(submission.signature.string());
    metadata.set("medperf", Json::object({{"signatures", Json::array({std::move(envelope)})}}));
  }
  return Json::object({{"name", submission.name},
                       {"asset_hash", digest.hex()},
                       {"asset_url", submission.url},
                       {"state", submission.operational ? "OPERATION" : "DEVELOPMENT"},
                       {"metadata", std::move(metadata)}});
}

/// Shows, asks, posts, records.
Result<Registration> post_registration(Site& site, const std::string& what, const Path<kPost>& path,
                                       const Json& body, const std::string& effect) {
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(FileLock lock, site.workspace().lock("register"));
  MEDPERF_TRY(Journal journal,
              Journal::open(site.workspace().journal_file("register"), site.clock()));
  const std::string title = fmt::format("Register {} '{}'", what, body.get_string("name"));
  MEDPERF_TRY(Json yes, decide(site, journal, "approve-" + what, body,
                               send_question(title, body, hub->url(), effect)));
  MEDPERF_TRY(Json answer, hub->post(path, body, step_key(path.text, body).hex()));
  const std::int64_t id = answer.get_int("id");
  MEDPERF_CHECK(
      site.record("upload", Json::object({{"what", what + " registration"}, {"id", id}})));
  return Registration{id, false};
}

/// The documents of a benchmark as metadata.medperf, each checked as its readers will.
Result<Json> benchmark_metadata(const BenchmarkSubmission& submission,
                                const wire::BenchmarkSpecification& specification) {
  const fs::path folder = submission.specification.parent_path();
  Json ours = Json::object({{"specification", specification.document}});
  MEDPERF_TRY(
      std::string schema_text,
      read_file_beneath(folder.empty() ? "." : folder, specification.result_schema, mebibytes(1)));
  auto schema = parse_json(schema_text);
  if (!schema.ok()) return std::move(schema).error().at(specification.result_schema);
  auto checked = result::ResultSchema::parse(*schema);
  if (!checked.ok()) return std::move(checked).error().at(specification.result_schema);
  ours.set("result_schema", std::move(*schema));
  MEDPERF_TRY(Json release, read_own_document(folder / specification.release_policy));
  auto policy = wire::read_release_policy(release);
  if (!policy.ok()) return std::move(policy).error().at(specification.release_policy);
  ours.set("release_policy", std::move(release));
  return Json::object({{"medperf", std::move(ours)}});
}

/// What the compatibility test needs, before the benchmark exists on the hub.
Result<CompatibilityTest> test_of(Site& site, const BenchmarkSubmission& submission,
                                  const Json& body) {
  MEDPERF_TRY(Hub * hub, site.hub());
  CompatibilityTest test;
  test.benchmark.name = body.get_string("name");
  test.benchmark.metadata = *body.find("metadata");
  test.benchmark.demo_url = submission.demo_url;
  test.benchmark.demo_hash = body.get_string("demo_dataset_tarball_hash");
  test.benchmark.preparator = submission.preparator;
  test.benchmark.evaluator = submission.evaluator;
  test.benchmark.reference_model = submission.reference_model;
  MEDPERF_TRY(test.preparator, hub->container(submission.preparator));
  MEDPERF_TRY(test.evaluator, hub->container(submission.evaluator));
  MEDPERF_TRY(test.model, hub->model(submission.reference_model));
  return test;
}

/// A model of `type` and what it wraps, which goes to the hub with it as its `part`.
Result<Registration> register_model(Site& site, const std::string& name, std::string_view type,
                                    const std::string& part, Json wrapped,
                                    std::int64_t closed_group) {
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_CHECK(set_closed_group(*hub, wrapped, closed_group));
  Json body = Json::object({{"name", name},
                            {"type", type},
                            {"container", Json()},
                            {"asset", Json()},
                            {"state", wrapped.get_string("state")}});
  body.set(part, std::move(wrapped));
  MEDPERF_CHECK(set_closed_group(*hub, body, closed_group));
  MEDPERF_TRY(std::optional<Registration> same, find_same_model(*hub, body, part));
  if (same) return *same;
  return post_registration(site, "model", paths::models(), body, seen_by(closed_group));
}

}  // namespace

Result<SignedArchive> sign_archive(const Site& site, const fs::path& archive) {
  MEDPERF_TRY(const crypto::SigningKey key, load_site_key(site));
  MEDPERF_TRY(const OwnArchive facts, read_own_archive(archive));
  return SignedArchive{sign_image(facts.image.image, facts.digest, key), key.verify_key().base64()};
}

Result<SignedArchive> sign_files_archive(Site& site, const fs::path& archive) {
  MEDPERF_TRY(const crypto::SigningKey key, load_site_key(site));
  MEDPERF_TRY(const FileDigest digest, crypto::digest_file(archive));
  MEDPERF_CHECK(try_unpacking(site, archive, digest));
  return SignedArchive{sign_files(digest, key), key.verify_key().base64()};
}

Result<Registration> submit_container(Site& site, const ContainerSubmission& submission) {
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(Json body, container_body(site, submission));
  MEDPERF_CHECK(set_closed_group(*hub, body, submission.closed_group));
  MEDPERF_TRY(std::vector<Json> mine, hub->list(paths::my_containers()));
  MEDPERF_TRY(std::optional<Registration> same,
              find_same(mine, body, domain::content_fields(domain::Entity::kContainer)));
  if (same) return *same;
  return post_registration(site, "container", paths::containers(), body,
                           seen_by(submission.closed_group));
}

Result<Registration> submit_model(Site& site, const ContainerSubmission& submission) {
  MEDPERF_TRY(Json container, container_body(site, submission));
  return register_model(site, submission.name, domain::kContainerModel, "container",
                        std::move(container), submission.closed_group);
}

Result<Registration> submit_model_files(Site& site, const FilesSubmission& submission) {
  MEDPERF_TRY(Json asset, asset_body(site, submission));
  return register_model(site, submission.name, domain::kAssetModel, "asset", std::move(asset),
                        submission.closed_group);
}

Result<Registration> submit_benchmark(Site& site, const BenchmarkSubmission& submission) {
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(Json document, read_own_document(submission.specification));
  if (!submission.source_archive.empty()) {
    MEDPERF_TRY(const FileDigest source, crypto::digest_file(submission.source_archive));
    document.set("source", Json::object({{"url", submission.source_url}, {"hash", source.hex()}}));
  }
  auto specification = wire::read_benchmark_specification(document);
  if (!specification.ok()) {
    return std::move(specification).error().at(submission.specification.string());
  }
  MEDPERF_TRY(Json metadata, benchmark_metadata(submission, *specification));
  MEDPERF_TRY(FileDigest demo, crypto::digest_file(submission.demo_archive));
  Json body = Json::object({{"name", specification->name},
                            {"description", specification->description},
                            {"docs_url", specification->docs_url},
                            {"demo_dataset_tarball_url", submission.demo_url},
                            {"demo_dataset_tarball_hash", demo.hex()},
                            {"data_preparation_mlcube", submission.preparator.value},
                            {"reference_model", submission.reference_model.value},
                            {"data_evaluator_mlcube", submission.evaluator.value},
                            {"state", submission.operational ? "OPERATION" : "DEVELOPMENT"},
                            {"metadata", std::move(metadata)}});
  MEDPERF_CHECK(set_closed_group(*hub, body, submission.closed_group));
  MEDPERF_TRY(std::vector<Json> mine, hub->list(paths::my_benchmarks()));
  MEDPERF_TRY(std::optional<Registration> there,
              find_same(mine, body, domain::content_fields(domain::Entity::kBenchmark)));
  if (there) return *there;
  MEDPERF_TRY(CompatibilityTest test, test_of(site, submission, body));
  MEDPERF_TRY(CompatibilityReport report, test_compatibility(site, test));
  body.set("demo_dataset_generated_uid", report.demo_uid.hex());
  body.find("metadata")->set("results", report.results);
  // Sites say by it how long the reference model and the evaluation will take.
  if (!report.figures.is_null())
    body.find("metadata")->find("medperf")->set("demo_run", report.figures);
  if (!report.evaluation_figures.is_null())
    body.find("metadata")->find("medperf")->set("demo_evaluation", report.evaluation_figures);
  return post_registration(site, "benchmark", paths::benchmarks(), body,
                           "it waits for the platform's approval");
}

Result<Registration> decide_benchmark(Site& site, BenchmarkId id, bool approve) {
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(Benchmark benchmark, hub->benchmark(id));
  const std::string wanted = approve ? "APPROVED" : "REJECTED";
  if (benchmark.approval_status == wanted) return Registration{id.value, true};
  Question question;
  question.title =
      fmt::format("{} benchmark {} '{}'", approve ? "Approve" : "Reject", id.value, benchmark.name);
  question.text = fmt::format(
      "  what       {}\n  containers preparation {}, evaluation {}; reference model {}\n"
      "  owner      user {}\n  if yes     it becomes {}\n",
      benchmark.description, benchmark.preparator.value, benchmark.evaluator.value,
      benchmark.reference_model.value, benchmark.owner.value, wanted);
  question.prompt = approve ? "Approve it?" : "Reject it?";
  const Answer answer = site.ask(question);
  MEDPERF_CHECK(
      site.record("decision", Json::object({{"about", question.title},
                                            {"answer", answer == Answer::kYes ? "yes" : "no"}})));
  if (answer != Answer::kYes) {
    return make_error(ErrorKind::kRefused, question.title, "declined; nothing was sent");
  }
  MEDPERF_TRY(Json done,
              hub->put(paths::benchmark(id), Json::object({{"approval_status", wanted}})));
  return Registration{id.value, false};
}

}  // namespace medperf::site
