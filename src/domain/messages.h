#pragma once
// The words of v0 validation (reference: hub API section 1.2), in one place, and errors made of
// them.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "domain/field.h"

namespace medperf::domain {

inline constexpr std::string_view kRequiredMessage = "This field is required.";
inline constexpr std::string_view kNullMessage = "This field may not be null.";
inline constexpr std::string_view kBlankMessage = "This field may not be blank.";
inline constexpr std::string_view kTextMessage = "Not a valid string.";
inline constexpr std::string_view kBooleanMessage = "Must be a valid boolean.";
inline constexpr std::string_view kIntegerMessage = "A valid integer is required.";
inline constexpr std::string_view kNoDataMessage = "No data provided";

/// "Ensure this field has no more than N characters."
std::string max_length_message(int limit);
/// For a JSON document that is longer than its field takes.
std::string max_bytes_message(int limit);
/// 'Expected a list of items but got type "T".'; `type` as Json::type_name() gives it.
std::string list_message(std::string_view type);
/// "\"X\" is not a valid choice."
std::string choice_message(std::string_view value);
/// "Incorrect type. Expected pk value, received T."; `type` as Json::type_name() gives it.
std::string reference_type_message(std::string_view type);
/// "Invalid pk \"N\" - object does not exist."
std::string missing_reference_message(std::int64_t id);
/// "ml cube with this name already exists."
std::string unique_message(const EntityTable& table, std::string_view field);

/// An error of kind invalid with one field message.
Error field_error(std::string_view field, std::string_view message);
/// The same under "non_field_errors".
Error object_error(std::string_view message);
/// An error of kind invalid that reports several field messages together.
Error field_errors(std::vector<FieldError> fields);

}  // namespace medperf::domain
