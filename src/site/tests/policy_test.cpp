#include "site/policy/policy.h"

#include <gtest/gtest.h>

#include <string>

#include "site/tests/temporary_folder.h"

namespace medperf::site {
namespace {

std::string changed(std::string_view from, std::string_view to) {
  std::string text(default_policy());
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

engine::ImageArchive image_for(std::string architecture) {
  engine::ImageArchive image;
  image.image = ImageId::parse(std::string(64, 'a')).value();
  image.os = "linux";
  image.architecture = std::move(architecture);
  return image;
}

TEST(Policy, DefaultReadsAndRequiresEveryWall) {
  auto policy = parse_policy(default_policy());
  ASSERT_TRUE(policy.ok()) << policy.error().text();
  EXPECT_EQ(policy->required_walls.size(), 10U);
  EXPECT_EQ(policy->limits.memory, mebibytes(2048));
  EXPECT_EQ(policy->run_approval, RunApproval::kAsk);
  EXPECT_FALSE(policy->publisher_allowed(UserId{1}));
  EXPECT_EQ(policy->digest.hex().size(), 64U);
}

TEST(Policy, NoPolicyIsARefusal) {
  TemporaryFolder folder;
  auto policy = load_policy(folder.path() / "policy.yaml");
  ASSERT_FALSE(policy.ok());
  EXPECT_EQ(policy.error().kind, ErrorKind::kRefused);
  EXPECT_NE(policy.error().advice.find("policy init"), std::string::npos);
}

TEST(Policy, UnknownKeysAndWrongValuesAreNamedTogether) {
  std::string text = changed("  pids: 256", "  pids: 0\n  threads: 3");
  auto policy = parse_policy(text);
  ASSERT_FALSE(policy.ok());
  ASSERT_EQ(policy.error().fields.size(), 2U);
  EXPECT_EQ(policy.error().fields[0].field, "limits.threads");
  EXPECT_EQ(policy.error().fields[1].field, "limits.pids");
}

TEST(Policy, UnknownWallAndVersionAreRefused) {
  EXPECT_FALSE(parse_policy(changed("walls: [network,", "walls: [net,")).ok());
  EXPECT_FALSE(parse_policy(changed("site-policy/v1", "site-policy/v2")).ok());
  EXPECT_FALSE(parse_policy("").ok());
}

TEST(Policy, AllowedPublishersNeedTheModeToo) {
  const std::string listed = changed("allowed_publishers: []", "allowed_publishers: [7]");
  EXPECT_FALSE(parse_policy(listed)->publisher_allowed(UserId{7}));
  std::string text = listed;
  text.replace(text.find("approval: ask"), 13, "approval: allowed");
  auto policy = parse_policy(text);
  ASSERT_TRUE(policy.ok());
  EXPECT_TRUE(policy->publisher_allowed(UserId{7}));
  EXPECT_FALSE(policy->publisher_allowed(UserId{8}));
}

TEST(Policy, ImageOfAnotherArchitectureIsRefused) {
  const Policy policy = parse_policy(default_policy()).value();
  EXPECT_TRUE(check_image(policy, image_for("amd64"), {}).ok());
  auto refused = check_image(policy, image_for("arm64"), {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kRefused);
}

TEST(Policy, WorseFindingThanAllowedIsRefused) {
  const Policy policy = parse_policy(default_policy()).value();
  EXPECT_TRUE(
      check_image(policy, image_for("amd64"), {{engine::Severity::kWarning, "c", "w"}}).ok());
  EXPECT_FALSE(
      check_image(policy, image_for("amd64"), {{engine::Severity::kSerious, "c", "w"}}).ok());
}

TEST(Policy, DownloadsAreHttpsAndFromListedHosts) {
  const Policy any = parse_policy(default_policy()).value();
  EXPECT_TRUE(check_download(any, "https://vendor.example/x").ok());
  EXPECT_FALSE(check_download(any, "http://vendor.example/x").ok());
  const Policy listed =
      parse_policy(changed("download_hosts: []", "download_hosts: [vendor.example]")).value();
  EXPECT_TRUE(check_download(listed, "https://vendor.example:8443/x").ok());
  EXPECT_FALSE(check_download(listed, "https://vendor.example.evil.example/x").ok());
  EXPECT_FALSE(check_download(listed, "https://vendor.example@evil.example/x").ok());
}

TEST(Policy, MissingWallIsRefusedWithReasonAndAdvice) {
  const Policy policy = parse_policy(default_policy()).value();
  engine::WallReport report;
  for (const std::string& name : policy.required_walls) {
    report.walls.push_back({name, true, "seen", "", ""});
  }
  EXPECT_TRUE(check_walls(policy.required_walls, report).ok());
  report.walls[6] = {"memory", false, "", "cgroup v1 rootless ignores limits", "delegate a cgroup"};
  auto refused = check_walls(policy.required_walls, report);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kRefused);
  EXPECT_NE(refused.error().text().find("cgroup v1 rootless"), std::string::npos);
  EXPECT_EQ(refused.error().advice, "delegate a cgroup");
  report.walls.erase(report.walls.begin() + 6);
  EXPECT_FALSE(check_walls(policy.required_walls, report).ok());
}

}  // namespace
}  // namespace medperf::site
