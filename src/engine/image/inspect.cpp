// The first look at an image.
#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "engine/image/build_checks.h"
#include "engine/image/secret_text.h"

namespace medperf::engine {
namespace {

#if defined(__x86_64__)
constexpr std::string_view kHere = "amd64";
#elif defined(__aarch64__)
constexpr std::string_view kHere = "arm64";
#else
constexpr std::string_view kHere = "unknown";
#endif

// At most five names, so that a report stays readable.
std::string some(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < 5; ++i) out += (i ? ", " : "") + names[i];
  if (names.size() > 5)
    out += " and " + std::to_string(names.size() - 5) + (names.size() >= 50 ? "+ more" : " more");
  return out;
}

// The user part of "user", "user:group", "0:0".
bool is_root(std::string_view user) {
  const auto name = user.substr(0, user.find(':'));
  return name.empty() || name == "0" || name == "root";
}

class Findings {
 public:
  void add(Severity severity, const char* check, std::string what, std::string advice) {
    list_.push_back({severity, check, std::move(what), std::move(advice)});
  }
  /// Says nothing when there are no names.
  void add(Severity severity, const char* check, const char* what,
           const std::vector<std::string>& names, std::string advice) {
    if (!names.empty()) add(severity, check, what + some(names), std::move(advice));
  }
  void add(Finding finding) { list_.push_back(std::move(finding)); }
  std::vector<Finding> take() {
    std::stable_sort(list_.begin(), list_.end(),
                     [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
    return std::move(list_);
  }

 private:
  std::vector<Finding> list_;
};

void inspect_config(const ImageArchive& image, Findings& out) {
  if (is_root(image.user)) {
    out.add(
        Severity::kNotice, "CIS 4.1 user",
        image.user.empty()
            ? "the image names no user and would run as root; it is run as an ordinary user here"
            : "the image wants to run as root; it is run as an ordinary user here",
        "name an ordinary user with USER");
  }
  for (const auto& variable : image.environment) {
    const auto equals = variable.find('=');
    if (equals == std::string::npos || equals + 1 == variable.size()) continue;
    const auto name = variable.substr(0, equals);
    if (is_secret_name(name) || find_secret(variable.substr(equals + 1))) {
      out.add(Severity::kSerious, "CIS 4.10 environment",
              "the environment variable " + printable(name, 100) +
                  " looks like a secret stored in the image",
              "withdraw that secret, and build without it");
    }
  }
  if (!image.has_healthcheck) {
    out.add(Severity::kInfo, "CIS 4.6 health", "no HEALTHCHECK; a task that ends needs none", "");
  }
  out.add(Severity::kNotice, "ports",
          "the image wants to serve, and gets no network: ", image.exposed_ports,
          "leave EXPOSE out");
  out.add(Severity::kInfo, "volumes",
          "the image declares volumes; its root is read-only here: ", image.volumes,
          "leave VOLUME out");
  if (image.architecture != kHere || image.os != "linux") {
    out.add(Severity::kSerious, "platform",
            "the image is made for " + printable(image.os + "/" + image.architecture, 100) +
                ", this machine is linux/" + std::string(kHere),
            "build it for this platform");
  }
  for (const auto& tag : image.tags) {
    const auto slash = tag.rfind('/');
    const auto name = slash == std::string::npos ? tag : tag.substr(slash + 1);
    if (name.ends_with(":latest") || name.find(':') == std::string::npos) {
      out.add(
          Severity::kInfo, "tag",
          "the tag " + printable(tag, 200) + " can change; the image is run by its digest alone",
          "give each version a tag of its own");
    }
  }
}

void inspect_contents(const ImageContents& contents, Findings& out) {
  out.add(Severity::kSerious, "file names",
          "names that leave the image or are no text: ", contents.odd_names,
          "build the image with a common builder");
  out.add(Severity::kSerious, "CIS 4.10 files",
          "files that usually hold secrets: ", contents.secrets,
          "withdraw those secrets, and build without them");
  out.add(Severity::kSerious, "CIS 4.10 contents",
          "files with secrets in them: ", contents.secret_contents,
          "withdraw those secrets, and build without them");
  out.add(Severity::kSerious, "devices", "device nodes: ", contents.devices, "leave them out");
  out.add(Severity::kWarning, "CIS 4.8 setuid",
          "setuid or setgid programs (they gain nothing here): ", contents.setuid,
          "remove the bits: chmod a-s");
  out.add(Severity::kWarning, "servers", "servers for signing in from outside: ", contents.servers,
          "leave them out");
  out.add(Severity::kNotice, "CIS 4.3 privilege",
          "programs for acting as another user: ", contents.privilege, "leave them out");
  out.add(Severity::kNotice, "world-writable",
          "files or folders that anyone may write: ", contents.world_writable,
          "take the right from others: chmod o-w");
  out.add(Severity::kNotice, "CIS 4.3 packages", "package managers: ", contents.package_managers,
          "build in two stages and keep only what runs");
  out.add(Severity::kInfo, "CIS 4.3 shells", "shells: ", contents.shells, "");
  out.add(Severity::kInfo, "bill of materials", "", contents.bills, "");
  if (contents.bills.empty() && contents.packages > 0) {
    out.add(
        Severity::kInfo, "bill of materials",
        "none; the package manager's list names " + std::to_string(contents.packages) + " packages",
        "put an SPDX or CycloneDX document into the image");
  }
  out.add(Severity::kInfo, "bill of materials",
          "lists of packages in a form that is not counted: ", contents.uncounted,
          "put an SPDX or CycloneDX document into the image");
}

Json list(const std::vector<std::string>& items) {
  Json out = Json::array();
  for (const auto& item : items) out.push(printable(item, 1000));
  return out;
}

}  // namespace

std::string_view host_architecture() {
  return kHere;
}

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "info";
    case Severity::kNotice:
      return "notice";
    case Severity::kWarning:
      return "warning";
    case Severity::kSerious:
      return "serious";
  }
  return "info";
}

