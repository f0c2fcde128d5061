#include "result/statement.h"

#include <algorithm>
#include <limits>

#include "base/encoding.h"
#include "crypto/dsse.h"
#include "crypto/sha256.h"
#include "domain/messages.h"

namespace medperf::result {
namespace {

constexpr std::string_view kSubjectName = "envelope.json";
constexpr std::size_t kLongestWord = 256;
constexpr std::size_t kMostContainers = 16;

void set_digest(Json& object, std::string_view key, const std::string& hex) {
  if (!hex.empty()) object.set(key, Json::object({{"sha256", hex}}));
}

Json container_json(const ContainerUse& use) {
  Json json = Json::object({{"container", use.container}, {"role", use.role}});
  set_digest(json, "archive", use.archive.hex());
  set_digest(json, "image", use.image.hex());
  set_digest(json, "parameters", use.parameters_digest);
  return json;
}

Error not_a_statement(std::string where, std::string what) {
  return make_error(ErrorKind::kInvalid, "statement." + std::move(where), std::move(what),
                    "Update the client or the hub, so that both know this version.");
}

// Reads the members of one object and knows which were read, so that nothing is overlooked.
class ObjectReader {
 public:
  static Result<ObjectReader> open(const Json* object, std::string place) {
    if (object == nullptr || !object->is_object()) {
      return not_a_statement(std::move(place), "An object is expected");
    }
    return ObjectReader(*object, std::move(place));
  }

  const Json* take(std::string_view key) {
    const Json* value = object_->find(key);
    if (value != nullptr) ++taken_;
    return value;
  }
  std::string place(std::string_view key) const { return place_ + "." + std::string(key); }

  Result<std::string> text(std::string_view key) {
    const Json* value = take(key);
    if (value == nullptr || !value->is_string() || value->as_string().empty() ||
        value->as_string().size() > kLongestWord) {
      return not_a_statement(place(key), "Text of at most 256 bytes is expected");
    }
    return value->as_string();
  }
  Status constant(std::string_view key, std::string_view expected) {
    MEDPERF_TRY(const std::string found, text(key));
    if (found == expected) return {};
    return not_a_statement(place(key), "Found '" + printable(found, 80) + "'; accepted is '" +
                                           std::string(expected) + "'");
  }
  Result<std::int64_t> id(std::string_view key) {
    const Json* value = take(key);
    if (value == nullptr || !value->is_int() || value->as_int() < 1) {
      return not_a_statement(place(key), "An id from the hub is expected");
    }
    return value->as_int();
  }
  Result<Timestamp> time(std::string_view key) {
    MEDPERF_TRY(const std::string found, text(key));
    auto parsed = parse_iso8601(found);
    if (!parsed.ok()) return not_a_statement(place(key), "An ISO-8601 time is expected");
    return parsed;
  }
  // {"sha256": hex}; a missing one is empty.
  Result<std::string> digest(std::string_view key) {
    const Json* value = take(key);
    if (value == nullptr) return std::string();
    const std::string hex = value->get_string("sha256");
    auto parsed = parse_sha256_hex(hex);
    if (!value->is_object() || value->members().size() != 1 || !parsed.ok() || *parsed != hex) {
      return not_a_statement(place(key), "An object with one SHA-256 in hex is expected");
    }
    return hex;
  }
  template <typename D>
  Result<D> typed_digest(std::string_view key) {
    MEDPERF_TRY(const std::string hex, digest(key));
    if (hex.empty()) return D();
    return D::parse(hex);
  }
  Status finish() const {
    if (taken_ == object_->members().size()) return {};
    return not_a_statement(place_, "It has keys that this version does not know");
  }

