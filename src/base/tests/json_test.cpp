#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace medperf {
namespace {

double from_bits(std::uint64_t bits) {
  return std::bit_cast<double>(bits);
}

TEST(ParseJson, KeepsOrderAndTypes) {
  const auto value =
      parse_json(R"({"b": 1, "a": [1.0, true, null, "x"], "big": 9223372036854775808})");
  ASSERT_TRUE(value.ok()) << value.error().text();
  EXPECT_EQ(value->members()[0].first, "b");
  EXPECT_TRUE(value->find("b")->is_int());
  EXPECT_TRUE(value->find("a")->items()[0].is_double());
  EXPECT_TRUE(value->find("big")->is_double());
  EXPECT_EQ(value->find("big")->as_double(), 0x1p63);
  EXPECT_EQ(to_text(*value), R"({"b":1,"a":[1.0,true,null,"x"],"big":9.223372036854776e+18})");
}

TEST(ParseJson, RefusesWhatIsNotJson) {
  for (const auto* text : {"", "{", "[1,]", "{\"a\":1,}", "nul", "01", "1 2", "\"\x80\"",
                           "\"\\ud800\"", "[NaN]", "1e999", "'a'", "\"\n\"", "[1]]", "// x\n1"}) {
    const auto value = parse_json(text);
    ASSERT_FALSE(value.ok()) << text;
    EXPECT_EQ(value.error().kind, ErrorKind::kInvalid) << text;
  }
}

TEST(ParseJson, NamesTheByte) {
  const auto value = parse_json("{\"a\": x}");
  ASSERT_FALSE(value.ok());
  EXPECT_EQ(value.error().where, "byte 7");
}

TEST(ParseJson, RefusesRepeatedKeys) {
  const auto value = parse_json(R"({"a":1,"b":{"c":1,"c":2}})");
  ASSERT_FALSE(value.ok());
  EXPECT_EQ(value.error().kind, ErrorKind::kInvalid);
  EXPECT_EQ(value.error().where, "key \"c\"");
  EXPECT_TRUE(parse_json(R"({"a":{"c":1},"b":{"c":2}})").ok());
}

TEST(ParseJson, KeepsItsLimits) {
  JsonLimits limits;
  limits.depth = 3;
  EXPECT_TRUE(parse_json("[[[1]]]", limits).ok());
  EXPECT_EQ(parse_json("[[[[1]]]]", limits).error().kind, ErrorKind::kTooLarge);
  limits.values = 3;
  EXPECT_TRUE(parse_json("[1,2]", limits).ok());
  EXPECT_EQ(parse_json("[1,2,3]", limits).error().kind, ErrorKind::kTooLarge);
  limits.bytes = 4;
  EXPECT_EQ(parse_json("[1,2]", limits).error().kind, ErrorKind::kTooLarge);
  // A bomb of brackets ends at the limit, not at the end of the stack.
  EXPECT_EQ(parse_json(std::string(1'000'000, '[')).error().kind, ErrorKind::kTooLarge);
}

TEST(JsonValue, ComparesAsJson) {
  EXPECT_EQ(parse_json(R"({"a":1,"b":2})").value(), parse_json(R"({"b":2.0,"a":1})").value());
  EXPECT_FALSE(parse_json(R"({"a":1})").value() == parse_json(R"({"a":1,"b":2})").value());
  EXPECT_FALSE(Json(1) == Json(true));
  EXPECT_FALSE(Json(std::int64_t{9007199254740993}) == Json(9007199254740992.0));
  EXPECT_FALSE(Json(std::numeric_limits<std::int64_t>::max()) == Json(0x1p63));
  Json a, b;
  for (int i = 0; i < 40; ++i) {
    a.set("k" + std::to_string(i), i);
    b.set("k" + std::to_string(39 - i), 39 - i);
  }
  EXPECT_EQ(a, b);
  b.set("k7", 8);
  EXPECT_FALSE(a == b);
}

TEST(JsonValue, FindsAndSets) {
  Json value;
  value.set("a", Json::object({{"b", Json::object({{"c", 7}})}}));
  ASSERT_NE(value.find_path({"a", "b", "c"}), nullptr);
  EXPECT_EQ(value.find_path({"a", "b", "c"})->as_int(), 7);
  EXPECT_EQ(value.find_path({"a", "x", "c"}), nullptr);
  value.set("a", "text");
  EXPECT_EQ(value.get_string("a"), "text");
  EXPECT_EQ(value.get_int("a", -1), -1);
  EXPECT_EQ(Json(1).find("a"), nullptr);
  Json list;
  list.push(1);
  list.push("two");
  EXPECT_EQ(to_text(list), R"([1,"two"])");
}

TEST(JsonText, WritesDoublesAsPythonDoes) {
  EXPECT_EQ(to_text(Json(1.0)), "1.0");
  EXPECT_EQ(to_text(Json(-0.0)), "-0.0");
  EXPECT_EQ(to_text(Json(0.1)), "0.1");
  EXPECT_EQ(to_text(Json(1e15)), "1000000000000000.0");
  EXPECT_EQ(to_text(Json(1e16)), "1e+16");
  EXPECT_EQ(to_text(Json(0.0001)), "0.0001");
  EXPECT_EQ(to_text(Json(0.00001)), "1e-05");
  EXPECT_EQ(to_text(Json(1.5e300)), "1.5e+300");
  EXPECT_THROW(to_text(Json(std::nan(""))), std::logic_error);
}

TEST(JsonText, RepairsTextThatIsNotUtf8) {
  EXPECT_EQ(to_text(Json(std::string("a\xff"))), "\"a\xef\xbf\xbd\"");
}

TEST(JsonText, IndentsForPeople) {
  EXPECT_EQ(to_pretty_text(parse_json(R"({"a":[1,{}],"b":[]})").value()),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}");
}

// RFC 8785 appendix B.
TEST(Canonical, NumbersOfRfc8785) {
  const std::pair<std::uint64_t, const char*> cases[] = {
      {0x0000000000000000, "0"},
      {0x8000000000000000, "0"},
      {0x0000000000000001, "5e-324"},
      {0x8000000000000001, "-5e-324"},
      {0x7fefffffffffffff, "1.7976931348623157e+308"},
      {0xffefffffffffffff, "-1.7976931348623157e+308"},
      {0x4340000000000000, "9007199254740992"},
      {0xc340000000000000, "-9007199254740992"},
      {0x4430000000000000, "295147905179352830000"},
      {0x44b52d02c7e14af5, "9.999999999999997e+22"},
      {0x44b52d02c7e14af6, "1e+23"},
      {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
      {0x444b1ae4d6e2ef4e, "999999999999999700000"},
      {0x444b1ae4d6e2ef4f, "999999999999999900000"},
      {0x444b1ae4d6e2ef50, "1e+21"},
      {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
      {0x3eb0c6f7a0b5ed8d, "0.000001"},
      {0x41b3de4355555553, "333333333.3333332"},
      {0x41b3de4355555554, "333333333.33333325"},
      {0x41b3de4355555555, "333333333.3333333"},
      {0x41b3de4355555556, "333333333.3333334"},
      {0x41b3de4355555557, "333333333.33333343"},
      {0xbecbf647612f3696, "-0.0000033333333333333333"},
      {0x43143ff3c1cb0959, "1424953923781206.2"},
  };
  for (const auto& [bits, text] : cases) EXPECT_EQ(to_canonical(Json(from_bits(bits))), text);
  EXPECT_THROW(to_canonical(Json(from_bits(0x7fffffffffffffff))), std::logic_error);
  EXPECT_THROW(to_canonical(Json(from_bits(0x7ff0000000000000))), std::logic_error);
}

TEST(Canonical, IntegersAreDoublesThere) {
  EXPECT_EQ(to_canonical(Json(std::int64_t{9007199254740992})), "9007199254740992");
  EXPECT_EQ(to_canonical(Json(std::int64_t{9007199254740993})), "9007199254740992");
  EXPECT_EQ(to_canonical(Json(std::int64_t{-5})), "-5");
  EXPECT_EQ(to_canonical(Json(5.0)), "5");
}

// RFC 8785 section 3.2.2 and 3.2.3.
TEST(Canonical, SampleOfRfc8785) {
  const auto value = parse_json(R"({
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]})");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(to_canonical(*value),
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
            "\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

TEST(Canonical, SortsKeysByUtf16) {
  const auto value = parse_json(R"({
      "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis"})");
  ASSERT_TRUE(value.ok());
  const std::string text = to_canonical(*value);
  std::size_t last = 0;
  for (const auto* name : {"Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"}) {
    const auto at = text.find(name);
    ASSERT_NE(at, std::string::npos);
    EXPECT_GT(at, last) << name;
    last = at;
  }
}

TEST(Schema, ReportsEveryViolationWithItsPath) {
  const auto schema = parse_json(R"({"type": "object", "required": ["n", "auc"],
      "additionalProperties": false,
      "properties": {"n": {"type": "integer", "minimum": 0},
                     "auc": {"type": "object", "properties": {"value": {"type": "number", "maximum": 1}}},
                     "list": {"type": "array", "items": {"type": "string"}}}})");
  ASSERT_TRUE(schema.ok());
  const auto compiled = JsonSchema::compile(*schema);
  ASSERT_TRUE(compiled.ok()) << compiled.error().text();
  EXPECT_TRUE(
      compiled->violations(parse_json(R"({"n": 1, "auc": {"value": 0.5}})").value()).empty());
  EXPECT_TRUE(
      compiled->violations(parse_json(R"({"n": 1.0, "auc": {"value": 1}})").value()).empty());
  const auto found = compiled->violations(
      parse_json(R"({"n": -1, "auc": {"value": 2}, "list": ["a", 3], "extra": 1})").value());
  std::vector<std::string> paths;
  for (const auto& error : found) paths.push_back(error.field);
  EXPECT_THAT(paths, testing::UnorderedElementsAre("n", "auc.value", "list.1", ""));
  const auto missing = compiled->violations(parse_json("{}").value());
  EXPECT_EQ(missing.size(), 2U);
}

