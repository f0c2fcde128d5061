#pragma once
// AGREED. What may leave a site. The site makes the envelope, the hub checks it with the same functions.

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "result/schema.h"

namespace medperf::result {

inline constexpr std::string_view kEnvelopeVersion = "medperf/envelope/v1";

/// A suppressed cell: where, and why.
struct Suppression {
  std::string path;
  std::string reason;
};

/// {"medperf": "medperf/envelope/v1", "results": {...}, "suppressed": [{"path","reason"}]}, canonical.
struct Envelope {
  std::string canonical;  ///< RFC 8785 bytes: exactly what leaves
  Json document;
  std::vector<Suppression> suppressed;
};

/// From an evaluator's output: refuses undeclared keys, wrong types and ranges (kind refused, one
/// field error each), rounds to the declared digits, suppresses small cells (value null).
Result<Envelope> make_envelope(const ResultSchema& schema, const Json& output);
/// The hub's check of received bytes: canonical form, version, schema, digits, suppression all hold.
Result<Envelope> check_envelope(const ResultSchema& schema, std::string_view bytes);

}  // namespace medperf::result
