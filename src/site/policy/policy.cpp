#include "site/policy/policy.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include "base/encoding.h"
#include "base/yaml.h"
#include "crypto/sha256.h"

namespace medperf::site {
namespace {

constexpr std::array<std::string_view, 10> kWalls = {
    "network", "read-only-root", "capabilities", "no-new-privileges", "user",
    "seccomp", "memory",         "pids",         "wall-time",         "inputs-read-only"};
constexpr std::array<std::string_view, 4> kSeverities = {"info", "notice", "warning", "serious"};

constexpr std::string_view kDefault =
    R"(# What may run at this site. Nothing runs without this file; the hub cannot weaken it.
# Its digest is written into every signed statement.
medperf: medperf/site-policy/v1

# Walls that a probe container must have proved before anything runs.
walls: [network, read-only-root, capabilities, no-new-privileges, user, seccomp, memory, pids, wall-time, inputs-read-only]

# Limits of each container.
limits:
  memory_mib: 2048
  pids: 256
  cpus: 2
  wall_seconds: 3600
  temporary_mib: 256
  output_mib: 4096
  # GPUs that one container may have, within scheduler.gpus; 0: none. Without the key: as the
  # scheduler gives.
  # gpus: 1
  # Most shared memory (/dev/shm) that a container may ask for. Without the key: memory_mib bounds it.
  # shm_mib: 1024

images:
  architectures: [amd64]
  archive_mib: 4096
  # The worst finding of the inspection that may still run: info, notice, warning or serious.
  worst_finding: warning
  # Hosts from which images may be fetched; empty: any over https.
  download_hosts: []
  # Keys that vouch for the images of a user of the hub: {user: 5, ed25519: BASE64}, which the
  # publisher gets from 'medperf container sign', or {user: 5, cosign: PEM}, the content of cosign.pub.
  publisher_keys: []
  # true: what no such key has signed is refused.
  require_signature: false

run:
  # ask: a person decides about each container. allowed: containers whose owner is listed below run
  # unasked, a person decides about the others.
  approval: ask
  # Hub numbers of the users whose containers are allowed.
  allowed_publishers: []

results:
  # Largest file of results or statistics that is read. Every upload is asked for, always.
  limit_kib: 1024

reports:
  # While a preparation that reports its progress runs, the hub may be told which share of the cases is at
  # which stage: ask (no answer is no), always or never.
  preparation: ask
)";

/// Reads the document and collects every problem with its path.
class Reader {
 public:
  explicit Reader(const Json& document) : document_(document) {}

