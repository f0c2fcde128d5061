// Cases that the endpoint tables make themselves: every endpoint x actor x existence of its
// subject, against relations that are written down here by hand.

#include <set>

#include "base/encoding.h"
#include "hub/api/routes.h"
#include "hub/tests/test_hub.h"

namespace medperf::hub {
namespace {

using domain::Relation;
using domain::Relations;

constexpr std::int64_t kUnknown = 999999;
const std::string kActors[] = {"", "stranger", "group", "hospital", "vendor", "admin"};

class EndpointsTest : public HubTest {
 protected:
  void SetUp() override {
    HubTest::SetUp();
    if (IsSkipped()) return;
    world_ = make_world();
    join(world_, "dataset", "hospital", world_.dataset);
    join(world_, "model", "vendor", world_.model);
    asset_ = expect(201, "vendor", "POST", "assets/",
                    Json::object({{"name", "a"}, {"asset_hash", "1"}, {"asset_url", "local"}}))
                 .get_int("id");
    result_ = expect(201, "hospital", "POST", "results/",
                     Json::object({{"benchmark", world_.benchmark},
                                   {"model", world_.model},
                                   {"dataset", world_.dataset}}))
                  .get_int("id");
    add_registries();
  }

  /// One of each: a certificate of the hospital with a key that the vendor made for it, an
  /// experiment of the group with an aggregator of the vendor, the hospital's dataset and an event.
  void add_registries() {
    const Json any = Json::object();
    const auto made = [&](const char* user, const char* path, Json body) {
      return expect(201, user, "POST", path, body).get_int("id");
    };
    ca_ = 1;  // registered with the hub itself
    certificate_ =
        made("hospital", "certificates/",
             Json::object({{"name", "c"}, {"ca", ca_}, {"certificate_content_base64", "x"}}));
    const auto inside = expect(200, "vendor", "GET", path_of("models", world_.model))
                            .find("container")
                            ->get_int("id");
    const Json key = Json::object({{"name", "k"},
                                   {"certificate", certificate_},
                                   {"container", inside},
                                   {"encrypted_key_base64", "x"}});
    key_ = expect(201, "vendor", "POST", "encrypted_keys/bulk/", Json::array({key}))
               .items()[0]
               .get_int("id");
    aggregator_ =
        made("vendor", "aggregators/",
             Json::object({{"name", "a"}, {"config", any}, {"aggregation_mlcube", inside}}));
    training_ = made("group", "training/", training_body("t", world_.preparation, aggregator_));
    expect(200, "admin", "PUT", path_of("training", training_),
           Json::object({{"approval_status", "APPROVED"}}));
    made("hospital", "datasets/training/",
         Json::object({{"dataset", world_.dataset}, {"training_exp", training_}}));
    expect(200, "group", "PUT",
           path_of("datasets", world_.dataset) + path_of("training", training_),
           Json::object({{"approval_status", "APPROVED"}}));
    event_ =
        made("group", "training/events/",
             Json::object({{"name", "e"}, {"training_exp", training_}, {"participants", any}}));
  }

