#include "site/flows/submit.h"

#include <utility>

#include <fmt/format.h>
#include "crypto/dsse.h"
#include "crypto/sha256.h"
#include "result/statement.h"
#include "site/flows/decision.h"
#include "site/flows/script.h"
#include "site/review/texts.h"

namespace medperf::site {
namespace {

std::string title_of(const Evaluation& evaluation, const Dataset& dataset) {
  return fmt::format("Result of model {} '{}' on dataset {} '{}' for benchmark {} '{}'",
                     evaluation.model.id.value, evaluation.model.name, dataset.id.value,
                     dataset.name, evaluation.benchmark.id.value, evaluation.benchmark.name);
}

result::ContainerUse use_of(const Admitted& admitted, std::string_view role) {
  result::ContainerUse use;
  use.container = admitted.container.id.value;
  use.role = std::string(role);
  // Of an image from a registry the hub knows the manifest; the archive was made here.
  if (admitted.config.type != wire::ContainerType::kDockerImage) use.archive = admitted.archive;
  use.image = admitted.image.image;
  use.parameters_digest = admitted.parameters_digest();
  return use;
}

Result<result::Statement> make_statement(Site& site, const Evaluation& evaluation,
                                         const Dataset& dataset, const LocalResult& local,
                                         const Json& decision) {
  MEDPERF_TRY(const Policy* policy, site.policy());
  result::Statement statement;
  statement.benchmark = evaluation.benchmark.id.value;
  statement.dataset = dataset.id.value;
  statement.model = evaluation.model.id.value;
  statement.hub = site.hub_unsigned().url();
  MEDPERF_TRY(statement.dataset_uid, FolderUid::parse(dataset.generated_uid));
  statement.dataset_digest = evaluation.data.digest;
  if (evaluation.files) {
    statement.model_files =
        result::ModelFilesUse{evaluation.files->asset.id.value, evaluation.files->archive};
  } else {
    statement.containers.push_back(use_of(evaluation.model_image, "model"));
  }
  statement.containers.push_back(use_of(evaluation.evaluator, "evaluator"));
  statement.envelope_digest = crypto::sha256_hex(local.envelope.canonical);
  statement.result_schema_digest = local.schema_digest;
  statement.policy = policy->digest;
  statement.approver = decision.get_string("by");
  MEDPERF_TRY(statement.approved_at, parse_iso8601(decision.get_string("at")));
  statement.run_at = local.run_at;
  statement.software = "medperf " MEDPERF_VERSION;
  return statement;
}

/// Whether the hub's row is finalised with exactly this envelope.
Result<bool> hub_holds(Site& site, ResultId row, const result::Envelope& envelope) {
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(Json answer, hub->get(paths::result(row)));
  MEDPERF_TRY(ResultRow stored, result_row_from(answer));
  return stored.finalized && to_canonical(stored.results) == envelope.canonical;
}

Json submission_body(const LocalResult& local, const Json& statement) {
  Json metadata = Json::object();
  if (!statement.is_null()) metadata.set("medperf", Json::object({{"statement", statement}}));
  const Json finished = Json::object({{"execution_status", "finished"}});
  return Json::object({{"results", local.envelope.document},
                       {"metadata", std::move(metadata)},
                       {"model_report", finished},
                       {"evaluation_report", finished}});
}

Result<Json> send(Site& site, const Evaluation& evaluation, const LocalResult& local, ResultId row,
                  const Json& statement) {
  MEDPERF_TRY(Hub * hub, site.hub());
  auto answer = hub->put(paths::result(row), submission_body(local, statement));
  if (!answer.ok()) {
    if (answer.error().kind != ErrorKind::kInvalid) return answer;
    // The answer of an earlier try may have been lost: then the row is finalised with these bytes.
    MEDPERF_TRY(bool there, hub_holds(site, row, local.envelope));
    if (!there) return answer;
  }
  MEDPERF_CHECK(site.record(
      "upload", Json::object({{"what", "result"},
                              {"subject", evaluation.subject},
                              {"result", row.value},
                              {"envelope_sha256", crypto::sha256_hex(local.envelope.canonical)}})));
  return Json::object({{"result", row.value}});
}

}  // namespace

Result<ResultId> register_run(Site& site, Journal& journal, const Evaluation& evaluation,
                              DatasetId dataset) {
  const Json body = Json::object({{"name", fmt::format("b{}m{}d{}", evaluation.benchmark.id.value,
                                                       evaluation.model.id.value, dataset.value)},
                                  {"benchmark", evaluation.benchmark.id.value},
                                  {"model", evaluation.model.id.value},
                                  {"dataset", dataset.value}});
  MEDPERF_TRY(Json noted, run_step(journal, "register", body, [&]() -> Result<Json> {
                MEDPERF_TRY(Hub * hub, site.hub());
                MEDPERF_TRY(std::vector<ResultRow> rows, hub->my_results());
                for (const ResultRow& row : rows) {
                  if (!row.finalized && row.benchmark == evaluation.benchmark.id &&
                      row.model == evaluation.model.id && row.dataset == dataset) {
                    return Json::object({{"result", row.id.value}});
                  }
                }
                MEDPERF_TRY(Json answer,
                            hub->post(paths::results(), body, step_key("register", body).hex()));
                MEDPERF_TRY(ResultRow row, result_row_from(answer));
                return Json::object({{"result", row.id.value}});
              }));
  return ResultId{noted.get_int("result")};
}

Result<Submission> submit_result(Site& site, Journal& journal, const Evaluation& evaluation,
                                 const Dataset& dataset, const LocalResult& local, ResultId row) {
  const std::string envelope_digest = crypto::sha256_hex(local.envelope.canonical);
  const Json subject = Json::object({{"hub", site.hub_unsigned().url()},
                                     {"result", row.value},
                                     {"envelope", envelope_digest},
                                     {"dataset", evaluation.data.digest.hex()}});
  const std::string with =
      local.has_schema
          ? "a statement signed with this site's key: dataset digest, container digests, "
            "policy digest, your name and the times of run and approval"
          : "no statement: the benchmark declares no result schema";
  MEDPERF_TRY(Json decision, decide(site, journal, "approve-upload", subject,
                                    upload_question(title_of(evaluation, dataset), local.envelope,
                                                    site.hub_unsigned().url(), with),
                                    No::kNoted));
  Json statement;
  if (local.has_schema) {
    MEDPERF_TRY(Json signed_now, run_step(journal, "statement", subject, [&]() -> Result<Json> {
                  MEDPERF_TRY(result::Statement made,
                              make_statement(site, evaluation, dataset, local, decision));
                  MEDPERF_TRY(crypto::SigningKey key, load_site_key(site));
                  Json dsse = result::sign_statement(made, key);
                  MEDPERF_CHECK(write_file_atomically(evaluation.folder / "statement.dsse.json",
                                                      to_canonical(dsse)));
                  return dsse;
                }));
    statement = std::move(signed_now);
  }
  Submission out{row, false};
  MEDPERF_TRY(Json sent,
              run_step(
                  journal, "submit", subject,
                  [&] { return send(site, evaluation, local, row, statement); }, &out.sent_now));
  return out;
}

Status report_failure(Site& site, Journal& journal, ResultId row, const Error& error) {
  const bool in_evaluation = error.where.find("evaluate") != std::string::npos ||
                             error.where.find(kScriptTask) != std::string::npos ||
                             error.where.find("results") != std::string::npos;
  const std::string field = in_evaluation ? "evaluation_report" : "model_report";
  const Json body = Json::object({{field, Json::object({{"execution_status", "failed"}})}});
  auto told =
      run_step(journal, "report-failure", Json::object({{"result", row.value}, {"body", body}}),
               [&]() -> Result<Json> {
                 MEDPERF_TRY(Hub * hub, site.hub());
                 MEDPERF_TRY(Json answer, hub->put(paths::result(row), body));
                 return Json::object();
               });
  if (!told.ok()) return std::move(told).error();
  return {};
}

Result<crypto::SigningKey> load_site_key(const Site& site) {
  const fs::path file = site.workspace().key_file();
  if (!fs::exists(file)) {
    return make_error(ErrorKind::kNotFound, file.string(), "this site has no signing key",
                      "sign in with 'medperf auth login', which makes and registers one");
  }
  return crypto::SigningKey::load(file);
}

Result<bool> register_site_key(Site& site) {
  const fs::path file = site.workspace().key_file();
  if (!fs::exists(file)) MEDPERF_CHECK(crypto::SigningKey::generate().save_new(file));
  MEDPERF_TRY(crypto::SigningKey key, load_site_key(site));
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(std::optional<Json> known, hub->get_if_there(paths::my_keys()));
  if (!known) return false;
  const std::string key_id = key.verify_key().key_id();
  const Json* rows = known->is_array() ? &*known : known->find("results");
  if (rows != nullptr && rows->is_array()) {
    for (const Json& row : rows->items()) {
      if (row.get_string("key_id") == key_id && row.get_bool("is_valid", true)) return true;
    }
  }
  const Json body =
      Json::object({{"public_key", key.verify_key().base64()}, {"algorithm", "ed25519"}});
  auto answer = hub->post(paths::my_keys(), body, step_key("register-key", body).hex());
  if (!answer.ok() && answer.error().kind == ErrorKind::kConflict) {
    Error error = std::move(answer).error();
    error.advice = "use the workspace whose key is registered for this account";
    return error;
  }
  if (!answer.ok()) return std::move(answer).error();
  MEDPERF_CHECK(site.record("upload", Json::object({{"what", "public key"}, {"key_id", key_id}})));
  return true;
}

}  // namespace medperf::site
