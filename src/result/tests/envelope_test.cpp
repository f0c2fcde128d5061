#include "result/envelope.h"

#include <algorithm>

#include "example.h"

namespace medperf::result {
namespace {

constexpr std::string_view kOutput =
    R"({"n":120,"auc":{"value":0.91234567,"flag":"ok"},"convention":"auroc-mann-whitney-delong"})";

Json output_with(std::string_view key, std::string_view value) {
  Json output = parse(kOutput);
  output.set(key, parse(value));
  return output;
}

std::vector<std::string> refused_places(const Result<Envelope>& envelope) {
  std::vector<std::string> places;
  if (envelope.ok()) return places;
  EXPECT_EQ(envelope.error().kind, ErrorKind::kRefused) << envelope.error().text();
  for (const FieldError& error : envelope.error().fields) places.push_back(error.field);
  return places;
}

using Places = std::vector<std::string>;

TEST(MakeEnvelope, RoundsAndWritesCanonicalBytes) {
  const auto envelope = make_envelope(example_schema(), parse(kOutput));
  ASSERT_TRUE(envelope.ok()) << envelope.error().text();
  EXPECT_EQ(envelope->canonical,
            R"({"medperf":"medperf/envelope/v1","results":{"auc":{"flag":"ok","value":0.9123},)"
            R"("convention":"auroc-mann-whitney-delong","n":120},"suppressed":[]})");
  EXPECT_TRUE(envelope->suppressed.empty());
}

TEST(MakeEnvelope, RoundingIsDecimal) {
  const auto value = [](const char* text) {
    const auto envelope = make_envelope(
        example_schema(), output_with("auc", "{\"value\":" + std::string(text) + "}"));
    EXPECT_TRUE(envelope.ok()) << text;
    return to_canonical(*envelope->document.find_path({"results", "auc", "value"}));
  };
  EXPECT_EQ(value("0.12345"), "0.1235");  // the double lies above the half
  EXPECT_EQ(value("0.00015"), "0.0001");  // the double lies below it
  EXPECT_EQ(value("0.00005"), "0.0001");
  EXPECT_EQ(value("0.0000499"), "0");
  EXPECT_EQ(value("0.99999"), "1");
  EXPECT_EQ(value("1"), "1");
  EXPECT_EQ(value("1e-300"), "0");
  EXPECT_EQ(value("null"), "null");
}

TEST(MakeEnvelope, UndeclaredKeysAreNamedByTheirPath) {
  const ResultSchema schema = example_schema();
  EXPECT_EQ(refused_places(make_envelope(schema, output_with("patients", "[1,2]"))),
            Places{"patients"});
  EXPECT_EQ(refused_places(make_envelope(
                schema, output_with("auc", R"({"value":0.5,"scores":[0.1,0.2],"low":0})"))),
            (Places{"auc.scores", "auc.low"}));
  EXPECT_EQ(refused_places(make_envelope(
                schema, output_with("bins", R"([{"count":9,"rate":0.5,"ids":"a"}])"))),
            Places{"bins.0.ids"});
}

TEST(MakeEnvelope, TypesAndRangesAreRefusedWithTheirPath) {
  const ResultSchema schema = example_schema();
  const auto places = [&schema](std::string_view key, std::string_view value) {
    const auto found = refused_places(make_envelope(schema, output_with(key, value)));
    return found.empty() ? std::string("accepted") : found.front();
  };
  EXPECT_EQ(places("n", "-1"), "n");
  EXPECT_EQ(places("n", "1.5"), "n");
  EXPECT_EQ(places("n", "\"120\""), "n");
  EXPECT_EQ(places("n", "null"), "n");
  EXPECT_EQ(places("auc", R"({"value":1.01})"), "auc.value");
  EXPECT_EQ(places("auc", R"({"value":"nan"})"), "auc.value");
  EXPECT_EQ(places("auc", R"({"value":0.5,"flag":"free text"})"), "auc.flag");
  EXPECT_EQ(places("auc", "0.9"), "auc");
  EXPECT_EQ(places("threshold", "0.4"), "threshold");
  EXPECT_EQ(places("convention", "\"other\""), "convention");
  EXPECT_EQ(places("release", "\"Mr Smith\""), "release");
  EXPECT_NE(places("bins", R"([{"count":9,"rate":0.5},{"count":9,"rate":0.5},{"count":9,"rate":0.5},
                               {"count":9,"rate":0.5},{"count":9,"rate":0.5}])"),
            "accepted");
  EXPECT_FALSE(make_envelope(schema, parse(R"({"n":1})")).ok());
  EXPECT_FALSE(make_envelope(schema, Json::array()).ok());
  EXPECT_FALSE(make_envelope(schema, Json()).ok());
}

TEST(MakeEnvelope, SmallCountsGoWithWhatWouldRevealThem) {
  const auto envelope = make_envelope(
      example_schema(),
      output_with("bins",
                  R"([{"count":5,"rate":0.25},{"count":4,"rate":0.25},{"count":0,"rate":0.1}])"));
  ASSERT_TRUE(envelope.ok()) << envelope.error().text();
  EXPECT_EQ(to_canonical(*envelope->document.find_path({"results", "bins"})),
            R"([{"count":5,"rate":0.25},{"count":null,"rate":null},{"count":0,"rate":0.1}])");
  EXPECT_TRUE(envelope->document.find_path({"results", "auc", "value"})->is_null());
  const std::vector<Suppression> expected = {{"auc.flag", "with bins.1.count"},
                                             {"auc.value", "with bins.1.count"},
                                             {"bins.1.count", "fewer than 5"},
                                             {"bins.1.rate", "with bins.1.count"}};
  EXPECT_EQ(envelope->suppressed, expected);
  EXPECT_TRUE(check_envelope(example_schema(), envelope->canonical).ok());
}

TEST(MakeEnvelope, FitsThePublishedSchema) {
  const auto published = JsonSchema::compile(parse(source_text("docs/schemas/envelope-v1.json")));
  ASSERT_TRUE(published.ok());
  Numbers numbers(7);
  for (int i = 0; i < 50; ++i) {
    const auto envelope = make_envelope(example_schema(), random_output(numbers));
    ASSERT_TRUE(envelope.ok());
    EXPECT_TRUE(published->violations(envelope->document).empty());
  }
}

TEST(MakeEnvelope, WhatTwoSmallCountsHideHasOneReasonInWhateverOrderTheyCame) {
  const auto schema = ResultSchema::parse(parse(R"({"type": "object",
    "additionalProperties": false, "properties": {
    "b": {"type": ["integer", "null"], "minimum": 0, "maximum": 99,
      "x-medperf": {"metric": "count", "minimum_count": 5, "suppress_with": ["x"]}},
    "n": {"type": ["integer", "null"], "minimum": 0, "maximum": 99,
      "x-medperf": {"metric": "count", "minimum_count": 5, "suppress_with": ["x"]}},
    "x": {"type": ["number", "null"], "minimum": 0, "maximum": 1,
      "x-medperf": {"metric": "auroc", "digits": 3}}}})"));
  ASSERT_TRUE(schema.ok()) << schema.error().text();
  for (const char* output : {R"({"b": 1, "n": 2, "x": 0.5})", R"({"x": 0.5, "n": 2, "b": 1})"}) {
    const auto made = make_envelope(*schema, parse(output));
    ASSERT_TRUE(made.ok()) << made.error().text();
    const auto checked = check_envelope(*schema, made->canonical);
    EXPECT_TRUE(checked.ok()) << output << ": " << checked.error().text();
  }
}

TEST(CheckEnvelope, HoldsForWhateverWasMadeAndMakingAgainChangesNothing) {
  const ResultSchema schema = example_schema();
  Numbers numbers(2026);
  for (int i = 0; i < 2000; ++i) {
    const Json output = random_output(numbers);
    const auto made = make_envelope(schema, output);
    ASSERT_TRUE(made.ok()) << to_text(output) << made.error().text();
    const auto checked = check_envelope(schema, made->canonical);
    ASSERT_TRUE(checked.ok()) << made->canonical << checked.error().text();
    EXPECT_EQ(checked->canonical, made->canonical);
    EXPECT_EQ(checked->suppressed, made->suppressed);
    for (const auto* count : {"1", "2", "3", "4"}) {
      EXPECT_EQ(made->canonical.find("\"count\":" + std::string(count) + ","), std::string::npos);
    }
    if (made->suppressed.empty()) {
      EXPECT_EQ(make_envelope(schema, *made->document.find("results"))->canonical, made->canonical);
    }
  }
}

// Adds a key to the k-th object of a document, counted in preorder; false if there are fewer.
bool add_key(Json& value, int& k) {
  if (value.is_object()) {
    if (k-- == 0) {
      value.set("zz", 1);
      return true;
    }
    for (auto& [key, member] : value.members()) {
      if (add_key(member, k)) return true;
    }
  } else if (value.is_array()) {
    for (Json& item : value.items()) {
      if (add_key(item, k)) return true;
    }
  }
  return false;
}

TEST(CheckEnvelope, AnyAddedKeyIsRefused) {
  const ResultSchema schema = example_schema();
  Numbers numbers(11);
  int tried = 0;
  for (int i = 0; i < 100; ++i) {
    const auto made = make_envelope(schema, random_output(numbers));
    ASSERT_TRUE(made.ok());
    for (int object = 0;; ++object) {
      Json changed = made->document;
      int k = object;
      if (!add_key(changed, k)) break;
      EXPECT_FALSE(check_envelope(schema, to_canonical(changed)).ok()) << to_text(changed);
      ++tried;
    }
  }
  EXPECT_GT(tried, 300);
}

TEST(CheckEnvelope, AnyFlippedBitIsRefusedOrStillAnEnvelope) {
  const ResultSchema schema = example_schema();
  const auto made = make_envelope(
      schema, output_with("bins", R"([{"count":3,"rate":0.25},{"count":40,"rate":0.5}])"));
  ASSERT_TRUE(made.ok());
  for (std::size_t i = 0; i < made->canonical.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bytes = made->canonical;
      bytes[i] = static_cast<char>(bytes[i] ^ (1 << bit));
      const auto checked = check_envelope(schema, bytes);
      if (!checked.ok()) continue;
      EXPECT_EQ(checked->canonical, bytes);  // another number, but within all rules
    }
  }
}

