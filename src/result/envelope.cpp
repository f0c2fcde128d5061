#include "result/envelope.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>

#include "base/encoding.h"
#include "domain/messages.h"
#include "result/cells.h"

namespace medperf::result {
namespace {

Error refused(std::vector<FieldError> fields) {
  Error error = domain::field_errors(std::move(fields));
  error.kind = ErrorKind::kRefused;
  error.advice = "Only what the benchmark's result schema declares may leave.";
  return error;
}

Error no_envelope(std::string what) {
  return make_error(ErrorKind::kCorrupt, "envelope", std::move(what),
                    "Send the bytes that the client made, unchanged.");
}

// The number nearest to the value's decimal expansion cut to `digits` decimals, half to even.
// Rounding its own output again changes nothing.
double round_decimal(double value, int digits) {
  std::array<char, 512> buffer{};  // the longest double has 309 digits before the point
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::fixed, digits);
  double rounded = value;
  std::from_chars(buffer.data(), end.ptr, rounded);
  return rounded == 0 ? 0.0 : rounded;  // no negative zero
}

/// The summary in a result of this schema; nothing where it is null or missing.
std::optional<Result<metrics::SiteSummary>> summary_in(const ResultSchema& schema,
                                                       const Json& results) {
  if (schema.summary() == nullptr) return std::nullopt;
  const Json* value = &results;
  for (const auto name : split(schema.summary()->path, '.')) {
    value = value == nullptr ? nullptr : value->find(name);
  }
  if (value == nullptr || value->is_null()) return std::nullopt;
  return read_declared_summary(*schema.summary(), *value);
}

Status check_fits(const ResultSchema& schema, const Json& results) {
  if (auto undeclared = undeclared_keys(schema.document(), results); !undeclared.empty()) {
    return refused(std::move(undeclared));
  }
  if (auto violations = schema.validator().violations(results); !violations.empty()) {
    return refused(std::move(violations));
  }
  if (const auto summary = summary_in(schema, results); summary && !summary->ok()) {
    return refused({{schema.summary()->path, summary->error().text()}});
  }
  return {};
}

// The value as it may leave: integers as integers, other declared numbers with their digits.
Json rounded(const ResultSchema& schema, const Cell& cell) {
  if (!cell.value->is_number()) return *cell.value;
  const MetricDeclaration* metric = schema.metric(cell.pattern);
  const double value = cell.value->as_double();
  if (metric != nullptr && metric->digits && cell.value->is_double()) {
    return round_decimal(value, *metric->digits);
  }
  const bool is_whole = std::trunc(value) == value && std::abs(value) <= 0x1p53;
  if (cell.value->is_double() && is_whole) return static_cast<std::int64_t>(value);
  return *cell.value;
}

std::string small_reason(std::int64_t minimum) {
  return "fewer than " + std::to_string(minimum);
}

// How few cases a leaf of the schema must not tell of: a count, or a summary.
std::optional<std::int64_t> minimum_of(const ResultSchema& schema, std::string_view pattern) {
  const SummaryDeclaration* const summary = schema.summary();
  if (summary != nullptr && summary->path == pattern) return summary->minimum_count;
  const MetricDeclaration* const metric = schema.metric(pattern);
  return metric == nullptr ? std::nullopt : metric->minimum_count;
}

bool is_small(const ResultSchema& schema, const Cell& cell) {
  if (cell.value->is_object()) {  // the summary: every other leaf is a plain value
    const auto summary = read_declared_summary(*schema.summary(), *cell.value);
    return !summary.ok() || tells_of_few(*schema.summary(), *summary);
  }
  const auto minimum = minimum_of(schema, cell.pattern);
  return minimum && cell.value->is_number() && cell.value->as_double() > 0 &&
         cell.value->as_double() < static_cast<double>(*minimum);
}

using Reasons = std::map<std::string, std::string>;  // by path

// Everything that goes with the small cells `small`: themselves, and what would reveal them.
Reasons reasons_for(const ResultSchema& schema, const std::vector<Cell>& cells,
                    const std::vector<const Cell*>& small) {
  Reasons reasons;
  for (const Cell* cell : small) {
    reasons[cell->path] = small_reason(*minimum_of(schema, cell->pattern));
  }
  for (const Cell* origin : small) {
    const MetricDeclaration* const metric = schema.metric(origin->pattern);
    if (metric == nullptr) continue;  // a summary hides nothing else
    for (const std::string& pattern : metric->suppress_with) {
      for (const Cell& cell : cells) {
        if (is_sibling(cell, pattern, *origin)) {
          reasons.emplace(cell.path, "with " + origin->path);
        }
      }
    }
  }
  return reasons;
}

Json to_json(const Reasons& reasons) {
  Json list = Json::array();
  for (const auto& [path, reason] : reasons) {
    list.push(Json::object({{"path", path}, {"reason", reason}}));
  }
  return list;
}

Envelope assemble(Json results, const Reasons& reasons) {
  Envelope envelope;
  envelope.document = Json::object({{"medperf", kEnvelopeVersion},
                                    {"results", std::move(results)},
                                    {"suppressed", to_json(reasons)}});
  envelope.canonical = to_canonical(envelope.document);
  for (const auto& [path, reason] : reasons) envelope.suppressed.push_back({path, reason});
  return envelope;
}

// Bytes to the three parts of an envelope of this version.
Result<Json> read_document(std::string_view bytes) {
  JsonLimits limits;
  limits.bytes = kLargestEnvelope;
  limits.depth = 16;
  limits.values = 100'000;
  MEDPERF_TRY(Json document, parse_json(bytes, limits));
  const Json* version = document.find("medperf");
  if (version == nullptr || !version->is_string()) {
    return no_envelope("This is no envelope: it does not say its version");
  }
  if (version->as_string() != kEnvelopeVersion) {
    return no_envelope("The version is '" + printable(version->as_string(), 80) +
                       "'; accepted is '" + std::string(kEnvelopeVersion) + "'");
  }
  const Json* results = document.find("results");
  const Json* suppressed = document.find("suppressed");
  if (document.members().size() != 3 || results == nullptr || !results->is_object() ||
      suppressed == nullptr || !suppressed->is_array()) {
    return no_envelope("An envelope has exactly the keys medperf, results and suppressed");
  }
  if (to_canonical(document) != bytes) {
    return no_envelope("The envelope is not in canonical form (RFC 8785)");
  }
  return document;
}

// The cells that the envelope says were small. Their values are gone, so what can be checked is
// that the path is a count with that minimum and is null; the rest follows from the schema.
std::vector<const Cell*> claimed_small(const ResultSchema& schema, const Json& suppressed,
                                       const std::vector<Cell>& cells) {
  Reasons listed;
  for (const Json& entry : suppressed.items()) {
    listed[entry.get_string("path")] = entry.get_string("reason");
  }
  std::vector<const Cell*> small;
  for (const Cell& cell : cells) {
    const auto minimum = minimum_of(schema, cell.pattern);
    if (!minimum || !cell.value->is_null()) continue;
    const auto entry = listed.find(cell.path);
    if (entry != listed.end() && entry->second == small_reason(*minimum)) {
      small.push_back(&cell);
    }
  }
  return small;
}

}  // namespace

