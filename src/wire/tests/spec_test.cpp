#include "wire/spec.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "base/yaml.h"

namespace medperf::wire {
namespace {

std::string source_text(const std::string& name) {
  std::ifstream file(std::string(MEDPERF_SOURCE_DIR) + "/" + name);
  EXPECT_TRUE(file.good()) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string file_text(const std::string& name) {
  return source_text("docs/schemas/" + name);
}

Json example(const std::string& name) {
  auto json = parse_yaml(file_text("examples/" + name));
  EXPECT_TRUE(json.ok()) << json.error().text();
  return json.value_or(Json());
}

JsonSchema published(const std::string& name) {
  auto schema = JsonSchema::compile(parse_json(file_text(name)).value_or(Json()));
  EXPECT_TRUE(schema.ok()) << schema.error().text();
  return std::move(schema).value();
}

template <typename T>
std::set<std::string> places(const Result<T>& result) {
  std::set<std::string> found;
  if (!result.ok()) {
    for (const FieldError& error : result.error().fields) found.insert(error.field);
  }
  return found;
}

TEST(Specification, TheSourceOfTheReferenceModelHasAnAddressAndADigest) {
  Json document = example("benchmark.yaml");
  EXPECT_FALSE(read_benchmark_specification(document)->source.has_value());
  const std::string digest(64, 'a');
  document.set("source",
               Json::object({{"url", "https://group.example/s.tar.gz"}, {"hash", digest}}));
  const auto read = read_benchmark_specification(document);
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(read->source->url, "https://group.example/s.tar.gz");
  EXPECT_EQ(read->source->digest.hex(), digest);
  EXPECT_TRUE(published("benchmark-v1.json").violations(document).empty());
  document.set("source", Json::object({{"url", "http://x"}, {"hash", "b"}, {"more", 1}}));
  EXPECT_EQ(places(read_benchmark_specification(document)),
            (std::set<std::string>{"source.url", "source.hash", "source.more"}));
  EXPECT_FALSE(published("benchmark-v1.json").violations(document).empty());
}

TEST(Specification, ExampleReadsAndFitsThePublishedSchema) {
  const Json document = example("benchmark.yaml");
  const auto specification = read_benchmark_specification(document);
  ASSERT_TRUE(specification.ok()) << specification.error().text();
  EXPECT_EQ(specification->name, "example-pneumonia");
  EXPECT_EQ(specification->result_schema, "result-schema.json");
  EXPECT_TRUE(specification->simulated);
  EXPECT_EQ(specification->limits.at("infer").memory_mib, 1024);
  EXPECT_EQ(specification->limits.count("evaluate"), 0U);
  ASSERT_TRUE(specification->cases.has_value());
  EXPECT_EQ(specification->cases->files, std::vector<std::string>{"images/*"});
  EXPECT_EQ(specification->cases->merged_tables, std::vector<std::string>{"predictions.csv"});
  EXPECT_EQ(specification->document, document);
  EXPECT_TRUE(published("benchmark-v1.json").violations(document).empty());
}

TEST(Specification, TheSampleBenchmarkReadsAndFitsThePublishedSchemas) {
  const auto yaml = [](const std::string& name) {
    auto json = parse_yaml(source_text("benchmarks/chest-xray/" + name));
    EXPECT_TRUE(json.ok()) << json.error().text();
    return json.value_or(Json());
  };
  const auto specification = read_benchmark_specification(yaml("benchmark.yaml"));
  ASSERT_TRUE(specification.ok()) << specification.error().text();
  EXPECT_TRUE(specification->simulated);
  EXPECT_TRUE(published("benchmark-v1.json").violations(yaml("benchmark.yaml")).empty());
  const auto policy = read_release_policy(yaml(specification->release_policy));
  ASSERT_TRUE(policy.ok()) << policy.error().text();
  EXPECT_TRUE(published("release-v1.json").violations(yaml("release-policy.yaml")).empty());
}

TEST(Specification, EveryProblemIsReportedAndTheSchemaAgrees) {
  const JsonSchema schema = published("benchmark-v1.json");
  const auto refused = [&schema](std::string_view key, const char* value) {
    Json document = example("benchmark.yaml");
    document.set(key, parse_json(value).value_or(Json()));
    EXPECT_FALSE(schema.violations(document).empty()) << key << " = " << value;
    return places(read_benchmark_specification(document));
  };
  using Places = std::set<std::string>;
  EXPECT_EQ(refused("medperf", "\"medperf/benchmark/v2\""), Places{"medperf"});
  EXPECT_EQ(refused("name", "\"\""), Places{"name"});
  EXPECT_EQ(refused("description", "7"), Places{"description"});
  EXPECT_EQ(refused("labelling", "null"), Places{"labelling"});
  EXPECT_EQ(refused("files", "{}"), (Places{"files.result_schema", "files.release_policy"}));
  EXPECT_EQ(refused("files", R"({"result_schema":"/etc/x","release_policy":"a"})"),
            Places{"files.result_schema"});
  EXPECT_EQ(refused("limits", R"({"infer":{"memory_mib":0,"cpus":1}})"),
            (Places{"limits.infer.memory_mib", "limits.infer.cpus"}));
  EXPECT_EQ(refused("simulated", "\"yes\""), Places{"simulated"});
  EXPECT_EQ(refused("cases", "\"forty\""), Places{"cases.split"});
  EXPECT_EQ(refused("cases", R"({"split": {}})"), Places{"cases.split"});
  EXPECT_EQ(refused("cases", R"({"split": {"tables": "a.csv"}, "merge": {"files": []}})"),
            (Places{"cases.split.tables", "cases.split", "cases.merge.files"}));
  EXPECT_EQ(refused("cases", R"({"split": {"tables": ["../a", "/b", "c//d", "*.csv", "ok.csv"]}})"),
            (Places{"cases.split.tables.0", "cases.split.tables.1", "cases.split.tables.2",
                    "cases.split.tables.3"}));
}

TEST(Specification, PathsMayNotClimb) {
  Json document = example("benchmark.yaml");
  document.find("files")->set("result_schema", "a/../../b.json");
  EXPECT_EQ(places(read_benchmark_specification(document)),
            std::set<std::string>{"files.result_schema"});
}

TEST(Release, ExampleReadsAndFitsThePublishedSchema) {
  const Json document = example("release-policy.yaml");
  const auto policy = read_release_policy(document);
  ASSERT_TRUE(policy.ok()) << policy.error().text();
  EXPECT_TRUE(policy->benchmark_owner.everything);
  EXPECT_TRUE(policy->dataset_owner.own_rows);
  EXPECT_TRUE(policy->dataset_owner.pooled);
  EXPECT_FALSE(policy->dataset_owner.everything);
  EXPECT_TRUE(policy->model_owner.own_model_sites);
  EXPECT_EQ(policy->minimum_sites_for_statement, 10);
  EXPECT_TRUE(published("release-v1.json").violations(document).empty());
}

TEST(Release, WithoutADocumentLittleIsShown) {
  const auto policy = read_release_policy(Json());
  ASSERT_TRUE(policy.ok());
  EXPECT_TRUE(policy->benchmark_owner.everything);
  EXPECT_TRUE(policy->dataset_owner.own_rows);
  EXPECT_FALSE(policy->dataset_owner.pooled);
  EXPECT_EQ(policy->minimum_sites_for_pooled, 3);
  EXPECT_FALSE(policy->model_owner.pooled);
  EXPECT_FALSE(policy->model_owner.own_model_sites);
}

TEST(Release, UnknownGrantsAndKeysAreRefused) {
  const JsonSchema schema = published("release-v1.json");
  const auto refused = [&schema](const char* text) {
    const Json document = parse_json(text).value_or(Json());
    EXPECT_FALSE(schema.violations(document).empty()) << text;
    return places(read_release_policy(document));
  };
  using Places = std::set<std::string>;
  EXPECT_EQ(refused(R"({"release":{}})"), Places{"medperf"});
  EXPECT_EQ(refused(R"({"medperf":"medperf/release/v1","release":{"model_owner":"all"}})"),
            Places{"release.model_owner"});
  EXPECT_EQ(refused(R"({"medperf":"medperf/release/v1","release":{"public":"full"}})"),
            Places{"release.public"});
  EXPECT_EQ(refused(R"({"medperf":"medperf/release/v1","minimum_sites_for_pooled":0})"),
            Places{"minimum_sites_for_pooled"});
  EXPECT_EQ(refused(R"({"medperf":"medperf/release/v1","minimum_sites":2})"),
            Places{"minimum_sites"});
}

}  // namespace
}  // namespace medperf::wire
