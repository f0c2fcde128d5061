// How many passwords are hashed at once, and what happens to those who come beyond that.

#include "hub/accounts/password_gate.h"

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "hub/tests/test_hub.h"

namespace medperf::hub {
namespace {

/// Waits until so many wait at the gate.
void expect_waiting(const PasswordGate& gate, std::size_t count) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (gate.waiting() != count && std::chrono::steady_clock::now() < end) {
    std::this_thread::yield();
  }
  ASSERT_EQ(gate.waiting(), count);
}

TEST(PasswordGate, HalfOfTheWorkersAreFreeForOthers) {
  EXPECT_EQ(PasswordGate::rule_for(16, 1).waiting, 7u);
  EXPECT_EQ(PasswordGate::rule_for(16, 4).waiting, 4u);
  EXPECT_EQ(PasswordGate::rule_for(2, 1).waiting, 0u);
  EXPECT_EQ(PasswordGate::rule_for(1, 1).waiting, 0u);
}

TEST(PasswordGate, AFewRunALineWaitsTheRestIsTurnedAway) {
  PasswordGate gate({2, 3});
  std::optional<PasswordTurn> one = std::move(gate.enter()).value();
  std::optional<PasswordTurn> two = std::move(gate.enter()).value();
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  std::atomic<int> through{0};
  std::vector<std::thread> line;
  for (int i = 0; i < 3; ++i) {
    line.emplace_back([&] {
      const auto turn = gate.enter();
      if (!turn.ok()) return;
      const int now = ++inside;
      for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      --inside;
      ++through;
    });
  }
  expect_waiting(gate, 3);
  const auto refused = gate.enter();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kBusy);
  one.reset();
  two.reset();
  for (auto& thread : line) thread.join();
  EXPECT_EQ(through, 3);
  EXPECT_LE(most, 2);
  EXPECT_TRUE(gate.enter().ok());
}

TEST(PasswordGate, AMovedTurnIsLeftOnce) {
  PasswordGate gate({1, 0});
  {
    auto first = gate.enter();
    ASSERT_TRUE(first.ok());
    const PasswordTurn second = std::move(*first);
    EXPECT_FALSE(gate.enter().ok());
  }
  auto held = gate.enter();
  ASSERT_TRUE(held.ok());
  EXPECT_FALSE(gate.enter().ok()) << "left twice, two would fit";
}

class CrowdedTest : public HubTest {};

TEST_P(CrowdedTest, WhoeverIsTurnedAwayHasTriedNothingAndOthersGoOn) {
  Settings settings;
  settings.sign_up = SignUp::kOpen;
  settings.passwords = std::make_shared<PasswordGate>(PasswordGate::Rule{1, 0});
  auto gate = settings.passwords;
  make_hub(std::move(settings));
  auto added = add_user(*database_,
                        {"reader", "reader@example.com", false, "correct horse battery"}, clock_);
  ASSERT_TRUE(added.ok());
  const Json right = Json::object({{"username", "reader"}, {"password", "correct horse battery"}});
  Json change = right;
  change.set("new_password", "another good sentence");
  const Json newcomer = Json::object({{"username", "newcomer"},
                                      {"email", "new@example.com"},
                                      {"password", "a good long sentence"}});
  const Json reset = Json::object({{"reset_code", "mprs_x"}, {"password", "a good long one"}});
  const std::pair<const char*, Json> requests[] = {{"auth/login", right},
                                                   {"auth/session/", right},
                                                   {"auth/password/", change},
                                                   {"auth/sign_up/", newcomer},
                                                   {"auth/password/reset/", reset}};
  {
    const auto held = gate->enter();
    ASSERT_TRUE(held.ok());
    for (const auto& [path, body] : requests) {
      const Reply busy = send("", "POST", path, body);
      EXPECT_EQ(busy.status, 503) << path << busy.response.body;
      EXPECT_EQ(busy.response.headers.at("retry-after"), "2") << path;
    }
    EXPECT_EQ(rows("login_attempts"), 0);
    expect(400, "", "POST", "auth/login", Json::object());
    expect(200, "group", "GET", "benchmarks/");
  }
  expect(200, "", "POST", "auth/login", right);
  expect(201, "", "POST", "auth/sign_up/", newcomer);
}

INSTANTIATE_TEST_SUITE_P(Engines, CrowdedTest,
                         testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         sql::engine_name);

}  // namespace
}  // namespace medperf::hub