Result<Envelope> make_envelope(const ResultSchema& schema, const Json& output) {
  MEDPERF_CHECK(check_fits(schema, output));
  // In the order of what leaves, in which the hub meets it: of two small counts that hide a value,
  // the first is its reason.
  MEDPERF_TRY(Json results, parse_json(to_canonical(output)));
  const std::vector<Cell> cells = cells_of(schema.document(), results);
  std::vector<const Cell*> small;
  for (const Cell& cell : cells) {
    *cell.value = rounded(schema, cell);
    if (is_small(schema, cell)) small.push_back(&cell);
  }
  const Reasons reasons = reasons_for(schema, cells, small);
  for (const Cell& cell : cells) {
    if (reasons.count(cell.path) > 0) *cell.value = Json();
  }
  // Rounding can step over an exclusive bound, and a null can break a rule on the whole.
  MEDPERF_CHECK(check_fits(schema, results));
  Envelope envelope = assemble(std::move(results), reasons);
  if (envelope.canonical.size() > kLargestEnvelope) {
    return make_error(ErrorKind::kTooLarge, "envelope",
                      "The envelope would have " + std::to_string(envelope.canonical.size()) +
                          " bytes; at most " + std::to_string(kLargestEnvelope) + " may leave");
  }
  return envelope;
}

Result<Envelope> check_envelope(const ResultSchema& schema, std::string_view bytes) {
  MEDPERF_TRY(Json document, read_document(bytes));
  Json results = *document.find("results");
  const Json& suppressed = *document.find("suppressed");
  MEDPERF_CHECK(check_fits(schema, results));
  const std::vector<Cell> cells = cells_of(schema.document(), results);
  std::vector<FieldError> errors;
  for (const Cell& cell : cells) {
    if (to_canonical(rounded(schema, cell)) != to_canonical(*cell.value)) {
      errors.push_back({cell.path, "The number has more digits than the benchmark declares."});
    }
    if (is_small(schema, cell)) {
      errors.push_back({cell.path, "A count that is " +
                                       small_reason(*minimum_of(schema, cell.pattern)) +
                                       " must be suppressed."});
    }
  }
  const Reasons reasons = reasons_for(schema, cells, claimed_small(schema, suppressed, cells));
  for (const Cell& cell : cells) {
    if (reasons.count(cell.path) > 0 && !cell.value->is_null()) {
      errors.push_back({cell.path, "It would reveal a suppressed count and must be null too."});
    }
  }
  if (errors.empty() && to_json(reasons) != suppressed) {
    errors.push_back({"suppressed", "The list is not the one that follows from the schema."});
  }
  if (!errors.empty()) return refused(std::move(errors));
  return assemble(std::move(results), reasons);
}

}  // namespace medperf::result