  void only(std::string_view path, std::initializer_list<std::string_view> keys) {
    const Json* section = at(path);
    if (section == nullptr) return;
    for (const auto& [key, value] : section->members()) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
        problem(join(path, key), "is no key of a site policy");
      }
    }
  }
  std::int64_t integer(std::string_view section, std::string_view key, std::int64_t low,
                       std::int64_t high) {
    const Json* value = member(section, key);
    if (value != nullptr && value->is_int() && value->as_int() >= low && value->as_int() <= high) {
      return value->as_int();
    }
    problem(join(section, key), fmt::format("must be an integer from {} to {}", low, high));
    return low;
  }
  double number(std::string_view section, std::string_view key, double low, double high) {
    const Json* value = member(section, key);
    if (value != nullptr && value->is_number() && value->as_double() >= low &&
        value->as_double() <= high) {
      return value->as_double();
    }
    problem(join(section, key), fmt::format("must be a number from {} to {}", low, high));
    return low;
  }
  std::string text(std::string_view section, std::string_view key) {
    const Json* value = member(section, key);
    if (value != nullptr && value->is_string()) return value->as_string();
    problem(join(section, key), "must be text");
    return {};
  }
  Json::Array list(std::string_view section, std::string_view key) {
    const Json* value = member(section, key);
    if (value != nullptr && value->is_array()) return value->items();
    problem(join(section, key), "must be a list");
    return {};
  }
  std::vector<std::string> texts(std::string_view section, std::string_view key) {
    std::vector<std::string> out;
    for (const Json& item : list(section, key)) {
      if (item.is_string()) {
        out.push_back(item.as_string());
      } else {
        problem(join(section, key), "must hold texts only");
      }
    }
    return out;
  }
  void problem(std::string path, std::string message) {
    problems_.push_back({std::move(path), std::move(message)});
  }
  Status finish() const {
    if (problems_.empty()) return {};
    std::string what;
    for (const FieldError& field : problems_) {
      what += (what.empty() ? "" : "; ") + field.field + " " + field.message;
    }
    Error error =
        make_error(ErrorKind::kInvalid, "site policy", what,
                   "correct policy.yaml; 'medperf policy init --print' shows the default");
    error.fields = problems_;
    return error;
  }

 private:
  static std::string join(std::string_view section, std::string_view key) {
    return section.empty() ? std::string(key) : fmt::format("{}.{}", section, key);
  }
  const Json* at(std::string_view section) {
    const Json* found = section.empty() ? &document_ : document_.find(section);
    if (found != nullptr && found->is_object()) return found;
    problem(std::string(section), "must be a map");
    return nullptr;
  }
  const Json* member(std::string_view section, std::string_view key) const {
    const Json* found = section.empty() ? &document_ : document_.find(section);
    return found == nullptr ? nullptr : found->find(key);
  }
  const Json& document_;
  std::vector<FieldError> problems_;
};

void read_walls(Reader& reader, Policy& policy) {
  policy.required_walls = reader.texts("", "walls");
  for (const std::string& wall : policy.required_walls) {
    if (std::find(kWalls.begin(), kWalls.end(), wall) == kWalls.end()) {
      reader.problem("walls", "names '" + wall + "', which is no wall");
    }
  }
}

