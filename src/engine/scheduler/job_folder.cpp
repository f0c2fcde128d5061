#include "engine/scheduler/job_folder.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/encoding.h"

namespace medperf::engine {
namespace {

constexpr Bytes kMostBytes = mebibytes(4);

/// Nothing when there is no such file.
Result<std::optional<Json>> read_if_there(const fs::path& file) {
  auto text = read_file(file, kMostBytes);
  if (!text.ok()) {
    if (text.error().kind == ErrorKind::kNotFound) return std::optional<Json>();
    return std::move(text).error();
  }
  auto document = parse_json(*text);
  if (!document.ok()) return std::move(document).error().at(file.native());
  return std::optional<Json>(std::move(*document));
}

void remove_file(const fs::path& file) {
  std::error_code ignored;
  fs::remove(file, ignored);
}

}  // namespace

Result<JobFolder> JobFolder::open(const fs::path& root) {
  MEDPERF_CHECK(make_private_folder(root / "jobs"));
  MEDPERF_CHECK(make_private_folder(root / "batches"));
  return JobFolder(root);
}

fs::path JobFolder::job_file(std::string_view key, std::string_view ending) const {
  return root_ / "jobs" / (std::string(key) + std::string(ending));
}
fs::path JobFolder::batch_file(std::string_view name, std::string_view ending) const {
  return root_ / "batches" / (std::string(name) + std::string(ending));
}

Status JobFolder::write_job(const Job& job, const Owner& owner) const {
  remove_file(job_file(job.key, ".outcome.json"));
  MEDPERF_CHECK(write_specification(job));
  return write_file_atomically(
      job_file(job.key, ".owner.json"),
      to_text(Json::object({{"batch", owner.batch}, {"task", owner.task}})));
}

Status JobFolder::write_specification(const Job& job) const {
  return write_file_atomically(job_file(job.key, ".json"), to_text(to_json(job)));
}

Result<Job> JobFolder::read_job(std::string_view key) const {
  const fs::path file = job_file(key, ".json");
  MEDPERF_TRY(auto document, read_if_there(file));
  if (!document) {
    return make_error(ErrorKind::kNotFound, file.native(), "the run is no longer known");
  }
  auto job = job_from_json(*document);
  if (!job.ok()) return std::move(job).error().at(file.native());
  return job;
}

Result<std::optional<Owner>> JobFolder::owner(std::string_view key) const {
  MEDPERF_TRY(auto document, read_if_there(job_file(key, ".owner.json")));
  if (!document) return std::optional<Owner>();
  return std::optional<Owner>(
      Owner{document->get_string("batch"), static_cast<int>(document->get_int("task"))});
}

Result<std::optional<Finished>> JobFolder::outcome(std::string_view key) const {
  const fs::path file = job_file(key, ".outcome.json");
  MEDPERF_TRY(auto document, read_if_there(file));
  if (!document) return std::optional<Finished>();
  auto finished = finished_from_json(*document);
  if (!finished.ok()) return std::move(finished).error().at(file.native());
  return std::optional<Finished>(std::move(*finished));
}

Result<bool> JobFolder::write_outcome(std::string_view key, std::string_view attempt,
                                      const Finished& finished) const {
  const fs::path beside = job_file(key, ".outcome." + std::string(attempt) + ".part");
  const fs::path file = job_file(key, ".outcome.json");
  MEDPERF_CHECK(write_file_atomically(beside, to_text(to_json(finished))));
  // A link fails where the file is already: two tries of one task cannot both be the one that
  // counts, not even when the cluster took the first one's node for dead and it was not.
  const bool first = ::link(beside.c_str(), file.c_str()) == 0;
  const int reason = errno;
  remove_file(beside);
  if (first) {
    // Forgotten meanwhile: another try was taken, and nobody will ever read this one.
    MEDPERF_TRY(const auto its_owner, owner(key));
    if (!its_owner) remove_file(file);
    return its_owner.has_value();
  }
  if (reason == EEXIST) return false;
  return make_error(ErrorKind::kUnavailable, file.native(),
                    std::string("the outcome cannot be written: ") + std::strerror(reason),
                    "the workspace must lie on a file system that all nodes share");
}

Status JobFolder::write_word(std::string_view key, std::string_view ending,
                             std::string_view text) const {
  return write_file_atomically(job_file(key, ending), text);
}

Result<std::optional<std::string>> JobFolder::read_word(std::string_view key,
                                                        std::string_view ending) const {
  auto text = read_file(job_file(key, ending), kMostBytes);
  if (text.ok()) return std::optional<std::string>(std::move(*text));
  if (text.error().kind == ErrorKind::kNotFound) return std::optional<std::string>();
  return std::move(text).error();
}

void JobFolder::remove_word(std::string_view key, std::string_view ending) const {
  remove_file(job_file(key, ending));
}

std::vector<std::string> JobFolder::words(std::string_view key, std::string_view end) const {
  std::vector<std::string> out;
  std::error_code failure;
  for (fs::directory_iterator entry(root_ / "jobs", failure), last; !failure && entry != last;
       entry.increment(failure)) {
    const std::string name = entry->path().filename().native();
    if (name.starts_with(std::string(key) + ".") && name.ends_with(end))
      out.push_back(name.substr(key.size()));
  }
  return out;
}

Status JobFolder::forget(std::string_view key) const {
  // The owner goes first: without it nobody begins the run.
  remove_file(job_file(key, ".owner.json"));
  // All of its other files, also those of a try whose node went down while it wrote.
  std::error_code failure;
  std::vector<fs::path> files;
  for (fs::directory_iterator entry(root_ / "jobs", failure), end; !failure && entry != end;
       entry.increment(failure)) {
    if (entry->path().filename().native().starts_with(std::string(key) + "."))
      files.push_back(entry->path());
  }
  for (const fs::path& file : files) remove_file(file);
  return {};
}

std::vector<std::string> JobFolder::keys() const {
  constexpr std::string_view kEnding = ".owner.json";
  std::vector<std::string> out;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(root_ / "jobs", failure)) {
    const std::string name = entry.path().filename().native();
    if (name.ends_with(kEnding)) out.push_back(name.substr(0, name.size() - kEnding.size()));
  }
  std::sort(out.begin(), out.end());
  return out;
}

