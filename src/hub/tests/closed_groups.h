#pragma once
// A hub with objects of everybody's and, beside them, a closed group with one object of each kind.

#include <map>
#include <string>

#include "hub/tests/test_hub.h"

namespace medperf::hub {

/// What lies in a closed group of "group", with the hospital and the vendor inside, and what lies
/// outside: a world of everybody's, and one object of each kind that "other" owns, who knows
/// nothing of the group. "stranger" owns nothing.
class ClosedWorldTest : public HubTest {
 protected:
  using Entity = domain::Entity;
  using Ids = std::map<Entity, std::int64_t>;

  void SetUp() override {
    HubTest::SetUp();
    if (IsSkipped()) return;
    add("other", false);
    make_public();
    before_private();
    make_private();
  }

  /// When the public objects are there and nothing of the group is.
  virtual void before_private() {}

  std::int64_t made(const std::string& user, const std::string& path, const Json& body) const {
    return expect(201, user, "POST", path, body).get_int("id");
  }

  /// A world of everybody's, and one object of each kind that "other", who is outside, owns.
  void make_public() {
    world_ = make_world();
    open_[Entity::kContainer] = container("other", "other container");
    open_[Entity::kModel] = model("other", "other model");
    open_[Entity::kAsset] = made("other", "assets/", asset_body("other asset"));
    open_[Entity::kDataset] = dataset("other", "other data", "cd01", world_.preparation);
    open_[Entity::kBenchmark] = made(
        "other", "benchmarks/",
        benchmark_body("other benchmark", world_.preparation, world_.reference, world_.evaluator));
    open_[Entity::kUser] = users_.at("other");
    open_[Entity::kOrganisation] =
        made("other", "organisations/", Json::object({{"name", "other organisation"}}));
    make_registries(open_, {"other", "other", "other"});
    made("other", "training/",
         training_body("waits", open_[Entity::kContainer], open_[Entity::kAggregator]));
  }

  static Json ca_body(const std::string& name, std::int64_t container) {
    return Json::object({{"name", name},
                         {"config", Json::object()},
                         {"client_mlcube", container},
                         {"server_mlcube", container},
                         {"ca_mlcube", container}});
  }
  static Json certificate_body(const std::string& name, std::int64_t ca) {
    return Json::object({{"name", name}, {"ca", ca}, {"certificate_content_base64", "x"}});
  }
  static Json key_body(const std::string& name, std::int64_t certificate, std::int64_t container) {
    return Json::object({{"name", name},
                         {"certificate", certificate},
                         {"container", container},
                         {"encrypted_key_base64", "x"}});
  }
  static Json aggregator_body(const std::string& name, std::int64_t container) {
    return Json::object(
        {{"name", name}, {"config", Json::object()}, {"aggregation_mlcube", container}});
  }
  static Json event_body(const std::string& name, std::int64_t training) {
    return Json::object(
        {{"name", name}, {"training_exp", training}, {"participants", Json::object()}});
  }

  struct Roles {
    std::string group;
    std::string hospital;
    std::string vendor;
  };
  /// One object of each registry of keys and training, in the closed group if there is one: the
  /// names are the same in both.
  void make_registries(Ids& ids, const Roles& roles) const {
    const auto& [group, hospital, vendor] = roles;
    const auto belonging = [&ids](Json body) {
      const auto inside = ids.find(Entity::kClosedGroup);
      if (inside != ids.end()) body.set("closed_group", inside->second);
      return body;
    };
    const auto box = ids.at(Entity::kContainer);
    ids[Entity::kCa] = made(group, "cas/", belonging(ca_body("authority", box)));
    ids[Entity::kCertificate] =
        made(hospital, "certificates/", certificate_body("certificate", ids[Entity::kCa]));
    ids[Entity::kEncryptedKey] =
        expect(201, group, "POST", "encrypted_keys/bulk/",
               Json::array({key_body("key", ids[Entity::kCertificate], box)}))
            .items()[0]
            .get_int("id");
    ids[Entity::kAggregator] =
        made(vendor, "aggregators/", belonging(aggregator_body("aggregator", box)));
    ids[Entity::kTraining] = made(
        group, "training/", belonging(training_body("experiment", box, ids[Entity::kAggregator])));
    const std::string training = path_of("training", ids[Entity::kTraining]);
    expect(200, "admin", "PUT", training, Json::object({{"approval_status", "APPROVED"}}));
    ids[Entity::kTrainingEvent] =
        made(group, "training/events/", event_body("event", ids[Entity::kTraining]));
  }

  static Json asset_body(const std::string& name) {
    return Json::object({{"name", name}, {"asset_hash", "1"}, {"asset_url", "local"}});
  }
  Json in_group(Json body) const {
    body.set("closed_group", closed_.at(Entity::kClosedGroup));
    return body;
  }
  Json private_container(const std::string& name) const {
    Json body = in_group(container_body(name));
    body.set("state", "OPERATION");
    return body;
  }
  Json private_model(const std::string& name) const {
    Json inner = container_body(name + " container");
    inner.set("state", "OPERATION");
    return in_group(Json::object(
        {{"name", name}, {"type", "CONTAINER"}, {"container", inner}, {"state", "OPERATION"}}));
  }

  /// The closed group of "group" with the hospital and the vendor inside, and everything in it.
  void make_private() {
    closed_[Entity::kClosedGroup] = made("group", "closed_groups/", Json::object({{"name", "g"}}));
    const std::string members =
        path_of("closed_groups", closed_[Entity::kClosedGroup]) + "members/";
    for (const char* user : {"hospital", "vendor"}) {
      closed_[Entity::kClosedGroupMember] =
          made("group", members, Json::object({{"member", users_.at(user)}}));
    }
    const auto preparation = made("group", "mlcubes/", private_container("private preparation"));
    const auto evaluator = made("group", "mlcubes/", private_container("private evaluator"));
    const auto reference = made("group", "models/", private_model("private reference"));
    const auto benchmark =
        made("group", "benchmarks/",
             in_group(benchmark_body("private benchmark", preparation, reference, evaluator)));
    expect(200, "admin", "PUT", path_of("benchmarks", benchmark),
           Json::object({{"approval_status", "APPROVED"}}));
    closed_[Entity::kContainer] = preparation;
    closed_[Entity::kBenchmark] = benchmark;
    closed_[Entity::kAsset] = made("vendor", "assets/", in_group(asset_body("private asset")));
    closed_[Entity::kModel] = made("vendor", "models/", private_model("private model"));
    closed_[Entity::kDataset] = dataset("hospital", "private data", "ef01", preparation);
    World inside;
    inside.benchmark = benchmark;
    join(inside, "dataset", "hospital", closed_[Entity::kDataset]);
    join(inside, "model", "vendor", closed_[Entity::kModel]);
    closed_[Entity::kResult] = made("hospital", "results/",
                                    Json::object({{"benchmark", benchmark},
                                                  {"model", closed_[Entity::kModel]},
                                                  {"dataset", closed_[Entity::kDataset]}}));
    make_registries(closed_, {"group", "hospital", "vendor"});
    const auto experiment = closed_[Entity::kTraining];
    closed_[Entity::kTrainingAssociation] =
        made("hospital", "datasets/training/",
             Json::object({{"dataset", closed_[Entity::kDataset]}, {"training_exp", experiment}}));
  }

  World world_;
  Ids open_;
  Ids closed_;
};

}  // namespace medperf::hub
