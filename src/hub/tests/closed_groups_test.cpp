// Closed groups do not exist outside. Whatever somebody outside asks, by whatever endpoint, the
// answer is the one that they would get if the group had never been made.

#include <set>

#include "domain/names.h"
#include "hub/api/routes.h"
#include "hub/tests/closed_groups.h"

namespace medperf::hub {
namespace {

using domain::Entity;

const std::string kOutsiders[] = {"", "stranger", "other"};

/// Both ids become the same word, so that answers can be compared; the time of a change goes.
std::string without_id(std::string text, std::int64_t id) {
  const auto changed = text.find("\"modified_at\":");
  if (changed != std::string::npos) text.resize(changed);
  const std::string digits = std::to_string(id);
  for (auto at = text.find(digits); at != std::string::npos; at = text.find(digits, at)) {
    text.replace(at, digits.size(), "ID");
  }
  return text;
}

class ClosedGroupsTest : public ClosedWorldTest {
 protected:
  void before_private() override {
    for (const auto& actor : kOutsiders) before_[actor] = snapshot(actor);
  }

  /// The bodies of every GET of one actor, with ids of what everybody sees.
  std::map<std::string, std::string> snapshot(const std::string& actor) const {
    std::map<std::string, std::string> answers;
    for (const auto& endpoint : all_endpoints()) {
      if (endpoint.method != "GET" || endpoint.handler == nullptr) continue;
      if (endpoint.shows_secret) continue;  // tells when this very request's token ends
      std::string path = full_path(endpoint);
      replace(path, "{id}", public_id(endpoint.subject));
      replace(path, "{other}", world_.benchmark);
      for (const char* query : {"", "?limit=1", "?offset=1", "?ordering=-name,id"}) {
        const Reply reply = send(actor, "GET", path + query);
        answers[path + query] = std::to_string(reply.status) + " " + reply.response.body;
      }
    }
    return answers;
  }

  static void replace(std::string& path, const std::string& mark, std::int64_t id) {
    const auto at = path.find(mark);
    if (at != std::string::npos) path.replace(at, mark.size(), std::to_string(id));
  }

  std::int64_t public_id(SubjectKind subject) const {
    const auto entity = entity_of(subject);
    const auto found = open_.find(entity);
    return found == open_.end() ? 1 : found->second;
  }

  static Entity entity_of(SubjectKind subject) {
    switch (subject) {
      case SubjectKind::kContainer:
        return Entity::kContainer;
      case SubjectKind::kAsset:
        return Entity::kAsset;
      case SubjectKind::kModel:
      case SubjectKind::kModelPair:
        return Entity::kModel;
      case SubjectKind::kBenchmark:
        return Entity::kBenchmark;
      case SubjectKind::kDataset:
      case SubjectKind::kDatasetPair:
      case SubjectKind::kTrainingPair:
        return Entity::kDataset;
      case SubjectKind::kResult:
        return Entity::kResult;
      case SubjectKind::kClosedGroup:
        return Entity::kClosedGroup;
      case SubjectKind::kCa:
        return Entity::kCa;
      case SubjectKind::kCertificate:
        return Entity::kCertificate;
      case SubjectKind::kEncryptedKey:
        return Entity::kEncryptedKey;
      case SubjectKind::kAggregator:
        return Entity::kAggregator;
      case SubjectKind::kTraining:
        return Entity::kTraining;
      case SubjectKind::kTrainingEvent:
        return Entity::kTrainingEvent;
      default:
        return Entity::kUser;
    }
  }

  /// The two requests, which differ in one id, get the same answer.
  void expect_same(const std::string& actor, std::string_view method, const std::string& path,
                   const std::string& mark, const Json& body, std::int64_t closed) {
    std::string hidden = path;
    std::string unknown = path;
    replace(hidden, mark, closed);
    replace(unknown, mark, kUnknown);
    expect_same(actor, method, hidden, body, closed, unknown, body);
  }
  void expect_same(const std::string& actor, std::string_view method, const std::string& hidden,
                   const Json& hidden_body, std::int64_t closed, const std::string& unknown,
                   const Json& unknown_body) {
    SCOPED_TRACE(actor + " " + std::string(method) + " " + hidden + " " + to_text(hidden_body));
    ++compared_;
    const Reply one = send(actor, std::string(method), hidden, hidden_body);
    const Reply other = send(actor, std::string(method), unknown, unknown_body);
    EXPECT_EQ(one.status, other.status) << one.response.body << "\n" << other.response.body;
    EXPECT_EQ(without_id(one.response.body, closed), without_id(other.response.body, kUnknown));
    if (one.status != 200) {  // an answer's tag is that of its time
      EXPECT_EQ(one.response.headers, other.response.headers);
    }
    EXPECT_NE(one.status, 200 + 1) << one.response.body;
  }

