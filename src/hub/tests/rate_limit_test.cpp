#include "hub/api/rate_limit.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace medperf::hub {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

Timestamp at(double seconds) {
  return {1'700'000'000 * kSecond + static_cast<std::int64_t>(seconds * 1e6)};
}

int taken(RateLimit& limit, const std::string& key, Timestamp now, int tries) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += limit.take(key, now) ? 0 : 1;
  return count;
}

TEST(RateLimit, ABurstThenTheRate) {
  RateLimit limit({10, 5});
  EXPECT_EQ(taken(limit, "a", at(0), 20), 5);
  const auto wait = limit.take("a", at(0));
  ASSERT_TRUE(wait.has_value());
  EXPECT_NEAR(wait->count(), 0.1, 0.001);
  EXPECT_EQ(taken(limit, "a", at(0.35), 20), 3);
  EXPECT_EQ(taken(limit, "a", at(100), 20), 5);
}

TEST(RateLimit, KeysHaveBucketsOfTheirOwn) {
  RateLimit limit({1, 1});
  EXPECT_EQ(taken(limit, "a", at(0), 2), 1);
  EXPECT_EQ(taken(limit, "b", at(0), 2), 1);
}

TEST(RateLimit, ZeroIsNoLimit) {
  RateLimit limit({0, 0});
  EXPECT_EQ(taken(limit, "a", at(0), 1000), 1000);
}

TEST(RateLimit, AClockSetBackLocksNobodyOut) {
  RateLimit limit({1, 3});
  EXPECT_EQ(taken(limit, "a", at(1e6), 5), 3);
  EXPECT_EQ(taken(limit, "a", at(0), 5), 3);
}

TEST(RateLimit, ThreadsTogetherGetNoMoreThanTheBurst) {
  RateLimit limit({1, 1000});
  std::atomic<int> count{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] { count += taken(limit, "a", at(0), 1000); });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(count, 1000);
}

TEST(RateLimit, ManyKeysUseTheSameMemory) {
  RateLimit limit({100, 100});
  int refused = 0;
  for (int i = 0; i < 200'000; ++i) refused += limit.take(std::to_string(i), at(0)) ? 1 : 0;
  EXPECT_EQ(refused, 0);  // some share a bucket, and a bucket holds more than they take
}

}  // namespace
}  // namespace medperf::hub
