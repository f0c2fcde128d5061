#include "site/doctor/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace medperf::site {
namespace {

using engine::Candidate;
using engine::EngineKind;
using ::testing::HasSubstr;

const std::vector<Candidate> kFound = {
    {EngineKind::kPodman, false, "podman: podman is not installed"},
    {EngineKind::kDocker, true, "docker 20.10.24, runc, root, cgroup v1"},
    {EngineKind::kApptainer, true, "apptainer version 1.3.1"},
};

TEST(DoctorEngines, TheFirstThatCanBeUsedIsChosen) {
  const auto seen = examine_engines(kFound, "auto");
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].name, "engine podman");
  EXPECT_EQ(seen[0].health, Health::kInfo);
  EXPECT_EQ(seen[0].what, "podman: podman is not installed");
  EXPECT_EQ(seen[1].health, Health::kGood);
  EXPECT_THAT(seen[1].what, HasSubstr("chosen: the first that can be used"));
  EXPECT_EQ(seen[2].health, Health::kInfo);
  EXPECT_THAT(seen[2].what, HasSubstr("not chosen"));
}

TEST(DoctorEngines, TheNamedOneIsChosenEvenIfItCannotBeUsed) {
  EXPECT_THAT(examine_engines(kFound, "apptainer")[2].what, HasSubstr("engine.kind names it"));
  EXPECT_EQ(examine_engines(kFound, "apptainer")[1].health, Health::kInfo);
  const auto broken = examine_engines(kFound, "podman");
  EXPECT_EQ(broken[0].health, Health::kBad);
  EXPECT_THAT(broken[0].advice, HasSubstr("auto"));
}

}  // namespace
}  // namespace medperf::site
