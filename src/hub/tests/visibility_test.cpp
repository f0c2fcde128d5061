// The rule of who sees what has one home: a statement elsewhere could forget it.

#include <filesystem>
#include <set>

#include "base/files.h"
#include "hub/tests/test_hub.h"

namespace medperf::hub {
namespace {

TEST(Visibility, NoStatementIsOutsideOfTheStore) {
  // Reads that no caller gets to see as rows: is the database there; aggregates of one benchmark
  // that the caller was permitted; the mark of a result just stored.
  const std::set<std::string> kKnown = {"api/system.cpp", "release/aggregate.cpp",
                                        "services/results.cpp"};
  const fs::path hub = fs::path(MEDPERF_SOURCE_DIR) / "src" / "hub";
  int looked_at = 0;
  for (const char* room : {"api", "services", "release"}) {
    for (const auto& entry : std::filesystem::directory_iterator(hub / room)) {
      const auto text = read_file(entry.path());
      ASSERT_TRUE(text.ok());
      ++looked_at;
      const std::string name = std::string(room) + "/" + entry.path().filename().string();
      const bool asks = text->find("session.query(") != std::string::npos ||
                        text->find("session.execute(") != std::string::npos;
      EXPECT_TRUE(!asks || kKnown.contains(name))
          << name << " has SQL of its own: move it to store/";
    }
  }
  EXPECT_GT(looked_at, 50);
}

TEST(Visibility, WholeSightIsRare) {
  // Each says why beside it; a new one is looked at here first.
  const std::set<std::string> kKnown = {"services/models.cpp",     "services/training.cpp",
                                        "services/committees.cpp", "services/context.h",
                                        "api/answers.cpp",         "release/aggregate.cpp"};
  const fs::path hub = fs::path(MEDPERF_SOURCE_DIR) / "src" / "hub";
  for (const char* room : {"api", "services", "release"}) {
    for (const auto& entry : std::filesystem::directory_iterator(hub / room)) {
      const auto text = read_file(entry.path());
      ASSERT_TRUE(text.ok());
      const std::string name = std::string(room) + "/" + entry.path().filename().string();
      EXPECT_TRUE(text->find("Sight::whole()") == std::string::npos || kKnown.contains(name))
          << name;
    }
  }
}

}  // namespace
}  // namespace medperf::hub
