#include "engine/rules/seccomp_profile.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace medperf::engine {
namespace {

constexpr const char* kProfile = R"({"defaultAction":"SCMP_ACT_ERRNO",
  "archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]}],
  "syscalls":[
    {"names":["read","unshare","clone","socket"],"action":"SCMP_ACT_ALLOW"},
    {"names":["bpf"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_SYS_ADMIN"]}}]})";

// What is allowed for a call, as "action arguments" in the order of the rules.
std::vector<std::string> rules_of(const Json& profile, std::string_view name) {
  std::vector<std::string> out;
  for (const auto& rule : profile.find("syscalls")->items()) {
    for (const auto& item : rule.find("names")->items()) {
      if (item.as_string() != name) continue;
      const Json* arguments = rule.find("args");
      out.push_back(rule.get_string("action") + (arguments != nullptr && !arguments->items().empty()
                                                     ? " " + to_text(*arguments)
                                                     : ""));
    }
  }
  return out;
}

TEST(SeccompProfile, TakesNamespacesAndKernelPartsOut) {
  const auto text = tightened_profile(kProfile);
  ASSERT_TRUE(text.ok()) << text.error().text();
  const Json profile = parse_json(*text).value();
  EXPECT_EQ(rules_of(profile, "read"), std::vector<std::string>{"SCMP_ACT_ALLOW"});
  for (const char* call : {"unshare", "bpf", "io_uring_setup", "keyctl", "mount", "userfaultfd"})
    EXPECT_EQ(rules_of(profile, call), std::vector<std::string>{"SCMP_ACT_ERRNO"}) << call;
  EXPECT_EQ(rules_of(profile, "clone3"), std::vector<std::string>{"SCMP_ACT_ERRNO"});
  const auto clone = rules_of(profile, "clone");
  ASSERT_EQ(clone.size(), 1u);
  EXPECT_NE(clone[0].find("2114060288"), std::string::npos) << clone[0];
  EXPECT_EQ(rules_of(profile, "socket").size(), 4u);
  for (const auto& rule : rules_of(profile, "socket")) {
    EXPECT_NE(rule.find("SCMP_CMP_EQ"), std::string::npos) << rule;
    EXPECT_EQ(rule.find("\"value\":40"), std::string::npos);  // AF_VSOCK
  }
  EXPECT_TRUE(profile.find("archMap")->items()[0].find("subArchitectures")->items().empty());
}

TEST(SeccompProfile, ProfilesThatAllowByDefaultAreRefused) {
  EXPECT_FALSE(tightened_profile(R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[]})").ok());
  EXPECT_FALSE(tightened_profile("{}").ok());
  EXPECT_FALSE(tightened_profile("no json").ok());
}

TEST(SeccompProfile, TheInstalledOneIsTightened) {
  const auto text = read_file(kDefaultProfile, mebibytes(1));
  if (!text.ok()) GTEST_SKIP() << "containers-common is not installed";
  const auto tight = tightened_profile(*text);
  ASSERT_TRUE(tight.ok()) << tight.error().text();
  const Json profile = parse_json(*tight).value();
  EXPECT_EQ(rules_of(profile, "unshare"), std::vector<std::string>{"SCMP_ACT_ERRNO"});
  EXPECT_EQ(rules_of(profile, "openat"), std::vector<std::string>{"SCMP_ACT_ALLOW"});
}

}  // namespace
}  // namespace medperf::engine
