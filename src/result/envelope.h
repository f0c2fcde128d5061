#pragma once
// What may leave a site. The site makes the envelope, the hub checks it with the same
// functions.

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "result/schema.h"

namespace medperf::result {

inline constexpr std::string_view kEnvelopeVersion = "medperf/envelope/v1";

/// Most bytes that an envelope may have.
inline constexpr std::size_t kLargestEnvelope = 256u << 10;

/// A suppressed cell: where ("counts.fp", "bins.2.count"), and why: "fewer than 5" for a count from
/// 1 to 4, "with counts.fp" for a value that would reveal that count. Zero is no small cell.
struct Suppression {
  std::string path;
  std::string reason;
  bool operator==(const Suppression&) const = default;
};

/// {"medperf": "medperf/envelope/v1", "results": {...}, "suppressed": [{"path","reason"}]},
/// canonical.
struct Envelope {
  std::string canonical;  ///< RFC 8785 bytes: exactly what leaves
  Json document;
  std::vector<Suppression> suppressed;
};

/// From an evaluator's output: refuses undeclared keys, wrong types and ranges (kind refused, one
/// field error each), rounds to the declared digits (the decimal expansion, half to even),
/// suppresses small cells (value null). too_large beyond kLargestEnvelope.
Result<Envelope> make_envelope(const ResultSchema& schema, const Json& output);
/// The hub's check of received bytes: canonical form, version, schema, digits, suppression all
/// hold.
Result<Envelope> check_envelope(const ResultSchema& schema, std::string_view bytes);

}  // namespace medperf::result