Status JobFolder::write_batch(std::string_view name, const std::vector<std::string>& keys) const {
  return write_file_atomically(
      batch_file(name, ".json"),
      to_text(Json::object(
          {{"medperf", kBatchVersion}, {"keys", Json(Json::Array(keys.begin(), keys.end()))}})));
}

Result<std::vector<std::string>> JobFolder::batch_keys(std::string_view name) const {
  const fs::path file = batch_file(name, ".json");
  MEDPERF_TRY(auto document, read_if_there(file));
  const Json* keys = document ? document->find("keys") : nullptr;
  if (keys == nullptr || !keys->is_array() || document->get_string("medperf") != kBatchVersion) {
    return make_error(ErrorKind::kCorrupt, file.native(), "the batch is missing or unreadable");
  }
  std::vector<std::string> out;
  for (const Json& key : keys->items()) out.push_back(key.is_string() ? key.as_string() : "");
  return out;
}

Status JobFolder::note_cluster_number(std::string_view name, std::string_view number) const {
  return write_file_atomically(batch_file(name, ".job"), number);
}

std::string JobFolder::cluster_number(std::string_view name) const {
  const auto text = read_file(batch_file(name, ".job"), Bytes{100});
  return text.ok() ? std::string(trim(*text)) : std::string();
}

void JobFolder::remove_batch(std::string_view name) const {
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(root_ / "batches", failure)) {
    const std::string file = entry.path().filename().native();
    const bool its = file.starts_with(name) && file.size() > name.size() &&
                     (file[name.size()] == '.' || file[name.size()] == '-');
    if (its) remove_file(entry.path());
  }
}

}  // namespace medperf::engine
