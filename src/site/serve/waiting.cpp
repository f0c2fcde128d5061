#include "site/serve/waiting.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include "base/encoding.h"
#include "base/json.h"
#include "crypto/sha256.h"

namespace medperf::site {
namespace {
constexpr std::size_t kLongestLine = 300;

/// Nothing when it is missing, unreadable or of another version.
std::optional<Json> read_entry(const fs::path& file) {
  const auto text = read_file(file, mebibytes(1));
  if (!text.ok()) return std::nullopt;
  auto document = parse_json(*text);
  if (!document.ok() || !document->is_object()) return std::nullopt;
  if (document->get_string("medperf") != kWaitingVersion) return std::nullopt;
  return std::move(*document);
}
}  // namespace

Result<Known> WaitingList::note(const std::string& key, const Waiting& entry) const {
  if (const auto document = read_entry(file_of(key))) {
    // Lists of earlier versions have no such member, and told at once.
    const Json* told = document->find("told");
    return told == nullptr || document->get_bool("told") ? Known::kTold : Known::kUntold;
  }
  MEDPERF_CHECK(make_private_folder(folder_));
  MEDPERF_CHECK(
      write_file_atomically(file_of(key), to_text(Json::object({{"medperf", kWaitingVersion},
                                                                {"title", entry.title},
                                                                {"command", entry.command},
                                                                {"since", entry.since},
                                                                {"told", false}}))));
  return Known::kNew;
}

Status WaitingList::note_told(const std::string& key) const {
  auto document = read_entry(file_of(key));
  if (!document) {
    return make_error(ErrorKind::kCorrupt, file_of(key).native(), "the entry cannot be read",
                      "it is made anew in the next round");
  }
  document->set("told", true);
  return write_file_atomically(file_of(key), to_text(*document));
}

void WaitingList::keep_only(const std::set<std::string>& keys) const {
  std::error_code failure;
  std::vector<fs::path> gone;
  for (const auto& entry : fs::directory_iterator(folder_, failure)) {
    if (!keys.contains(entry.path().stem().native())) gone.push_back(entry.path());
  }
  for (const fs::path& file : gone) fs::remove(file, failure);
}

std::vector<Waiting> WaitingList::all() const {
  std::vector<Waiting> out;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(folder_, failure)) {
    const auto document = read_entry(entry.path());
    if (!document) continue;
    out.push_back({document->get_string("title"), document->get_string("command"),
                   document->get_string("since")});
  }
  std::sort(out.begin(), out.end(),
            [](const Waiting& a, const Waiting& b) { return a.since < b.since; });
  return out;
}

Answer AbsentPerson::ask(const Question& question) {
  if (!question.optional) need(question.title, command_);
  return Answer::kLater;
}

void AbsentPerson::need(const std::string& title, const std::string& command) {
  const std::string key = crypto::sha256_hex(title + "\n" + command);
  asked_.insert(key);
  const Waiting entry{printable(title, kLongestLine), command, to_iso8601(clock_.now())};
  const auto known = list_.note(key, entry);
  if (!known.ok()) {
    tell_(known.error().text());
    return;
  }
  if (*known == Known::kTold) return;
  const std::string line = fmt::format("{}: waits for you, run: {}", entry.title, command);
  if (*known == Known::kNew) tell_(line);
  auto told = notify_(line);
  if (told.ok()) told = list_.note_told(key);
  if (!told.ok()) tell_("nobody could be told, next try in the next round: " + told.error().text());
}

}  // namespace medperf::site
