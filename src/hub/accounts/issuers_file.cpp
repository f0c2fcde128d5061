// The file of outside issuers: medperf/issuers/v1.

#include <algorithm>
#include <array>
#include <set>

#include "base/yaml.h"
#include "hub/accounts/issuers.h"

namespace medperf::hub {

namespace {

constexpr std::string_view kVersion = "medperf/issuers/v1";

/// A key of one issuer's entry.
struct Key {
  std::string_view name;
  void (*set)(IssuerSettings& issuer, const std::string& value, const fs::path& folder);
};

fs::path below(const fs::path& folder, const std::string& path) {
  return fs::path(path).is_absolute() ? fs::path(path) : folder / path;
}

constexpr std::array kTextKeys = {
    Key{"name", [](IssuerSettings& i, const std::string& v, const fs::path&) { i.name = v; }},
    Key{"issuer", [](IssuerSettings& i, const std::string& v, const fs::path&) { i.issuer = v; }},
    Key{"audience",
        [](IssuerSettings& i, const std::string& v, const fs::path&) { i.audience = v; }},
    Key{"key_file", [](IssuerSettings& i, const std::string& v,
                       const fs::path& folder) { i.keys.pem_file = below(folder, v); }},
    Key{"jwks_file", [](IssuerSettings& i, const std::string& v,
                        const fs::path& folder) { i.keys.jwks_file = below(folder, v); }},
    Key{"jwks_url",
        [](IssuerSettings& i, const std::string& v, const fs::path&) { i.keys.jwks_url = v; }},
    Key{"subject_claim",
        [](IssuerSettings& i, const std::string& v, const fs::path&) { i.subject_claim = v; }},
    Key{"email_claim",
        [](IssuerSettings& i, const std::string& v, const fs::path&) { i.email_claim = v; }},
    Key{"username_prefix",
        [](IssuerSettings& i, const std::string& v, const fs::path&) { i.username_prefix = v; }},
    Key{"ca_file", [](IssuerSettings& i, const std::string& v,
                      const fs::path& folder) { i.ca_file = below(folder, v); }},
    Key{"proxy", [](IssuerSettings& i, const std::string& v, const fs::path&) { i.proxy = v; }},
};

Error wrong(const std::string& where, std::string what) {
  return make_error(ErrorKind::kInvalid, "auth.issuers: " + where, std::move(what),
                    "docs/schemas/issuers-v1.json says what the file holds.");
}

Status set_key(IssuerSettings& issuer, const std::string& where, const Json::Member& member,
               const fs::path& folder) {
  const auto& [name, value] = member;
  if (name == "clock_skew") {
    if (!value.is_number() || value.as_double() < 0 || value.as_double() > 300) {
      return wrong(where + ".clock_skew", "the clock skew is a number of seconds from 0 to 300");
    }
    issuer.clock_skew = Seconds(value.as_double());
    return {};
  }
  for (const auto& key : kTextKeys) {
    if (key.name != name) continue;
    if (!value.is_string() || value.as_string().empty()) {
      return wrong(where + "." + name, "this must be a text that is not empty");
    }
    key.set(issuer, value.as_string(), folder);
    return {};
  }
  return wrong(where + "." + name, "there is no such key");
}

Status check_issuer(const IssuerSettings& issuer, const std::string& where) {
  if (issuer.name.empty()) return wrong(where + ".name", "this key is needed");
  if (issuer.issuer.empty()) return wrong(where + ".issuer", "this key is needed");
  if (issuer.audience.empty()) return wrong(where + ".audience", "this key is needed");
  const KeySource& keys = issuer.keys;
  const int sources = (keys.pem_file.empty() ? 0 : 1) + (keys.jwks_file.empty() ? 0 : 1) +
                      (keys.jwks_url.empty() ? 0 : 1);
  if (sources != 1) {
    return wrong(where, "exactly one of key_file, jwks_file and jwks_url is needed");
  }
  if (!keys.jwks_url.empty() && !keys.jwks_url.starts_with("https://")) {
    return wrong(where + ".jwks_url", "keys are fetched by https:// only");
  }
  return {};
}

}  // namespace

Result<std::vector<IssuerSettings>> read_issuers(std::string_view yaml, const fs::path& folder) {
  MEDPERF_TRY(const auto document, parse_yaml(yaml));
  if (document.get_string("medperf") != kVersion) {
    return wrong("medperf", "the file must say \"medperf: " + std::string(kVersion) + "\"");
  }
  const Json* list = document.find("issuers");
  if (list == nullptr || !list->is_array()) return wrong("issuers", "a list is needed");
  for (const auto& [name, value] : document.members()) {
    if (name != "medperf" && name != "issuers") return wrong(name, "there is no such key");
  }
  std::vector<IssuerSettings> issuers;
  std::set<std::string> names;
  std::set<std::string> claims;
  for (std::size_t i = 0; i < list->items().size(); ++i) {
    const std::string where = "issuers[" + std::to_string(i) + "]";
    const Json& entry = list->items()[i];
    if (!entry.is_object()) return wrong(where, "an issuer is a map of keys");
    IssuerSettings issuer;
    for (const auto& member : entry.members()) {
      MEDPERF_CHECK(set_key(issuer, where, member, folder));
    }
    MEDPERF_CHECK(check_issuer(issuer, where));
    if (!names.insert(issuer.name).second) return wrong(where + ".name", "two have this name");
    if (!claims.insert(issuer.issuer).second) {
      return wrong(where + ".issuer", "two have this issuer");
    }
    issuers.push_back(std::move(issuer));
  }
  return issuers;
}

}  // namespace medperf::hub
