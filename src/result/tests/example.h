#pragma once
// The example schema of docs/schemas, and a random source of fixed seed for property tests.

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

#include "base/json.h"
#include "result/schema.h"

namespace medperf::result {

inline std::string source_text(const std::string& name) {
  std::ifstream file(std::string(MEDPERF_SOURCE_DIR) + "/" + name);
  EXPECT_TRUE(file.good()) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline Json parse(std::string_view text) {
  auto json = parse_json(text);
  EXPECT_TRUE(json.ok()) << text;
  return json.value_or(Json());
}

inline Json example_document() {
  return parse(source_text("docs/schemas/examples/result-schema.json"));
}

inline ResultSchema example_schema() {
  auto schema = ResultSchema::parse(example_document());
  EXPECT_TRUE(schema.ok()) << schema.error().text();
  return std::move(schema).value();
}

/// splitmix64: the same numbers everywhere.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  std::int64_t below(std::int64_t limit) {
    return static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(limit));
  }
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_;
};

/// A random output that fits the example schema.
inline Json random_output(Numbers& numbers) {
  Json output = Json::object({{"n", numbers.below(100'000)},
                              {"convention", "auroc-mann-whitney-delong"},
                              {"auc", Json::object({{"value", numbers.unit()}})}});
  if (numbers.below(2) == 0) output.find("auc")->set("flag", "ok");
  if (numbers.below(3) == 0) output.find("auc")->set("value", Json());
  if (numbers.below(3) == 0) output.set("threshold", 0.5);
  if (numbers.below(3) == 0) output.set("release", "v1.20");
  if (numbers.below(4) != 0) {
    Json bins = Json::array();
    for (std::int64_t i = numbers.below(5); i > 0; --i) {
      bins.push(Json::object({{"count", numbers.below(12)}, {"rate", numbers.unit()}}));
    }
    output.set("bins", std::move(bins));
  }
  return output;
}

}  // namespace medperf::result