 private:
  ObjectReader(const Json& object, std::string place)
      : object_(&object), place_(std::move(place)) {}
  const Json* object_;
  std::string place_;
  std::size_t taken_ = 0;
};

Result<ContainerUse> read_container(const Json& json, const std::string& place) {
  ContainerUse use;
  MEDPERF_TRY(ObjectReader reader, ObjectReader::open(&json, place));
  MEDPERF_TRY(use.container, reader.id("container"));
  MEDPERF_TRY(use.role, reader.text("role"));
  MEDPERF_TRY(use.archive, reader.typed_digest<FileDigest>("archive"));
  MEDPERF_TRY(use.image, reader.typed_digest<ImageId>("image"));
  MEDPERF_TRY(use.parameters_digest, reader.digest("parameters"));
  MEDPERF_CHECK(reader.finish());
  return use;
}

Status read_model_files(const Json* json, Statement& statement) {
  if (json == nullptr) return {};
  const std::string place = "predicate.model_files";
  MEDPERF_TRY(ObjectReader reader, ObjectReader::open(json, place));
  ModelFilesUse use;
  MEDPERF_TRY(use.asset, reader.id("asset"));
  MEDPERF_TRY(use.archive, reader.typed_digest<FileDigest>("archive"));
  if (use.archive.empty()) {
    return not_a_statement(place + ".archive", "The digest of the model's files is missing");
  }
  statement.model_files = use;
  return reader.finish();
}

Status read_subject(const Json* subject, Statement& statement) {
  if (subject == nullptr || !subject->is_array() || subject->items().size() != 1) {
    return not_a_statement("subject", "Exactly one subject is expected");
  }
  MEDPERF_TRY(ObjectReader reader, ObjectReader::open(&subject->items()[0], "subject"));
  MEDPERF_CHECK(reader.constant("name", kSubjectName));
  MEDPERF_TRY(statement.envelope_digest, reader.digest("digest"));
  if (statement.envelope_digest.empty()) {
    return not_a_statement("subject.digest", "The envelope's digest is missing");
  }
  return reader.finish();
}

Status read_predicate(const Json* json, Statement& statement) {
  MEDPERF_TRY(ObjectReader reader, ObjectReader::open(json, "predicate"));
  MEDPERF_TRY(statement.hub, reader.text("hub"));
  MEDPERF_TRY(statement.benchmark, reader.id("benchmark"));
  MEDPERF_TRY(statement.model, reader.id("model"));
  MEDPERF_TRY(ObjectReader dataset,
              ObjectReader::open(reader.take("dataset"), "predicate.dataset"));
  MEDPERF_TRY(statement.dataset, dataset.id("id"));
  MEDPERF_TRY(statement.dataset_uid, dataset.typed_digest<FolderUid>("uid"));
  MEDPERF_TRY(statement.dataset_digest, dataset.typed_digest<DatasetDigest>("digest"));
  if (statement.dataset_uid.empty()) {
    return not_a_statement("predicate.dataset.uid", "The dataset's uid is missing");
  }
  MEDPERF_CHECK(dataset.finish());
  const Json* containers = reader.take("containers");
  if (containers == nullptr || !containers->is_array() ||
      containers->items().size() > kMostContainers) {
    return not_a_statement("predicate.containers", "A list of at most 16 containers is expected");
  }
  for (const Json& item : containers->items()) {
    MEDPERF_TRY(ContainerUse use, read_container(item, "predicate.containers"));
    statement.containers.push_back(std::move(use));
  }
  MEDPERF_CHECK(read_model_files(reader.take("model_files"), statement));
  MEDPERF_TRY(statement.result_schema_digest, reader.digest("result_schema"));
  MEDPERF_TRY(statement.policy, reader.typed_digest<PolicyDigest>("policy"));
  MEDPERF_TRY(ObjectReader approval,
              ObjectReader::open(reader.take("approval"), "predicate.approval"));
  MEDPERF_TRY(statement.approver, approval.text("approver"));
  MEDPERF_TRY(statement.approved_at, approval.time("at"));
  MEDPERF_CHECK(approval.finish());
  MEDPERF_TRY(statement.run_at, reader.time("run_at"));
  MEDPERF_TRY(statement.software, reader.text("software"));
  return reader.finish();
}

// Collects what differs.
class Comparison {
 public:
  template <typename T>
  void same(std::string_view field, const T& stated, const T& registered) {
    if (stated == registered) return;
    errors_.push_back({std::string(field), "It differs from what is registered on the hub."});
  }
  /// A model wraps a container or files, so a statement names files only where files are
  /// registered.
  void same_files(const std::optional<ModelFilesUse>& stated,
                  const std::optional<ModelFilesUse>& registered) {
    if (!registered) {
      if (stated) errors_.push_back({"model_files", "The registered model is not given as files."});
      return;
    }
    if (!stated) return missing("model_files");
    same("model_files.asset", stated->asset, registered->asset);
    same("model_files.archive", stated->archive, registered->archive);
  }
  void missing(std::string_view field) {
    errors_.push_back({std::string(field), "The statement does not name it exactly once."});
  }
  Status finish() {
    if (errors_.empty()) return {};
    Error error = domain::field_errors(std::move(errors_));
    error.kind = ErrorKind::kRefused;
    return error;
  }

