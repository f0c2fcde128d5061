#include "site/gate/registry_login.h"

#include <algorithm>
#include <cctype>

#include "base/encoding.h"
#include "base/json.h"

namespace medperf::site {
namespace {

constexpr std::string_view kOption = "registry.credentials";
constexpr std::string_view kAdvice =
    "make it by 'podman login --authfile FILE REGISTRY', mode 0600, and name FILE in "
    "registry.credentials";

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// The value of key="..." in a challenge.
std::string parameter(std::string_view header, std::string_view key) {
  const std::string start = std::string(key) + "=\"";
  for (auto at = header.find(start); at != std::string_view::npos;
       at = header.find(start, at + 1)) {
    // Not the end of another name.
    if (at != 0 && header[at - 1] != ' ' && header[at - 1] != ',') continue;
    const auto from = at + start.size();
    const auto end = header.find('"', from);
    if (end == std::string_view::npos) return {};
    return std::string(header.substr(from, end - from));
  }
  return {};
}

/// "https://registry.example/v1/" -> "registry.example/v1": older docker wrote addresses.
std::string_view plain_key(std::string_view key) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (key.starts_with(scheme)) key.remove_prefix(scheme.size());
  }
  while (key.ends_with('/')) key.remove_suffix(1);
  return key;
}

bool fits(std::string_view key, std::string_view registry, std::string_view place) {
  if (registry == "registry-1.docker.io" &&
      (key == "index.docker.io/v1" || key == "index.docker.io" || key == "docker.io"))
    return true;
  if (key == registry || key == place) return true;
  return place.starts_with(key) && place.size() > key.size() && place[key.size()] == '/' &&
         key.find('/') != std::string_view::npos;
}

/// Whether text is base64 of "user:password".
bool is_user_and_password(const std::string& text) {
  const auto plain = from_base64(text);
  return plain.ok() && plain->find(':') != std::string::npos && plain->find(':') != 0;
}

}  // namespace

Challenge read_challenge(std::string_view header) {
  Challenge out;
  const auto space = header.find(' ');
  out.scheme = lower(header.substr(0, space));
  if (space == std::string_view::npos) return out;
  const auto rest = header.substr(space + 1);
  out.realm = parameter(rest, "realm");
  out.service = parameter(rest, "service");
  return out;
}

Result<std::string> basic_authorization(std::string_view document, std::string_view registry,
                                        std::string_view repository) {
  if (document.empty()) return std::string();
  const auto json = parse_json(document);
  const Json* auths = json.ok() && json->is_object() ? json->find("auths") : nullptr;
  if (!json.ok() || !json->is_object() || (auths != nullptr && !auths->is_object()))
    return make_error(ErrorKind::kInvalid, std::string(kOption),
                      "the file is no JSON document of sign-ins", std::string(kAdvice));
  std::string place(registry);
  place.append("/").append(repository);
  const Json* best = nullptr;
  std::size_t length = 0;
  if (auths != nullptr) {
    for (const auto& [name, entry] : auths->members()) {
      const std::string_view key = plain_key(name);
      if (key.empty() || !entry.is_object() || !fits(key, registry, place)) continue;
      if (best != nullptr && key.size() <= length) continue;
      best = &entry;
      length = key.size();
    }
  }
  const bool helper = json->find("credsStore") != nullptr || json->find("credHelpers") != nullptr;
  if (best == nullptr && !helper) return std::string();
  const std::string auth = best == nullptr ? std::string() : best->get_string("auth");
  if (is_user_and_password(auth)) return "Basic " + auth;
  return make_error(ErrorKind::kInvalid, std::string(kOption),
                    "the file holds no user name and password for " + printable(registry, 200) +
                        (helper ? ": it leaves them to a helper program" : ""),
                    std::string(kAdvice));
}

}  // namespace medperf::site
