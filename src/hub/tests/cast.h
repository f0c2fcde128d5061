#pragma once
// One object of each kind with the accounts that own them, for the cases that the endpoint tables
// make: how everybody stands to each object is written down here by hand.

#include <string>

#include "hub/api/endpoint.h"
#include "hub/tests/test_hub.h"

namespace medperf::hub {

/// The three sides of a benchmark; one account may play them all.
struct Roles {
  std::string group;
  std::string hospital;
  std::string vendor;
};

/// Ids of what the sides own: the group a benchmark and a training experiment with an event, the
/// hospital a dataset, its result and a certificate, the vendor a model, an asset, an aggregator
/// and a key that it made for that certificate. Dataset and model have joined. The group has an
/// organisation with the vendor as a member, and a closed group with the hospital inside.
struct Cast {
  Roles roles;
  std::int64_t user = 0;  ///< the hospital's account
  std::int64_t container = 0;
  std::int64_t asset = 0;
  std::int64_t model = 0;
  std::int64_t benchmark = 0;
  std::int64_t dataset = 0;
  std::int64_t result = 0;
  std::int64_t ca = 1;  ///< registered with the hub itself
  std::int64_t certificate = 0;
  std::int64_t key = 0;
  std::int64_t aggregator = 0;
  std::int64_t training = 0;
  std::int64_t event = 0;
  std::int64_t organisation = 0;
  std::int64_t member = 0;  ///< the vendor's account
  std::int64_t closed_group = 0;
  std::int64_t access_token = 0;  ///< the vendor's
  std::int64_t invitation = 0;    ///< an admin's

  std::int64_t id_of(SubjectKind subject) const {
    switch (subject) {
      case SubjectKind::kUser:
        return user;
      case SubjectKind::kContainer:
        return container;
      case SubjectKind::kAsset:
        return asset;
      case SubjectKind::kModel:
      case SubjectKind::kModelPair:
        return model;
      case SubjectKind::kBenchmark:
        return benchmark;
      case SubjectKind::kDataset:
      case SubjectKind::kDatasetPair:
      case SubjectKind::kTrainingPair:
        return dataset;
      case SubjectKind::kResult:
        return result;
      case SubjectKind::kCa:
        return ca;
      case SubjectKind::kCertificate:
        return certificate;
      case SubjectKind::kEncryptedKey:
        return key;
      case SubjectKind::kAggregator:
        return aggregator;
      case SubjectKind::kTraining:
        return training;
      case SubjectKind::kTrainingEvent:
        return event;
      case SubjectKind::kOrganisation:
      case SubjectKind::kMembership:
        return organisation;
      case SubjectKind::kClosedGroup:
        return closed_group;
      case SubjectKind::kAccessToken:
        return access_token;
      case SubjectKind::kInvitation:
        return invitation;
      case SubjectKind::kNone:
        break;
    }
    return 0;
  }

