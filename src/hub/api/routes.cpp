#include "hub/api/routes.h"

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "hub/api/hub.h"

namespace medperf::hub {

namespace {

bool parse_id(std::string_view text, std::int64_t& id) {
  if (text.empty() || text.size() > 18) return false;
  const auto end = text.data() + text.size();
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return false;
  }
  return std::from_chars(text.data(), end, id).ptr == end;
}

std::string_view without_last_slash(std::string_view path) {
  if (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

}  // namespace

bool match_path(std::string_view pattern, std::string_view path, PathValues& values) {
  const auto wanted = split(without_last_slash(pattern), '/');
  const auto given = split(without_last_slash(path), '/');
  if (wanted.size() != given.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "{id}") {
      if (!parse_id(given[i], values.ids[0])) return false;
    } else if (wanted[i] == "{other}") {
      if (!parse_id(given[i], values.ids[1])) return false;
    } else if (wanted[i] == "{key_id}") {
      if (given[i].empty()) return false;
      values.text = given[i];
    } else if (wanted[i] != given[i]) {
      return false;
    }
  }
  return true;
}

std::string full_path(const Endpoint& endpoint) {
  if (endpoint.path.starts_with('/')) return std::string(endpoint.path);
  return std::string(kApiPrefix) + std::string(endpoint.path);
}

Route find_route(std::span<const Endpoint> endpoints, std::string_view method,
                 std::string_view path) {
  if (method == "HEAD") method = "GET";
  const bool versioned = path.starts_with(kApiPrefix);
  const std::string_view below = versioned ? path.substr(kApiPrefix.size()) : path;
  Route route;
  for (const auto& endpoint : endpoints) {
    if (endpoint.path.starts_with('/') == versioned) continue;
    PathValues values;
    if (!match_path(endpoint.path, below, values)) continue;
    route.methods.push_back(endpoint.method);
    if (endpoint.method == method && route.endpoint == nullptr) {
      route.endpoint = &endpoint;
      route.values = values;
    }
  }
  return route;
}

}  // namespace medperf::hub
