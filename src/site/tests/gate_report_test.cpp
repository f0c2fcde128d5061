#include "site/review/gate_report.h"

#include <gtest/gtest.h>

#include <set>

#include "base/yaml.h"
#include "site/tests/fake_site.h"

namespace medperf::site {
namespace {

constexpr std::string_view kBad = "<script>alert(1)</script>\"'\x1b[2J";

Admitted model_with(const std::string& hostile) {
  Admitted out;
  out.container.id = ContainerId{4};
  out.container.owner = UserId{9};
  out.container.name = hostile;
  out.container.parameters = Json::object({{"text", hostile}});
  out.config = wire::read_container_config(parse_yaml(R"(
container_type: DockerArchive
image: https://vendor.example/model.tar
tasks:
  infer:
    run_args: {gpus: all, shm_size: 2g}
    input_volumes:
      data_path: {mount_path: /in, type: directory}
    output_volumes:
      output_path: {mount_path: /out, type: directory}
)")
                                               .value())
                   .value();
  out.archive = FileDigest::parse(std::string(64, 'a')).value();
  out.image.image = ImageId::parse(std::string(64, 'b')).value();
  out.image.format = "docker-archive";
  out.image.os = "linux";
  out.image.architecture = "amd64";
  out.image.user = hostile;
  out.image.entrypoint = {"/run", hostile};
  out.image.layers = {{FileDigest::parse(std::string(64, 'c')).value(), Bytes{1000}},
                      {FileDigest::parse(std::string(64, 'd')).value(), Bytes{24}}};
  out.signature.text = "not signed";
  out.findings = {
      {engine::Severity::kNotice, "CIS 4.1 user", "runs as root", "name an ordinary user"},
      {engine::Severity::kSerious, "CIS 4.10 files", hostile, "withdraw them"},
      {engine::Severity::kInfo, "bill of materials", "sbom.spdx.json: SPDX, 7 packages", ""}};
  return out;
}

/// Every text of a document, at any depth.
void collect(const Json& value, std::set<std::string>& out) {
  if (value.is_string()) out.insert(value.as_string());
  if (value.is_array())
    for (const Json& item : value.items()) collect(item, out);
  if (value.is_object())
    for (const auto& [key, member] : value.members()) collect(member, out);
}

/// Text of the page as a reader sees it.
std::string unescaped(std::string text) {
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&amp;", "&"}}) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + 1))
      text.replace(at, from.size(), to);
  }
  return text;
}

GateReport report_of(const Admitted& admitted) {
  return gate_report(admitted, parse_policy(default_policy()).value());
}

TEST(GateReport, SaysWhatThePersonMustKnow) {
  const GateReport report = report_of(model_with("plain"));
  EXPECT_EQ(report.size().value, 1024U);
  ASSERT_EQ(report.findings.size(), 2U);
  EXPECT_EQ(report.findings[0].severity, engine::Severity::kSerious);
  ASSERT_EQ(report.bills.size(), 1U);
  ASSERT_EQ(report.tasks.size(), 1U);
  EXPECT_EQ(report.tasks[0].gpus, "all");
  EXPECT_EQ(report.tasks[0].shm_size, "2g");
  EXPECT_FALSE(report.tasks[0].mounts[0].writable);
  EXPECT_EQ(report.tasks[0].mounts[0].holds, "prepared data, without labels");
  EXPECT_TRUE(report.tasks[0].mounts[1].writable);
}

TEST(GateReport, EveryTextOfTheJsonIsOnThePageAndOnTheTerminal) {
  const GateReport report = report_of(model_with("plain"));
  std::set<std::string> texts;
  collect(to_json(report), texts);
  ASSERT_GT(texts.size(), 25U);
  const std::string page = unescaped(report_html(report));
  const std::string lines = report_text(report);
  for (const std::string& text : texts) {
    if (text == kReportVersion || text == report.signature_state) continue;
    EXPECT_NE(page.find(text), std::string::npos) << text;
    // The terminal shows layers as a count; the question's title has the name.
    if (text == std::string("sha256:") + std::string(64, 'c') ||
        text == std::string("sha256:") + std::string(64, 'd') || text == "plain") {
      continue;
    }
    EXPECT_NE(lines.find(text), std::string::npos) << text;
  }
}

TEST(GateReport, TextOfItsAuthorIsOnlyText) {
  const GateReport report = report_of(model_with(std::string(kBad)));
  const std::string page = report_html(report);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;"), std::string::npos);
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(report_text(report).find('\x1b'), std::string::npos);
  EXPECT_EQ(page.find('\x1b'), std::string::npos);
}

TEST(GateReport, ARefusedImageHasAReportThatSaysWhy) {
  PaperWorld world;
  const Json json =
      world.add_container(4, "model", "infer", volumes({"data_path"}, {"output_path"}),
                          [](const engine::RunSpec&) { return success(); });
  auto site = world.command();
  ASSERT_TRUE(write_file_atomically(world.workspace() / "policy.yaml",
                                    [] {
                                      std::string text(default_policy());
                                      const std::string from = "worst_finding: ";
                                      const auto at = text.find(from) + from.size();
                                      return text.replace(at, text.find('\n', at) - at, "info");
                                    }())
                  .ok());
  const Container container = container_from(json).value();
  auto examined = examine(*site, container);
  ASSERT_TRUE(examined.ok()) << examined.error().text();
  ASSERT_TRUE(examined->refusal.has_value());
  const GateReport report = gate_report(*examined, **site->policy());
  EXPECT_NE(report.refusal.find("signature"), std::string::npos) << report.refusal;
  EXPECT_NE(report_html(report).find("Refused by this site"), std::string::npos);
  EXPECT_EQ(admit(*site, container).error().kind, ErrorKind::kRefused);
}

}  // namespace
}  // namespace medperf::site