Result<Envelope> check_changed(std::string_view output,
                               const std::vector<std::pair<std::string, std::string>>& changes) {
  const auto made = make_envelope(example_schema(), parse(output));
  EXPECT_TRUE(made.ok());
  std::string bytes = made->canonical;
  for (const auto& [from, to] : changes) {
    const std::size_t at = bytes.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    bytes.replace(at, from.size(), to);
  }
  return check_envelope(example_schema(), bytes);
}

constexpr std::string_view kSmall =
    R"({"n":120,"auc":{"value":0.9},"convention":"auroc-mann-whitney-delong",
        "bins":[{"count":3,"rate":0.5}]})";

TEST(CheckEnvelope, MoreDigitsThanDeclared) {
  EXPECT_EQ(refused_places(check_changed(kOutput, {{"0.9123", "0.91231"}})), Places{"auc.value"});
}

TEST(CheckEnvelope, ASmallCountThatWasNotSuppressed) {
  EXPECT_EQ(refused_places(check_changed(kSmall, {{"\"count\":null", "\"count\":3"}})),
            (Places{"bins.0.count"}));
}

TEST(CheckEnvelope, ARateThatGivesASuppressedCountAway) {
  EXPECT_EQ(refused_places(check_changed(kSmall, {{"\"rate\":null", "\"rate\":0.5"}})),
            Places{"bins.0.rate"});
}

