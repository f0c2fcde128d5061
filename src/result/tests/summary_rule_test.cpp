// A site's summary in a result: what the benchmark declares may leave, everything else is refused,
// and what tells of few cases is suppressed.

#include "result/summary_rule.h"

#include "example.h"
#include "metrics/pooling/summary_json.h"
#include "result/envelope.h"

namespace medperf::result {
namespace {

Json schema_document() {
  return parse(source_text("docs/schemas/examples/result-schema-summary.json"));
}
Json& declaration_in(Json& schema) {
  return *schema.find("properties")->find("summary")->find("x-medperf");
}
ResultSchema schema_of(const Json& document) {
  auto schema = ResultSchema::parse(document);
  EXPECT_TRUE(schema.ok()) << schema.error().text();
  return std::move(schema).value();
}

/// 6 cases, 3 of each class.
Json example_summary() {
  return parse(source_text("docs/schemas/examples/summary-v1.json"));
}
Json output_of(Json summary) {
  return Json::object({{"n", 6}, {"summary", std::move(summary)}});
}
/// The example with one text of it replaced.
Json spoiled(std::string_view old_text, std::string_view new_text) {
  std::string text = to_text(example_summary());
  const auto at = text.find(old_text);
  EXPECT_NE(at, std::string::npos) << old_text;
  return parse(text.replace(at, old_text.size(), new_text));
}

TEST(SummaryRule, TheExampleLeavesAndTheHubTakesIt) {
  const ResultSchema schema = schema_of(schema_document());
  ASSERT_NE(schema.summary(), nullptr);
  EXPECT_EQ(schema.summary()->path, "summary");
  EXPECT_EQ(schema.summary()->figures.size(), 5u);
  const auto made = make_envelope(schema, output_of(example_summary()));
  ASSERT_TRUE(made.ok()) << made.error().text();
  EXPECT_TRUE(made->suppressed.empty());
  const auto checked = check_envelope(schema, made->canonical);
  ASSERT_TRUE(checked.ok()) << checked.error().text();
  EXPECT_EQ(checked->canonical, made->canonical);
  const Json* sent = checked->document.find_path({"results", "summary"});
  const auto read = read_declared_summary(*schema.summary(), *sent);
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_TRUE(*read == *metrics::read_summary(example_summary())) << "the sums are exact still";
}

TEST(SummaryRule, WhatIsNotDeclaredDoesNotLeave) {
  const ResultSchema schema = schema_of(schema_document());
  const std::vector<std::pair<std::string_view, std::string_view>> wrong = {
      {"medperf-metrics 0.1.0", "A. Smith, born 1950: glioma"},  // free text
      {"binary classification", "multi-class classification"},
      {R"({\"threshold\":0.5})", R"({\"threshold\":0.4})"},
      {R"("n_sites":1)", R"("n_sites":9)"},
      {R"("metric":"brier")", R"("metric":"log-loss")"},
      {R"("metric":"brier","of":"")", R"("metric":"brier","of":"A. Smith")"},
      {R"("n":6,)", R"("n":6,"names":["A. Smith"],)"},
      {R"("count":512)", R"("count":510)"},
      {R"("threshold":0.5,"tp")", R"("threshold":0.25,"tp")"},
      {"[51,0,1]", "[50,0,0],[51,0,1]"},  // a cell that says nothing
      {"medperf/summary/v1", "medperf/summary/v2"},
      {R"("tp":3)", R"("tp":4)"},
      {R"("n":6,"sum":")", R"("n":5,"undefined":{"smith":1},"sum":")"},
  };
  for (const auto& [old_text, new_text] : wrong) {
    const Json output = output_of(spoiled(old_text, new_text));
    const auto made = make_envelope(schema, output);
    ASSERT_FALSE(made.ok()) << new_text;
    EXPECT_EQ(made.error().kind, ErrorKind::kRefused) << new_text;
    ASSERT_EQ(made.error().fields.size(), 1u);
    EXPECT_EQ(made.error().fields[0].field, "summary") << new_text;
    const Json envelope = Json::object(
        {{"medperf", kEnvelopeVersion}, {"results", output}, {"suppressed", Json::array()}});
    EXPECT_FALSE(check_envelope(schema, to_canonical(envelope)).ok()) << new_text;
  }
  for (const char* other : {"7", "\"text\"", "[]", "{}", "{\"parts\": 3}"}) {
    EXPECT_FALSE(make_envelope(schema, output_of(parse(other))).ok()) << other;
  }
}

TEST(SummaryRule, ASummaryOfFewCasesIsSuppressedAndNothingElseIsTaken) {
  Json document = schema_document();
  declaration_in(document).set("minimum_count", 4);  // a class of the example has 3
  const ResultSchema schema = schema_of(document);
  const auto made = make_envelope(schema, output_of(example_summary()));
  ASSERT_TRUE(made.ok()) << made.error().text();
  EXPECT_TRUE(made->document.find_path({"results", "summary"})->is_null());
  ASSERT_EQ(made->suppressed.size(), 1u);
  EXPECT_EQ(made->suppressed[0], (Suppression{"summary", "fewer than 4"}));
  EXPECT_TRUE(check_envelope(schema, made->canonical).ok());
  const Json told = Json::object({{"medperf", kEnvelopeVersion},
                                  {"results", output_of(example_summary())},
                                  {"suppressed", Json::array()}});
  EXPECT_FALSE(check_envelope(schema, to_canonical(told)).ok());

  Json few = output_of(example_summary());
  few.set("n", 2);  // the count says that there are few, whatever the summary says
  const auto hidden = make_envelope(schema_of(schema_document()), few);
  ASSERT_TRUE(hidden.ok()) << hidden.error().text();
  EXPECT_TRUE(hidden->document.find_path({"results", "summary"})->is_null());
}

TEST(SummaryRule, CasesWithoutAValueAreCountedOnlyAsDeclared) {
  Json document = schema_document();
  const auto figures = [](const char* reasons) {
    std::string text = R"([{"metric":"dice","of":"WT"},{"metric":"dice","of":"ET")";
    text.append(reasons).append(R"(},{"metric":"dice-micro","of":"WT"}])");
    return parse(text);
  };
  const auto summary = [](int empty) {
    metrics::SiteSummary site;
    site.kind = "segmentation";
    site.rules = "{}";
    site.cases = site.patients = 20;
    metrics::MomentSummary all;
    metrics::MomentSummary some;
    metrics::RatioSummary micro;
    for (int i = 0; i < 20; ++i) {
      EXPECT_TRUE(all.add(0.5).ok() && micro.add(10, 20).ok());
      if (i < empty) continue;
      EXPECT_TRUE(some.add(0.25).ok());
    }
    site.parts.push_back({"dice", "WT", all, {}});
    site.parts.push_back({"dice", "ET", some, {{"ref_empty", empty}}});
    site.parts.push_back({"dice-micro", "WT", micro, {}});
    EXPECT_TRUE(site.check().ok());
    return metrics::summary_document(site, "test 1");
  };
  declaration_in(document).set("kind", "segmentation");
  declaration_in(document).set("rules", "{}");
  declaration_in(document).set("figures", figures(""));
  EXPECT_FALSE(make_envelope(schema_of(document), output_of(summary(7))).ok());
  declaration_in(document).set("figures", figures(R"(,"reasons":["ref_empty"])"));
  const auto left = [&document](const Json& sent) {
    const auto made = make_envelope(schema_of(document), output_of(sent));
    EXPECT_TRUE(made.ok()) << made.error().text();
    return !made->document.find_path({"results", "summary"})->is_null();
  };
  EXPECT_TRUE(left(summary(7)));
  EXPECT_FALSE(left(summary(2))) << "two patients without that region";
  EXPECT_FALSE(left(summary(18))) << "two patients with it";
}

TEST(SummaryRule, ADeclarationSaysEverything) {
  const auto problems = [](const std::function<void(Json&)>& change) {
    Json document = schema_document();
    change(document);
    const auto schema = ResultSchema::parse(document);
    return schema.ok() ? std::string() : schema.error().text();
  };
  const auto declared = [&problems](std::string_view key, std::string_view value) {
    return problems(
        [&](Json& document) { declaration_in(document).set(std::string(key), parse(value)); });
  };
  EXPECT_EQ(problems([](Json&) {}), "");
  EXPECT_NE(declared("summary", R"("medperf/summary/v9")"), "");
  EXPECT_NE(declared("kind", "3"), "");
  EXPECT_NE(declared("rules", "null"), "");
  EXPECT_NE(declared("minimum_count", "1"), "");
  EXPECT_NE(declared("most_cases", "1e12"), "");
  EXPECT_NE(declared("figures", "[]"), "");
  EXPECT_NE(declared("figures", R"([{"metric":"happiness"}])"), "");
  EXPECT_NE(declared("figures", R"([{"metric":"dice","names":[]}])"), "");
  EXPECT_NE(declared("figures", R"([7])"), "");
  EXPECT_NE(declared("digits", "3"), "");
  EXPECT_NE(problems([](Json& document) {
              document.find("properties")->find("summary")->set("type", "object");
            }),
            "");
  EXPECT_NE(problems([](Json& document) {
              document.find("properties")->find("summary")->set("properties", Json::object());
            }),
            "");
  EXPECT_NE(problems([](Json& document) {
              Json& properties = *document.find("properties");
              properties.set("again", *properties.find("summary"));
            }),
            "");
}

}  // namespace
}  // namespace medperf::result
