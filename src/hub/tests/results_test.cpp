// Results: what a site may send, by what key it must be signed, and what becomes of it.

#include <vector>

#include "hub/tests/signed_results.h"

namespace medperf::hub {
namespace {

class ResultsTest : public SignedResults {
 protected:
  void SetUp() override {
    HubTest::SetUp();
    if (!IsSkipped()) make_study(parse_json(kAucSchema).value());
  }
};

TEST_P(ResultsTest, OfAModelGivenAsFilesTheStatementNamesTheFiles) {
  ASSERT_EQ(register_key("hospital", key_), 201);
  const Json asset = Json::object({{"name", "weights"},
                                   {"asset_hash", crypto::sha256_hex("weights")},
                                   {"asset_url", "https://v/weights.tar.gz"},
                                   {"state", "OPERATION"}});
  const Json made = expect(
      201, "vendor", "POST", "models/",
      Json::object(
          {{"name", "weights"}, {"type", "ASSET"}, {"asset", asset}, {"state", "OPERATION"}}));
  world_.model = made.get_int("id");
  join(world_, "model", "vendor", world_.model);
  const auto id = open_result();
  const Json sent = envelope();
  result::Statement stated = statement_of({use("evaluator", world_.evaluator)}, sent);
  const auto put = [&](int status) {
    const Json answer = expect(status, "hospital", "PUT", path_of("results", id),
                               submission(sent, result::sign_statement(stated, key_)));
    return to_text(answer);
  };
  EXPECT_NE(put(400).find("model_files"), std::string::npos) << "it names no files";
  const std::int64_t number = made.find("asset")->get_int("id");
  stated.model_files = result::ModelFilesUse{number, crypto::digest_of<FileDigest>("other")};
  EXPECT_NE(put(400).find("model_files.archive"), std::string::npos) << "other bytes";
  stated.model_files->archive = crypto::digest_of<FileDigest>("weights");
  put(200);
}

TEST_P(ResultsTest, ASignedEnvelopeIsAcceptedOnceAndThenFinal) {
  ASSERT_EQ(register_key("hospital", key_), 201);
  const auto id = open_result();
  const Json sent = envelope();
  const Json body = submission(sent, result::sign_statement(statement(sent), key_));
  const Json stored = expect(200, "hospital", "PUT", path_of("results", id), body);
  EXPECT_TRUE(stored.get_bool("finalized"));
  EXPECT_EQ(*stored.find("results"), sent);
  expect(400, "hospital", "PUT", path_of("results", id), body);
  expect(400, "hospital", "PUT", path_of("results", id), Json::object({{"is_valid", false}}));

  const Json report =
      expect(200, "group", "GET", path_of("benchmarks", world_.benchmark) + "aggregate/");
  ASSERT_EQ(report.find("models")->items().size(), 1u);
  EXPECT_EQ(report.find("models")->items()[0].find("sites")->items().size(), 1u);
}

TEST_P(ResultsTest, ColleaguesSeeTheRowsOfWhatTheirOrganisationWasGiven) {
  ASSERT_EQ(register_key("hospital", key_), 201);
  const auto id = finished(0.875);
  const std::string aggregate = path_of("benchmarks", world_.benchmark) + "aggregate/";
  expect(403, "stranger", "GET", aggregate);
  const auto organisation =
      expect(201, "hospital", "POST", "organisations/", Json::object({{"name", "Hospital A"}}))
          .get_int("id");
  const auto colleague = expect(200, "stranger", "GET", "me/").get_int("id");
  const std::string members = path_of("organisations", organisation) + "members/";
  expect(201, "hospital", "POST", members, Json::object({{"member", colleague}}));
  expect(200, "stranger", "PUT", members + std::to_string(colleague) + "/",
         Json::object({{"status", "ACCEPTED"}}));
  expect(403, "stranger", "GET", aggregate);

  expect(200, "hospital", "POST", path_of("organisations", organisation) + "objects/",
         Json::object({{"dataset", world_.dataset}}));
  EXPECT_EQ(expect(200, "stranger", "GET", path_of("results", id)).get_int("organisation"),
            organisation);
  for (const char* member : {"hospital", "stranger"}) {
    const Json report = expect(200, member, "GET", aggregate);
    const auto& sites = report.find("models")->items()[0].find("sites")->items();
    ASSERT_EQ(sites.size(), 1u) << member;
    EXPECT_EQ(sites[0].get_int("result"), id) << member;
  }
}

TEST_P(ResultsTest, AnUndeclaredKeyIsRefused) {
  ASSERT_EQ(register_key("hospital", key_), 201);
  const auto id = open_result();
  Json sent = envelope();
  sent.find("results")->set("patients", Json::array({Json("A. Smith")}));
  const Json refused = expect(400, "hospital", "PUT", path_of("results", id),
                              submission(sent, result::sign_statement(statement(sent), key_)));
  ASSERT_TRUE(refused.contains("results")) << to_text(refused);
  EXPECT_NE(to_text(refused).find("patients"), std::string::npos);
  EXPECT_FALSE(expect(200, "hospital", "GET", path_of("results", id)).get_bool("finalized"));
}

TEST_P(ResultsTest, AStatementOfAnotherKeyIsRefused) {
  const Json sent = envelope();
  const auto id = open_result();
  const Json dsse = result::sign_statement(statement(sent), key_);
  // Nobody registered it; then somebody else did; then the hospital has another one.
  expect(400, "hospital", "PUT", path_of("results", id), submission(sent, dsse));
  ASSERT_EQ(register_key("stranger", key_), 201);
  expect(400, "hospital", "PUT", path_of("results", id), submission(sent, dsse));
  ASSERT_EQ(register_key("hospital", crypto::SigningKey::generate()), 201);
  const Json refused =
      expect(400, "hospital", "PUT", path_of("results", id), submission(sent, dsse));
  EXPECT_TRUE(refused.contains("metadata")) << to_text(refused);
}

TEST_P(ResultsTest, AWrongSignatureIsRefused) {
  ASSERT_EQ(register_key("hospital", key_), 201);
  const auto id = open_result();
  const Json sent = envelope();
  Json dsse = result::sign_statement(statement(sent), key_);
  const Json other = result::sign_statement(statement(envelope(0.5)), key_);
  dsse.set("signatures", *other.find("signatures"));
  const Json refused =
      expect(400, "hospital", "PUT", path_of("results", id), submission(sent, dsse));
  EXPECT_TRUE(refused.contains("metadata")) << to_text(refused);
}

TEST_P(ResultsTest, EveryBindingOfTheStatementIsChecked) {
  ASSERT_EQ(register_key("hospital", key_), 201);
  const auto id = open_result();
  const Json sent = envelope();
  using Change = void (*)(result::Statement&);
  const std::pair<const char*, Change> changes[] = {
      {"benchmark", [](result::Statement& s) { s.benchmark += 1; }},
      {"dataset", [](result::Statement& s) { s.dataset += 1; }},
      {"model", [](result::Statement& s) { s.model += 1; }},
      {"uid",
       [](result::Statement& s) { s.dataset_uid = crypto::digest_of<FolderUid>("another"); }},
      {"envelope", [](result::Statement& s) { s.envelope_digest = crypto::sha256_hex("x"); }},
      {"schema", [](result::Statement& s) { s.result_schema_digest = crypto::sha256_hex("x"); }},
      {"container", [](result::Statement& s) { s.containers[0].container += 100; }},
      {"archive",
       [](result::Statement& s) {
         s.containers[1].archive = crypto::digest_of<FileDigest>("another");
       }},
      {"parameters",
       [](result::Statement& s) { s.containers[0].parameters_digest = crypto::sha256_hex("x"); }},
      {"evaluator", [](result::Statement& s) { s.containers.pop_back(); }},
  };
  for (const auto& [what, change] : changes) {
    SCOPED_TRACE(what);
    result::Statement changed = statement(sent);
    change(changed);
    const Json refused = expect(400, "hospital", "PUT", path_of("results", id),
                                submission(sent, result::sign_statement(changed, key_)));
    EXPECT_TRUE(refused.contains("metadata")) << to_text(refused);
  }
  expect(200, "hospital", "PUT", path_of("results", id),
         submission(sent, result::sign_statement(statement(sent), key_)));
}

TEST_P(ResultsTest, UnsignedResultsAreForBenchmarksWithoutSchema) {
  const auto id = open_result();
  expect(400, "hospital", "PUT", path_of("results", id),
         Json::object({{"results", Json::object({{"auc", 1}})}}));
  const auto reports = Json::object({{"model_report", Json::object({{"status", "running"}})}});
  expect(200, "hospital", "PUT", path_of("results", id), reports);
}

TEST_P(ResultsTest, OneOpenResultForATriple) {
  const auto id = open_result();
  const Json refused = expect(400, "hospital", "POST", "results/", triple());
  EXPECT_NE(to_text(refused).find("id " + std::to_string(id)), std::string::npos);
  expect(200, "hospital", "PUT", path_of("results", id), Json::object({{"is_valid", false}}));
  open_result();
}

TEST_P(ResultsTest, AClosedBenchmarkTakesNone) {
  const std::string benchmark = path_of("benchmarks", world_.benchmark);
  expect(200, "group", "PUT", benchmark, Json::object({{"is_active", false}}));
  expect(400, "hospital", "POST", "results/", triple());
  expect(200, "group", "PUT", benchmark, Json::object({{"is_active", true}}));
  expect(200, "admin", "PUT", benchmark, Json::object({{"approval_status", "REJECTED"}}));
  expect(400, "hospital", "POST", "results/", triple());
}

TEST_P(ResultsTest, TheNewestFinalResultOfATripleCounts) {
  ASSERT_EQ(register_key("hospital", key_), 201);
  using Ids = std::vector<std::int64_t>;
  const auto first = finished(0.5);
  EXPECT_EQ(counted_results(), Ids{first});
  open_result();  // an open one changes nothing
  EXPECT_EQ(counted_results(), Ids{first});
  expect(200, "hospital", "PUT", path_of("results", first + 1),
         Json::object({{"is_valid", false}}));
  const auto second = finished(0.75);
  EXPECT_EQ(counted_results(), Ids{second});
  decide(first, "APPROVED");
  EXPECT_EQ(counted_results(), Ids{second});
  decide(second, "REJECTED");
  EXPECT_EQ(counted_results(), Ids{first});
  decide(first, "REJECTED");
  EXPECT_EQ(counted_results(), Ids{});
}

TEST_P(ResultsTest, ACompatibilityRunNeverCounts) {
  ASSERT_EQ(register_key("hospital", key_), 201);
  const auto ask = [&](const char* status) {
    return expect(201, "hospital", "POST", "datasets/benchmarks/",
                  Json::object({{"dataset", world_.dataset},
                                {"benchmark", world_.benchmark},
                                {"metadata", Json::object()},
                                {"approval_status", status}}));
  };
  ask("REJECTED");
  world_.model = world_.reference;
  const auto before = finished(0.5);
  EXPECT_TRUE(
      expect(200, "hospital", "GET", path_of("results", before)).get_bool("compatibility_run"));
  ask("PENDING");
  expect(200, "group", "PUT",
         path_of("datasets", world_.dataset) + path_of("benchmarks", world_.benchmark),
         Json::object({{"approval_status", "APPROVED"}}));
  EXPECT_TRUE(counted_results().empty());
  const auto after = finished(0.75);
  EXPECT_EQ(counted_results(), std::vector<std::int64_t>{after});
}

TEST_P(ResultsTest, AKeyBelongsToOneAccountAndAnAccountHasOne) {
  EXPECT_EQ(register_key("hospital", key_), 201);
  EXPECT_EQ(register_key("hospital", key_), 200);
  EXPECT_EQ(register_key("hospital", crypto::SigningKey::generate()), 409);
  EXPECT_EQ(register_key("vendor", key_), 409);
  const std::string id = key_.verify_key().key_id();
  EXPECT_EQ(expect(200, "stranger", "GET", "keys/" + id + "/").get_int("owner"),
            users_.at("hospital"));
  expect(400, "vendor", "POST", "me/keys/", Json::object({{"public_key", "AAAA"}}));
}

INSTANTIATE_TEST_SUITE_P(Engines, ResultsTest,
                         testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         sql::engine_name);

}  // namespace
}  // namespace medperf::hub
