// Rules that parallel requests could break, broken nowhere: as many threads as requests, each with
// a connection of its own, on both databases.

#include <algorithm>
#include <vector>

#include "hub/tests/test_hub.h"

namespace medperf::hub {
namespace {

class ConcurrencyTest : public HubTest {
 protected:
  /// The statuses that six requests get when one wins.
  static std::vector<int> one_wins(int won, int lost = 400) {
    std::vector<int> statuses = {won, lost, lost, lost, lost, lost};
    std::sort(statuses.begin(), statuses.end());
    return statuses;
  }
  std::string pair(const std::string& kind, std::int64_t member, std::int64_t benchmark) const {
    return path_of(kind + "s", member) + path_of("benchmarks", benchmark);
  }
  static Json request(const std::string& kind, std::int64_t member, std::int64_t benchmark,
                      const std::string& status) {
    return Json::object({{kind, member},
                         {"benchmark", benchmark},
                         {"metadata", Json::object()},
                         {"approval_status", status}});
  }
  Json triple(const World& world) const {
    return Json::object(
        {{"benchmark", world.benchmark}, {"model", world.model}, {"dataset", world.dataset}});
  }
};

TEST_P(ConcurrencyTest, OneOfManyParallelBenchmarksIsPending) {
  const auto part = container("group", "part");
  const auto reference = model("group", "reference");
  const auto statuses = at_once(6, [&](int i) {
    return send("vendor", "POST", "benchmarks/",
                benchmark_body("benchmark " + std::to_string(i), part, reference, part))
        .status;
  });
  EXPECT_EQ(statuses, (std::vector<int>{201, 400, 400, 400, 400, 400}));
  EXPECT_EQ(rows("benchmarks"), 1);
}

TEST_P(ConcurrencyTest, OneOfManyParallelRequestsIsPending) {
  const World world = make_world();
  const Json body = Json::object(
      {{"dataset", world.dataset}, {"benchmark", world.benchmark}, {"metadata", Json::object()}});
  const auto statuses = at_once(
      6, [&](int) { return send("hospital", "POST", "datasets/benchmarks/", body).status; });
  EXPECT_EQ(statuses, (std::vector<int>{201, 400, 400, 400, 400, 400}));
  EXPECT_EQ(rows("dataset_associations"), 1);
}

TEST_P(ConcurrencyTest, OneOfManyParallelDatasetsGetsTheUid) {
  const auto part = container("group", "part");
  std::vector<std::int64_t> ids;
  for (int i = 0; i < 4; ++i) {
    ids.push_back(expect(201, "hospital", "POST", "datasets/", dataset_body("d", "same uid", part))
                      .get_int("id"));
  }
  const auto statuses = at_once(4, [&](int i) {
    return send("hospital", "PUT", path_of("datasets", ids[static_cast<std::size_t>(i)]),
                Json::object({{"state", "OPERATION"}}))
        .status;
  });
  EXPECT_EQ(statuses, (std::vector<int>{200, 400, 400, 400}));
}

TEST_P(ConcurrencyTest, ParallelRepeatsHaveOneEffect) {
  const Json body = container_body("once");
  const auto statuses = at_once(4, [&](int) {
    return send("group", "POST", "mlcubes/", body, {{"idempotency-key", "same"}}).status;
  });
  EXPECT_EQ(statuses, (std::vector<int>{201, 201, 201, 201}));
  EXPECT_EQ(rows("mlcubes"), 2);  // with the first of every hub
}

TEST_P(ConcurrencyTest, OneOfManyGetsTheName) {
  const auto containers = at_once(6, [&](int i) {
    Json body = container_body("same");
    body.set("image_hash", std::to_string(i));
    return send("group", "POST", "mlcubes/", body).status;
  });
  EXPECT_EQ(containers, one_wins(201));
  const auto assets = at_once(6, [&](int) {
    return send("vendor", "POST", "assets/",
                Json::object({{"name", "a"}, {"asset_hash", "1"}, {"asset_url", "local"}}))
        .status;
  });
  EXPECT_EQ(assets, one_wins(201));
  EXPECT_EQ(rows("assets"), 1);
}

TEST_P(ConcurrencyTest, OneOfManyGetsTheFourValues) {
  const auto statuses = at_once(6, [&](int i) {
    Json body = container_body("same");
    body.set("name", "name " + std::to_string(i));
    return send("group", "POST", "mlcubes/", body).status;
  });
  EXPECT_EQ(statuses, one_wins(201));
}

TEST_P(ConcurrencyTest, AModelAndWhatItWrapsComeTogetherOrNotAtAll) {
  const auto statuses = at_once(6, [&](int i) {
    Json inner = container_body("container " + std::to_string(i));
    return send("vendor", "POST", "models/",
                Json::object({{"name", "same"}, {"type", "CONTAINER"}, {"container", inner}}))
        .status;
  });
  EXPECT_EQ(statuses, one_wins(201));
  EXPECT_EQ(rows("models"), 1);
  EXPECT_EQ(rows("mlcubes"), 2);  // with the first of every hub: no container without its model
}

TEST_P(ConcurrencyTest, ARequestIsDecidedOnce) {
  const World world = make_world();
  expect(201, "hospital", "POST", "datasets/benchmarks/",
         request("dataset", world.dataset, world.benchmark, "PENDING"));
  const auto statuses = at_once(6, [&](int i) {
    return send("group", "PUT", pair("dataset", world.dataset, world.benchmark),
                Json::object({{"approval_status", i % 2 == 0 ? "APPROVED" : "REJECTED"}}))
        .status;
  });
  EXPECT_EQ(statuses, one_wins(200));
}

TEST_P(ConcurrencyTest, AnApprovalIsRevokedOnceAndAskedForAgainOnce) {
  const World world = make_world();
  join(world, "model", "vendor", world.model);
  const auto revoked = at_once(6, [&](int i) {
    return send(i % 2 == 0 ? "vendor" : "group", "POST", "models/benchmarks/",
                request("model", world.model, world.benchmark, "REJECTED"))
        .status;
  });
  EXPECT_EQ(revoked, one_wins(201));
  const auto asked = at_once(6, [&](int i) {
    return send(i % 2 == 0 ? "vendor" : "group", "POST", "models/benchmarks/",
                request("model", world.model, world.benchmark, "PENDING"))
        .status;
  });
  EXPECT_EQ(asked, one_wins(201));
  EXPECT_EQ(rows("model_associations"), 3);
}

TEST_P(ConcurrencyTest, ARequestApprovedAtOnceIsMadeOnce) {
  const World world = make_world();
  const auto own = model("group", "group's");
  const auto statuses = at_once(6, [&](int) {
    return send("group", "POST", "models/benchmarks/",
                request("model", own, world.benchmark, "PENDING"))
        .status;
  });
  EXPECT_EQ(statuses, one_wins(201));
  EXPECT_EQ(rows("model_associations"), 1);
}

TEST_P(ConcurrencyTest, OneResultOfATripleIsOpenAndFinishedOnce) {
  const World world = make_world();
  join(world, "dataset", "hospital", world.dataset);
  join(world, "model", "vendor", world.model);
  const auto opened =
      at_once(6, [&](int) { return send("hospital", "POST", "results/", triple(world)).status; });
  EXPECT_EQ(opened, one_wins(201));
  const auto id =
      expect(200, "hospital", "GET", "me/results/").find("results")->items()[0].get_int("id");
  const auto finished = at_once(6, [&](int i) {
    return send("hospital", "PUT", path_of("results", id),
                Json::object({{"results", Json::object({{"run", i}})}}))
        .status;
  });
  EXPECT_EQ(finished, one_wins(200));
}

TEST_P(ConcurrencyTest, ARejectedBenchmarkStaysRejected) {
  const auto part = container("group", "part");
  const auto reference = model("group", "reference");
  const auto id =
      expect(201, "vendor", "POST", "benchmarks/", benchmark_body("b", part, reference, part))
          .get_int("id");
  at_once(6, [&](int i) {
    return send("admin", "PUT", path_of("benchmarks", id),
                Json::object({{"approval_status", i % 2 == 0 ? "APPROVED" : "REJECTED"}}))
        .status;
  });
  EXPECT_EQ(expect(200, "vendor", "GET", path_of("benchmarks", id)).get_string("approval_status"),
            "REJECTED");
}

TEST_P(ConcurrencyTest, NoUpdateIsLost) {
  const auto id = container("group", "shared", "DEVELOPMENT");
  const std::vector<std::string> keys = {"metadata",         "user_metadata",
                                         "container_config", "parameters_config",
                                         "image_hash",       "additional_files_tarball_url"};
  expect(200, "group", "PUT", path_of("mlcubes", id),
         Json::object(
             {{"additional_files_tarball_url", "u"}, {"additional_files_tarball_hash", "h"}}));
  const auto statuses = at_once(6, [&](int i) {
    return send("group", "PUT", path_of("mlcubes", id),
                Json::object({{keys[static_cast<std::size_t>(i)], "changed"}}))
        .status;
  });
  EXPECT_EQ(statuses, (std::vector<int>{200, 200, 200, 200, 200, 200}));
  const Json stored = expect(200, "group", "GET", path_of("mlcubes", id));
  for (const auto& key : keys) EXPECT_EQ(stored.get_string(key), "changed") << key;
}

TEST_P(ConcurrencyTest, NothingChangesAfterTheFreeze) {
  const auto id = container("group", "freezing", "DEVELOPMENT");
  std::atomic<bool> frozen{false};
  std::atomic<int> late{0};
  at_once(6, [&](int i) {
    if (i == 0) {
      const int status =
          send("group", "PUT", path_of("mlcubes", id), Json::object({{"state", "OPERATION"}}))
              .status;
      frozen = true;
      return status;
    }
    const bool before = frozen;
    const int status = send("group", "PUT", path_of("mlcubes", id),
                            Json::object({{"image_hash", "hash " + std::to_string(i)}}))
                           .status;
    if (before && status == 200) ++late;
    return status;
  });
  EXPECT_EQ(late, 0);
  expect(400, "group", "PUT", path_of("mlcubes", id), Json::object({{"image_hash", "later"}}));
}

TEST_P(ConcurrencyTest, WhatIsReferredToIsNotRemoved) {
  for (int round = 0; round < 5; ++round) {
    const auto part = container("group", "part " + std::to_string(round));
    const auto statuses = at_once(2, [&](int i) {
      if (i == 0) return send("admin", "DELETE", path_of("mlcubes", part)).status;
      return send("hospital", "POST", "datasets/", dataset_body("d", "uid", part)).status;
    });
    const bool removed = statuses == std::vector<int>{204, 400};
    const bool referred = statuses == std::vector<int>{201, 409};
    EXPECT_TRUE(removed || referred) << statuses[0] << " " << statuses[1];
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, ConcurrencyTest,
                         testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         sql::engine_name);

}  // namespace
}  // namespace medperf::hub