  /// A body in which everything that is referred to exists and is the outsider's.
  Json usual_body(const Endpoint& endpoint) const {
    auto parsed = parse_json(endpoint.example);
    if (parsed.ok() && parsed->is_array()) parsed = Json(parsed->items()[0]);
    Json body = parsed.ok() && parsed->is_object() ? *parsed : Json::object();
    for (const auto& field : domain::table_of(*endpoint.body).fields) {
      const auto found = open_.find(field.target);
      if (field.type != domain::FieldType::kReference || found == open_.end()) continue;
      if (body.contains(field.name) && !body.find(field.name)->is_object()) {
        body.set(field.name, found->second);
      }
    }
    return body;
  }

  /// Ids of the path, one after the other.
  void check_path(const Endpoint& endpoint, const std::string& actor) {
    const auto subject = closed_.find(entity_of(endpoint.subject));
    const Json body = endpoint.body ? usual_body(endpoint) : Json::object();
    std::string path = full_path(endpoint);
    const bool two = path.find("{other}") != std::string::npos;
    if (path.find("{id}") != std::string::npos && subject != closed_.end()) {
      std::string rest = path;
      replace(rest, "{other}", world_.benchmark);
      expect_same(actor, endpoint.method, rest, "{id}", body, subject->second);
    }
    if (!two) return;
    for (const auto& ids : {open_, closed_}) {
      const auto id = ids.find(entity_of(endpoint.subject));
      if (id == ids.end()) continue;
      std::string rest = path;
      replace(rest, "{id}", id->second);
      for (const auto entity :
           {Entity::kBenchmark, Entity::kTraining, Entity::kClosedGroupMember}) {
        expect_same(actor, endpoint.method, rest, "{other}", body, closed_.at(entity));
      }
    }
  }

  /// Each reference that a body may hold, with all others right.
  void check_body(const Endpoint& endpoint, const std::string& actor) {
    if (!endpoint.body || endpoint.method == "DELETE") return;
    std::string path = full_path(endpoint);
    replace(path, "{id}", public_id(endpoint.subject));
    replace(path, "{other}", world_.benchmark);
    for (const auto& field : domain::table_of(*endpoint.body).fields) {
      const bool itself = field.name == domain::kId && endpoint.ids_in == IdsIn::kBodyList;
      const unsigned when = endpoint.method == "POST" ? domain::kOnCreate : domain::kOnUpdate;
      const auto closed = closed_.find(itself ? *endpoint.body : field.target);
      if (field.type != domain::FieldType::kReference && !itself) continue;
      if ((field.writable & when) == 0 && !itself) continue;  // it is not looked at
      if (closed == closed_.end()) continue;
      Json hidden = usual_body(endpoint);
      Json unknown = hidden;
      hidden.set(field.name, closed->second);
      unknown.set(field.name, kUnknown);
      if (endpoint.ids_in == IdsIn::kBodyList) {
        hidden = Json::array({hidden});
        unknown = Json::array({unknown});
      }
      expect_same(actor, endpoint.method, path, hidden, closed->second, path, unknown);
    }
  }

  /// Each filter of a list that names an object.
  void check_filters(const Endpoint& endpoint, const std::string& actor) {
    for (const auto name : endpoint.filters) {
      const auto* field = domain::table_of(*endpoint.answer).find(name);
      const auto closed = closed_.find(field->target);
      if (field->type != domain::FieldType::kReference || closed == closed_.end()) continue;
      std::string path = full_path(endpoint);
      replace(path, "{id}", public_id(endpoint.subject));
      expect_same(actor, endpoint.method, path + "?" + std::string(name) + "={filter}", "{filter}",
                  Json(), closed->second);
    }
  }

