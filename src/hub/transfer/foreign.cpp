#include "hub/transfer/foreign.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/encoding.h"

namespace medperf::hub {

using domain::Entity;
using domain::Field;
using domain::FieldType;
using domain::FieldValue;

namespace {

Error bad_value(const Field& field, std::string_view wanted, std::string_view text) {
  return make_error(ErrorKind::kInvalid, std::string(field.name),
                    "\"" + printable(text, 60) + "\" is not " + std::string(wanted));
}

Result<FieldValue> read_integer(const Field& field, std::string_view text) {
  std::int64_t number = 0;
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) return bad_value(field, "a whole number", text);
  return FieldValue(number);
}

Result<FieldValue> read_boolean(const Field& field, std::string_view text) {
  if (text == "t" || text == "true" || text == "1") return FieldValue(true);
  if (text == "f" || text == "false" || text == "0") return FieldValue(false);
  return bad_value(field, "true or false", text);
}

Result<FieldValue> read_text(const Field& field, const std::string& text) {
  const bool known = field.choices.empty() || std::find(field.choices.begin(), field.choices.end(),
                                                        text) != field.choices.end();
  if (!known) return bad_value(field, "one of its choices", text);
  if (!is_valid_utf8(text)) return bad_value(field, "UTF-8", text);
  return FieldValue(text);
}

Result<FieldValue> read_value(const Field& field, const std::string& text) {
  switch (field.type) {
    case FieldType::kText:
    case FieldType::kChoice:
      return read_text(field, text);
    case FieldType::kBoolean:
      return read_boolean(field, text);
    case FieldType::kInteger:
    case FieldType::kIdentifier:
    case FieldType::kReference:
      return read_integer(field, text);
    case FieldType::kJson: {
      // Rows of an existing hub had no limit on size; the file's lines have one.
      auto parsed = parse_json(text, {text.size() + 1, 64, 10'000'000});
      if (!parsed.ok()) return bad_value(field, "JSON that can be kept", text);
      if (parsed->is_null()) return FieldValue();
      return FieldValue(domain::JsonText{text});
    }
    case FieldType::kTime: {
      auto time = read_foreign_time(text);
      if (!time.ok()) return bad_value(field, "a time", text);
      return FieldValue(*time);
    }
  }
  return bad_value(field, "known", text);
}

constexpr std::size_t kDateLength = 10;  // 2026-01-02

/// Hours, and after colons minutes and seconds, as PostgreSQL writes how far a zone is from UTC; in
/// microseconds.
std::optional<std::int64_t> read_offset(std::string_view text) {
  std::int64_t seconds = 0;
  for (const int unit : {3600, 60, 1}) {
    int number = 0;
    if (text.size() < 2) return std::nullopt;
    const auto read = std::from_chars(text.data(), text.data() + 2, number);
    if (read.ec != std::errc() || read.ptr != text.data() + 2 || number < 0 || number > 59) {
      return std::nullopt;
    }
    seconds += std::int64_t{number} * unit;
    text.remove_prefix(2);
    if (text.empty()) return seconds * 1'000'000;
    if (text.front() != ':') return std::nullopt;
    text.remove_prefix(1);
  }
  return std::nullopt;
}

}  // namespace

std::span<const Entity> imported_entities() {
  static constexpr std::array kOrder = {
      Entity::kUser,
      Entity::kContainer,
      Entity::kAsset,
      Entity::kModel,
      Entity::kBenchmark,
      Entity::kDataset,
      Entity::kDatasetAssociation,
      Entity::kModelAssociation,
      Entity::kResult,
      Entity::kCa,
      Entity::kCertificate,
      Entity::kEncryptedKey,
      Entity::kAggregator,
      Entity::kTraining,
      Entity::kTrainingAssociation,
      Entity::kTrainingEvent,
  };
  return kOrder;
}

Result<domain::Record> to_record(Entity entity, const ForeignRow& row) {
  domain::Record record(entity);
  const auto fields = record.table().fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Field& field = fields[i];
    const auto found = row.find(field.name);
    if (found == row.end()) continue;
    FieldValue value;
    if (found->second) {
      MEDPERF_TRY(value, read_value(field, *found->second));
    }
    const bool null = std::holds_alternative<std::monostate>(value);
    // A null where none may be is a default that the source never wrote.
    if (!null || field.nullable || field.type == FieldType::kTime) record.set(i, std::move(value));
  }
  if (record.id() <= 0) {
    return make_error(ErrorKind::kInvalid, "id", "it is missing");
  }
  return record;
}

std::optional<std::string> foreign_text(const Json& value) {
  if (value.is_null()) return std::nullopt;
  if (value.is_string()) return value.as_string();
  return to_text(value);
}

Result<Timestamp> read_foreign_time(std::string_view text) {
  std::string iso(trim(text));
  if (iso.size() > kDateLength && iso[kDateLength] == ' ') iso[kDateLength] = 'T';
  std::int64_t offset = 0;
  if (const auto sign = iso.find_first_of("+-", kDateLength); sign != std::string::npos) {
    const auto east = read_offset(std::string_view(iso).substr(sign + 1));
    if (!east) return make_error(ErrorKind::kInvalid, printable(text, 80), "it is not a time");
    offset = iso[sign] == '+' ? *east : -*east;
    iso.resize(sign);
  }
  if (!iso.ends_with('Z')) iso += 'Z';
  MEDPERF_TRY(auto time, parse_iso8601(iso));
  time.microseconds -= offset;
  return time;
}

}  // namespace medperf::hub