  /// The world as the tables should see it: who stands how to the one object of each kind.
  static Relations relations(const std::string& actor, SubjectKind subject) {
    struct Line {
      SubjectKind subject;
      const char* actor;
      Relations relations;
    };
    static const Line kLines[] = {
        {SubjectKind::kUser, "hospital", {Relation::kSelf}},
        {SubjectKind::kUser, "group", {Relation::kPreparatorOwner}},
        {SubjectKind::kContainer, "group", {Relation::kOwner}},
        {SubjectKind::kAsset, "vendor", {Relation::kOwner}},
        {SubjectKind::kModel, "vendor", {Relation::kOwner}},
        {SubjectKind::kBenchmark, "group", {Relation::kOwner}},
        {SubjectKind::kBenchmark, "hospital", {Relation::kApprovedDatasetOwner}},
        {SubjectKind::kBenchmark, "vendor", {Relation::kApprovedModelOwner}},
        {SubjectKind::kDataset, "hospital", {Relation::kOwner, Relation::kDatasetOwner}},
        {SubjectKind::kDataset, "group", {Relation::kPreparatorOwner}},
        {SubjectKind::kResult, "hospital", {Relation::kDatasetOwner}},
        {SubjectKind::kResult, "group", {Relation::kBenchmarkOwner}},
        {SubjectKind::kResult, "vendor", {Relation::kModelOwner}},
        {SubjectKind::kDatasetPair, "hospital", {Relation::kDatasetOwner}},
        {SubjectKind::kDatasetPair, "group", {Relation::kBenchmarkOwner}},
        {SubjectKind::kModelPair, "vendor", {Relation::kModelOwner}},
        {SubjectKind::kModelPair, "group", {Relation::kBenchmarkOwner}},
        {SubjectKind::kCertificate, "hospital", {Relation::kOwner}},
        {SubjectKind::kEncryptedKey, "vendor", {Relation::kOwner}},
        {SubjectKind::kAggregator, "vendor", {Relation::kOwner}},
        {SubjectKind::kTraining, "group", {Relation::kOwner, Relation::kTrainingOwner}},
        {SubjectKind::kTraining, "hospital", {Relation::kApprovedDatasetOwner}},
        {SubjectKind::kTraining, "vendor", {Relation::kAggregatorOwner}},
        {SubjectKind::kTrainingEvent, "group", {Relation::kTrainingOwner}},
        {SubjectKind::kTrainingEvent, "vendor", {Relation::kAggregatorOwner}},
        {SubjectKind::kTrainingPair, "hospital", {Relation::kDatasetOwner}},
        {SubjectKind::kTrainingPair, "group", {Relation::kTrainingOwner}},
    };
    for (const auto& line : kLines) {
      if (line.subject == subject && line.actor == actor) return line.relations;
    }
    return {};
  }

  std::int64_t id_of(SubjectKind subject) const {
    switch (subject) {
      case SubjectKind::kUser:
        return users_.at("hospital");
      case SubjectKind::kContainer:
        return world_.preparation;
      case SubjectKind::kAsset:
        return asset_;
      case SubjectKind::kModel:
      case SubjectKind::kModelPair:
        return world_.model;
      case SubjectKind::kBenchmark:
        return world_.benchmark;
      case SubjectKind::kDataset:
      case SubjectKind::kDatasetPair:
      case SubjectKind::kTrainingPair:
        return world_.dataset;
      case SubjectKind::kResult:
        return result_;
      case SubjectKind::kCa:
        return ca_;
      case SubjectKind::kCertificate:
        return certificate_;
      case SubjectKind::kEncryptedKey:
        return key_;
      case SubjectKind::kAggregator:
        return aggregator_;
      case SubjectKind::kTraining:
        return training_;
      case SubjectKind::kTrainingEvent:
        return event_;
      case SubjectKind::kNone:
        break;
    }
    return 0;
  }

  static std::string with(std::string path, const std::string& mark, std::int64_t id) {
    const auto at = path.find(mark);
    if (at != std::string::npos) path.replace(at, mark.size(), std::to_string(id));
    return path;
  }

  std::string path(const Endpoint& endpoint, bool exists) const {
    const bool known = exists && endpoint.ids_in == IdsIn::kPath;
    std::string text =
        with(full_path(endpoint), "{id}", known ? id_of(endpoint.subject) : kUnknown);
    const auto host = endpoint.subject == SubjectKind::kTrainingPair ? training_ : world_.benchmark;
    text = with(text, "{other}", known ? host : kUnknown);
    const auto key = text.find("{key_id}");
    if (key != std::string::npos) text.replace(key, 8, "unknown");
    return text;
  }

