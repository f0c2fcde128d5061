// Certificates, keys and training under concurrency: of many requests at once exactly one wins.

#include "hub/tests/test_hub.h"

namespace medperf::hub {
namespace {

const std::vector<int> kOneCreated = {201, 400, 400, 400, 400, 400};

class RegistriesTest : public HubTest {
 protected:
  Json certificate_body(const std::string& name) const {
    return Json::object({{"name", name}, {"ca", 1}, {"certificate_content_base64", "x"}});
  }
  Json key_body(const std::string& name, std::int64_t certificate, std::int64_t container) const {
    return Json::object({{"name", name},
                         {"certificate", certificate},
                         {"container", container},
                         {"encrypted_key_base64", "x"}});
  }
  /// An approved experiment of "group" with an aggregator.
  std::int64_t experiment(std::int64_t container) const {
    const auto aggregator = expect(201, "group", "POST", "aggregators/",
                                   Json::object({{"name", "aggregator"},
                                                 {"config", Json::object()},
                                                 {"aggregation_mlcube", container}}))
                                .get_int("id");
    const auto id =
        expect(201, "group", "POST", "training/", training_body("t", container, aggregator))
            .get_int("id");
    expect(200, "admin", "PUT", path_of("training", id),
           Json::object({{"approval_status", "APPROVED"}}));
    return id;
  }
};

TEST_P(RegistriesTest, OneOfManyParallelCertificatesIsValid) {
  const auto statuses = at_once(6, [&](int i) {
    return send("hospital", "POST", "certificates/", certificate_body("c" + std::to_string(i)))
        .status;
  });
  EXPECT_EQ(statuses, kOneCreated);
  EXPECT_EQ(rows("certificates"), 1);
}

TEST_P(RegistriesTest, OneOfManyParallelKeysIsValid) {
  const auto box = container("vendor", "model");
  const auto certificate =
      expect(201, "hospital", "POST", "certificates/", certificate_body("c")).get_int("id");
  const auto statuses = at_once(6, [&](int i) {
    return send("vendor", "POST", "encrypted_keys/bulk/",
                Json::array({key_body("k" + std::to_string(i), certificate, box)}))
        .status;
  });
  EXPECT_EQ(statuses, kOneCreated);
  EXPECT_EQ(rows("encrypted_keys"), 1);
}

TEST_P(RegistriesTest, AnArrayOfKeysIsStoredWholeOrNotAtAll) {
  const auto box = container("vendor", "model");
  const auto certificate =
      expect(201, "hospital", "POST", "certificates/", certificate_body("c")).get_int("id");
  const Json good = key_body("good", certificate, box);
  const Json refused = expect(400, "vendor", "POST", "encrypted_keys/bulk/",
                              Json::array({good, key_body("", certificate, box)}));
  EXPECT_EQ(to_text(refused), R"({"1":{"name":["This field may not be blank."]}})");
  EXPECT_EQ(rows("encrypted_keys"), 0);
  // Two of one request are in each other's way like two of two requests.
  expect(400, "vendor", "POST", "encrypted_keys/bulk/",
         Json::array({good, key_body("second", certificate, box)}));
  EXPECT_EQ(rows("encrypted_keys"), 0);
  Json many = Json::array();
  for (int i = 0; i < 1001; ++i) many.push(good);
  expect(400, "vendor", "POST", "encrypted_keys/bulk/", many);
  expect(201, "vendor", "POST", "encrypted_keys/bulk/", Json::array({good}));
}

TEST_P(RegistriesTest, AContainersKeysGoWithIt) {
  const auto box = container("vendor", "model");
  const auto certificate =
      expect(201, "hospital", "POST", "certificates/", certificate_body("c")).get_int("id");
  expect(201, "vendor", "POST", "encrypted_keys/bulk/",
         Json::array({key_body("k", certificate, box)}));
  expect(204, "admin", "DELETE", path_of("mlcubes", box));
  EXPECT_EQ(rows("encrypted_keys"), 0);
}

TEST_P(RegistriesTest, OneOfManyParallelExperimentsIsPending) {
  const auto part = container("group", "part");
  const auto statuses = at_once(6, [&](int i) {
    Json body = training_body("t" + std::to_string(i), part, 0);
    body.set("aggregator", nullptr);
    return send("vendor", "POST", "training/", body).status;
  });
  EXPECT_EQ(statuses, kOneCreated);
  EXPECT_EQ(rows("training"), 1);
}

TEST_P(RegistriesTest, OneOfManyParallelEventsRuns) {
  const auto training = experiment(container("group", "part"));
  const auto statuses = at_once(6, [&](int i) {
    return send("group", "POST", "training/events/",
                Json::object({{"name", "e" + std::to_string(i)},
                              {"training_exp", training},
                              {"participants", Json::object()}}))
        .status;
  });
  EXPECT_EQ(statuses, kOneCreated);
  EXPECT_EQ(rows("training_events"), 1);
}

TEST_P(RegistriesTest, AnEventAndAChangeOfItsExperimentExcludeEachOther) {
  const auto training = experiment(container("group", "part"));
  const Json event =
      Json::object({{"name", "e"}, {"training_exp", training}, {"participants", Json::object()}});
  at_once(2, [&](int i) {
    return i == 0 ? send("group", "POST", "training/events/", event).status
                  : send("admin", "PUT", path_of("training", training),
                         Json::object({{"approval_status", "REJECTED"}}))
                        .status;
  });
  const bool rejected =
      expect(200, "group", "GET", path_of("training", training)).get_string("approval_status") ==
      "REJECTED";
  EXPECT_EQ(rows("training_events"), rejected ? 0 : 1);
}

TEST_P(RegistriesTest, ConfiguredOwnersAreApprovedAtOnce) {
  Settings settings;
  settings.auto_approved_training_emails = {"group@example.com"};
  make_hub(settings);
  Json body = training_body("t", container("group", "part"), 0);
  body.set("aggregator", nullptr);
  const Json made = expect(201, "group", "POST", "training/", body);
  EXPECT_EQ(made.get_string("approval_status"), "APPROVED");
  EXPECT_FALSE(made.find("approved_at")->is_null());
}

INSTANTIATE_TEST_SUITE_P(Engines, RegistriesTest,
                         testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         sql::engine_name);

}  // namespace
}  // namespace medperf::hub
