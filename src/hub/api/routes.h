#pragma once
// Finding the endpoint of a request.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hub/api/endpoint.h"

namespace medperf::hub {

/// What a path's parameters stand for.
struct PathValues {
  std::array<std::int64_t, 2> ids{};
  std::string text;
};

struct Route {
  const Endpoint* endpoint = nullptr;  ///< null: no endpoint has this path and method
  PathValues values;
  std::vector<std::string_view> methods;  ///< of the path; empty: no such path
};

/// Matches "/api/v0/benchmarks/3/" (the last slash may lack) against a row's path. {id} and {other}
/// take non-negative decimal numbers, {key_id} any text without a slash.
bool match_path(std::string_view pattern, std::string_view path, PathValues& values);
/// Finds the rows of a path among those of its length. Thread-safe.
class Router {
 public:
  explicit Router(std::span<const Endpoint> endpoints);
  /// HEAD counts as GET.
  Route find(std::string_view method, std::string_view path) const;

 private:
  /// Rows that begin alike and have as many parts as each other, in their order.
  std::unordered_map<std::string, std::vector<const Endpoint*>> rows_;
};
/// The whole path of a row.
std::string full_path(const Endpoint& endpoint);

}  // namespace medperf::hub