  /// How an account stands to this cast's object of a kind.
  domain::Relations relations(const std::string& account, SubjectKind subject) const {
    using domain::Relation;
    struct Line {
      SubjectKind subject;
      std::string Roles::*role;
      std::initializer_list<Relation> relations;
    };
    static const Line kLines[] = {
        {SubjectKind::kUser, &Roles::hospital, {Relation::kSelf}},
        {SubjectKind::kUser, &Roles::group, {Relation::kPreparatorOwner}},
        {SubjectKind::kContainer, &Roles::group, {Relation::kOwner}},
        {SubjectKind::kAsset, &Roles::vendor, {Relation::kOwner}},
        {SubjectKind::kModel, &Roles::vendor, {Relation::kOwner}},
        {SubjectKind::kOrganisation, &Roles::group, {Relation::kOwner, Relation::kMember}},
        {SubjectKind::kOrganisation, &Roles::vendor, {Relation::kMember}},
        {SubjectKind::kMembership, &Roles::group, {Relation::kOwner, Relation::kMember}},
        {SubjectKind::kMembership, &Roles::vendor, {Relation::kMember, Relation::kSelf}},
        {SubjectKind::kClosedGroup, &Roles::group, {Relation::kOwner, Relation::kMember}},
        {SubjectKind::kClosedGroup, &Roles::hospital, {Relation::kMember}},
        {SubjectKind::kBenchmark, &Roles::group, {Relation::kOwner}},
        {SubjectKind::kBenchmark, &Roles::hospital, {Relation::kApprovedDatasetOwner}},
        {SubjectKind::kBenchmark, &Roles::vendor, {Relation::kApprovedModelOwner}},
        {SubjectKind::kDataset, &Roles::hospital, {Relation::kOwner, Relation::kDatasetOwner}},
        {SubjectKind::kDataset, &Roles::group, {Relation::kPreparatorOwner}},
        {SubjectKind::kResult, &Roles::hospital, {Relation::kOwner, Relation::kDatasetOwner}},
        {SubjectKind::kResult, &Roles::group, {Relation::kBenchmarkOwner}},
        {SubjectKind::kResult, &Roles::vendor, {Relation::kModelOwner}},
        {SubjectKind::kAccessToken, &Roles::vendor, {Relation::kOwner}},
        {SubjectKind::kDatasetPair, &Roles::hospital, {Relation::kDatasetOwner}},
        {SubjectKind::kDatasetPair, &Roles::group, {Relation::kBenchmarkOwner}},
        {SubjectKind::kModelPair, &Roles::vendor, {Relation::kModelOwner}},
        {SubjectKind::kModelPair, &Roles::group, {Relation::kBenchmarkOwner}},
        {SubjectKind::kCertificate, &Roles::hospital, {Relation::kOwner}},
        {SubjectKind::kEncryptedKey, &Roles::vendor, {Relation::kOwner}},
        {SubjectKind::kAggregator, &Roles::vendor, {Relation::kOwner}},
        {SubjectKind::kTraining, &Roles::group, {Relation::kOwner, Relation::kTrainingOwner}},
        {SubjectKind::kTraining, &Roles::hospital, {Relation::kApprovedDatasetOwner}},
        {SubjectKind::kTraining, &Roles::vendor, {Relation::kAggregatorOwner}},
        {SubjectKind::kTrainingEvent, &Roles::group, {Relation::kTrainingOwner}},
        {SubjectKind::kTrainingEvent, &Roles::vendor, {Relation::kAggregatorOwner}},
        {SubjectKind::kTrainingPair, &Roles::hospital, {Relation::kDatasetOwner}},
        {SubjectKind::kTrainingPair, &Roles::group, {Relation::kTrainingOwner}},
    };
    domain::Relations found;
    for (const auto& line : kLines) {
      if (line.subject != subject || roles.*line.role != account) continue;
      for (const auto relation : line.relations) found.add(relation);
    }
    return found;
  }
};

class CastTest : public HubTest {
 protected:
  /// Registers a cast through the API; `name` goes before every name in it.
  Cast make_cast(const Roles& roles, const std::string& name) const {
    Cast cast;
    cast.roles = roles;
    cast.user = users_.at(roles.hospital);
    add_evaluation(cast, name);
    add_training(cast, name);
    cast.member = users_.at(roles.vendor);
    cast.organisation = made(roles.group, "organisations/", Json::object({{"name", name}}));
    add_member(cast);
    cast.closed_group = made(roles.group, "closed_groups/", Json::object({{"name", name}}));
    if (roles.hospital != roles.group) {
      made(roles.group, path_of("closed_groups", cast.closed_group) + "members/",
           Json::object({{"member", cast.user}}));
    }
    cast.access_token =
        made(roles.vendor, "me/access_tokens/", Json::object({{"name", name + " program"}}));
    cast.invitation = made("admin", "invitations/", Json::object());
    return cast;
  }

