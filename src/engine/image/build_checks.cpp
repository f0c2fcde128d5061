#include "engine/image/build_checks.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/encoding.h"
#include "engine/image/secret_text.h"

namespace medperf::engine {
namespace {

struct EndOfLife {
  std::string_view system;
  std::string_view version;  ///< VERSION_ID or its beginning up to a dot
  std::string_view day;      ///< last day with free security updates
};

// Sources, read in November 2026: wiki.debian.org/LTS; ubuntu.com/about/release-cycle (standard
// support); alpinelinux.org/releases; endoflife.date/centos and the vendors' pages named there.
constexpr std::array<EndOfLife, 19> kEnds = {{
    {"debian", "9", "2022-06-30"},     {"debian", "10", "2024-06-30"},
    {"debian", "11", "2026-08-31"},    {"debian", "12", "2028-06-30"},
    {"ubuntu", "16.04", "2021-04-30"}, {"ubuntu", "18.04", "2023-05-31"},
    {"ubuntu", "20.04", "2025-05-31"}, {"ubuntu", "22.04", "2027-04-30"},
    {"ubuntu", "24.04", "2029-04-30"}, {"alpine", "3.16", "2024-05-23"},
    {"alpine", "3.17", "2024-11-22"},  {"alpine", "3.18", "2025-05-09"},
    {"alpine", "3.19", "2025-11-01"},  {"alpine", "3.20", "2026-04-01"},
    {"alpine", "3.21", "2026-11-01"},  {"alpine", "3.22", "2027-05-01"},
    {"centos", "7", "2024-06-30"},     {"centos", "8", "2021-12-31"},
    {"rocky", "8", "2029-05-31"},
}};

bool is_version(std::string_view found, std::string_view known) {
  return found == known || (found.starts_with(known) && found[known.size()] == '.');
}

bool is_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Names of variables that a command sets to something: NAME=value, NAME="value".
std::vector<std::string> set_names(std::string_view command) {
  std::vector<std::string> out;
  for (std::size_t at = command.find('='); at != std::string_view::npos;
       at = command.find('=', at + 1)) {
    std::size_t start = at;
    while (start > 0 && is_name(command[start - 1])) --start;
    const char next = at + 1 < command.size() ? command[at + 1] : ' ';
    const bool option = start > 0 && command[start - 1] == '-';
    // $VARIABLE is given when it is built: the value is not in the note.
    if (start < at && !option && next != ' ' && next != '$' && next != '=')
      out.emplace_back(command.substr(start, at - start));
  }
  return out;
}

bool pipes_into_shell(std::string_view command) {
  if (command.find("curl ") == std::string_view::npos &&
      command.find("wget ") == std::string_view::npos) {
    return false;
  }
  for (std::size_t at = command.find('|'); at != std::string_view::npos;
       at = command.find('|', at + 1)) {
    const std::string_view next = trim(command.substr(at + 1));
    for (const std::string_view shell :
         {"sh", "bash", "sudo sh", "sudo bash", "python", "python3"}) {
      if (next.starts_with(shell) && (next.size() == shell.size() || !is_name(next[shell.size()])))
        return true;
    }
  }
  return false;
}

/// Package managers, the verbs by which each renews its lists, and those that use the new ones.
struct Manager {
  std::string_view name;
  std::array<std::string_view, 2> renews;
  std::array<std::string_view, 4> uses;
};
constexpr std::array<Manager, 7> kManagers = {{
    {"apt-get", {"update", ""}, {"install", "upgrade", "dist-upgrade", "build-dep"}},
    {"apt", {"update", ""}, {"install", "upgrade", "full-upgrade", "build-dep"}},
    {"apk", {"update", ""}, {"add", "upgrade", "", ""}},
    {"dnf", {"makecache", "check-update"}, {"install", "upgrade", "update", "builddep"}},
    {"microdnf", {"makecache", ""}, {"install", "upgrade", "update", ""}},
    {"yum", {"makecache", "check-update"}, {"install", "upgrade", "update", "localinstall"}},
    {"zypper", {"refresh", "ref"}, {"install", "in", "update", "up"}},
}};

template <std::size_t N>
bool holds(const std::array<std::string_view, N>& list, std::string_view word) {
  return !word.empty() && std::find(list.begin(), list.end(), word) != list.end();
}

/// A command of a step: "apt-get -qq update" of "cd / && apt-get -qq update; ls".
std::vector<std::string_view> words_of(std::string_view command) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at < command.size();) {
    at = command.find_first_not_of(" \t\n\"'()", at);
    if (at == std::string_view::npos) break;
    const std::size_t end = std::min(command.find_first_of(" \t\n\"'()", at), command.size());
    out.push_back(command.substr(at, end - at));
    at = end;
  }
  return out;
}

