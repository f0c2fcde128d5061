// The hub's own counts.

#include "hub/api/metrics.h"

#include <regex>

#include "hub/tests/test_hub.h"

namespace medperf::hub {
namespace {

class MetricsTest : public HubTest {
 protected:
  void SetUp() override {
    HubTest::SetUp();
    if (IsSkipped()) return;
    hub_ = std::make_unique<Hub>(
        HubParts{*database_, clock_, test_tokens(), {}, false, &draining_, &metrics_});
  }
  Metrics metrics_{Timestamp{1'000'000}};
};

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST_P(MetricsTest, CountsByOperationAndStatus) {
  container("group", "a name that must not be shown");
  expect(404, "group", "GET", "mlcubes/987654/");
  expect(404, "group", "GET", "no-such-thing/");
  expect(401, "", "GET", "mlcubes/");
  const std::string text = metrics_.text(7);
  EXPECT_TRUE(
      has_line(text, R"(medperf_hub_requests_total{operation="mlcubes_create",status="201"} 1)"))
      << text;
  EXPECT_TRUE(has_line(text, R"(medperf_hub_requests_total{operation="none",status="404"} 1)"))
      << text;
  EXPECT_NE(text.find(R"(status="401"} 1)"), std::string::npos) << text;
  EXPECT_TRUE(has_line(text, "medperf_hub_connections 7"));
  EXPECT_TRUE(has_line(text, R"(medperf_hub_build_info{version=")" MEDPERF_VERSION R"("} 1)"));
  EXPECT_TRUE(has_line(text, "process_start_time_seconds 1.0") ||
              has_line(text, "process_start_time_seconds 1"));
  for (const char* secret : {"must not be shown", "987654", "no-such-thing", "group"}) {
    EXPECT_EQ(text.find(secret), std::string::npos) << secret;
  }
}

TEST_P(MetricsTest, EveryLineHasTheFormOfTheFormat) {
  expect(200, "group", "GET", "me/");
  const std::regex sample(
      R"re([a-z_]+(\{[a-z]+="[^"{}\\]*"(,[a-z]+="[^"{}\\]*")*\})? [0-9.e+-]+)re");
  const std::regex comment(R"(# (HELP [a-z_]+ .+|TYPE [a-z_]+ (counter|gauge|histogram)))");
  const std::string all = metrics_.text(0);
  for (const auto line : split(all, '\n')) {
    const std::string text(line);
    EXPECT_TRUE(text.empty() || std::regex_match(text, sample) || std::regex_match(text, comment))
        << text;
  }
}

TEST_P(MetricsTest, BucketsAddUp) {
  metrics_.count(nullptr, 200, std::chrono::microseconds(400));
  metrics_.count(nullptr, 200, std::chrono::milliseconds(3));
  metrics_.count(nullptr, 299, std::chrono::seconds(60));
  const std::string text = metrics_.text(0);
  EXPECT_TRUE(
      has_line(text, R"(medperf_hub_request_seconds_bucket{operation="none",le="0.0005"} 1)"))
      << text;
  EXPECT_TRUE(
      has_line(text, R"(medperf_hub_request_seconds_bucket{operation="none",le="0.005"} 2)"));
  EXPECT_NE(text.find(R"(le="+Inf"} 3)"), std::string::npos);
  EXPECT_TRUE(has_line(text, R"(medperf_hub_request_seconds_count{operation="none"} 3)"));
  EXPECT_TRUE(has_line(text, R"(medperf_hub_requests_total{operation="none",status="other"} 1)"));
}

INSTANTIATE_TEST_SUITE_P(Engines, MetricsTest,
                         testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         sql::engine_name);

}  // namespace
}  // namespace medperf::hub
