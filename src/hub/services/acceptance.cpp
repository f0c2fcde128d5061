#include "hub/services/acceptance.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "crypto/dsse.h"
#include "crypto/sha256.h"
#include "domain/messages.h"
#include "domain/names.h"
#include "hub/store/lookups.h"
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
  std::optional<Record> model_asset;  ///< of a model given as files
  std::string envelope_digest;
  std::string schema_digest;
};

Result<Facts> load_facts(const Context& context, const Record& row) {
  Facts facts;
  const Repository containers(Entity::kContainer, context.sight());
  MEDPERF_TRY(facts.benchmark, Repository(Entity::kBenchmark, context.sight())
                                   .get(context.session, row.integer("benchmark")));
  MEDPERF_TRY(
      facts.dataset,
      Repository(Entity::kDataset, context.sight()).get(context.session, row.integer("dataset")));
  MEDPERF_TRY(
      facts.model,
      Repository(Entity::kModel, context.sight()).get(context.session, row.integer("model")));
  MEDPERF_TRY(facts.evaluator,
              containers.get(context.session, facts.benchmark.integer("data_evaluator_mlcube")));
  if (!facts.model.is_null("container")) {
    MEDPERF_TRY(auto container, containers.get(context.session, facts.model.integer("container")));
    facts.model_container = std::move(container);
  }
  if (!facts.model.is_null("asset")) {
    MEDPERF_TRY(auto asset, Repository(Entity::kAsset, context.sight())
                                .get(context.session, facts.model.integer("asset")));
    facts.model_asset = std::move(asset);
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
        "metadata", "medperf.statement is missing: this benchmark accepts signed results only.");
  }
  auto key_id = crypto::dsse_key_id(*dsse);
  if (!key_id.ok()) return domain::field_error("metadata", key_id.error().text());
  MEDPERF_TRY(auto row, find_key(context.session, context.sight(), *key_id));
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

/// The digest in a registered text; an error, when there is none to compare with.
template <typename Digest>
Result<Digest> registered_digest(std::string_view what, std::string_view text) {
  auto digest = Digest::parse(text);
  if (digest.ok()) return digest;
  return domain::object_error("No statement can be checked: the registered " + std::string(what) +
                              " is no SHA-256.");
}

Result<result::ContainerUse> registered_container(std::string_view role, const Record& container) {
  result::ContainerUse use;
  use.container = container.id();
  use.role = role;
  // image_hash is the digest of the archive's bytes, but for images of a registry.
  const auto config = wire::read_container_config(container.json("container_config"));
  if (!config.ok() || config->type != wire::ContainerType::kDockerImage) {
    MEDPERF_TRY(use.archive,
                registered_digest<FileDigest>("image_hash", container.text("image_hash")));
  }
  const Json metadata = container.json(domain::kMetadata);
  if (const Json* image = metadata.find_path({"medperf", "image_id"}); image != nullptr) {
    MEDPERF_TRY(use.image, registered_digest<ImageId>(
                               "image_id", image->is_string() ? image->as_string() : ""));
  }
  const Json parameters = container.json("parameters_config");
  if (!parameters.is_null()) use.parameters_digest = crypto::sha256_hex(to_canonical(parameters));
  return use;
}

Result<result::Registered> registered_facts(const Facts& facts) {
  result::Registered registered;
  registered.benchmark = facts.benchmark.id();
  registered.dataset = facts.dataset.id();
  registered.model = facts.model.id();
  registered.envelope_digest = facts.envelope_digest;
  registered.result_schema_digest = facts.schema_digest;
  MEDPERF_TRY(registered.dataset_uid,
              registered_digest<FolderUid>("generated_uid", facts.dataset.text("generated_uid")));
  const Json metadata = facts.dataset.json("generated_metadata");
  if (const Json* digest = metadata.find_path({"medperf", "dataset_digest"}); digest != nullptr) {
    MEDPERF_TRY(registered.dataset_digest,
                registered_digest<DatasetDigest>("dataset_digest",
                                                 digest->is_string() ? digest->as_string() : ""));
  }
  if (facts.model_container) {
    MEDPERF_TRY(auto model, registered_container("model", *facts.model_container));
    registered.containers.push_back(std::move(model));
  }
  if (facts.model_asset) {
    result::ModelFilesUse files{facts.model_asset->id(), {}};
    MEDPERF_TRY(files.archive,
                registered_digest<FileDigest>("asset_hash", facts.model_asset->text("asset_hash")));
    registered.model_files = files;
  }
  MEDPERF_TRY(auto evaluator, registered_container("evaluator", facts.evaluator));
  registered.containers.push_back(std::move(evaluator));
  return registered;
}

Status check_statement(const Context& context, const result::Statement& statement,
                       const Facts& facts) {
  MEDPERF_TRY(auto registered, registered_facts(facts));
  std::vector<FieldError> reasons;
  if (auto bound = result::check_binding(statement, registered); !bound.ok()) {
    for (const auto& field : bound.error().fields) {
      reasons.push_back({"metadata", "statement." + field.field + ": " + field.message});
    }
  }
  const std::string& url = context.settings.public_url;
  if (!url.empty() && without_slash(statement.hub) != without_slash(url)) {
    reasons.push_back({"metadata", "The statement is for another hub than " + url + "."});
  }
  if (!reasons.empty()) return domain::field_errors(std::move(reasons));
  return {};
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