/// Whether a step renews a package manager's lists and then installs nothing by them: the layer is
/// kept in the builder's cache, and what is installed after it comes from lists of that day.
bool only_updates(std::string_view step) {
  bool renews = false, uses = false;
  for (std::size_t at = 0; at <= step.size();) {
    const std::size_t end = std::min(step.find_first_of("&;|", at), step.size());
    const auto words = words_of(step.substr(at, end - at));
    at = end + 1;
    const Manager* manager = nullptr;
    for (const auto word : words) {
      const auto known = std::find_if(kManagers.begin(), kManagers.end(), [&](const Manager& one) {
        return word.substr(word.rfind('/') + 1) == one.name;
      });
      if (known != kManagers.end()) manager = &*known;
      if (manager == nullptr) continue;
      renews = renews || holds(manager->renews, word);
      uses = uses || holds(manager->uses, word);
    }
  }
  return renews && !uses;
}

/// The instruction without what builders write before it.
std::string_view instruction_of(std::string_view command) {
  constexpr std::string_view kNoOperation = "#(nop)";
  if (const auto at = command.find(kNoOperation); at != std::string_view::npos)
    command.remove_prefix(at + kNoOperation.size());
  return trim(command);
}

void inspect_step(std::string_view command, std::vector<Finding>& out) {
  const std::string_view instruction = instruction_of(command);
  for (const auto& name : set_names(command)) {
    if (!is_secret_name(name)) continue;
    out.push_back({Severity::kSerious, "CIS 4.10 history",
                   "a build command sets " + printable(name, 100) + ", which looks like a secret",
                   "withdraw it, and give secrets to the builder with --secret"});
  }
  if (find_secret(command)) {
    out.push_back({Severity::kSerious, "CIS 4.10 history", "a build command holds a secret",
                   "withdraw it, and give secrets to the builder with --secret"});
  }
  if (instruction.starts_with("ADD ") && (instruction.find("http://") != std::string_view::npos ||
                                          instruction.find("https://") != std::string_view::npos)) {
    out.push_back({Severity::kWarning, "CIS 4.9 add",
                   "ADD fetches from the network, unchecked, while the image is built",
                   "fetch the file with its digest checked, and COPY it"});
  }
  if (!instruction.starts_with("CMD") && !instruction.starts_with("ENTRYPOINT") &&
      !instruction.starts_with("LABEL") && only_updates(command)) {
    out.push_back({Severity::kNotice, "CIS 4.7 update",
                   "a build step renews the lists of packages and installs nothing, so that later "
                   "steps install by old lists",
                   "update and install in one RUN"});
  }
  if (pipes_into_shell(command)) {
    out.push_back({Severity::kWarning, "CIS 4.11 unverified",
                   "something fetched is run at once while the image is built",
                   "install packages from a signed repository"});
  }
}

}  // namespace

std::vector<Finding> inspect_history(const std::vector<std::string>& history) {
  std::vector<Finding> out;
  for (const auto& command : history) inspect_step(command, out);
  return out;
}

std::optional<Finding> inspect_base(const ImageContents& contents, std::string_view today) {
  constexpr std::size_t kDay = std::string_view("2026-11-26").size();
  today = today.substr(0, kDay);
  if (today.empty()) return std::nullopt;
  for (const EndOfLife& known : kEnds) {
    if (contents.system != known.system || !is_version(contents.system_version, known.version))
      continue;
    if (today <= known.day) return std::nullopt;
    return Finding{Severity::kWarning, "CIS 4.2 base",
                   contents.system + " " + contents.system_version +
                       " has had no security updates since " + std::string(known.day),
                   "build on a base that is maintained"};
  }
  return std::nullopt;
}

}  // namespace medperf::engine
