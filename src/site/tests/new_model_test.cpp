#include "site/flows/new_model.h"

#include <gtest/gtest.h>

#include "crypto/sha256.h"
#include "site/tests/paper_hospital.h"

namespace medperf::site {
namespace {

class NewModelFolder : public PaperHospital {
 protected:
  void SetUp() override {
    PaperHospital::SetUp();
    serve_demo();
    world_.add_container(
        2, "prepare", "prepare",
        volumes({"data_path", "labels_path"}, {"output_path", "output_labels_path"}),
        [](const engine::RunSpec& spec) {
          if (spec.name.starts_with("medperf-prepare")) {
            EXPECT_TRUE(
                write_file_atomically(mount_of(spec, "/m/output_path") / "x.npy", "x").ok());
            EXPECT_TRUE(
                write_file_atomically(mount_of(spec, "/m/output_labels_path") / "l", "1").ok());
          }
          if (spec.name.starts_with("medperf-statistics")) {
            EXPECT_TRUE(write_file_atomically(mount_of(spec, "/m/output_file"), "n: 1\n").ok());
          }
          return success();
        });
    Json& tasks = *world_.hub.objects["mlcubes/2/"].find("container_config")->find("tasks");
    tasks.set("sanity_check", volumes({"data_path", "labels_path"}, {}));
    tasks.set("statistics", volumes({"data_path", "labels_path"}, {"output_file"}));
  }

  void serve_demo() {
    const std::string demo =
        engine::testing::tar_of({{"paths.yaml", "data_path: images\nlabels_path: labels\n"},
                                 {"images/a", "raw"},
                                 {"labels/a", "1"}});
    world_.served["https://group.example/demo.tar.gz"] = demo;
    Json& benchmark = world_.hub.objects["benchmarks/1/"];
    benchmark.set("demo_dataset_tarball_url", "https://group.example/demo.tar.gz");
    benchmark.set("demo_dataset_tarball_hash", crypto::sha256_hex(demo));
  }
  void name_source(const std::string& archive, const std::string& digest) {
    let_cases_be_shared();
    world_.served["https://group.example/source.tar.gz"] = archive;
    world_.hub.objects["benchmarks/1/"]
        .find("metadata")
        ->find("medperf")
        ->find("specification")
        ->set("source",
              Json::object({{"url", "https://group.example/source.tar.gz"}, {"hash", digest}}));
  }
  Result<NewModel> make() {
    auto site = world_.command();
    return start_model(*site, BenchmarkId{1}, folder_, [this](const fs::path& target) -> Status {
      scaffolded_ = true;
      fs::create_directories(target);
      return write_file_atomically(target / "main.py", "pass");
    });
  }
  std::string text_of(const char* name) { return read_file(folder_ / name).value_or("(none)"); }

  fs::path folder_ = world_.folder.path() / "new-model";
  bool scaffolded_ = false;
};

TEST_F(NewModelFolder, HoldsTheSourceAndThePreparedDemoData) {
  const std::string source =
      engine::testing::tar_of({{"src/main.cpp", "int main() {}"}, {"weights.csv", "1"}});
  name_source(source, crypto::sha256_hex(source));
  const auto made = make();
  ASSERT_TRUE(made.ok()) << made.error().text();
  EXPECT_TRUE(made->from_source);
  EXPECT_TRUE(made->prepared_demo) << made->why_not;
  EXPECT_FALSE(scaffolded_);
  EXPECT_EQ(text_of("src/main.cpp"), "int main() {}");
  EXPECT_EQ(text_of("demo/raw/data/a"), "raw");
  const auto readable = fs::status(folder_ / "src/main.cpp").permissions() & fs::perms::others_read;
  EXPECT_NE(readable, fs::perms::none) << "a container of root runs as another user";
  EXPECT_EQ(text_of("demo/data/x.npy"), "x");
  EXPECT_EQ(text_of("demo/labels/l"), "1");
  const std::string steps = text_of("NEXT-STEPS.md");
  for (const char* command : {"container check", "container run", "model submit", "associate -m"})
    EXPECT_NE(steps.find(command), std::string::npos) << command;
  EXPECT_EQ(make().error().kind, ErrorKind::kConflict) << "no folder is written over";
}

TEST_F(NewModelFolder, OtherBytesThanTheNamedOnesAreNotUnpacked) {
  const std::string source = engine::testing::tar_of({{"main.cpp", "int main() {}"}});
  name_source(source, std::string(64, 'a'));
  EXPECT_EQ(make().error().kind, ErrorKind::kCorrupt);
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(NewModelFolder, ASourceThatLeavesItsFolderIsRefused) {
  const std::string source = engine::testing::tar_of({{"../../escaped", "x"}});
  name_source(source, crypto::sha256_hex(source));
  EXPECT_EQ(make().error().kind, ErrorKind::kRefused);
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(NewModelFolder, WithoutASourceItIsASmallContainerAndSaysSo) {
  const auto made = make();
  ASSERT_TRUE(made.ok()) << made.error().text();
  EXPECT_FALSE(made->from_source);
  EXPECT_TRUE(scaffolded_);
  EXPECT_NE(text_of("NEXT-STEPS.md").find("names no source"), std::string::npos);
  EXPECT_EQ(text_of("demo/data/x.npy"), "x");
}

TEST_F(NewModelFolder, ADeclinedPreparationLeavesTheRawDemoData) {
  world_.answers = {{"data preparation", Answer::kNo}};
  const auto made = make();
  ASSERT_TRUE(made.ok()) << made.error().text();
  EXPECT_FALSE(made->prepared_demo);
  EXPECT_EQ(text_of("demo/raw/labels/a"), "1");
  EXPECT_NE(text_of("NEXT-STEPS.md").find("It is not prepared"), std::string::npos);
}

}  // namespace
}  // namespace medperf::site
