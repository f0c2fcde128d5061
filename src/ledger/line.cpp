#include "ledger/line.h"

#include <algorithm>
#include <array>

#include "crypto/sha256.h"

namespace medperf::ledger {
namespace {

constexpr std::array<std::string_view, 8> kKeys = {"actor", "body",     "hash", "kind",
                                                   "n",     "previous", "time", "v"};

Error problem(std::string what) {
  return make_error(ErrorKind::kCorrupt, "", std::move(what),
                    "Compare the log with a backup: it was changed after it was written.");
}

JsonLimits line_limits() {
  JsonLimits limits;
  limits.bytes = kLineLimit.value;
  return limits;
}

/// Reads a line and checks everything that needs no other line.
Result<Json> check_alone(std::string_view text) {
  auto parsed = parse_json(text, line_limits());
  if (!parsed.ok()) return problem("it is not valid JSON");
  Json line = std::move(*parsed);
  if (!line.is_object() || line.members().size() != kKeys.size() ||
      !std::all_of(kKeys.begin(), kKeys.end(), [&](auto key) { return line.contains(key); }))
    return problem("it has not the form of a log line");
  if (line.get_string("v") != kLeafVersion) return problem("its version is not known");
  if (to_canonical(line) != text) return problem("it is not written in canonical form");
  const std::string hash = line.get_string("hash");
  std::erase_if(line.members(), [](const Json::Member& member) { return member.first == "hash"; });
  if (crypto::sha256_hex(to_canonical(line)) != hash)
    return problem("its content does not match its hash");
  line.set("hash", hash);
  return line;
}

}  // namespace

Result<Line> make_line(const Position& last, const Entry& entry, Timestamp time) {
  // The members in canonical order, around the place of the hash.
  const std::string body = to_canonical(entry.body);
  const std::string before = "{\"actor\":" + to_canonical(entry.actor) + ",\"body\":" + body + ",";
  const std::string after = "\"kind\":" + to_canonical(entry.kind) +
                            ",\"n\":" + to_canonical(last.n + 1) + ",\"previous\":\"" + last.hash +
                            "\",\"time\":\"" + to_iso8601(time) + "\",\"v\":\"" +
                            std::string(kLeafVersion) + "\"}";
  Line line;
  line.hash = crypto::sha256_hex(before + after);
  line.text = before + "\"hash\":\"" + line.hash + "\"," + after;
  if (Bytes{line.text.size()} > kLineLimit) {
    return make_error(ErrorKind::kTooLarge, "log entry " + entry.kind,
                      "The entry is larger than " + to_string(kLineLimit),
                      "Record the digest of what is large.");
  }
  // Nothing is written that could not be verified later, e.g. a body nested too deep or with
  // repeated keys.
  JsonLimits limits = line_limits();
  --limits.depth;  // the line is one level more
  const auto read_again = parse_json(body, limits);
  if (!read_again.ok() || to_canonical(*read_again) != body) {
    return make_error(ErrorKind::kInvalid, "log entry " + entry.kind,
                      "The entry cannot be written as a log line",
                      "Record a flatter body without repeated keys.",
                      read_again.ok() ? "its numbers are not exact" : read_again.error().text());
  }
  return line;
}

Result<Position> read_position(std::string_view text) {
  MEDPERF_TRY(const Json line, check_alone(text));
  return Position{line.get_int("n"), line.get_string("hash")};
}

Result<Position> check_line(std::string_view text, const Position& last) {
  MEDPERF_TRY(const Json line, check_alone(text));
  if (line.get_int("n") != last.n + 1) {
    return problem("its number is " + std::to_string(line.get_int("n")) + " where " +
                   std::to_string(last.n + 1) + " must stand: a line was removed or inserted");
  }
  if (line.get_string("previous") != last.hash)
    return problem("it does not follow the line before it: that line was replaced");
  return Position{line.get_int("n"), line.get_string("hash")};
}

}  // namespace medperf::ledger