  static constexpr std::int64_t kUnknown = (1ll << 41) + 12345;
  std::map<std::string, std::map<std::string, std::string>> before_;
  int compared_ = 0;
};

TEST_P(ClosedGroupsTest, EveryEndpointAnswersAsForAnUnknownId) {
  for (const auto& endpoint : all_endpoints()) {
    if (endpoint.handler == nullptr) continue;
    for (const auto& actor : kOutsiders) {
      check_path(endpoint, actor);
      check_body(endpoint, actor);
      check_filters(endpoint, actor);
    }
  }
  EXPECT_GT(compared_, 250);
}

TEST_P(ClosedGroupsTest, NoListCountsOrShowsIt) {
  for (const auto& actor : kOutsiders) {
    SCOPED_TRACE(actor);
    const auto after = snapshot(actor);
    for (const auto& [path, answer] : before_.at(actor)) EXPECT_EQ(after.at(path), answer) << path;
  }
}

TEST_P(ClosedGroupsTest, WhatIsTakenInsideIsFreeOutside) {
  Json same = container_body("private preparation");
  same.set("state", "OPERATION");
  expect(201, "stranger", "POST", "mlcubes/", same);
  expect(201, "stranger", "POST", "assets/", asset_body("private asset"));
  Json inner = container_body("private model container");
  expect(201, "stranger", "POST", "models/",
         Json::object({{"name", "private model"}, {"type", "CONTAINER"}, {"container", inner}}));
  expect(
      201, "stranger", "POST", "benchmarks/",
      benchmark_body("private benchmark", world_.preparation, world_.reference, world_.evaluator));
  dataset("stranger", "private data", "ef01", world_.preparation);
  // A name of somebody's group is not told either: neither the group nor the name is there.
  const Json refused =
      expect(400, "stranger", "POST", "mlcubes/", private_container("private preparation"));
  EXPECT_TRUE(refused.contains("closed_group"));
  EXPECT_FALSE(refused.contains("name"));
  // Inside, names and images are unique.
  EXPECT_TRUE(expect(400, "vendor", "POST", "mlcubes/", private_container("private preparation"))
                  .contains("name"));
  Json image = private_container("private preparation");
  image.set("name", "another name");
  EXPECT_TRUE(expect(400, "vendor", "POST", "mlcubes/", image).contains("non_field_errors"));
  expect(201, "vendor", "POST", "mlcubes/", private_container("free name"));
}

TEST_P(ClosedGroupsTest, IdsAreDrawnAndLeaveNoGap) {
  for (const auto& [entity, id] : closed_) {
    EXPECT_GE(id, 1ll << 40) << static_cast<int>(entity);
    EXPECT_LT(id, 1ll << 53) << static_cast<int>(entity);
  }
  const auto last = open_.at(Entity::kContainer);
  // Between them lie the container of "other model" and nothing of the closed group.
  EXPECT_EQ(container("stranger", "next"), last + 2);
  EXPECT_EQ(made("stranger", "assets/", asset_body("next")), open_.at(Entity::kAsset) + 1);
  EXPECT_EQ(made("stranger", "cas/", ca_body("next", 1)), open_.at(Entity::kCa) + 1);
  EXPECT_EQ(made("stranger", "certificates/", certificate_body("next", 1)),
            open_.at(Entity::kCertificate) + 1);
  EXPECT_EQ(made("stranger", "aggregators/", aggregator_body("next", 1)),
            open_.at(Entity::kAggregator) + 1);
}

TEST_P(ClosedGroupsTest, InsidersAndAdminsSeeIt) {
  const std::string benchmark = path_of("benchmarks", closed_.at(Entity::kBenchmark));
  for (const char* user : {"group", "hospital", "vendor", "admin"}) {
    const Json seen = expect(200, user, "GET", benchmark);
    EXPECT_EQ(seen.get_int("closed_group"), closed_.at(Entity::kClosedGroup)) << user;
    const auto count = expect(200, user, "GET", "benchmarks/").get_int("count");
    EXPECT_EQ(count, expect(200, "stranger", "GET", "benchmarks/").get_int("count") + 1) << user;
    EXPECT_EQ(expect(200, user, "GET", "benchmarks/?limit=100").find("results")->items().size(),
              static_cast<std::size_t>(count));
  }
  // Public objects have no such key.
  EXPECT_FALSE(expect(200, "group", "GET", path_of("benchmarks", world_.benchmark))
                   .contains("closed_group"));
}

TEST_P(ClosedGroupsTest, WhoIsPutOutSeesOnlyTheirOwn) {
  const std::string group = path_of("closed_groups", closed_.at(Entity::kClosedGroup));
  const std::string vendor = group + path_of("members", closed_.at(Entity::kClosedGroupMember));
  expect(403, "hospital", "DELETE", vendor);
  expect(204, "group", "DELETE", vendor);
  expect(404, "vendor", "GET", path_of("benchmarks", closed_.at(Entity::kBenchmark)));
  expect(404, "vendor", "GET", path_of("datasets", closed_.at(Entity::kDataset)));
  expect(403, "vendor", "GET", group);
  expect(200, "vendor", "GET", path_of("models", closed_.at(Entity::kModel)));
  EXPECT_EQ(expect(200, "vendor", "GET", "me/models/associations/").get_int("count"), 0);
  EXPECT_EQ(expect(200, "hospital", "GET", "me/datasets/associations/").get_int("count"), 1);
  // Whoever the group belongs to stays.
  const Json members = expect(200, "group", "GET", group + "members/");
  expect(409, "group", "DELETE",
         group + path_of("members", members.find("results")->items()[0].get_int("id")));
}

TEST_P(ClosedGroupsTest, NothingOutsideRefersToIt) {
  const auto preparation = closed_.at(Entity::kContainer);
  // A benchmark without the group, a training experiment, an aggregator.
  EXPECT_TRUE(expect(400, "group", "POST", "benchmarks/",
                     benchmark_body("b", preparation, world_.reference, world_.evaluator))
                  .contains("data_preparation_mlcube"));
  EXPECT_TRUE(expect(400, "group", "POST", "aggregators/", aggregator_body("g", preparation))
                  .contains("aggregation_mlcube"));
  EXPECT_TRUE(
      expect(400, "group", "POST", "cas/", ca_body("g", preparation)).contains("client_mlcube"));
  const Json training = expect(400, "group", "POST", "training/",
                               training_body("g", preparation, closed_.at(Entity::kAggregator)));
  EXPECT_TRUE(training.contains("fl_mlcube") && training.contains("aggregator"));
  // A key of a public container for a certificate of the group.
  const auto box = container("group", "open box");
  EXPECT_TRUE(expect(400, "group", "POST", "encrypted_keys/bulk/",
                     Json::array({key_body("g", closed_.at(Entity::kCertificate), box)}))
                  .find("0")
                  ->contains("certificate"));
  // A dataset of the group in an experiment of everybody's.
  EXPECT_TRUE(expect(400, "hospital", "POST", "datasets/training/",
                     Json::object({{"dataset", closed_.at(Entity::kDataset)},
                                   {"training_exp", open_.at(Entity::kTraining)}}))
                  .contains("dataset"));
  // A model of the group with a benchmark of everybody's.
  EXPECT_TRUE(expect(400, "vendor", "POST", "models/benchmarks/",
                     Json::object({{"model", closed_.at(Entity::kModel)},
                                   {"benchmark", world_.benchmark},
                                   {"metadata", Json::object()}}))
                  .contains("model"));
  // Somebody outside is not asked to join.
  expect(400, "group", "POST", "models/benchmarks/",
         Json::object({{"model", open_.at(Entity::kModel)},
                       {"benchmark", closed_.at(Entity::kBenchmark)},
                       {"metadata", Json::object()}}));
  // Datasets follow their preparation without saying so.
  EXPECT_EQ(expect(200, "hospital", "GET", path_of("datasets", closed_.at(Entity::kDataset)))
                .get_int("closed_group"),
            closed_.at(Entity::kClosedGroup));
}

TEST_P(ClosedGroupsTest, AnAccountIsNotShownForADatasetInside) {
  // "other" owns the container with which somebody prepared a dataset of the group, and nothing
  // else.
  const std::string account = path_of("users", users_.at("hospital"));
  expect(403, "other", "GET", account);
  Json body = in_group(dataset_body("inside", "aa01", open_.at(Entity::kContainer)));
  expect(201, "hospital", "POST", "datasets/", body);
  expect(403, "other", "GET", account);
  EXPECT_EQ(
      expect(200, "other", "GET", path_of("mlcubes", open_.at(Entity::kContainer)) + "datasets/")
          .get_int("count"),
      0);
  expect(201, "hospital", "POST", "datasets/",
         dataset_body("open", "aa02", open_.at(Entity::kContainer)));
  expect(200, "other", "GET", account);
}

INSTANTIATE_TEST_SUITE_P(Engines, ClosedGroupsTest,
                         testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         sql::engine_name);

}  // namespace
}  // namespace medperf::hub
