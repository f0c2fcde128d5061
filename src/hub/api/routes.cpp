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

/// What the paths that a row can match have in common: their first part below the prefix, which is
/// never a parameter, and the number of their parts.
std::string shelf_of(std::string_view path) {
  const bool versioned = path.starts_with(kApiPrefix);
  const std::string_view below = without_last_slash(versioned ? path.substr(kApiPrefix.size())
                                                              : path.substr(path.empty() ? 0 : 1));
  std::string shelf(versioned ? "v" : "/");
  shelf += std::to_string(std::count(below.begin(), below.end(), '/'));
  shelf += below.substr(0, below.find('/'));
  return shelf;
}

/// Takes the text before the next slash, and the slash; a view of null is what follows the last.
std::string_view take_segment(std::string_view& path) {
  const auto slash = path.find('/');
  const std::string_view segment = path.substr(0, slash);
  path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  return segment;
}

}  // namespace

bool match_path(std::string_view pattern, std::string_view path, PathValues& values) {
  std::string_view wanted = without_last_slash(pattern);
  std::string_view given = without_last_slash(path);
  for (;;) {
    const std::string_view part = take_segment(wanted);
    const std::string_view text = take_segment(given);
    if (part == "{id}") {
      if (!parse_id(text, values.ids[0])) return false;
    } else if (part == "{other}") {
      if (!parse_id(text, values.ids[1])) return false;
    } else if (part == "{key_id}") {
      if (text.empty()) return false;
      values.text = text;
    } else if (part != text) {
      return false;
    }
    if (wanted.data() == nullptr || given.data() == nullptr) {
      return wanted.data() == given.data();
    }
  }
}

std::string full_path(const Endpoint& endpoint) {
  if (endpoint.path.starts_with('/')) return std::string(endpoint.path);
  return std::string(kApiPrefix) + std::string(endpoint.path);
}

Router::Router(std::span<const Endpoint> endpoints) {
  for (const auto& endpoint : endpoints) {
    rows_[shelf_of(full_path(endpoint))].push_back(&endpoint);
  }
}

Route Router::find(std::string_view method, std::string_view path) const {
  if (method == "HEAD") method = "GET";
  Route route;
  const auto shelf = rows_.find(shelf_of(path));
  if (shelf == rows_.end()) return route;
  const bool versioned = path.starts_with(kApiPrefix);
  const std::string_view below = versioned ? path.substr(kApiPrefix.size()) : path;
  for (const Endpoint* endpoint : shelf->second) {
    PathValues values;
    if (!match_path(endpoint->path, below, values)) continue;
    route.methods.push_back(endpoint->method);
    if (endpoint->method == method && route.endpoint == nullptr) {
      route.endpoint = endpoint;
      route.values = values;
    }
  }
  return route;
}

}  // namespace medperf::hub
