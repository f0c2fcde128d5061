#include "site/flows/journal.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>

#include "site/flows/decision.h"
#include "site/tests/temporary_folder.h"

namespace medperf::site {
namespace {

/// Stands for kill -9.
struct Killed {};

/// A flow of three steps with one outside effect each; dies at the n-th point it passes.
class Flow {
 public:
  explicit Flow(fs::path file) : file_(std::move(file)) {}

  void run(int die_at) {
    points_ = 0;
    die_at_ = die_at;
    auto journal = Journal::open(file_, clock_);
    ASSERT_TRUE(journal.ok()) << journal.error().text();
    Json previous = Json::object();
    for (const char* name : {"fetch", "infer", "submit"}) {
      pass();
      auto output = run_step(*journal, name, previous, [&]() -> Result<Json> {
        pass();
        ++effects_[name];
        keys_[name].insert(step_key(name, previous).hex());
        pass();
        return Json::object({{"from", name}});
      });
      ASSERT_TRUE(output.ok());
      previous = *output;
      pass();
    }
    finished_ = true;
  }
  bool finished() const { return finished_; }
  int effects(const std::string& name) { return effects_[name]; }
  std::size_t keys(const std::string& name) { return keys_[name].size(); }

 private:
  void pass() {
    if (++points_ == die_at_) throw Killed();
  }
  fs::path file_;
  ManualClock clock_{Timestamp{0}};
  int points_ = 0;
  int die_at_ = 0;
  bool finished_ = false;
  std::map<std::string, int> effects_;
  std::map<std::string, std::set<std::string>> keys_;
};

TEST(Journal, KilledBetweenAnyTwoPointsGoesOn) {
  for (int die_at = 1; die_at <= 15; ++die_at) {
    TemporaryFolder folder;
    Flow flow(folder.path() / "flow.jsonl");
    try {
      flow.run(die_at);
    } catch (const Killed&) {
    }
    flow.run(0);
    ASSERT_TRUE(flow.finished()) << die_at;
    for (const char* name : {"fetch", "infer", "submit"}) {
      EXPECT_GE(flow.effects(name), 1) << die_at;
      EXPECT_LE(flow.effects(name), 2) << die_at;
      // A repeated outside effect carries the same idempotency key.
      EXPECT_EQ(flow.keys(name), 1U) << die_at;
    }
  }
}

TEST(Journal, FinishedStepsAreNeverRepeated) {
  TemporaryFolder folder;
  Flow flow(folder.path() / "flow.jsonl");
  flow.run(0);
  flow.run(0);
  for (const char* name : {"fetch", "infer", "submit"}) EXPECT_EQ(flow.effects(name), 1);
}

TEST(Journal, LastLineTornAtAnyByteIsCutOff) {
  TemporaryFolder folder;
  const fs::path file = folder.path() / "j.jsonl";
  const ManualClock clock(Timestamp{0});
  const StepKey first = step_key("a", Json::object());
  const StepKey second = step_key("b", Json::object());
  {
    auto journal = Journal::open(file, clock);
    ASSERT_TRUE(journal->note("a", first, Json::object({{"x", 1}})).ok());
  }
  const auto whole = fs::file_size(file);
  {
    auto journal = Journal::open(file, clock);
    ASSERT_TRUE(journal->note("b", second, Json::object({{"x", 2}})).ok());
  }
  const std::string content = read_file(file).value();
  for (auto size = whole; size < content.size(); ++size) {
    ASSERT_TRUE(write_file_atomically(file, content.substr(0, size)).ok());
    auto journal = Journal::open(file, clock);
    ASSERT_TRUE(journal.ok()) << size;
    EXPECT_NE(journal->find("a", first), nullptr);
    EXPECT_EQ(journal->find("b", second), nullptr);
    ASSERT_TRUE(journal->note("b", second, Json::object()).ok());
    EXPECT_TRUE(Journal::open(file, clock).ok()) << size;
  }
}

TEST(Journal, DamagedLineInTheMiddleIsNamed) {
  TemporaryFolder folder;
  const fs::path file = folder.path() / "j.jsonl";
  ASSERT_TRUE(write_file_atomically(file, "{}\n").ok());
  const ManualClock clock(Timestamp{0});
  auto journal = Journal::open(file, clock);
  ASSERT_FALSE(journal.ok());
  EXPECT_EQ(journal.error().kind, ErrorKind::kCorrupt);
  EXPECT_NE(journal.error().where.find("line 1"), std::string::npos);
}

TEST(Journal, OtherInputsAreAnotherStep) {
  EXPECT_NE(step_key("a", Json(1)), step_key("a", Json(2)));
  EXPECT_NE(step_key("a", Json(1)), step_key("b", Json(1)));
  EXPECT_EQ(step_key("a", Json::object({{"x", 1}, {"y", 2}})),
            step_key("a", Json::object({{"y", 2}, {"x", 1}})));
}

TEST(Journal, FailureThatWouldRepeatIsNotedUntilTakenBack) {
  TemporaryFolder folder;
  const ManualClock clock(Timestamp{0});
  auto journal = Journal::open(folder.path() / "j.jsonl", clock);
  int ran = 0;
  const auto work = [&]() -> Result<Json> {
    ++ran;
    return make_error(ErrorKind::kInvalid, "model", "failed with exit code 3");
  };
  EXPECT_EQ(run_step_once(*journal, "infer", Json(), work).error().cause, "");
  EXPECT_EQ(run_step_once(*journal, "infer", Json(), work).error().cause, kNotedCause);
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(journal->forget_refusals().value(), 1);
  EXPECT_FALSE(run_step_once(*journal, "infer", Json(), work).ok());
  EXPECT_EQ(ran, 2);
}

TEST(Journal, FailureOfTheMomentIsNotNoted) {
  TemporaryFolder folder;
  const ManualClock clock(Timestamp{0});
  auto journal = Journal::open(folder.path() / "j.jsonl", clock);
  for (ErrorKind kind : {ErrorKind::kUnavailable, ErrorKind::kInterrupted, ErrorKind::kBusy}) {
    int ran = 0;
    const auto work = [&]() -> Result<Json> {
      ++ran;
      return make_error(kind, "", "now");
    };
    EXPECT_FALSE(run_step_once(*journal, "x", Json(to_string(kind)), work).ok());
    EXPECT_FALSE(run_step_once(*journal, "x", Json(to_string(kind)), work).ok());
    EXPECT_EQ(ran, 2);
  }
}

}  // namespace
}  // namespace medperf::site
