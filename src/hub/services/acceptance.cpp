#include "hub/services/acceptance.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "crypto/dsse.h"
#include "crypto/sha256.h"
#include "domain/messages.h"
#include "domain/names.h"
#include "hub/store/repository.h"
#include "result/envelope.h"
#include "result/statement.h"
#include "wire/container_config.h"

namespace medperf::hub {

using domain::Entity;
using domain::Record;

namespace {

/// Everything that a statement must agree with.
struct Facts {
  Record benchmark{Entity::kBenchmark};
  Record dataset{Entity::kDataset};
  Record model{Entity::kModel};
  Record evaluator{Entity::kContainer};
  std::optional<Record> model_container;
  std::string envelope_digest;
  std::string schema_digest;
};

class Reasons {
 public:
  explicit Reasons(std::string_view field) : field_(field) {}
  void require(bool holds, std::string message) {
    if (!holds) list_.push_back({field_, std::move(message)});
  }
  void add(std::string message) { require(false, std::move(message)); }
  Status status() && {
    if (list_.empty()) return {};
    return domain::field_errors(std::move(list_));
  }

 private:
  std::string field_;
  std::vector<FieldError> list_;
};

Result<Facts> load_facts(const Context& context, const Record& row) {
  Facts facts;
  const Repository containers(Entity::kContainer);
  MEDPERF_TRY(facts.benchmark,
              Repository(Entity::kBenchmark).get(context.session, row.integer("benchmark")));
  MEDPERF_TRY(facts.dataset,
              Repository(Entity::kDataset).get(context.session, row.integer("dataset")));
  MEDPERF_TRY(facts.model, Repository(Entity::kModel).get(context.session, row.integer("model")));
  MEDPERF_TRY(facts.evaluator,
              containers.get(context.session, facts.benchmark.integer("data_evaluator_mlcube")));
  if (!facts.model.is_null("container")) {
    MEDPERF_TRY(auto container, containers.get(context.session, facts.model.integer("container")));
    facts.model_container = std::move(container);
  }
  return facts;
}

/// The error of check_envelope as messages under "results".
Error as_results_error(const Error& error) {
  std::vector<FieldError> fields;
  for (const auto& field : error.fields) {
    fields.push_back({"results", field.field + ": " + field.message});
  }
  if (fields.empty()) fields.push_back({"results", error.text()});
  return domain::field_errors(std::move(fields));
}

/// The statement, its signature checked by the registered key of the dataset's owner.
Result<result::Statement> read_statement(const Context& context, const Record& dataset,
                                         const Json* dsse) {
  if (dsse == nullptr) {
    return domain::field_error(
        "metadata",
        "medperf.statement is missing: this benchmark accepts signed results "
        "only.");
  }
  auto key_id = crypto::dsse_key_id(*dsse);
  if (!key_id.ok()) return domain::field_error("metadata", key_id.error().text());
  MEDPERF_TRY(auto row,
              Repository(Entity::kSiteKey).find_where(context.session, "key_id = ?", {*key_id}));
  if (!row || row->owner() != dataset.owner() || !row->boolean(domain::kIsValid)) {
    return domain::field_error("metadata",
                               "The statement is not signed by the valid registered key "
                               "of the dataset's owner.");
  }
  MEDPERF_TRY(auto key, crypto::VerifyKey::from_base64(row->text("public_key")));
  auto statement = result::verify_statement(*dsse, key);
  if (!statement.ok()) return domain::field_error("metadata", statement.error().text());
  context.notes.set("key_id", *key_id);
  return statement;
}

std::string without_slash(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  return text;
}

/// SHA-256 of a container's parameters; empty when it has none.
std::string parameters_digest(const Record& container) {
  const Json parameters = container.json("parameters_config");
  if (parameters.is_null() || (parameters.is_object() && parameters.members().empty())) return {};
  return crypto::sha256_hex(to_canonical(parameters));
}

void check_container(const result::Statement& statement, std::string_view role,
                     const Record& container, Reasons& reasons) {
  const auto used = std::find_if(statement.containers.begin(), statement.containers.end(),
                                 [role](const auto& use) { return use.role == role; });
  const std::string who = "The statement's " + std::string(role);
  if (used == statement.containers.end()) {
    reasons.add(who + " is missing.");
    return;
  }
  reasons.require(used->container == container.id(), who + " is another container.");
  // image_hash is the digest of the archive's bytes, but for images of a registry.
  const auto config = wire::read_container_config(container.json("container_config"));
  const bool from_registry = config.ok() && config->type == wire::ContainerType::kDockerImage;
  reasons.require(from_registry || used->archive.hex() == container.text("image_hash"),
                  who + " ran an archive with another digest than the registered one.");
  const Json metadata = container.json(domain::kMetadata);
  const Json* image = metadata.find_path({"medperf", "image_id"});
  if (image != nullptr && image->is_string()) {
    const auto registered = ImageId::parse(image->as_string());
    reasons.require(registered.ok() && used->image == *registered,
                    who + " ran another image than the registered one.");
  }
  reasons.require(used->parameters_digest == parameters_digest(container),
                  who + " ran with other parameters than the registered ones.");
}

void check_dataset(const result::Statement& statement, const Record& dataset, Reasons& reasons) {
  reasons.require(statement.dataset == dataset.id(), "The statement is for another dataset.");
  reasons.require(statement.dataset_uid.hex() == dataset.text("generated_uid"),
                  "The statement's dataset uid is not the registered generated_uid.");
  const Json metadata = dataset.json("generated_metadata");
  const Json* digest = metadata.find_path({"medperf", "dataset_digest"});
  if (digest == nullptr || !digest->is_string()) return;
  const auto registered = DatasetDigest::parse(digest->as_string());
  reasons.require(registered.ok() && statement.dataset_digest == *registered,
                  "The statement's dataset digest is not the registered one.");
}

Status check_statement(const Context& context, const result::Statement& statement,
                       const Facts& facts) {
  Reasons reasons("metadata");
  reasons.require(statement.benchmark == facts.benchmark.id(),
                  "The statement is for another benchmark.");
  reasons.require(statement.model == facts.model.id(), "The statement is for another model.");
  const std::string& url = context.settings.public_url;
  reasons.require(url.empty() || without_slash(statement.hub) == without_slash(url),
                  "The statement is for another hub.");
  check_dataset(statement, facts.dataset, reasons);
  reasons.require(statement.envelope_digest == facts.envelope_digest,
                  "The statement is for another envelope than the one sent as results.");
  reasons.require(statement.result_schema_digest == facts.schema_digest,
                  "The statement names another result schema than the benchmark's.");
  if (facts.model_container) check_container(statement, "model", *facts.model_container, reasons);
  check_container(statement, "evaluator", facts.evaluator, reasons);
  return std::move(reasons).status();
}

}  // namespace

Result<Acceptance> accept_results(const Context& context, const Record& row) {
  MEDPERF_TRY(auto facts, load_facts(context, row));
  const Json benchmark_metadata = facts.benchmark.json(domain::kMetadata);
  const Json* schema_document = benchmark_metadata.find_path({"medperf", "result_schema"});
  if (schema_document == nullptr) return Acceptance{false};
  auto schema = result::ResultSchema::parse(*schema_document);
  if (!schema.ok()) {
    return domain::object_error("The benchmark's result schema is not usable: " +
                                schema.error().text());
  }
  const std::string canonical = to_canonical(row.json("results"));
  auto envelope = result::check_envelope(*schema, canonical);
  if (!envelope.ok()) return as_results_error(envelope.error());
  facts.envelope_digest = crypto::sha256_hex(canonical);
  facts.schema_digest = crypto::sha256_hex(to_canonical(*schema_document));

  const Json metadata = row.json(domain::kMetadata);
  MEDPERF_TRY(auto statement,
              read_statement(context, facts.dataset, metadata.find_path({"medperf", "statement"})));
  MEDPERF_CHECK(check_statement(context, statement, facts));
  context.notes.set("envelope_digest", facts.envelope_digest);
  return Acceptance{true};
}

}  // namespace medperf::hub