TEST(Schema, RefusesWhatCouldHang) {
  EXPECT_FALSE(JsonSchema::compile(parse_json(R"({"$ref": "#"})").value()).ok());
  EXPECT_FALSE(JsonSchema::compile(parse_json(R"({"$ref": "http://example.com/x"})").value()).ok());
  EXPECT_FALSE(JsonSchema::compile(
                   parse_json(R"({"definitions": {"a": {"$ref": "#/definitions/a"}}})").value())
                   .ok());
  EXPECT_FALSE(JsonSchema::compile(parse_json(R"({"type": "strng"})").value()).ok());
  EXPECT_FALSE(JsonSchema::compile(Json::object({{"pattern", std::string(300, 'a')}})).ok());
  EXPECT_FALSE(JsonSchema::compile(Json(1)).ok());
  const auto pattern = JsonSchema::compile(Json::object({{"pattern", "^(a|b)*$"}}));
  ASSERT_TRUE(pattern.ok());
  EXPECT_TRUE(pattern->violations(Json("abab")).empty());
  EXPECT_EQ(pattern->violations(Json(std::string(10'000'000, 'a'))).size(), 1U);
}

TEST(Schema, ResolvesDefinitions) {
  const auto schema = JsonSchema::compile(parse_json(R"({
      "definitions": {"rate": {"type": "number", "minimum": 0, "maximum": 1}},
      "properties": {"sensitivity": {"$ref": "#/definitions/rate"}}})")
                                              .value());
  ASSERT_TRUE(schema.ok()) << schema.error().text();
  EXPECT_TRUE(schema->violations(parse_json(R"({"sensitivity": 1})").value()).empty());
  const auto found = schema->violations(parse_json(R"({"sensitivity": 1.5})").value());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].field, "sensitivity");
}

}  // namespace
}  // namespace medperf
