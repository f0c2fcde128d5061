// Cases that the endpoint tables make themselves: every endpoint x actor x unknown, foreign and own
// subject, against the relations that cast.h writes down by hand.

#include <set>
#include <vector>

#include "base/encoding.h"
#include "hub/api/routes.h"
#include "hub/tests/cast.h"
#include "hub/tests/count.h"

namespace medperf::hub {
namespace {

using domain::Relation;
using domain::Relations;

constexpr std::int64_t kUnknown = 999999;
const std::string kActors[] = {"", "stranger", "group", "hospital", "vendor", "admin"};

/// Generated cases have a foreign and an own object for everybody: of three sides, of the stranger
/// alone, and of the admin alone.
class EndpointsTest : public CastTest {
 protected:
  void SetUp() override {
    CastTest::SetUp();
    if (IsSkipped()) return;
    casts_.push_back(make_cast({"group", "hospital", "vendor"}, "shared"));
    casts_.push_back(make_cast({"stranger", "stranger", "stranger"}, "stranger's"));
    casts_.push_back(make_cast({"admin", "admin", "admin"}, "admin's"));
  }

  static std::string with(std::string path, const std::string& mark, std::int64_t id) {
    const auto at = path.find(mark);
    if (at != std::string::npos) path.replace(at, mark.size(), std::to_string(id));
    return path;
  }

  /// `cast` null: with ids that nothing has.
  static std::string path(const Endpoint& endpoint, const Cast* cast) {
    const bool known = cast != nullptr && endpoint.ids_in == IdsIn::kPath;
    std::string text =
        with(full_path(endpoint), "{id}", known ? cast->id_of(endpoint.subject) : kUnknown);
    text = with(text, "{other}", known ? host(endpoint, *cast) : kUnknown);
    const auto key = text.find("{key_id}");
    if (key != std::string::npos) text.replace(key, 8, "unknown");
    return text;
  }

  /// The second side of a pair.
  static std::int64_t host(const Endpoint& endpoint, const Cast& cast) {
    if (endpoint.subject == SubjectKind::kMembership) return cast.member;
    return endpoint.subject == SubjectKind::kTrainingPair ? cast.training : cast.benchmark;
  }

  static Json body(const Endpoint& endpoint, const Cast* cast) {
    if (endpoint.ids_in == IdsIn::kPath) return Json::object();
    const auto id = cast != nullptr ? cast->id_of(endpoint.subject) : kUnknown;
    const auto other = cast != nullptr ? host(endpoint, *cast) : kUnknown;
    switch (endpoint.subject) {
      case SubjectKind::kModelPair:
        return Json::object({{"model", id}, {"benchmark", other}});
      case SubjectKind::kTrainingPair:
        return Json::object({{"dataset", id}, {"training_exp", other}});
      case SubjectKind::kTraining:
        return Json::object({{"training_exp", id}});
      case SubjectKind::kContainer:
        return Json::array({Json::object({{"container", id}})});
      case SubjectKind::kEncryptedKey:
        return Json::array({Json::object({{"id", id}})});
      default:
        return Json::object({{"dataset", id}, {"benchmark", other}});
    }
  }

  /// The caller's relations as they should be found.
  static Relations expected(const Endpoint& endpoint, const std::string& actor, const Cast* cast) {
    Relations caller;
    if (cast != nullptr) caller = cast->relations(actor, endpoint.subject);
    // An unknown item of an array takes no permission away: its field is wrong.
    if (cast == nullptr && endpoint.ids_in == IdsIn::kBodyList) caller.add(Relation::kOwner);
    caller.add(Relation::kSignedIn);
    if (actor == "admin") caller.add(Relation::kAdmin);
    return caller;
  }

  /// With `narrowing`, the body has the key that narrows who may.
  void check(const Endpoint& endpoint, const std::string& actor, const Cast* cast,
             bool narrowing = false) {
    ++cases_;
    SCOPED_TRACE(std::string(endpoint.operation) + " by '" + actor + "' on what " +
                 (cast == nullptr ? "nobody" : cast->roles.group) + " has" +
                 (narrowing ? ", narrowed" : ""));
    if (endpoint.subject == SubjectKind::kMembership && cast != nullptr) add_member(*cast);
    Json sent = body(endpoint, cast);
    if (narrowing) sent.set(endpoint.narrowing_key, "NONSENSE");
    const Reply reply = send(actor, std::string(endpoint.method), path(endpoint, cast), sent);
    const Relations caller = expected(endpoint, actor, cast);
    const Relations allowed = narrowing ? endpoint.narrowed_who : endpoint.who;
    const bool barred = narrowing && endpoint.narrowed_but.intersects(caller);
    if (actor.empty()) {
      EXPECT_EQ(reply.status, 401);
      EXPECT_EQ(reply.response.headers.at("www-authenticate"), "Bearer realm=\"api\"");
    } else if (!allowed.intersects(caller) || barred) {
      EXPECT_EQ(reply.status, 403) << reply.response.body;
      EXPECT_EQ(reply.body.get_string("detail"),
                "You do not have permission to perform this action.");
    } else if (cast == nullptr && endpoint.must_exist && endpoint.ids_in == IdsIn::kPath &&
               endpoint.subject != SubjectKind::kNone) {
      EXPECT_EQ(reply.status, 404) << reply.response.body;
      EXPECT_EQ(reply.body.get_string("detail"), "Not found.");
    } else {
      expect_documented(endpoint, reply);
    }
  }

  /// On unknown ids, and on what each cast has.
  void check_everywhere(const Endpoint& endpoint, const std::string& actor) {
    check(endpoint, actor, nullptr);
    for (const auto& cast : casts_) check(endpoint, actor, &cast);
    if (endpoint.narrowing_key.empty()) return;
    check(endpoint, actor, nullptr, true);
    for (const auto& cast : casts_) check(endpoint, actor, &cast, true);
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

  std::vector<Cast> casts_;
  int cases_ = 0;
};

TEST_P(EndpointsTest, EveryActorGetsWhatTheTableSays) {
  for (const bool removing : {false, true}) {  // what an admin may remove goes last
    for (const auto& endpoint : all_endpoints()) {
      if (endpoint.handler == nullptr || (endpoint.method == "DELETE") != removing) continue;
      for (const auto& actor : kActors) check_everywhere(endpoint, actor);
    }
  }
  EXPECT_GT(cases_, 1500);
  count_cases("generated from the endpoint tables", dialect(), cases_, HasFailure() ? 1 : 0);
}

TEST_P(EndpointsTest, ANarrowingKeyTakesPermissionAway) {
  const std::string benchmark = path_of("benchmarks", casts_[0].benchmark);
  const Json approval = Json::object({{"approval_status", "APPROVED"}});
  expect(403, "group", "PUT", benchmark, approval);
  expect(200, "admin", "PUT", benchmark, approval);
  const std::string pair =
      path_of("models", casts_[0].model) + path_of("benchmarks", casts_[0].benchmark);
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
  expect(200, "group", "GET", "benchmarks/" + std::to_string(casts_[0].benchmark));
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
