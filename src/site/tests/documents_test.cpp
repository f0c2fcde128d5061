// The documents this room writes keep to their published schemas, and earlier ones stay readable.

#include <gtest/gtest.h>

#include "base/yaml.h"
#include "site/flows/figures.h"
#include "site/flows/journal.h"
#include "site/policy/policy.h"
#include "site/review/gate_report.h"
#include "site/tests/fake_site.h"

namespace medperf::site {
namespace {

const fs::path kSchemas = fs::path(MEDPERF_SOURCE_DIR) / "docs" / "schemas";

std::string problems(const std::string& schema_name, const Json& document) {
  const std::string text = read_file(kSchemas / (schema_name + ".json")).value();
  const JsonSchema schema = JsonSchema::compile(parse_json(text).value()).value();
  std::string out;
  for (const FieldError& found : schema.violations(document)) {
    out += found.field + ": " + found.message + "\n";
  }
  return out;
}

TEST(Documents, DefaultPolicyAndExample) {
  EXPECT_EQ(problems("site-policy-v1", parse_yaml(default_policy()).value()), "");
  const std::string example = read_file(kSchemas / "examples" / "site-policy-v1.yaml").value();
  EXPECT_EQ(problems("site-policy-v1", parse_yaml(example).value()), "");
  auto policy = parse_policy(example);
  ASSERT_TRUE(policy.ok()) << policy.error().text();
  EXPECT_TRUE(policy->publisher_allowed(UserId{12}));
  EXPECT_EQ(policy->limits.cpus, 1.5);
}

TEST(Documents, JournalOfVersionOne) {
  TemporaryFolder folder;
  const std::string example = read_file(kSchemas / "examples" / "journal-v1.jsonl").value();
  EXPECT_EQ(problems("journal-v1", parse_json(example.substr(0, example.find('\n'))).value()), "");
  const fs::path file = folder.path() / "flow.jsonl";
  ASSERT_TRUE(write_file_atomically(file, example).ok());
  const ManualClock clock(Timestamp{0});
  auto journal = Journal::open(file, clock);
  ASSERT_TRUE(journal.ok()) << journal.error().text();
  const Json* output = journal->find("submit", StepKey::parse(std::string(64, 'a')).value());
  ASSERT_NE(output, nullptr);
  EXPECT_EQ(output->get_int("result"), 7);
  ASSERT_TRUE(journal->note("next", step_key("next", Json()), Json::object()).ok());
  const std::string written = read_file(file).value();
  const std::string last = written.substr(written.find('\n') + 1);
  EXPECT_EQ(problems("journal-v1", parse_json(last.substr(0, last.size() - 1)).value()), "");
}

TEST(Documents, RunFigures) {
  const RunFigures figures{20, Seconds(4.5), mebibytes(300), Bytes{600}, "demo data"};
  EXPECT_EQ(problems("run-figures-v1", to_json(figures)), "");
}

TEST(Documents, GateReport) {
  PaperWorld world;
  const Json json =
      world.add_container(4, "model", "infer", volumes({"data_path"}, {"output_path"}),
                          [](const engine::RunSpec&) { return success(); });
  auto site = world.command();
  auto admitted = admit(*site, container_from(json).value());
  ASSERT_TRUE(admitted.ok()) << admitted.error().text();
  const std::string report = read_file(site->workspace().gate_report(admitted->archive)).value();
  EXPECT_EQ(problems("gate-v1", parse_json(report).value()), "");
  const Json shown = to_json(gate_report(*admitted, **site->policy()));
  EXPECT_EQ(problems("container-report-v1", shown), "");
}

}  // namespace
}  // namespace medperf::site