 private:
  std::vector<FieldError> errors_;
};

}  // namespace

std::string document_digest(const Json& document) {
  return crypto::sha256_hex(to_canonical(document));
}

Json to_json(const Statement& statement) {
  Json dataset = Json::object({{"id", statement.dataset}});
  set_digest(dataset, "uid", statement.dataset_uid.hex());
  set_digest(dataset, "digest", statement.dataset_digest.hex());
  Json containers = Json::array();
  for (const ContainerUse& use : statement.containers) containers.push(container_json(use));
  Json predicate =
      Json::object({{"hub", statement.hub},
                    {"benchmark", statement.benchmark},
                    {"model", statement.model},
                    {"dataset", std::move(dataset)},
                    {"containers", std::move(containers)},
                    {"approval", Json::object({{"approver", statement.approver},
                                               {"at", to_iso8601(statement.approved_at)}})},
                    {"run_at", to_iso8601(statement.run_at)},
                    {"software", statement.software}});
  if (statement.model_files) {
    Json files = Json::object({{"asset", statement.model_files->asset}});
    set_digest(files, "archive", statement.model_files->archive.hex());
    predicate.set("model_files", std::move(files));
  }
  set_digest(predicate, "result_schema", statement.result_schema_digest);
  set_digest(predicate, "policy", statement.policy.hex());
  Json subject = Json::object({{"name", kSubjectName}});
  set_digest(subject, "digest", statement.envelope_digest);
  return Json::object({{"_type", kStatementType},
                       {"subject", Json::array({std::move(subject)})},
                       {"predicateType", kPredicateType},
                       {"predicate", std::move(predicate)}});
}

Result<Statement> statement_from_json(const Json& document) {
  Statement statement;
  MEDPERF_TRY(ObjectReader reader, ObjectReader::open(&document, "document"));
  MEDPERF_CHECK(reader.constant("_type", kStatementType));
  MEDPERF_CHECK(reader.constant("predicateType", kPredicateType));
  MEDPERF_CHECK(read_subject(reader.take("subject"), statement));
  MEDPERF_CHECK(read_predicate(reader.take("predicate"), statement));
  MEDPERF_CHECK(reader.finish());
  return statement;
}

Json sign_statement(const Statement& statement, const crypto::SigningKey& key) {
  return crypto::sign_dsse(to_canonical(to_json(statement)), kPayloadType, key);
}

Result<Statement> verify_statement(const Json& dsse, const crypto::VerifyKey& key) {
  MEDPERF_TRY(const crypto::DsseContent content, crypto::verify_dsse(dsse, key));
  if (content.payload_type != kPayloadType) {
    return not_a_statement("payloadType", "Found '" + printable(content.payload_type, 80) +
                                              "'; accepted is '" + std::string(kPayloadType) + "'");
  }
  JsonLimits limits;
  limits.bytes = 64u << 10;
  limits.depth = 16;
  limits.values = 1000;
  MEDPERF_TRY(const Json document, parse_json(content.payload, limits));
  return statement_from_json(document);
}

Status check_binding(const Statement& statement, const Registered& registered) {
  Comparison comparison;
  comparison.same("benchmark", statement.benchmark, registered.benchmark);
  comparison.same("dataset", statement.dataset, registered.dataset);
  comparison.same("model", statement.model, registered.model);
  if (!registered.dataset_uid.empty()) {
    comparison.same("dataset_uid", statement.dataset_uid, registered.dataset_uid);
  }
  if (!registered.dataset_digest.empty()) {
    comparison.same("dataset_digest", statement.dataset_digest, registered.dataset_digest);
  }
  comparison.same("envelope", statement.envelope_digest, registered.envelope_digest);
  comparison.same("result_schema", statement.result_schema_digest, registered.result_schema_digest);
  comparison.same_files(statement.model_files, registered.model_files);
  for (const ContainerUse& expected : registered.containers) {
    const auto has_role = [&expected](const ContainerUse& use) {
      return use.role == expected.role;
    };
    const auto& uses = statement.containers;
    if (std::count_if(uses.begin(), uses.end(), has_role) != 1) {
      comparison.missing(expected.role);
      continue;
    }
    const ContainerUse& use = *std::find_if(uses.begin(), uses.end(), has_role);
    comparison.same(expected.role + ".container", use.container, expected.container);
    if (!expected.archive.empty()) {
      comparison.same(expected.role + ".archive", use.archive, expected.archive);
    }
    if (!expected.image.empty()) {
      comparison.same(expected.role + ".image", use.image, expected.image);
    }
    comparison.same(expected.role + ".parameters", use.parameters_digest,
                    expected.parameters_digest);
  }
  return comparison.finish();
}

}  // namespace medperf::result
