#include "site/flows/evaluate.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include "base/yaml.h"
#include "crypto/sha256.h"
#include "site/dataset/hashes.h"
#include "site/flows/decision.h"
#include "site/flows/task.h"
#include "site/review/texts.h"

namespace medperf::site {
namespace {

/// Makes what a container wrote durable, so that a noted step's output survives a power cut.
Status sync_tree(const fs::path& folder, const std::vector<fs::path>& files) {
  for (const fs::path& file : files) {
    MEDPERF_TRY(FileHandle handle, open_beneath(folder, file));
    if (::fsync(handle.get()) != 0) {
      return make_error(ErrorKind::kUnavailable, file.string(),
                        std::string("the file cannot be synced: ") + std::strerror(errno));
    }
  }
  const FileHandle handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle.is_open()) ::fsync(handle.get());
  return {};
}

/// Puts a finished folder in the place of an earlier one.
Status replace_folder(const fs::path& from, const fs::path& to) {
  MEDPERF_CHECK(remove_tree(to));
  if (::rename(from.c_str(), to.c_str()) == 0) return {};
  return make_error(ErrorKind::kUnavailable, to.string(),
                    std::string("the folder cannot be put in place: ") + std::strerror(errno));
}

Result<DatasetDigest> predictions_digest(const fs::path& folder) {
  MEDPERF_TRY(Manifest manifest, hash_dataset({{"predictions", folder}}));
  return manifest.dataset_digest();
}

Result<Json> infer(Site& site, const Evaluation& evaluation) {
  const fs::path beside = evaluation.folder / "predictions.part";
  MEDPERF_CHECK(remove_tree(beside));
  MEDPERF_CHECK(make_private_folder(beside));
  const Timestamp run_at = site.clock().now();
  TaskRequest request;
  request.container = &evaluation.model_image;
  request.task = "infer";
  request.paths = {{"data_path", evaluation.data.data.string()}, {"output_path", beside.string()}};
  request.log_file = evaluation.folder / "logs" / "infer.log";
  request.subject = evaluation.subject;
  request.asked = limits_asked(evaluation.benchmark, request.task);
  MEDPERF_CHECK(run_task(site, request));
  MEDPERF_TRY(std::vector<fs::path> files, list_files(beside));
  MEDPERF_CHECK(sync_tree(beside, files));
  MEDPERF_TRY(DatasetDigest digest, predictions_digest(beside));
  MEDPERF_CHECK(replace_folder(beside, evaluation.folder / "predictions"));
  return Json::object({{"predictions", digest.hex()}, {"run_at", to_iso8601(run_at)}});
}

Result<Json> evaluate(Site& site, const Evaluation& evaluation, const std::string& predictions) {
  const fs::path given = evaluation.folder / "predictions";
  MEDPERF_TRY(DatasetDigest found, predictions_digest(given));
  if (found.hex() != predictions) {
    return make_error(ErrorKind::kCorrupt, given.string(),
                      "the predictions were changed after the model wrote them",
                      "run the command with --again to make them anew");
  }
  const fs::path beside = evaluation.folder / "evaluation.part";
  MEDPERF_CHECK(remove_tree(beside));
  MEDPERF_CHECK(make_private_folder(beside / "results"));
  TaskRequest request;
  request.container = &evaluation.evaluator;
  request.task = "evaluate";
  request.paths = {{"predictions", given.string()},
                   {"labels", evaluation.data.labels.string()},
                   {"output_path", (beside / "results" / "results.yaml").string()},
                   {"local_outputs_path", (beside / "local_outputs").string()}};
  request.log_file = evaluation.folder / "logs" / "evaluate.log";
  request.subject = evaluation.subject;
  request.asked = limits_asked(evaluation.benchmark, request.task);
  MEDPERF_CHECK(run_task(site, request));
  MEDPERF_TRY(Json results,
              read_container_yaml(site, beside / "results", "results.yaml", "results.yaml"));
  MEDPERF_CHECK(replace_folder(beside, evaluation.folder / "evaluation"));
  MEDPERF_CHECK(write_copy(evaluation.folder / "results.yaml", to_yaml(results)));
  return Json::object({{"results", results}});
}

Result<result::Envelope> wrap(const std::optional<result::ResultSchema>& schema,
                              const Json& results) {
  if (schema) return result::make_envelope(*schema, results);
  result::Envelope plain;
  plain.document = results;
  plain.canonical = to_canonical(results);
  return plain;
}

/// The envelope, or the refusal noted and recorded once.
Result<result::Envelope> seal(Site& site, Journal& journal, const Evaluation& evaluation,
                              const std::optional<result::ResultSchema>& schema,
                              const std::string& schema_digest, const Json& results) {
  auto envelope = wrap(schema, results);
  const Json inputs = Json::object(
      {{"results", crypto::sha256_hex(to_canonical(results))}, {"schema", schema_digest}});
  MEDPERF_TRY(
      Json noted, run_step_once(journal, "envelope", inputs, [&]() -> Result<Json> {
        if (!envelope.ok()) {
          Error error = envelope.error();
          Json::Array reasons;
          for (const FieldError& field : error.fields) {
            reasons.push_back(Json::object({{"path", field.field}, {"reason", field.message}}));
          }
          MEDPERF_CHECK(
              site.record("refusal", Json::object({{"what", "results"},
                                                   {"subject", evaluation.subject},
                                                   {"reasons", Json(std::move(reasons))}})));
          return std::move(error).at("results of " + evaluation.subject);
        }
        MEDPERF_CHECK(
            write_file_atomically(evaluation.folder / "envelope.json", envelope->canonical));
        return Json::object({{"sha256", crypto::sha256_hex(envelope->canonical)}});
      }));
  if (!envelope.ok()) return envelope;
  if (noted.get_string("sha256") != crypto::sha256_hex(envelope->canonical)) {
    return make_error(ErrorKind::kCorrupt, evaluation.subject,
                      "the envelope is not the one noted for these results",
                      "run the command with --again");
  }
  return envelope;
}

}  // namespace

