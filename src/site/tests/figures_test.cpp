#include "site/flows/figures.h"

#include <gtest/gtest.h>

#include <limits>

#include "site/flows/disk.h"
#include "site/tests/paper_hospital.h"

namespace medperf::site {
namespace {

const RunFigures kDemo{5, Seconds(10), mebibytes(300), Bytes{5000}, "demo data"};

TEST(Figures, GrowWithTheCasesButForMemory) {
  const RunFigures more = scaled(kDemo, 50);
  EXPECT_EQ(more.time.count(), 100);
  EXPECT_EQ(more.output.value, 50'000U);
  EXPECT_EQ(more.peak_memory, mebibytes(300));
  const RunFigures both = together(kDemo, {3, Seconds(1), mebibytes(400), Bytes{1}, "x"});
  EXPECT_EQ(both.cases, 8U);
  EXPECT_EQ(both.time.count(), 11);
  EXPECT_EQ(both.peak_memory, mebibytes(400));
}

TEST(Figures, OfTheHubAreTakenOnlyWhenTheyAreSound) {
  ASSERT_TRUE(figures_from(to_json(kDemo)).has_value());
  EXPECT_EQ(figures_from(to_json(kDemo))->cases, 5U);
  const std::vector<std::pair<std::string, Json>> bad = {
      {"cases", 0},
      {"cases", "5"},
      {"seconds", -1},
      {"seconds", 1e12},
      {"seconds", Json()},
      {"peak_memory_bytes", -5},
      {"output_bytes", std::numeric_limits<std::int64_t>::max()},
      {"medperf", "other"}};
  for (const auto& [key, value] : bad) {
    Json document = to_json(kDemo);
    document.set(key, value);
    EXPECT_FALSE(figures_from(document).has_value()) << key << " " << to_text(value);
  }
  EXPECT_FALSE(figures_from(Json()).has_value());
}

class Expectation : public PaperHospital {
 protected:
  void SetUp() override {
    PaperHospital::SetUp();
    let_cases_be_shared();
    const auto infer = [](const engine::RunSpec& spec) {
      EXPECT_TRUE(write_file_atomically(mount_of(spec, "/m/output_path") / "p.csv",
                                        "case_id\nc0\nc1\nc2\nc3\nc4\n")
                      .ok());
      engine::RunOutcome outcome = success();
      outcome.wall = Seconds(600);
      outcome.peak_memory = mebibytes(3000);
      return outcome;
    };
    add_model(
        5, "good",
        world_.add_container(15, "good", "infer", volumes({"data_path"}, {"output_path"}), infer));
  }
  std::string shown(const std::string& model) {
    for (const std::string& question : world_.person->asked) {
      const auto at = question.find("  expect ");
      if (question.find("'" + model + "'") != std::string::npos && at != std::string::npos)
        return question.substr(at, question.find('\n', at) - at);
    }
    return "(nothing)";
  }
};

TEST_F(Expectation, IsNotKnownBeforeAnythingRan) {
  ASSERT_TRUE(run(0, false, ModelId{5}).ok());
  EXPECT_NE(shown("good").find("not known"), std::string::npos) << shown("good");
}

TEST_F(Expectation, ComesFromWhatTheImageTookHere) {
  ASSERT_TRUE(run(0, false, ModelId{5}).ok());
  forget_everything();
  ASSERT_TRUE(run(0, false, ModelId{5}).ok());
  const std::string text = shown("good");
  EXPECT_NE(text.find("about 10 min"), std::string::npos) << text;
  EXPECT_NE(text.find("for 5 cases"), std::string::npos) << text;
  EXPECT_NE(text.find("the policy gives"), std::string::npos) << "more memory than there is";
}

TEST_F(Expectation, OfTheReferenceModelIsTheGroupsAndAHintForOthers) {
  world_.hub.objects["benchmarks/1/"]
      .find("metadata")
      ->find("medperf")
      ->set("demo_run", to_json(kDemo));
  ASSERT_TRUE(run().ok());
  EXPECT_NE(shown("reference").find("about 10 s"), std::string::npos) << shown("reference");
  EXPECT_NE(shown("reference").find("group"), std::string::npos);
  EXPECT_NE(shown("good").find("not known"), std::string::npos);
  EXPECT_NE(shown("good").find("reference model"), std::string::npos);
}

TEST_F(Expectation, OfANewModelIsItsOwnersClaimUntilItRanHere) {
  Json claim = to_json(kDemo);
  claim.set("on", "trust me");
  world_.hub.objects["benchmarks/1/demo_runs/"] =
      Json::array({Json::object({{"model", 5}, {"demo_run", claim}}),
                   Json::object({{"model", 4}, {"demo_run", claim}})});
  ASSERT_TRUE(run().ok());
  const std::string text = shown("good");
  EXPECT_NE(text.find("about 10 s and 5.0 kB of disk, at least 314.6 MB of memory, for 5 cases"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("by the word of the model's owner"), std::string::npos) << text;
  EXPECT_EQ(text.find("trust me"), std::string::npos) << "the owner's own words are not shown";
  EXPECT_NE(shown("reference").find("not known"), std::string::npos)
      << "the reference model's figures are its benchmark's: " << shown("reference");
  forget_everything();
  ASSERT_TRUE(run(0, false, ModelId{5}).ok());
  EXPECT_NE(shown("good").find("about 10 min"), std::string::npos) << "what it took here counts";
}

TEST_F(Expectation, OfAClaimWithoutBoundsIsNothing) {
  const auto shown_of = [&](std::initializer_list<std::pair<const char*, Json>> changes) {
    Json claim = to_json(kDemo);
    for (const auto& [key, value] : changes) claim.set(key, value);
    world_.hub.objects["benchmarks/1/demo_runs/"] =
        Json::array({Json::object({{"model", 5}, {"demo_run", claim}})});
    forget_everything();
    fs::remove_all(world_.workspace() / "figures");
    EXPECT_TRUE(run(0, false, ModelId{5}).ok());
    return shown("good");
  };
  EXPECT_NE(shown_of({{"seconds", 1e12}}).find("not known"), std::string::npos);
  EXPECT_NE(shown_of({{"raw_mib", 3}}).find("not known"), std::string::npos);
  EXPECT_NE(shown_of({{"peak_memory_bytes", -1}}).find("not known"), std::string::npos);
  const std::string most =
      shown_of({{"cases", 1}, {"seconds", 9e8}, {"output_bytes", std::int64_t{1} << 50}});
  EXPECT_NE(most.find("about more than a year and 1.1 PB"), std::string::npos) << most;
}

TEST_F(Expectation, OfTheEvaluationComesFromTheGroupOrFromHere) {
  ASSERT_TRUE(run(0, false, ModelId{5}).ok());
  EXPECT_NE(shown("evaluate").find("not known: it has not run here; 5 cases"), std::string::npos)
      << shown("evaluate");
  forget_everything();
  world_.person->asked.clear();
  ASSERT_TRUE(run(0, false, ModelId{5}).ok());
  EXPECT_NE(shown("evaluate").find("for each model about"), std::string::npos) << shown("evaluate");
  EXPECT_NE(shown("evaluate").find("(5 case(s) of dataset 3 took"), std::string::npos)
      << shown("evaluate");
  const auto workspace = Workspace::open(world_.workspace()).value();
  Benchmark benchmark;
  const ImageId unknown = ImageId::parse(std::string(64, 'e')).value();
  benchmark.metadata =
      Json::object({{"medperf", Json::object({{"demo_evaluation", to_json(kDemo)}})}});
  const std::string told =
      evaluation_expectation(workspace, benchmark, unknown, 50, mebibytes(1024));
  EXPECT_NE(told.find("about 100 s"), std::string::npos) << told;
  EXPECT_NE(told.find("at the benchmark's group"), std::string::npos) << told;
}

TEST_F(Expectation, OfAPreparationGrowsWithTheRawData) {
  const auto workspace = Workspace::open(world_.workspace()).value();
  const ImageId image = ImageId::parse(std::string(64, 'd')).value();
  const Bytes limit = mebibytes(1024);
  EXPECT_EQ(preparation_expectation(workspace, image, mebibytes(30), limit),
            "not known: it has not run here; 30 MiB of raw data");
  RunFigures took{3, Seconds(6), mebibytes(100), Bytes{1000}, "demo data"};
  took.unit = FiguresUnit::kRawMebibytes;
  ASSERT_TRUE(keep_figures(workspace, figures_key(image), took).ok());
  const std::string text = preparation_expectation(workspace, image, mebibytes(30), limit);
  EXPECT_NE(text.find("about 60 s"), std::string::npos) << text;
  EXPECT_NE(text.find("for 30 MiB of raw data"), std::string::npos) << text;
  EXPECT_NE(text.find("(3 MiB of demo data took 6 s here)"), std::string::npos) << text;
}

TEST_F(Expectation, OfShardsIsThatOfAllOfThem) {
  let_cases_be_shared();
  ASSERT_TRUE(run_shared(2).ok());
  std::optional<RunFigures> kept;
  const auto workspace = Workspace::open(world_.workspace()).value();
  for (const auto& entry : fs::directory_iterator(world_.workspace() / "figures"))
    kept = kept_figures(workspace, entry.path().stem().string());
  ASSERT_TRUE(kept.has_value());
  EXPECT_EQ(kept->cases, 5U);
}

}  // namespace
}  // namespace medperf::site
