#pragma once
// The form of tests/api/*.yaml: variables, bodies made from named ones, and what an answer must
// hold. Pure; cases_test.cpp sends.

#include <map>
#include <optional>
#include <regex>
#include <string>
#include <string_view>

#include "base/encoding.h"
#include "base/json.h"

namespace medperf::hub {

using Variables = std::map<std::string, Json>;

/// Thrown at a mistake of the file itself: an unknown variable, a body that nobody named.
struct CaseMistake {
  std::string what;
};

inline std::string shown(const Json& value) {
  return value.is_string() ? value.as_string() : to_text(value);
}

/// The value of ${name}; ${text:count} is the text so many times.
inline Json variable(const std::string& name, const Variables& variables) {
  const auto found = variables.find(name);
  if (found != variables.end()) return found->second;
  const auto colon = name.rfind(':');
  if (colon == std::string::npos) throw CaseMistake{"unknown variable ${" + name + "}"};
  std::string repeated;
  for (int left = std::stoi(name.substr(colon + 1)); left > 0; --left) {
    repeated += name.substr(0, colon);
  }
  return repeated;
}

inline std::string filled(std::string text, const Variables& variables) {
  for (auto at = text.find("${"); at != std::string::npos; at = text.find("${", at)) {
    const auto end = text.find('}', at);
    if (end == std::string::npos) throw CaseMistake{"no end of a variable in " + text};
    const std::string value = shown(variable(text.substr(at + 2, end - at - 2), variables));
    text.replace(at, end - at + 1, value);
    at += value.size();
  }
  return text;
}

/// A text that is one variable alone becomes its value, with its type.
inline Json filled(const Json& value, const Variables& variables) {
  if (value.is_string()) {
    const std::string& text = value.as_string();
    if (text.starts_with("${") && text.find('}') == text.size() - 1) {
      return variable(text.substr(2, text.size() - 3), variables);
    }
    return filled(text, variables);
  }
  if (value.is_array()) {
    Json items = Json::array();
    for (const auto& item : value.items()) items.push(filled(item, variables));
    return items;
  }
  if (!value.is_object()) return value;
  Json members = Json::object();
  for (const auto& [key, member] : value.members()) {
    members.set(filled(key, variables), filled(member, variables));
  }
  return members;
}

/// The object that holds the last word of "container.name", and that word.
struct Place {
  Json* object;
  std::string key;
};
inline Place place_in(Json& body, std::string_view path) {
  const auto dot = path.find('.');
  if (dot == std::string_view::npos) return {&body, std::string(path)};
  Json* inner = body.find(path.substr(0, dot));
  if (inner == nullptr) throw CaseMistake{"the body has no " + std::string(path)};
  return place_in(*inner, path.substr(dot + 1));
}

inline void take_away(Json& body, std::string_view path) {
  const Place place = place_in(body, path);
  auto& members = place.object->members();
  const auto last =
      std::remove_if(members.begin(), members.end(),
                     [&place](const Json::Member& member) { return member.first == place.key; });
  if (last == members.end()) throw CaseMistake{"the body has no " + std::string(path)};
  members.erase(last, members.end());
}

/// `body`, or the body of that name, changed by `with` and `without`; variables not filled yet.
inline Json body_of(const Json& one, const Json* named_bodies) {
  const Json* given = one.find("body");
  Json body = given == nullptr ? Json() : *given;
  if (body.is_string()) {
    const Json* named = named_bodies == nullptr ? nullptr : named_bodies->find(body.as_string());
    if (named == nullptr) throw CaseMistake{"no body is named " + body.as_string()};
    body = *named;
  }
  if (const Json* with = one.find("with"); with != nullptr) {
    if (!body.is_object()) throw CaseMistake{"`with` needs a body to change"};
    for (const auto& [path, value] : with->members()) {
      const Place place = place_in(body, path);
      place.object->set(place.key, value);
    }
  }
  if (const Json* without = one.find("without"); without != nullptr) {
    if (without->is_string()) {
      take_away(body, without->as_string());
    } else {
      for (const auto& path : without->items()) take_away(body, path.as_string());
    }
  }
  return body;
}

/// Whether a text fits a word such as "<any>" or "start*".
inline bool fits_word(const std::string& word, const Json& found) {
  if (word == "<any>") return true;
  if (!found.is_string()) return false;
  if (word == "<time>") {
    static const std::regex kTime(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)");
    return std::regex_match(found.as_string(), kTime);
  }
  if (!word.ends_with('*')) return false;
  return found.as_string().starts_with(word.substr(0, word.size() - 1));
}

std::optional<std::string> difference(const Json& wanted, const Json* found,
                                      const std::string& place, bool whole);

inline std::optional<std::string> member_difference(const Json& wanted, const Json& found,
                                                    const std::string& place, bool whole) {
  for (const auto& [key, member] : wanted.members()) {
    if (auto problem = difference(member, found.find(key), place + "." + key, whole)) {
      return problem;
    }
  }
  if (!whole) return std::nullopt;
  for (const auto& [key, member] : found.members()) {
    if (!wanted.contains(key)) return place + "." + key + " is there: " + to_text(member);
  }
  return std::nullopt;
}

/// The first place where `found` lacks a part of `wanted`; with `whole`, also where it holds more.
inline std::optional<std::string> difference(const Json& wanted, const Json* found,
                                             const std::string& place, bool whole) {
  const bool word = wanted.is_string();
  if (word && wanted.as_string() == "<none>") {
    return found == nullptr ? std::nullopt : std::optional(place + " is there");
  }
  if (found == nullptr) return place + " is missing";
  if (word && fits_word(wanted.as_string(), *found)) return std::nullopt;
  if (wanted.is_object() && found->is_object()) {
    return member_difference(wanted, *found, place, whole);
  }
  if (wanted.is_array() && found->is_array() && wanted.items().size() == found->items().size()) {
    for (std::size_t i = 0; i < wanted.items().size(); ++i) {
      const std::string item = place + "[" + std::to_string(i) + "]";
      if (auto problem = difference(wanted.items()[i], &found->items()[i], item, whole)) {
        return problem;
      }
    }
    return std::nullopt;
  }
  if (wanted == *found) return std::nullopt;
  return place + " is " + to_text(*found) + ", not " + to_text(wanted);
}

}  // namespace medperf::hub
