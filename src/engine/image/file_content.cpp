#include "engine/image/file_content.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "base/json.h"
#include "engine/image/rpm_database.h"
#include "engine/image/secret_text.h"

namespace medperf::engine {
namespace {

constexpr std::uint64_t kText = 64U << 10;
constexpr std::uint64_t kList = 16U << 20;
constexpr std::uint64_t kDatabase = 64U << 20;
constexpr std::size_t kMostNamed = 50;
constexpr std::size_t kBinaryLooked = 512;

bool is_os_release(std::string_view path) {
  return path == "etc/os-release" || path == "usr/lib/os-release";
}

bool is_package_list(std::string_view path) {
  return path == "var/lib/dpkg/status" || path == "lib/apk/db/installed";
}

// Where rpm keeps its list, before and since Fedora 36.
constexpr std::array<std::string_view, 2> kRpmFolders = {"var/lib/rpm/", "usr/lib/sysimage/rpm/"};

/// The name of a file of rpm's list; empty: it is none.
std::string_view rpm_file(std::string_view path) {
  for (const auto folder : kRpmFolders) {
    if (path.starts_with(folder)) return path.substr(folder.size());
  }
  return {};
}

bool is_rpm_database(std::string_view path) {
  return rpm_file(path) == "rpmdb.sqlite";
}

void look_at_rpm(std::string_view path, std::string_view text, ImageContents& contents) {
  if (const auto count = count_rpm_packages(text)) {
    contents.packages = *count;
    return;
  }
  contents.uncounted.push_back(printable(path, 300) + " (damaged)");
}

// The two common names of each kind: SPDX and CycloneDX.
bool is_bill(std::string_view path) {
  return path.ends_with(".spdx.json") || path.ends_with(".cdx.json") ||
         path.ends_with("bom.json") || path.ends_with("spdx.json");
}

// Libraries bring made-up keys with their tests and their documentation.
bool is_sample(std::string_view path) {
  for (const auto part : split(path, '/')) {
    if (part == "test" || part == "tests" || part == "testing" || part == "doc" || part == "docs" ||
        part == "examples") {
      return true;
    }
  }
  return false;
}

std::string value_of(std::string_view text, std::string_view key) {
  for (auto line : split(text, '\n')) {
    if (!line.starts_with(key)) continue;
    line = trim(line.substr(key.size()));
    if (line.size() >= 2 && (line.front() == '"' || line.front() == '\'') &&
        line.back() == line.front()) {
      line = line.substr(1, line.size() - 2);
    }
    return printable(line, 100);
  }
  return {};
}

void look_at_bill(std::string_view path, std::string_view text, ImageContents& contents) {
  JsonLimits limits;
  limits.bytes = kList;
  auto document = parse_json(text, limits);
  if (!document.ok() || contents.bills.size() >= kMostNamed) return;
  const bool spdx = document->contains("spdxVersion");
  if (!spdx && document->get_string("bomFormat") != "CycloneDX") return;
  const Json* list = document->find(spdx ? "packages" : "components");
  const std::size_t count = list != nullptr && list->is_array() ? list->items().size() : 0;
  contents.bills.push_back(printable(path, 300) + ": " + (spdx ? "SPDX" : "CycloneDX") + ", " +
                           std::to_string(count) + " packages");
}

std::uint64_t count_lines(std::string_view text, std::string_view start) {
  const auto lines = split(text, '\n');
  return static_cast<std::uint64_t>(std::count_if(
      lines.begin(), lines.end(), [&](std::string_view line) { return line.starts_with(start); }));
}

}  // namespace

std::uint64_t wanted_bytes(std::string_view path, const TarEntry& entry) {
  if (entry.kind != EntryKind::kFile || entry.size == 0) return 0;
  if (is_package_list(path) || is_bill(path)) return entry.size <= kList ? entry.size : 0;
  if (is_rpm_database(path)) return entry.size <= kDatabase ? entry.size : 0;
  return entry.size <= kText ? entry.size : 0;
}

void note_uncounted(std::string_view path, const TarEntry& entry, ImageContents& contents) {
  if (entry.kind != EntryKind::kFile || entry.size == 0 || contents.uncounted.size() >= kMostNamed)
    return;
  const std::string_view name = rpm_file(path);
  const char* why = name == "Packages"                                 ? "Berkeley DB"
                    : name == "Packages.db"                            ? "ndb"
                    : name == "rpmdb.sqlite" && entry.size > kDatabase ? "larger than 64 MiB"
                                                                       : nullptr;
  if (why != nullptr) contents.uncounted.push_back(printable(path, 300) + " (" + why + ")");
}

void look_into(std::string_view path, std::string_view text, ImageContents& contents) {
  if (is_os_release(path)) {
    contents.system = value_of(text, "ID=");
    contents.system_version = value_of(text, "VERSION_ID=");
  }
  if (path == "var/lib/dpkg/status") contents.packages = count_lines(text, "Package:");
  if (path == "lib/apk/db/installed") contents.packages = count_lines(text, "P:");
  if (is_rpm_database(path)) look_at_rpm(path, text, contents);
  if (is_bill(path)) look_at_bill(path, text, contents);
  if (text.substr(0, kBinaryLooked).find('\0') != std::string_view::npos || is_sample(path)) return;
  const auto secret = find_secret(text);
  if (secret && contents.secret_contents.size() < kMostNamed) {
    contents.secret_contents.push_back(printable(path, 300) + " (" + std::string(*secret) + ")");
  }
}

}  // namespace medperf::engine