Result<std::optional<result::ResultSchema>> result_schema_of(const Benchmark& benchmark) {
  const Json* document = benchmark.medperf("result_schema");
  if (document == nullptr) return std::optional<result::ResultSchema>();
  auto schema = result::ResultSchema::parse(*document);
  if (!schema.ok()) return std::move(schema).error().at("result schema of the benchmark");
  return std::optional<result::ResultSchema>(std::move(*schema));
}

Status approve_container(Site& site, Journal& journal, std::string_view step,
                         const std::string& role, const Admitted& admitted,
                         const std::string& on_what, const std::string& effect,
                         const DatasetDigest& data, No no) {
  MEDPERF_TRY(const Policy* policy, site.policy());
  const Json inputs = Json::object(
      {{"container", admitted.identity()}, {"data", data.hex()}, {"policy", policy->digest.hex()}});
  if (policy->publisher_allowed(admitted.container.owner)) {
    auto allowed = run_step(journal, step, inputs, [&]() -> Result<Json> {
      MEDPERF_CHECK(
          site.record("decision", Json::object({{"step", step},
                                                {"answer", "yes"},
                                                {"rule", "run.allowed_publishers"},
                                                {"container", admitted.container.id.value}})));
      return Json::object({{"answer", "yes"}, {"by", "policy"}});
    });
    if (!allowed.ok()) return std::move(allowed).error();
    return {};
  }
  RunRequest request{role, admitted.container, admitted.image, admitted.findings, on_what, effect};
  auto decision = decide(site, journal, step, inputs, run_question(request, *policy), no);
  if (!decision.ok()) return std::move(decision).error();
  return {};
}

Result<LocalResult> evaluate_locally(Site& site, Journal& journal, const Evaluation& evaluation) {
  MEDPERF_TRY(std::optional<result::ResultSchema> schema, result_schema_of(evaluation.benchmark));
  MEDPERF_TRY(const Policy* policy, site.policy());
  MEDPERF_CHECK(make_private_folder(evaluation.folder));
  LocalResult out;
  out.has_schema = schema.has_value();
  if (schema) out.schema_digest = crypto::sha256_hex(to_canonical(schema->document()));

  const Json model = evaluation.model_image.identity();
  const std::string policy_digest = policy->digest.hex();
  bool inferred = false;
  MEDPERF_TRY(Json predictions, run_step_once(
                                    journal, "infer",
                                    Json::object({{"model", model},
                                                  {"data", evaluation.data.digest.hex()},
                                                  {"policy", policy_digest}}),
                                    [&] { return infer(site, evaluation); }, &inferred));
  bool evaluated = false;
  const std::string digest = predictions.get_string("predictions");
  MEDPERF_TRY(Json evaluated_results,
              run_step_once(
                  journal, "evaluate",
                  Json::object({{"evaluator", evaluation.evaluator.identity()},
                                {"predictions", digest},
                                {"data", evaluation.data.digest.hex()},
                                {"policy", policy_digest}}),
                  [&] { return evaluate(site, evaluation, digest); }, &evaluated));
  const Json* results = evaluated_results.find("results");
  if (results == nullptr) {
    return make_error(ErrorKind::kCorrupt, evaluation.subject, "the journal lacks the results",
                      "run the command with --again");
  }
  MEDPERF_TRY(out.run_at, parse_iso8601(predictions.get_string("run_at")));
  MEDPERF_TRY(out.envelope, seal(site, journal, evaluation, schema, out.schema_digest, *results));
  out.ran = inferred || evaluated;
  return out;
}

}  // namespace medperf::site