std::vector<Finding> inspect(const ImageArchive& image, std::string_view today) {
  Findings findings;
  inspect_config(image, findings);
  inspect_contents(image.contents, findings);
  for (auto& finding : inspect_history(image.history)) findings.add(std::move(finding));
  if (auto finding = inspect_base(image.contents, today)) findings.add(std::move(*finding));
  return findings.take();
}

Json to_json(const ImageArchive& image, const std::vector<Finding>& findings) {
  Json layers = Json::array();
  for (const auto& layer : image.layers) {
    layers.push(Json::object({{"diff_id", layer.diff_id.prefixed()},
                              {"size", static_cast<std::int64_t>(layer.size.value)}}));
  }
  // Values of the environment may be secrets: only the names are shown.
  std::vector<std::string> names;
  for (const auto& variable : image.environment)
    names.push_back(variable.substr(0, variable.find('=')));
  Json graded = Json::array();
  for (const auto& finding : findings) {
    graded.push(Json::object({{"severity", to_string(finding.severity)},
                              {"check", finding.check},
                              {"what", finding.what},
                              {"advice", finding.advice}}));
  }
  return Json::object({{"format", image.format},
                       {"image_id", image.image.prefixed()},
                       {"tags", list(image.tags)},
                       {"platform", printable(image.os + "/" + image.architecture, 100)},
                       {"created", printable(image.created, 100)},
                       {"user", printable(image.user, 100)},
                       {"entrypoint", list(image.entrypoint)},
                       {"command", list(image.command)},
                       {"environment_names", list(names)},
                       {"exposed_ports", list(image.exposed_ports)},
                       {"volumes", list(image.volumes)},
                       {"entries", static_cast<std::int64_t>(image.contents.entries)},
                       {"layers", std::move(layers)},
                       {"findings", std::move(graded)}});
}

}  // namespace medperf::engine
