#pragma once
// Results as a site sends them: an envelope by the benchmark's schema, signed.

#include <string>
#include <utility>
#include <vector>

#include "crypto/ed25519.h"
#include "crypto/sha256.h"
#include "hub/tests/test_hub.h"
#include "result/envelope.h"
#include "result/schema.h"
#include "result/statement.h"

namespace medperf::hub {

/// A benchmark with one figure.
inline constexpr std::string_view kAucSchema = R"({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "x-medperf": {"format": "medperf/result-schema/v1"},
  "type": "object", "additionalProperties": false, "required": ["auc"],
  "properties": {"auc": {"type": "object", "additionalProperties": false, "required": ["value"],
    "properties": {"value": {"type": ["number", "null"], "minimum": 0, "maximum": 1,
      "x-medperf": {"metric": "auroc", "convention": "auroc-mann-whitney-delong",
        "direction": "higher", "unit": "1", "digits": 12, "merge": "random-effects-logit"}}}}}})";

/// A hub with a benchmark whose results are signed envelopes, one dataset and one model in it.
class SignedResults : public HubTest {
 protected:
  void make_study(Json schema, const Json& release_policy = Json()) {
    schema_ = std::move(schema);
    Json agreed = Json::object({{"result_schema", schema_}});
    if (!release_policy.is_null()) agreed.set("release_policy", release_policy);
    world_ = make_world(Json::object({{"medperf", agreed}}));
    join(world_, "dataset", "hospital", world_.dataset);
    join(world_, "model", "vendor", world_.model);
  }

  std::int64_t open_result() const {
    return expect(201, "hospital", "POST", "results/", triple()).get_int("id");
  }
  Json triple() const {
    return Json::object(
        {{"benchmark", world_.benchmark}, {"model", world_.model}, {"dataset", world_.dataset}});
  }

  int register_key(const std::string& user, const crypto::SigningKey& key) const {
    return send(user, "POST", "me/keys/",
                Json::object({{"public_key", key.verify_key().base64()}, {"algorithm", "ed25519"}}))
        .status;
  }

  Json envelope(double auc = 0.875) const {
    return envelope_of(Json::object({{"auc", Json::object({{"value", auc}})}}));
  }
  Json envelope_of(const Json& output) const {
    auto schema = result::ResultSchema::parse(schema_);
    EXPECT_TRUE(schema.ok()) << schema.error().text();
    auto made = result::make_envelope(*schema, output);
    EXPECT_TRUE(made.ok()) << made.error().text();
    return made->document;
  }

  result::Statement statement(const Json& sent) const {
    return statement_of({use("model", model_container()), use("evaluator", world_.evaluator)},
                        sent);
  }
  result::Statement statement_of(std::vector<result::ContainerUse> containers,
                                 const Json& sent) const {
    result::Statement statement;
    statement.benchmark = world_.benchmark;
    statement.dataset = world_.dataset;
    statement.model = world_.model;
    statement.hub = "https://hub.test";
    statement.dataset_uid = FolderUid::parse(uid_).value();
    statement.dataset_digest = crypto::digest_of<DatasetDigest>("data");
    statement.containers = std::move(containers);
    statement.envelope_digest = crypto::sha256_hex(to_canonical(sent));
    statement.result_schema_digest = crypto::sha256_hex(to_canonical(schema_));
    statement.policy = crypto::digest_of<PolicyDigest>("policy");
    statement.approver = "hospital";
    statement.approved_at = clock_.now();
    statement.run_at = clock_.now();
    statement.software = "medperf 0.1.0";
    return statement;
  }

  std::int64_t model_container() const {
    return expect(200, "vendor", "GET", path_of("models", world_.model))
        .find("container")
        ->get_int("id");
  }

  /// As registered by container_body: image_hash is the archive's digest.
  result::ContainerUse use(const std::string& role, std::int64_t container) const {
    const Json stored = expect(200, "vendor", "GET", path_of("mlcubes", container));
    result::ContainerUse used;
    used.container = container;
    used.role = role;
    used.archive = FileDigest::parse(stored.get_string("image_hash")).value();
    used.image = crypto::digest_of<ImageId>(role);
    used.parameters_digest = crypto::sha256_hex(to_canonical(*stored.find("parameters_config")));
    return used;
  }

  Json submission(const Json& results, const Json& dsse) const {
    return Json::object(
        {{"results", results},
         {"metadata", Json::object({{"medperf", Json::object({{"statement", dsse}})}})}});
  }

  /// Opens a result, finishes it with a signed envelope and returns its id.
  std::int64_t finished(double auc) const { return finished_with(envelope(auc)); }
  std::int64_t finished_with(const Json& sent) const {
    const auto id = open_result();
    expect(200, "hospital", "PUT", path_of("results", id),
           submission(sent, result::sign_statement(statement(sent), key_)));
    return id;
  }

  /// Ids of the results that the group's aggregate is made from.
  std::vector<std::int64_t> counted_results() const {
    const Json report =
        expect(200, "group", "GET", path_of("benchmarks", world_.benchmark) + "aggregate/");
    std::vector<std::int64_t> ids;
    for (const auto& model : report.find("models")->items()) {
      for (const auto& site : model.find("sites")->items()) ids.push_back(site.get_int("result"));
    }
    return ids;
  }

  void decide(std::int64_t id, const std::string& status) const {
    expect(200, "group", "PUT", path_of("results", id),
           Json::object({{"approval_status", status}}));
  }

  World world_;
  Json schema_;
  std::string uid_ = kUid;  ///< of the dataset
  crypto::SigningKey key_ = crypto::SigningKey::generate();
};

}  // namespace medperf::hub
