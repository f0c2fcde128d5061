#include "result/cells.h"

#include <algorithm>

#include "base/encoding.h"

namespace medperf::result {
namespace {

std::string child(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

void find_undeclared(const Json& schema, const Json& value, const std::string& path,
                     std::vector<FieldError>& found) {
  if (declares_summary(schema)) return;  // summary_rule.h knows its keys
  if (value.is_object()) {
    const Json* properties = schema.find("properties");
    for (const auto& [key, member] : value.members()) {
      const Json* declared = properties == nullptr ? nullptr : properties->find(key);
      const std::string place = child(path, printable(key, 80));
      if (declared == nullptr) {
        found.push_back({place, "The benchmark does not declare this key."});
      } else {
        find_undeclared(*declared, member, place, found);
      }
    }
  } else if (value.is_array()) {
    const Json* items = schema.find("items");
    for (std::size_t i = 0; items != nullptr && i < value.items().size(); ++i) {
      find_undeclared(*items, value.items()[i], child(path, std::to_string(i)), found);
    }
  }
}

void collect(const Json& schema, Json& value, const std::string& pattern, const std::string& path,
             std::vector<Cell>& cells) {
  const Json* properties = schema.find("properties");
  const Json* items = schema.find("items");
  if (value.is_object() && properties != nullptr) {
    for (auto& [key, member] : value.members()) {
      const Json* declared = properties->find(key);
      if (declared != nullptr) {
        collect(*declared, member, child(pattern, key), child(path, key), cells);
      }
    }
  } else if (value.is_array() && items != nullptr) {
    for (std::size_t i = 0; i < value.items().size(); ++i) {
      collect(*items, value.items()[i], child(pattern, "*"), child(path, std::to_string(i)), cells);
    }
  } else if (properties == nullptr && items == nullptr) {
    cells.push_back({pattern, path, &schema, &value});
  }
}

}  // namespace

std::vector<FieldError> undeclared_keys(const Json& schema, const Json& result) {
  std::vector<FieldError> found;
  find_undeclared(schema, result, "", found);
  return found;
}

std::vector<Cell> cells_of(const Json& schema, Json& result) {
  std::vector<Cell> cells;
  collect(schema, result, "", "", cells);
  return cells;
}

bool is_sibling(const Cell& cell, std::string_view pattern, const Cell& origin) {
  if (cell.pattern != pattern) return false;
  const auto names = split(pattern, '.');
  const auto origin_names = split(origin.pattern, '.');
  const auto places = split(cell.path, '.');
  const auto origin_places = split(origin.path, '.');
  const std::size_t shared = std::min(names.size(), origin_names.size());
  for (std::size_t i = 0; i < shared && names[i] == origin_names[i]; ++i) {
    if (names[i] == "*" && places[i] != origin_places[i]) return false;
  }
  return true;
}

}  // namespace medperf::result