  Json body(const Endpoint& endpoint, bool exists) const {
    if (endpoint.ids_in == IdsIn::kPath) return Json::object();
    const auto id = exists ? id_of(endpoint.subject) : kUnknown;
    switch (endpoint.subject) {
      case SubjectKind::kModelPair:
        return Json::object({{"model", id}, {"benchmark", exists ? world_.benchmark : kUnknown}});
      case SubjectKind::kTrainingPair:
        return Json::object({{"dataset", id}, {"training_exp", exists ? training_ : kUnknown}});
      case SubjectKind::kTraining:
        return Json::object({{"training_exp", id}});
      case SubjectKind::kContainer:
        return Json::array({Json::object({{"container", id}})});
      case SubjectKind::kEncryptedKey:
        return Json::array({Json::object({{"id", id}})});
      default:
        return Json::object({{"dataset", id}, {"benchmark", exists ? world_.benchmark : kUnknown}});
    }
  }

  void check(const Endpoint& endpoint, const std::string& actor, bool exists) const {
    SCOPED_TRACE(std::string(endpoint.operation) + " by '" + actor +
                 (exists ? "' existing" : "' unknown"));
    const Reply reply =
        send(actor, std::string(endpoint.method), path(endpoint, exists), body(endpoint, exists));
    const Relations allowed = endpoint.who;
    Relations caller;
    if (exists) caller = relations(actor, endpoint.subject);
    // An unknown item of an array takes no permission away: its field is wrong.
    if (!exists && endpoint.ids_in == IdsIn::kBodyList) caller.add(Relation::kOwner);
    caller.add(Relation::kSignedIn);
    if (actor == "admin") caller.add(Relation::kAdmin);
    if (actor.empty()) {
      EXPECT_EQ(reply.status, 401);
      EXPECT_EQ(reply.response.headers.at("www-authenticate"), "Bearer realm=\"api\"");
    } else if (!allowed.intersects(caller)) {
      EXPECT_EQ(reply.status, 403) << reply.response.body;
      EXPECT_EQ(reply.body.get_string("detail"),
                "You do not have permission to perform this action.");
    } else if (!exists && endpoint.must_exist && endpoint.ids_in == IdsIn::kPath &&
               endpoint.subject != SubjectKind::kNone) {
      EXPECT_EQ(reply.status, 404) << reply.response.body;
      EXPECT_EQ(reply.body.get_string("detail"), "Not found.");
    } else {
      expect_documented(endpoint, reply);
    }
  }

  /// A permitted request ends in one of the statuses that the row names.
  static void expect_documented(const Endpoint& endpoint, const Reply& reply) {
    const auto& statuses = endpoint.statuses;
    const bool named = std::find(statuses.begin(), statuses.end(), reply.status) != statuses.end();
    EXPECT_TRUE(named) << reply.status << " " << reply.response.body;
    EXPECT_NE(reply.status, 403) << reply.response.body;
    if (reply.status == 200 && endpoint.shape == Shape::kPage) {
      EXPECT_TRUE(reply.body.contains("count") && reply.body.contains("next") &&
                  reply.body.contains("previous") && reply.body.contains("results"));
    }
  }