void read_limits(Reader& reader, engine::Limits& limits) {
  reader.only("limits", {"memory_mib", "pids", "cpus", "wall_seconds", "temporary_mib",
                         "output_mib", "gpus", "shm_mib"});
  const auto mib = [&](std::string_view key) {
    return mebibytes(static_cast<std::uint64_t>(reader.integer("limits", key, 1, 1 << 24)));
  };
  limits.memory = mib("memory_mib");
  limits.pids = static_cast<int>(reader.integer("limits", "pids", 1, 100'000));
  limits.cpus = reader.number("limits", "cpus", 0.1, 1024);
  limits.wall =
      Seconds(static_cast<double>(reader.integer("limits", "wall_seconds", 1, 31'536'000)));
  limits.temporary = mib("temporary_mib");
  limits.output = mib("output_mib");
}

/// Keys that a policy may leave out.
void read_requests(Reader& reader, const Json& document, Policy& policy) {
  if (document.find_path({"limits", "gpus"}) != nullptr)
    policy.gpu_limit = static_cast<int>(reader.integer("limits", "gpus", 0, 1024));
  if (document.find_path({"limits", "shm_mib"}) != nullptr) {
    policy.shm_limit =
        mebibytes(static_cast<std::uint64_t>(reader.integer("limits", "shm_mib", 1, 1 << 24)));
  }
}

void read_publisher_key(Reader& reader, const Json& item, Policy& policy) {
  constexpr std::string_view kPath = "images.publisher_keys";
  PublisherKey key;
  key.user = UserId{item.get_int("user")};
  const std::string plain = item.get_string("ed25519");
  const std::string pem = item.get_string("cosign");
  if (!item.is_object() || key.user.value <= 0 || item.members().size() != 2 ||
      plain.empty() == pem.empty()) {
    reader.problem(std::string(kPath), "must hold maps of user and one of ed25519 and cosign");
    return;
  }
  if (!plain.empty()) {
    auto read = crypto::VerifyKey::from_base64(plain);
    if (!read.ok()) reader.problem(std::string(kPath), read.error().text());
    if (read.ok()) key.ed25519 = std::move(*read);
  } else {
    auto read = crypto::P256Key::from_pem(pem);
    if (!read.ok()) reader.problem(std::string(kPath), read.error().text());
    if (read.ok()) key.cosign = std::move(*read);
  }
  policy.publisher_keys.push_back(std::move(key));
}

/// Keys that policies of earlier builds do not have.
void read_signatures(Reader& reader, const Json& document, Policy& policy) {
  if (document.find_path({"images", "publisher_keys"}) != nullptr) {
    for (const Json& item : reader.list("images", "publisher_keys"))
      read_publisher_key(reader, item, policy);
  }
  if (const Json* required = document.find_path({"images", "require_signature"})) {
    if (!required->is_bool()) reader.problem("images.require_signature", "must be true or false");
    if (required->is_bool()) policy.require_signature = required->as_bool();
  }
}

void read_images(Reader& reader, Policy& policy) {
  reader.only("images", {"architectures", "archive_mib", "worst_finding", "download_hosts",
                         "publisher_keys", "require_signature"});
  policy.architectures = reader.texts("images", "architectures");
  policy.archive_limit =
      mebibytes(static_cast<std::uint64_t>(reader.integer("images", "archive_mib", 1, 1 << 24)));
  policy.download_hosts = reader.texts("images", "download_hosts");
  const std::string worst = reader.text("images", "worst_finding");
  const auto* found = std::find(kSeverities.begin(), kSeverities.end(), worst);
  if (found == kSeverities.end()) {
    reader.problem("images.worst_finding", "must be info, notice, warning or serious");
  } else {
    policy.worst_finding = static_cast<engine::Severity>(found - kSeverities.begin());
  }
}

void read_run(Reader& reader, Policy& policy) {
  reader.only("run", {"approval", "allowed_publishers"});
  const std::string approval = reader.text("run", "approval");
  if (approval == "allowed") {
    policy.run_approval = RunApproval::kAllowed;
  } else if (approval != "ask") {
    reader.problem("run.approval", "must be ask or allowed");
  }
  for (const Json& item : reader.list("run", "allowed_publishers")) {
    if (item.is_int() && item.as_int() > 0) {
      policy.allowed_publishers.push_back(UserId{item.as_int()});
    } else {
      reader.problem("run.allowed_publishers", "must hold positive integers only");
    }
  }
}

/// A section that policies of earlier builds do not have.
void read_reports(Reader& reader, const Json& document, Policy& policy) {
  if (document.find("reports") == nullptr) return;
  reader.only("reports", {"preparation"});
  const std::string word = reader.text("reports", "preparation");
  if (word == "always") {
    policy.tell_progress = TellProgress::kAlways;
  } else if (word == "never") {
    policy.tell_progress = TellProgress::kNever;
  } else if (word != "ask") {
    reader.problem("reports.preparation", "must be ask, always or never");
  }
}

std::string host_of(const std::string& url) {
  const std::size_t start = url.find("://");
  if (start == std::string::npos) return {};
  const std::size_t end = url.find_first_of("/?#", start + 3);
  std::string authority = url.substr(start + 3, end == std::string::npos ? end : end - start - 3);
  if (const std::size_t at = authority.rfind('@'); at != std::string::npos) {
    authority.erase(0, at + 1);
  }
  if (const std::size_t colon = authority.rfind(':');
      colon != std::string::npos && !authority.ends_with(']')) {
    authority.erase(colon);
  }
  return authority;
}

}  // namespace

bool Policy::publisher_allowed(UserId owner) const {
  return run_approval == RunApproval::kAllowed &&
         std::find(allowed_publishers.begin(), allowed_publishers.end(), owner) !=
             allowed_publishers.end();
}

std::string_view default_policy() {
  return kDefault;
}

Result<Policy> parse_policy(std::string_view yaml) {
  auto document = parse_yaml(yaml);
  if (!document.ok()) return std::move(document).error().at("site policy");
  if (document->get_string("medperf") != kPolicyVersion) {
    return make_error(ErrorKind::kInvalid, "site policy",
                      "is no policy of version " + std::string(kPolicyVersion),
                      "'medperf policy init --print' shows the default");
  }
  Reader reader(*document);
  Policy policy;
  policy.digest = crypto::digest_of<PolicyDigest>(yaml);
  reader.only("", {"medperf", "walls", "limits", "images", "run", "results", "reports"});
  read_walls(reader, policy);
  read_limits(reader, policy.limits);
  read_requests(reader, *document, policy);
  read_images(reader, policy);
  read_signatures(reader, *document, policy);
  read_run(reader, policy);
  read_reports(reader, *document, policy);
  reader.only("results", {"limit_kib"});
  policy.results_limit =
      static_cast<std::size_t>(reader.integer("results", "limit_kib", 1, 65536)) * 1024;
  MEDPERF_CHECK(reader.finish());
  return policy;
}

Result<Policy> load_policy(const fs::path& file) {
  auto text = read_file(file, mebibytes(1));
  if (!text.ok()) {
    if (text.error().kind == ErrorKind::kNotFound) {
      return make_error(ErrorKind::kRefused, file.string(),
                        "this site has no policy, and without one nothing runs",
                        "write one with 'medperf policy init' and read it");
    }
    return std::move(text).error();
  }
  return parse_policy(*text);
}

Status check_platform(const Policy& policy, std::string_view os, std::string_view architecture,
                      const std::string& place) {
  const bool known = std::find(policy.architectures.begin(), policy.architectures.end(),
                               architecture) != policy.architectures.end();
  if (os == "linux" && known) return {};
  return make_error(
      ErrorKind::kRefused, place,
      fmt::format("the image is for {}/{}", printable(os, 40), printable(architecture, 40)),
      "ask the owner for an image for linux and an architecture in images.architectures of the "
      "site policy");
}

Status check_image(const Policy& policy, const engine::ImageArchive& image,
                   const std::vector<engine::Finding>& findings) {
  MEDPERF_CHECK(check_platform(policy, image.os, image.architecture, image.image.prefixed()));
  for (const engine::Finding& finding : findings) {
    if (finding.severity > policy.worst_finding) {
      return make_error(ErrorKind::kRefused, image.image.prefixed(),
                        "the inspection found: " + finding.check + ": " + finding.what,
                        "ask the owner to correct it, or raise images.worst_finding in the policy");
    }
  }
  return {};
}

Status check_download(const Policy& policy, const std::string& url) {
  if (!url.starts_with("https://")) {
    return make_error(ErrorKind::kRefused, url, "files are fetched over https only",
                      "ask the owner for an https address");
  }
  if (policy.download_hosts.empty()) return {};
  const std::string host = host_of(url);
  if (std::find(policy.download_hosts.begin(), policy.download_hosts.end(), host) !=
      policy.download_hosts.end()) {
    return {};
  }
  return make_error(ErrorKind::kRefused, url,
                    "the host is not in images.download_hosts of the policy",
                    "add the host to policy.yaml if you trust it");
}

Status check_walls(const std::vector<std::string>& required, const engine::WallReport& report) {
  for (const std::string& name : required) {
    const engine::Wall* wall = report.find(name);
    if (wall != nullptr && wall->stands) continue;
    if (wall == nullptr) {
      return make_error(ErrorKind::kRefused, "wall '" + name + "'",
                        "the engine's probe says nothing about it",
                        "run 'medperf doctor', or remove it from walls in policy.yaml");
    }
    return make_error(ErrorKind::kRefused, "wall '" + name + "'", "does not stand: " + wall->reason,
                      wall->advice.empty() ? "run 'medperf doctor'" : wall->advice);
  }
  return {};
}

}  // namespace medperf::site
