#include "site/serve/waiting.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include "base/encoding.h"
#include "base/json.h"
#include "crypto/sha256.h"

namespace medperf::site {
namespace {
constexpr std::size_t kLongestLine = 300;
}  // namespace

Result<bool> WaitingList::note(const std::string& key, const Waiting& entry) const {
  const fs::path file = folder_ / (key + ".json");
  if (fs::exists(file)) return false;
  MEDPERF_CHECK(make_private_folder(folder_));
  MEDPERF_CHECK(write_file_atomically(file, to_text(Json::object({{"medperf", kWaitingVersion},
                                                                  {"title", entry.title},
                                                                  {"command", entry.command},
                                                                  {"since", entry.since}}))));
  return true;
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
    const auto text = read_file(entry.path(), mebibytes(1));
    if (!text.ok()) continue;
    const auto document = parse_json(*text);
    if (!document.ok() || document->get_string("medperf") != kWaitingVersion) continue;
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
  const auto is_new = list_.note(key, entry);
  if (!is_new.ok()) {
    tell_(is_new.error().text());
    return;
  }
  if (!*is_new) return;
  const std::string line = fmt::format("{}: waits for you, run: {}", entry.title, command);
  tell_(line);
  if (auto told = notify_(line); !told.ok()) tell_("nobody could be told: " + told.error().text());
}

}  // namespace medperf::site
