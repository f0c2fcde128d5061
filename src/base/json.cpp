#include "base/json.h"

#include <algorithm>
#include <cmath>

namespace medperf {
namespace {

/// Below this many members a linear search beats sorting.
constexpr std::size_t kSmallObject = 16;

bool equal_numbers(const Json& a, const Json& b) {
  if (a.is_int() && b.is_int()) return a.as_int() == b.as_int();
  if (a.is_double() && b.is_double()) return a.as_double() == b.as_double();
  const double real = a.is_double() ? a.as_double() : b.as_double();
  const std::int64_t integer = a.is_int() ? a.as_int() : b.as_int();
  // Compared as integers, since a double cannot hold every std::int64_t; 2^63 itself is out of
  // range.
  if (std::trunc(real) != real || real < -0x1p63 || real >= 0x1p63) return false;
  return static_cast<std::int64_t>(real) == integer;
}

std::vector<const Json::Member*> sorted(const Json::Object& members) {
  std::vector<const Json::Member*> pointers;
  pointers.reserve(members.size());
  for (const auto& member : members) pointers.push_back(&member);
  std::sort(pointers.begin(), pointers.end(),
            [](const auto* a, const auto* b) { return a->first < b->first; });
  return pointers;
}

bool equal_objects(const Json& a, const Json& b) {
  if (a.members().size() != b.members().size()) return false;
  if (a.members().size() <= kSmallObject) {
    return std::all_of(a.members().begin(), a.members().end(), [&](const Json::Member& member) {
      const Json* other = b.find(member.first);
      return other != nullptr && member.second == *other;
    });
  }
  const auto left = sorted(a.members());
  const auto right = sorted(b.members());
  return std::equal(left.begin(), left.end(), right.begin(), [](const auto* x, const auto* y) {
    return x->first == y->first && x->second == y->second;
  });
}

}  // namespace

std::string_view Json::type_name() const {
  if (is_null()) return "null";
  if (is_bool()) return "bool";
  if (is_int()) return "int";
  if (is_double()) return "float";
  if (is_string()) return "str";
  if (is_array()) return "list";
  return "dict";
}

const Json* Json::find(std::string_view key) const {
  const auto* object = std::get_if<Object>(&value_);
  if (object == nullptr) return nullptr;
  for (const auto& member : *object)
    if (member.first == key) return &member.second;
  return nullptr;
}

Json* Json::find(std::string_view key) {
  return const_cast<Json*>(static_cast<const Json*>(this)->find(key));
}

const Json* Json::find_path(std::initializer_list<std::string_view> keys) const {
  const Json* here = this;
  for (const auto key : keys) {
    here = here->find(key);
    if (here == nullptr) return nullptr;
  }
  return here;
}

Json& Json::set(std::string_view key, Json value) {
  if (is_null()) value_ = Object{};
  if (Json* existing = find(key); existing != nullptr) {
    *existing = std::move(value);
    return *existing;
  }
  auto& object = std::get<Object>(value_);
  object.emplace_back(std::string(key), std::move(value));
  return object.back().second;
}

void Json::push(Json value) {
  if (is_null()) value_ = Array{};
  std::get<Array>(value_).push_back(std::move(value));
}

std::string Json::get_string(std::string_view key, std::string_view other) const {
  const Json* member = find(key);
  return member != nullptr && member->is_string() ? member->as_string() : std::string(other);
}

std::int64_t Json::get_int(std::string_view key, std::int64_t other) const {
  const Json* member = find(key);
  return member != nullptr && member->is_int() ? member->as_int() : other;
}

bool Json::get_bool(std::string_view key, bool other) const {
  const Json* member = find(key);
  return member != nullptr && member->is_bool() ? member->as_bool() : other;
}

bool Json::operator==(const Json& other) const {
  if (is_number() && other.is_number()) return equal_numbers(*this, other);
  if (value_.index() != other.value_.index()) return false;
  if (is_object()) return equal_objects(*this, other);
  if (is_array()) return items() == other.items();
  if (is_string()) return as_string() == other.as_string();
  if (is_bool()) return as_bool() == other.as_bool();
  return true;
}

}  // namespace medperf
