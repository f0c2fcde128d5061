#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>

#include "crypto/password.h"
#include "crypto/random.h"

namespace medperf::crypto {
namespace {

TEST(Password, HashesDifferAndVerify) {
  const auto one = hash_password("correct horse");
  const auto two = hash_password("correct horse");
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_NE(*one, *two);
  EXPECT_EQ(one->rfind("$argon2id$v=19$m=65536,t=2,p=1$", 0), 0U);
  EXPECT_TRUE(verify_password("correct horse", *one));
  EXPECT_FALSE(verify_password("correct hors", *one));
  EXPECT_FALSE(verify_password("", *one));
}

TEST(Password, RefusesOddities) {
  EXPECT_FALSE(hash_password("").ok());
  EXPECT_FALSE(hash_password(std::string(1025, 'x')).ok());
  for (const auto& hash : {std::string(), std::string("plain"), std::string(1000, '$'),
                           std::string("$argon2id$v=19$m=65536,t=2,p=1$")})
    EXPECT_FALSE(verify_password("x", hash));
}

TEST(Password, PretendingTakesAsLong) {
  const auto hash = hash_password("secret");
  ASSERT_TRUE(hash.ok());
  pretend_to_verify_password("warm");
  // Time of this process on a processor: others on the machine may make both wait.
  const auto measure = [](auto&& f) {
    const std::clock_t start = std::clock();
    f();
    return static_cast<double>(std::clock() - start);
  };
  double real = 1e12, pretended = 1e12;
  for (int i = 0; i < 5; ++i) {
    real = std::min(real, measure([&] { (void)verify_password("wrong", *hash); }));
    pretended = std::min(pretended, measure([] { pretend_to_verify_password("wrong"); }));
  }
  EXPECT_GT(pretended, real * 0.4);
  EXPECT_LT(pretended, real * 2.5);
}

TEST(Random, GivesFreshText) {
  EXPECT_EQ(random_bytes(16).size(), 16U);
  EXPECT_NE(random_bytes(16), random_bytes(16));
  EXPECT_EQ(random_token().size(), 43U);
  EXPECT_EQ(random_hex(8).size(), 16U);
  EXPECT_TRUE(random_bytes(0).empty());
}

TEST(Random, ComparesInConstantTime) {
  EXPECT_TRUE(equal_constant_time("abc", "abc"));
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_FALSE(equal_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_constant_time("abc", "ab"));
}

}  // namespace
}  // namespace medperf::crypto
