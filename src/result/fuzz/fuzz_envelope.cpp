// Foreign schemas, outputs and envelopes: whatever is made must hold the hub's check unchanged.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "result/envelope.h"

using medperf::result::check_envelope;
using medperf::result::make_envelope;
using medperf::result::ResultSchema;

namespace {

constexpr std::string_view kSchema = R"({"type":"object","additionalProperties":false,"properties":{
  "n":{"type":["integer","null"],"minimum":0,"maximum":1000,"x-medperf":{"metric":"count",
       "minimum_count":5,"suppress_with":["a","l.*.r"]}},
  "a":{"type":["number","null"],"minimum":0,"maximum":1,"x-medperf":{"metric":"auroc","digits":6}},
  "l":{"type":"array","maxItems":3,"items":{"type":"object","additionalProperties":false,
       "properties":{"c":{"type":["integer","null"],"minimum":0,"maximum":99,"x-medperf":{
         "metric":"count","minimum_count":3,"suppress_with":["l.*.r"]}},
       "r":{"type":["number","null"],"minimum":-5,"maximum":5,
            "x-medperf":{"metric":"rate","digits":2}}}}},
  "t":{"type":["string","null"],"enum":["x","y",null]},
  "s":{"type":["object","null"],"x-medperf":{"summary":"medperf/summary/v1","minimum_count":3,
       "kind":"binary classification","rules":"{\"threshold\":0.5}","most_cases":1000,
       "figures":[{"metric":"auroc","bins":"equal-width 0..1 512"},
         {"metric":"confusion-count","threshold":0.5},{"metric":"brier"},
         {"metric":"ece","bins":"equal-width 0..1 15"},
         {"metric":"calibration-slope","bins":"equal-width -14..14 560"}]}}}})";

const ResultSchema& fixed_schema() {
  static const ResultSchema kParsed = [] {
    auto schema = ResultSchema::parse(medperf::parse_json(kSchema).value());
    if (!schema.ok()) std::abort();
    return std::move(schema).value();
  }();
  return kParsed;
}

}  // namespace

// The first byte chooses: a foreign schema, foreign envelope bytes, or a foreign output.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 3 == 0) {
    const auto checked = check_envelope(fixed_schema(), text);
    if (checked.ok() && checked->canonical != text) std::abort();
    return 0;
  }
  medperf::JsonLimits limits;
  limits.depth = 24;
  const auto json = medperf::parse_json(text, limits);
  if (!json.ok()) return 0;
  if (data[0] % 3 == 1) {
    (void)ResultSchema::parse(*json);
    return 0;
  }
  const auto made = make_envelope(fixed_schema(), *json);
  if (!made.ok()) return 0;
  const auto checked = check_envelope(fixed_schema(), made->canonical);
  if (!checked.ok() || checked->canonical != made->canonical) std::abort();
  return 0;
}
