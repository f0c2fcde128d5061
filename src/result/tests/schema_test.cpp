#include "result/schema.h"

#include <functional>

#include "example.h"
#include "result/envelope.h"

namespace medperf::result {
namespace {

// Whether the example is refused after `change`, with a problem at `path`.
::testing::AssertionResult refused_at(const std::string& path,
                                      const std::function<void(Json& root)>& change) {
  Json document = example_document();
  change(document);
  const auto schema = ResultSchema::parse(document);
  if (schema.ok()) return ::testing::AssertionFailure() << "accepted";
  for (const FieldError& error : schema.error().fields) {
    if (error.field == path) return ::testing::AssertionSuccess();
  }
  return ::testing::AssertionFailure() << schema.error().text();
}

Json& property(Json& root, std::string_view name) {
  return *root.find("properties")->find(name);
}
Json& bin(Json& root, std::string_view name) {
  return property(*property(root, "bins").find("items"), name);
}
void erase(Json& object, std::string_view key) {
  std::erase_if(object.members(),
                [key](const Json::Member& member) { return member.first == key; });
}

TEST(ResultSchema, ExampleDeclaresItsNumbers) {
  const ResultSchema schema = example_schema();
  ASSERT_EQ(schema.metrics().size(), 4U);
  const MetricDeclaration* auc = schema.metric("auc.value");
  ASSERT_NE(auc, nullptr);
  EXPECT_EQ(auc->metric, "auroc");
  EXPECT_EQ(auc->digits, 4);
  EXPECT_EQ(auc->direction, "higher");
  EXPECT_EQ(auc->merge, "random-effects-logit");
  const MetricDeclaration* count = schema.metric("bins.*.count");
  ASSERT_NE(count, nullptr);
  EXPECT_EQ(count->minimum_count, 5);
  EXPECT_EQ(count->suppress_with,
            (std::vector<std::string>{"bins.*.rate", "auc.value", "auc.flag"}));
  EXPECT_EQ(schema.metric("threshold"), nullptr);
}

TEST(ResultSchema, TheSampleBenchmarkParses) {
  const auto schema =
      ResultSchema::parse(parse(source_text("benchmarks/chest-xray/result-schema.json")));
  ASSERT_TRUE(schema.ok()) << schema.error().text();
  EXPECT_NE(schema->metric("auc.value"), nullptr);
}

TEST(ResultSchema, SaysWhatIsMergedFromWhatAndShown) {
  const auto schema =
      ResultSchema::parse(parse(source_text("benchmarks/chest-xray/result-schema.json")));
  ASSERT_TRUE(schema.ok()) << schema.error().text();
  EXPECT_EQ(schema->shown(),
            (std::vector<std::string>{"n", "auc.value", "sensitivity.value", "specificity.value"}));
  EXPECT_EQ(schema->metric("auc.value")->title, "AUC");
  EXPECT_EQ(schema->metric("auc.value")->merge_from.find("se")->second, "auc.se");
  EXPECT_EQ(example_schema().shown(), (std::vector<std::string>{"n", "auc.value"}));

  const auto with = [](const char* key, const char* value) {
    return [key, value](Json& root) {
      property(property(root, "auc"), "value").find("x-medperf")->set(key, parse(value));
    };
  };
  EXPECT_TRUE(refused_at("auc.value", with("merge", R"("median")")));
  EXPECT_TRUE(refused_at("auc.value", with("merge_from", R"({"events": "n"})")));
  EXPECT_TRUE(refused_at("auc.value", with("merge_from", R"({"events": "n", "total": "m"})")));
  EXPECT_TRUE(
      refused_at("auc.value", with("merge_from", R"({"events": "bins.*.count", "total": "n"})")));
  EXPECT_TRUE(refused_at("n", [](Json& root) {
    property(root, "n")
        .find("x-medperf")
        ->set("merge_from", parse(R"({"events": "n", "total": "n"})"));
  }));
  for (const char* shown : {R"(["auc.flag"])", R"(["bins.*.count"])", R"("n")"}) {
    EXPECT_TRUE(refused_at("(root)", [shown](Json& root) {
      root.find("x-medperf")->set("shown", parse(shown));
    })) << shown;
  }
}

TEST(ResultSchema, ObjectsMustBeClosed) {
  EXPECT_TRUE(refused_at("(root)", [](Json& root) { erase(root, "additionalProperties"); }));
  EXPECT_TRUE(refused_at(
      "auc", [](Json& root) { property(root, "auc").set("additionalProperties", true); }));
  EXPECT_TRUE(refused_at("auc", [](Json& root) {
    property(root, "auc").set("additionalProperties", parse(R"({"type":"string"})"));
  }));
  EXPECT_TRUE(refused_at("auc", [](Json& root) { erase(property(root, "auc"), "properties"); }));
  EXPECT_TRUE(refused_at("(root)", [](Json& root) { root.set("type", "array"); }));
}

TEST(ResultSchema, AnObjectMayHaveToBeEmpty) {
  Json document = example_document();
  document.find("properties")->set("reasons", parse(R"({"type": "object", "properties": {},
                                                        "additionalProperties": false})"));
  const auto schema = ResultSchema::parse(document);
  ASSERT_TRUE(schema.ok()) << schema.error().text();
  Numbers numbers(1);
  Json output = random_output(numbers);
  output.set("reasons", Json::object());
  EXPECT_TRUE(make_envelope(*schema, output).ok());
  output.set("reasons", Json::object({{"smith", 1}}));
  EXPECT_FALSE(make_envelope(*schema, output).ok());
  EXPECT_TRUE(refused_at("(root)", [](Json& root) { root.set("properties", Json::object()); }))
      << "a schema by which nothing can leave";
}

TEST(ResultSchema, TheExampleOfLabelMapsDeclaresEveryRegion) {
  const auto schema = ResultSchema::parse(
      parse(source_text("docs/schemas/examples/result-schema-segmentation.json")));
  ASSERT_TRUE(schema.ok()) << schema.error().text();
  EXPECT_NE(schema->metric("regions.ET.dice.value"), nullptr);
  ASSERT_NE(schema->summary(), nullptr);
  EXPECT_EQ(schema->summary()->figures.size(), 6U);
}

TEST(ResultSchema, OnlyTheKeywordsWhoseEffectIsBounded) {
  for (const auto* key :
       {"anyOf", "allOf", "oneOf", "not", "$ref", "patternProperties", "if", "propertyNames",
        "dependencies", "format", "contentEncoding", "default"}) {
    EXPECT_TRUE(refused_at("auc", [key](Json& root) {
      property(root, "auc").set(key, Json::object());
    })) << key;
  }
  EXPECT_TRUE(refused_at(
      "n", [](Json& root) { property(root, "n").set("type", parse(R"(["integer","string"])")); }));
  EXPECT_TRUE(refused_at("n", [](Json& root) { erase(property(root, "n"), "type"); }));
  EXPECT_TRUE(refused_at("n", [](Json& root) { property(root, "n").set("type", "null"); }));
}

TEST(ResultSchema, TextCannotCarryFreeWords) {
  const auto with = [](const char* node) {
    return [node](Json& root) { root.find("properties")->set("release", parse(node)); };
  };
  for (const auto* node : {
           R"({"type":"string"})",
           R"({"type":"string","maxLength":16})",
           R"({"type":"string","pattern":"^[a-z]*$"})",
           R"({"type":"string","maxLength":65,"pattern":"^[a-z]*$"})",
           R"({"type":"string","maxLength":16,"pattern":"[a-z]*"})",
           R"({"type":"string","maxLength":16,"pattern":"^.*$"})",
           R"({"type":"string","maxLength":16,"pattern":"^[^a]*$"})",
           R"({"type":"string","maxLength":16,"pattern":"^a|b$"})",
           R"({"type":"string","maxLength":16,"pattern":"^\\S*$"})",
           R"({"type":"string","enum":[]})",
           R"({"type":"string","enum":[1]})",
           R"({"type":["string","null"],"enum":["a"]})",
       }) {
    EXPECT_TRUE(refused_at("release", with(node))) << node;
  }
  for (const auto* node :
       {R"({"type":"string","enum":["a","b"]})", R"({"type":["string","null"],"enum":["a",null]})",
        R"({"type":"string","maxLength":64,"pattern":"^[a-f0-9]{8}\\.\\d$"})"}) {
    Json document = example_document();
    with(node)(document);
    EXPECT_TRUE(ResultSchema::parse(document).ok()) << node;
  }
  EXPECT_TRUE(refused_at("bins.*.label", [](Json& root) {
    property(root, "bins")
        .find("items")
        ->find("properties")
        ->set("label", parse(R"({"type":"string","maxLength":8,"pattern":"^[a-z]$"})"));
  }));
}

TEST(ResultSchema, ListsAreBounded) {
  EXPECT_TRUE(refused_at("bins", [](Json& root) { erase(property(root, "bins"), "maxItems"); }));
  EXPECT_TRUE(refused_at("bins", [](Json& root) {
    property(root, "bins").set("items", Json::array({Json::object()}));
  }));
  // Two values an item: 2001 of them are more than a result may hold.
  EXPECT_TRUE(
      refused_at("bins.*.rate", [](Json& root) { property(root, "bins").set("maxItems", 1000); }));
}

TEST(ResultSchema, NumbersAreDeclaredAndBounded) {
  for (const auto* key : {"minimum", "maximum", "x-medperf"}) {
    EXPECT_TRUE(refused_at("n", [key](Json& root) { erase(property(root, "n"), key); })) << key;
  }
  EXPECT_TRUE(refused_at("n", [](Json& root) { property(root, "n").set("maximum", 1e300); }));
  const auto auc = [](const char* key, const char* value) {
    return [key, value](Json& root) {
      property(property(root, "auc"), "value").find("x-medperf")->set(key, parse(value));
    };
  };
  EXPECT_TRUE(refused_at("auc.value", auc("digits", "16")));
  EXPECT_TRUE(refused_at("auc.value", auc("digits", "null")));
  EXPECT_TRUE(refused_at("auc.value", auc("direction", "\"up\"")));
  EXPECT_TRUE(refused_at("auc.value", auc("metric", "\"\"")));
  EXPECT_TRUE(refused_at("auc.value", auc("minimum_count", "5")));
  EXPECT_TRUE(refused_at("auc.value", auc("colour", "\"red\"")));
  EXPECT_TRUE(
      refused_at("n", [](Json& root) { property(root, "n").find("x-medperf")->set("digits", 2); }));
  EXPECT_TRUE(refused_at("auc.value", [](Json& root) {
    erase(*property(property(root, "auc"), "value").find("x-medperf"), "digits");
  }));
}

TEST(ResultSchema, WhatIsSuppressedMustAllowNull) {
  EXPECT_TRUE(
      refused_at("bins.*.count", [](Json& root) { bin(root, "count").set("type", "integer"); }));
  EXPECT_TRUE(
      refused_at("bins.*.rate", [](Json& root) { bin(root, "rate").set("type", "number"); }));
  EXPECT_TRUE(refused_at("bins.*.count", [](Json& root) {
    bin(root, "count").find("x-medperf")->set("suppress_with", parse(R"(["nothing"])"));
  }));
}

TEST(ResultSchema, NamesAndFormat) {
  EXPECT_TRUE(refused_at("(root)", [](Json& root) {
    root.find("properties")->set("a.b", parse(R"({"type":"boolean"})"));
  }));
  EXPECT_TRUE(refused_at("(root)", [](Json& root) {
    root.find("x-medperf")->set("format", "medperf/result-schema/v2");
  }));
  EXPECT_TRUE(refused_at("(root)", [](Json& root) { root.set("required", parse(R"(["x"])")); }));
  EXPECT_FALSE(ResultSchema::parse(Json()).ok());
  EXPECT_FALSE(ResultSchema::parse(Json::array()).ok());
}

TEST(ResultSchema, DeepNestingIsRefused) {
  Json node = parse(R"({"type":"boolean"})");
  for (int i = 0; i < 20; ++i) {
    node = Json::object({{"type", "object"},
                         {"additionalProperties", false},
                         {"properties", Json::object({{"a", std::move(node)}})}});
  }
  EXPECT_FALSE(ResultSchema::parse(node).ok());
}

}  // namespace
}  // namespace medperf::result
