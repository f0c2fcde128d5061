#include "crypto/totp.h"

#include <gtest/gtest.h>

namespace medperf::crypto {
namespace {

const std::string kSecret = "12345678901234567890";  // of the RFCs' test vectors

Timestamp at(std::int64_t seconds) {
  return {seconds * 1'000'000};
}

TEST(Totp, FollowsTheVectorsOfRfc6238) {
  const std::pair<std::int64_t, const char*> kVectors[] = {
      {59, "94287082"},         {1111111109, "07081804"}, {1111111111, "14050471"},
      {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"}};
  for (const auto& [seconds, code] : kVectors) {
    EXPECT_EQ(totp_code(kSecret, totp_step(at(seconds)), 8), code) << seconds;
    EXPECT_EQ(totp_code(kSecret, totp_step(at(seconds))), std::string(code).substr(2)) << seconds;
  }
}

TEST(Totp, FollowsTheVectorsOfRfc4226) {
  const char* const kCodes[] = {"755224", "287082", "359152", "969429", "338314",
                                "254676", "287922", "162583", "399871", "520489"};
  for (int count = 0; count < 10; ++count) EXPECT_EQ(totp_code(kSecret, count), kCodes[count]);
}

TEST(Totp, TakesTheNeighboursOfTheStepAndNoOther) {
  const Timestamp now = at(1234567890);
  const std::int64_t step = totp_step(now);
  for (const std::int64_t shift : {-1, 0, 1}) {
    EXPECT_EQ(matching_totp_step(kSecret, totp_code(kSecret, step + shift), now, 0), step + shift);
  }
  for (const std::int64_t shift : {-2, 2, 100}) {
    EXPECT_FALSE(matching_totp_step(kSecret, totp_code(kSecret, step + shift), now, 0)) << shift;
  }
  for (const char* wrong : {"", "00592", "0059244", "abcdef"}) {
    EXPECT_FALSE(matching_totp_step(kSecret, wrong, now, 0)) << wrong;
  }
}

TEST(Totp, AStepIsGoodOnce) {
  const Timestamp now = at(1234567890);
  const std::int64_t step = totp_step(now);
  EXPECT_FALSE(matching_totp_step(kSecret, totp_code(kSecret, step), now, step));
  EXPECT_FALSE(matching_totp_step(kSecret, totp_code(kSecret, step - 1), now, step));
  EXPECT_EQ(matching_totp_step(kSecret, totp_code(kSecret, step + 1), now, step), step + 1);
}

TEST(Totp, SecretsAreShownInBase32) {
  const std::pair<const char*, const char*> kVectors[] = {{"", ""},
                                                          {"f", "MY"},
                                                          {"fo", "MZXQ"},
                                                          {"foo", "MZXW6"},
                                                          {"foob", "MZXW6YQ"},
                                                          {"fooba", "MZXW6YTB"},
                                                          {"foobar", "MZXW6YTBOI"}};
  for (const auto& [bytes, text] : kVectors) EXPECT_EQ(to_base32(bytes), text);
}

}  // namespace
}  // namespace medperf::crypto
