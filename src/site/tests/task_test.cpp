#include "site/flows/task.h"

#include <gtest/gtest.h>

#include "site/cluster/node.h"
#include "site/tests/fake_site.h"

namespace medperf::site {
namespace {

/// Runs a model that asks for `wanted` GPUs where runs may take `given`; what the engine was told.
Result<std::string> gpus_of_run(const std::string& wanted, int given) {
  PaperWorld world;
  world.config = "scheduler: {cores: 2, gpus: " + std::to_string(given) + "}\n";
  Json task = volumes({"data_path"}, {"output_path"});
  task.set("run_args", Json::object({{"gpus", wanted}}));
  const Json json = world.add_container(4, "model", "infer", task,
                                        [](const engine::RunSpec&) { return success(); });
  auto site = world.command();
  MEDPERF_TRY(const Admitted admitted, admit(*site, container_from(json).value()));
  const fs::path folder = world.folder.path();
  MEDPERF_CHECK(make_private_folder(folder / "data"));
  TaskRequest request;
  request.container = &admitted;
  request.task = "infer";
  request.paths = {{"data_path", (folder / "data").string()},
                   {"output_path", (folder / "out").string()}};
  request.log_file = folder / "logs" / "infer.log";
  request.subject = "test";
  MEDPERF_CHECK(run_task(*site, request));
  return world.engine.specs.at(0).gpus;
}

TEST(Task, GetsTheGpusItAsksForAndTheSiteGives) {
  EXPECT_EQ(gpus_of_run("1", 2).value(), "device=0");
  EXPECT_EQ(gpus_of_run("all", 2).value(), "device=0,1");
  EXPECT_EQ(gpus_of_run("all", 0).value(), "");
  EXPECT_EQ(gpus_of_run("0", 2).value(), "");
}

TEST(ClusterNode, ARunGetsTheGpusOfItsTaskAndNoOthers) {
  engine::RunSpec spec;
  EXPECT_EQ(gpus_given(spec, "0,1").value(), "") << "it asked for none";
  spec.gpus = "2";
  EXPECT_EQ(gpus_given(spec, "1,3").value(), "device=1,3");
  EXPECT_FALSE(gpus_given(spec, "1").ok()) << "fewer than asked for";
  EXPECT_FALSE(gpus_given(spec, "").ok());
  EXPECT_FALSE(gpus_given(spec, "1,x").ok());
  spec.gpus = "all";
  EXPECT_EQ(gpus_given(spec, "2").value(), "device=2");
  EXPECT_FALSE(gpus_given(spec, "").ok());
}

TEST(Task, IsRefusedWhenItNeedsMoreGpusThanTheSiteGives) {
  const auto refused = gpus_of_run("2", 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().text().find("GPU"), std::string::npos) << refused.error().text();
}

}  // namespace
}  // namespace medperf::site
