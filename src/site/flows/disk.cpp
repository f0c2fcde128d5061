#include "site/flows/disk.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

#include <fmt/format.h>
#include "engine/limits/run_watch.h"
#include "engine/podman/run_folder.h"
#include "site/cluster/cluster.h"
#include "site/flows/figures.h"
#include "site/flows/script.h"

namespace medperf::site {
namespace {

constexpr Bytes kSpare = mebibytes(64);  // journals, logs, reports

Bytes size_below(const fs::path& path) {
  std::error_code none;
  return fs::exists(path, none) ? engine::size_of({path}) : Bytes{0};
}

/// The largest folder of predictions that any run has left here.
Bytes largest_predictions(const Workspace& workspace) {
  Bytes out{0};
  std::error_code failure;
  for (const auto& run : fs::directory_iterator(workspace.root() / "runs", failure)) {
    out = std::max(out, size_below(run.path() / "predictions"));
  }
  for (const auto& demo : fs::directory_iterator(workspace.root() / "demo", failure)) {
    std::error_code inner;
    for (const auto& run : fs::directory_iterator(demo.path(), inner)) {
      out = std::max(out, size_below(run.path() / "predictions"));
    }
  }
  return out;
}

/// By what this very image has written before, for this number of cases.
std::optional<Bytes> own_outputs(const Workspace& workspace, const Evaluation& evaluation) {
  const auto kept = kept_figures(workspace, figures_key(evaluation));
  const std::size_t cases = kept ? cases_in(evaluation.benchmark, evaluation.data.data) : 0;
  if (cases == 0) return std::nullopt;
  return scaled(*kept, cases).output;
}

/// Adds folders below `parent`, each with the lock of its work, where nobody holds it.
class Finder {
 public:
  explicit Finder(const Workspace& workspace) : workspace_(workspace) {}
  void add(const std::string& what, const fs::path& path, const std::string& lock) {
    if (!workspace_.lock(lock).ok()) return;
    found_.push_back({what, path, size_below(path), lock});
  }
  std::vector<Removable> take() { return std::move(found_); }

 private:
  const Workspace& workspace_;
  std::vector<Removable> found_;
};

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(folder, failure)) out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

/// "b1-m2-d3" of the folder "1-2-3"; empty: it is none.
std::string run_of_folder(const std::string& name) {
  int benchmark = 0, model = 0, dataset = 0;
  if (std::sscanf(name.c_str(), "%d-%d-%d", &benchmark, &model, &dataset) != 3) return {};
  return fmt::format("b{}-m{}-d{}", benchmark, model, dataset);
}

/// Of models given as files: what is unpacked and what was fetched, and what a kill left of either.
/// An archive that came by hand stays, and so do files that nothing could be unpacked from again.
void find_model_files(const Workspace& workspace, const fs::path& kept, Finder& finder) {
  const std::string name = kept.filename().native();
  const auto dot = name.find('.');
  const std::string hex = name.substr(0, dot);
  const std::string lock = files_flow(hex);
  const auto digest = FileDigest::parse(hex);
  if (!digest.ok()) return;
  const bool whole_archive = kept == workspace.model_archive(*digest);
  const bool unpacked = kept == workspace.model_files(*digest);
  const auto again = [&] {
    const auto held = workspace.lock(lock);
    return held.ok() && files_were_fetched(workspace, hex);
  };
  std::error_code none;
  if (whole_archive) {
    if (again()) finder.add("archive of a model's files", kept, lock);
  } else if (unpacked) {
    if (fs::exists(workspace.model_archive(*digest), none) || again())
      finder.add("unpacked files of a model", kept, lock);
  } else {
    finder.add("half of a model's files", kept, lock);
  }
}

}  // namespace

Result<DiskNeed> estimate_disk(Site& site, std::span<const ModelWork> models) {
  DiskNeed out;
  const Bytes predictions = largest_predictions(site.workspace());
  MEDPERF_TRY(const SchedulerKind kind, scheduler_kind(site.options()));
  bool sharded = false;
  std::set<ImageId> counted;  // a script is one for all models
  fs::path data;
  for (const ModelWork& work : models) {
    if (work.error || !work.journal) continue;
    const Evaluation& evaluation = *work.evaluation;
    const bool in_one_run = evaluation.in_one_run();
    if (work.journal->latest(in_one_run ? kScriptTask : "infer") != nullptr) continue;
    const bool shared = !in_one_run && evaluation.shards > 1;
    const int copies = shared ? 2 : 1;  // parts, and what is made of them
    const Bytes own = own_outputs(site.workspace(), evaluation).value_or(predictions);
    out.outputs.value += own.value * static_cast<std::uint64_t>(copies);
    sharded = sharded || shared;
    data = evaluation.data.data;
    const Admitted& image = evaluation.inference();
    if (kind != SchedulerKind::kLocal) continue;  // nodes have disks of their own
    if (image.encrypted()) continue;              // its image lies in memory
    MEDPERF_TRY(engine::Engine * engine, site.engine());
    MEDPERF_TRY(const bool there, engine->has_image(image.image.image));
    if (there) continue;
    if (evaluation.files && !counted.insert(image.image.image).second) continue;
    for (const engine::Layer& layer : image.image.layers) out.images.value += layer.size.value;
  }
  if (sharded) out.shards = size_below(data);
  return out;
}

Status check_disk(const DiskNeed& need, Bytes free, const fs::path& where) {
  if (free.value >= need.total().value + kSpare.value) return {};
  return make_error(
      ErrorKind::kUnavailable, where.native(),
      fmt::format("the disk is too small: images need {}, predictions about {}, shards {}; free "
                  "are {}",
                  to_string(need.images), to_string(need.outputs), to_string(need.shards),
                  to_string(free)),
      "free space ('medperf storage clean' shows what is no longer needed), or run fewer models "
      "with --model");
}

std::vector<Removable> removable_things(const Workspace& workspace) {
  constexpr std::size_t kLockDigits = 16;
  Finder finder(workspace);
  for (const fs::path& shards : entries_of(workspace.root() / "shards")) {
    finder.add("shards of prepared data", shards,
               "shards-" + shards.filename().native().substr(0, kLockDigits));
  }
  for (const fs::path& run : entries_of(workspace.root() / "runs")) {
    const std::string name = run_of_folder(run.filename().native());
    if (name.empty()) continue;
    for (const fs::path& part : entries_of(run)) {
      const bool unfinished = part.filename().native().find(".part") != std::string::npos;
      if (unfinished) finder.add("output of a run that was stopped", part, name);
    }
  }
  for (const fs::path& demo : entries_of(workspace.root() / "demo")) {
    finder.add("demo data and its runs", demo,
               "demo-" + demo.filename().native().substr(0, kLockDigits));
  }
  for (const fs::path& kept : entries_of(workspace.root() / "models"))
    find_model_files(workspace, kept, finder);
  return finder.take();
}

std::vector<Removable> removable_run_folders() {
  std::vector<Removable> out;
  for (const fs::path& folder : engine::idle_run_folders())
    out.push_back({"what podman ran with", folder, size_below(folder), ""});
  return out;
}

Status remove_thing(const Workspace& workspace, const Removable& thing) {
  if (thing.lock.empty()) return engine::remove_run_folder(thing.path);
  MEDPERF_TRY(const FileLock lock, workspace.lock(thing.lock));
  return remove_tree(thing.path);
}

}  // namespace medperf::site