TEST(CheckEnvelope, TheListMustBeTheOneThatFollows) {
  EXPECT_EQ(refused_places(check_changed(kSmall, {{"fewer than 5", "fewer than 9"}})),
            Places{"suppressed"});
  EXPECT_EQ(refused_places(check_changed(kSmall, {{"with bins.0.count", "Jane Doe, 1950"}})),
            Places{"suppressed"});
  EXPECT_EQ(refused_places(check_changed(
                kOutput, {{"[]", R"([{"path":"Jane Doe","reason":"fewer than 5"}])"}})),
            Places{"suppressed"});
}

TEST(CheckEnvelope, FormAndVersion) {
  const auto corrupt = [](const Result<Envelope>& envelope) {
    return !envelope.ok() && envelope.error().kind == ErrorKind::kCorrupt;
  };
  EXPECT_TRUE(corrupt(check_changed(kOutput, {{"envelope/v1", "envelope/v0"}})));
  EXPECT_TRUE(corrupt(check_changed(kOutput, {{"\"n\":120", "\"n\": 120"}})));
  EXPECT_TRUE(corrupt(check_changed(kOutput, {{"\"n\":120", "\"n\":120.0"}})));
  EXPECT_TRUE(corrupt(check_changed(kOutput, {{"\"suppressed\":[]", "\"suppressed\":{}"}})));
  EXPECT_TRUE(corrupt(check_envelope(example_schema(), kOutput)));
  EXPECT_FALSE(check_envelope(example_schema(), "").ok());
  EXPECT_FALSE(check_envelope(example_schema(), "[]").ok());
  const std::string huge(kLargestEnvelope + 1, ' ');
  const auto too_large = check_envelope(example_schema(), huge);
  ASSERT_FALSE(too_large.ok());
  EXPECT_EQ(too_large.error().kind, ErrorKind::kTooLarge);
}

}  // namespace
}  // namespace medperf::result
