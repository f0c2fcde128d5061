#include "hub/api/permissions_page.h"

#include <map>
#include <string_view>
#include <vector>

#include "hub/api/routes.h"

namespace medperf::hub {

namespace {

constexpr std::string_view kOpening =
    "# Who may do what\n"
    "\n"
    "Made from the endpoint tables of the hub: `medperf-hub permissions > docs/permissions.md`. A "
    "test fails when this page\nis not fresh. Nobody may do what is not listed here.\n"
    "\n"
    "The hub answers 401 without credentials, then 403 to those who may not, then 404 if there is "
    "no such object: whoever\nmay not see an object does not learn whether it exists. `admin` is "
    "the platform; `owner` owns the object in the path, or\nin the body where the path names "
    "none.\n";

std::string joined(domain::Relations relations) {
  std::string text;
  for (const auto name : domain::names_of(relations)) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

std::string resource_of(const Endpoint& endpoint) {
  if (endpoint.path.starts_with('/')) return "hub";
  return std::string(endpoint.path.substr(0, endpoint.path.find('/')));
}

std::string line_of(const Endpoint& endpoint) {
  std::string who = joined(endpoint.who);
  if (!endpoint.narrowing_key.empty()) {
    who += "; with `" + std::string(endpoint.narrowing_key) + "`: " + joined(endpoint.narrowed_who);
    const std::string barred = joined(endpoint.narrowed_but);
    if (!barred.empty()) who += " (never: " + barred + ")";
  }
  if (endpoint.ids_in == IdsIn::kBodyList) who += " of every item";
  std::string sentence(endpoint.sentence);
  return "| " + std::string(endpoint.method) + " | `" + full_path(endpoint) + "` | " + who + " | " +
         sentence + " |\n";
}

}  // namespace

std::string permissions_page(std::span<const Endpoint> endpoints) {
  std::vector<std::string> order;
  std::map<std::string, std::string> lines;
  for (const auto& endpoint : endpoints) {
    const std::string resource = resource_of(endpoint);
    if (!lines.contains(resource)) order.push_back(resource);
    lines[resource] += line_of(endpoint);
  }
  std::string page(kOpening);
  for (const auto& resource : order) {
    page += "\n## " + resource +
            "\n\n| method | path | who | what it does |\n| --- | --- | --- | --- |\n" +
            lines[resource];
  }
  return page;
}

}  // namespace medperf::hub