  World world_;
  std::int64_t asset_ = 0;
  std::int64_t result_ = 0;
  std::int64_t ca_ = 0;
  std::int64_t certificate_ = 0;
  std::int64_t key_ = 0;
  std::int64_t aggregator_ = 0;
  std::int64_t training_ = 0;
  std::int64_t event_ = 0;
};

TEST_P(EndpointsTest, EveryActorGetsWhatTheTableSays) {
  int cases = 0;
  for (const bool removing : {false, true}) {  // what an admin may remove goes last
    for (const auto& endpoint : all_endpoints()) {
      if (endpoint.handler == nullptr || (endpoint.method == "DELETE") != removing) continue;
      for (const auto& actor : kActors) {
        for (const bool exists : {false, true}) {
          check(endpoint, actor, exists);
          ++cases;
        }
      }
    }
  }
  EXPECT_GT(cases, 500);
}

TEST_P(EndpointsTest, ANarrowingKeyTakesPermissionAway) {
  const std::string benchmark = path_of("benchmarks", world_.benchmark);
  const Json approval = Json::object({{"approval_status", "APPROVED"}});
  expect(403, "group", "PUT", benchmark, approval);
  expect(200, "admin", "PUT", benchmark, approval);
  const std::string pair =
      path_of("models", world_.model) + path_of("benchmarks", world_.benchmark);
  const Json priority = Json::object({{"priority", 7}});
  expect(403, "vendor", "PUT", pair, priority);
  EXPECT_EQ(expect(200, "group", "PUT", pair, priority).get_int("priority"), 7);
}

TEST_P(EndpointsTest, OtherMethodsAndPathsAreRefused) {
  const Reply patch = send("group", "PATCH", "mlcubes/");
  EXPECT_EQ(patch.status, 405);
  EXPECT_EQ(patch.body.get_string("detail"), "Method \"PATCH\" not allowed.");
  EXPECT_EQ(patch.response.headers.at("allow"), "GET, POST, HEAD, OPTIONS");
  expect(401, "", "PATCH", "mlcubes/");
  expect(404, "group", "GET", "mlcubes/abc/");
  expect(404, "group", "GET", "nothing/");
  expect(200, "group", "GET", "benchmarks/" + std::to_string(world_.benchmark));
  const Reply head = send("group", "HEAD", "mlcubes/");
  EXPECT_EQ(head.status, 200);
  EXPECT_TRUE(head.response.body.empty());
}

TEST_P(EndpointsTest, EveryWriteIsALineOfTheLog) {
  const auto before = rows("log_lines");
  container("group", "one more");
  EXPECT_EQ(rows("log_lines"), before + 1);
  expect(400, "group", "POST", "mlcubes/", Json::object());
  expect(200, "group", "GET", "mlcubes/");
  EXPECT_EQ(rows("log_lines"), before + 1);
  auto report = check_database(*database_);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->log_lines, before + 1);
}

INSTANTIATE_TEST_SUITE_P(Engines, EndpointsTest,
                         testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         sql::engine_name);

TEST(EndpointTables, RowsAreWhole) {
  std::set<std::string> operations;
  std::set<std::string> places;
  for (const auto& row : all_endpoints()) {
    SCOPED_TRACE(row.operation);
    EXPECT_TRUE(operations.insert(std::string(row.operation)).second);
    EXPECT_TRUE(places.insert(std::string(row.method) + " " + full_path(row)).second);
    EXPECT_FALSE(row.sentence.empty());
    EXPECT_NE(row.statuses[0], 0);
    EXPECT_NE(row.handler == nullptr, row.open == nullptr);
    if (row.method == "POST" || row.method == "PUT") {
      EXPECT_TRUE(parse_json(row.example).ok()) << row.example;
    }
    if (row.shape == Shape::kObject || row.shape == Shape::kPage) {
      EXPECT_TRUE(row.answer.has_value());
    }
    for (const auto filter : row.filters) {
      EXPECT_NE(domain::table_of(*row.answer).find(filter), nullptr) << filter;
    }
  }
}

TEST(Routes, NumbersAreIdsAndNothingElseIs) {
  PathValues values;
  EXPECT_TRUE(match_path("models/{id}/benchmarks/{other}/", "models/3/benchmarks/14/", values));
  EXPECT_EQ(values.ids[0], 3);
  EXPECT_EQ(values.ids[1], 14);
  EXPECT_TRUE(match_path("models/{id}/", "models/3", values));
  for (const char* path : {"models/-3/", "models/3x/", "models//", "models/3/4/",
                           "models/99999999999999999999/", "models/+3/"}) {
    EXPECT_FALSE(match_path("models/{id}/", path, values)) << path;
  }
}

}  // namespace
}  // namespace medperf::hub