  /// The vendor in the group's organisation, also after it was removed.
  void add_member(const Cast& cast) const {
    const std::string members = path_of("organisations", cast.organisation) + "members/";
    const Json invitation = Json::object({{"member", cast.member}});
    if (send(cast.roles.group, "POST", members, invitation).status != 201) return;
    expect(200, cast.roles.vendor, "PUT", members + std::to_string(cast.member) + "/",
           Json::object({{"status", "ACCEPTED"}}));
  }

 private:
  std::int64_t made(const std::string& account, const std::string& path, const Json& body) const {
    return expect(201, account, "POST", path, body).get_int("id");
  }

  void approve(const std::string& path) const {
    expect(200, "admin", "PUT", path, Json::object({{"approval_status", "APPROVED"}}));
  }

  /// Asks and consents, unless both sides are one account and it is approved at once.
  void associate(const std::string& account, const std::string& consenting, const std::string& path,
                 const std::string& pair, Json body) const {
    body.set("metadata", Json::object());
    const Json row = expect(201, account, "POST", path, body);
    if (row.get_string("approval_status") == "APPROVED") return;
    expect(200, consenting, "PUT", pair, Json::object({{"approval_status", "APPROVED"}}));
  }

  void add_evaluation(Cast& cast, const std::string& name) const {
    const auto& [group, hospital, vendor] = cast.roles;
    cast.container = container(group, name + " preparation");
    const auto reference = model(group, name + " reference");
    cast.benchmark =
        made(group, "benchmarks/",
             benchmark_body(name + " benchmark", cast.container, reference, cast.container));
    approve(path_of("benchmarks", cast.benchmark));
    cast.dataset = dataset(hospital, name + " data", name + " uid", cast.container);
    cast.model = model(vendor, name + " model");
    const std::string to_benchmark = path_of("benchmarks", cast.benchmark);
    associate(hospital, group, "datasets/benchmarks/",
              path_of("datasets", cast.dataset) + to_benchmark,
              Json::object({{"dataset", cast.dataset}, {"benchmark", cast.benchmark}}));
    associate(vendor, group, "models/benchmarks/", path_of("models", cast.model) + to_benchmark,
              Json::object({{"model", cast.model}, {"benchmark", cast.benchmark}}));
    cast.asset = made(
        vendor, "assets/",
        Json::object({{"name", name + " asset"}, {"asset_hash", "1"}, {"asset_url", "local"}}));
    cast.result = made(
        hospital, "results/",
        Json::object(
            {{"benchmark", cast.benchmark}, {"model", cast.model}, {"dataset", cast.dataset}}));
  }

  void add_training(Cast& cast, const std::string& name) const {
    const auto& [group, hospital, vendor] = cast.roles;
    cast.certificate = made(hospital, "certificates/",
                            Json::object({{"name", name + " certificate"},
                                          {"ca", cast.ca},
                                          {"certificate_content_base64", "x"}}));
    const auto inside =
        expect(200, vendor, "GET", path_of("models", cast.model)).find("container")->get_int("id");
    const Json key = Json::object({{"name", name + " key"},
                                   {"certificate", cast.certificate},
                                   {"container", inside},
                                   {"encrypted_key_base64", "x"}});
    cast.key = expect(201, vendor, "POST", "encrypted_keys/bulk/", Json::array({key}))
                   .items()[0]
                   .get_int("id");
    cast.aggregator = made(vendor, "aggregators/",
                           Json::object({{"name", name + " aggregator"},
                                         {"config", Json::object()},
                                         {"aggregation_mlcube", inside}}));
    cast.training = made(group, "training/",
                         training_body(name + " training", cast.container, cast.aggregator));
    approve(path_of("training", cast.training));
    associate(hospital, group, "datasets/training/",
              path_of("datasets", cast.dataset) + path_of("training", cast.training),
              Json::object({{"dataset", cast.dataset}, {"training_exp", cast.training}}));
    cast.event = made(group, "training/events/",
                      Json::object({{"name", name + " event"},
                                    {"training_exp", cast.training},
                                    {"participants", Json::object()}}));
  }
};

}  // namespace medperf::hub
