#include "site/cluster/node.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <functional>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include "base/encoding.h"
#include "base/process.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "engine/memory/place.h"
#include "engine/scheduler/key_exchange.h"
#include "site/flows/decision.h"
#include "site/walls/wall_cache.h"

namespace medperf::site {
namespace {

constexpr std::chrono::milliseconds kPause{50};
constexpr Seconds kLongestWait{1800};  // another task of this node loads an image
constexpr Seconds kKeyPatience{600};   // the client may be busy, or be started again

/// One task of a node prepares it at a time; the others find what it did.
Result<FileLock> wait_for(const fs::path& file) {
  const auto start = std::chrono::steady_clock::now();
  for (;;) {
    auto lock = FileLock::try_acquire(file);
    if (lock.ok() || lock.error().kind != ErrorKind::kBusy) return lock;
    if (stop_requested()) {
      return make_error(ErrorKind::kInterrupted, file.native(), "stopped while waiting");
    }
    if (std::chrono::steady_clock::now() - start > kLongestWait) return lock;
    std::this_thread::sleep_for(kPause);
  }
}

std::string value_of(const std::map<std::string, std::string>& environment,
                     const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

/// The engine of this node: a store on its own disk, shared by the tasks that run here.
class Node {
 public:
  static Result<Node> open(Site& site, const std::string& name) {
    Node out(site);
    const fs::path base = site.options().path("scheduler.slurm.node_storage");
    out.folder_ = base / fmt::format("{}-{}", ::geteuid(), name);
    std::error_code ignored;
    // Users of a node share the folder above, as they share /tmp.
    if (fs::create_directories(base, ignored)) {
      fs::permissions(base, fs::perms::all | fs::perms::sticky_bit, ignored);
    }
    MEDPERF_TRY(const Workspace own, Workspace::open(out.folder_));  // refuses one of another user
    MEDPERF_TRY(out.engine_,
                open_site_engine(site.options(), site.setup(), out.folder_ / "engine"));
    return out;
  }

  using AskForKey = std::function<Result<crypto::Secret>()>;

  Result<engine::RunOutcome> run(const engine::Job& job, const std::string& gpus,
                                 const AskForKey& ask) {
    MEDPERF_TRY(const std::string devices, gpus_given(job.spec, gpus));
    MEDPERF_CHECK(prepare(job));
    engine::RunSpec spec = job.spec;
    spec.gpus = devices;
    spec.lease = lease_->id();
    return job.sealed ? run_from_memory(job, spec, ask) : engine_->run(spec);
  }

 private:
  explicit Node(Site& site) : site_(&site) {}

  /// The key is asked for when nothing but the run itself is left to do.
  Result<engine::RunOutcome> run_from_memory(const engine::Job& job, const engine::RunSpec& spec,
                                             const AskForKey& ask) {
    if (engine_->copies_in_memory() == 0) {
      return make_error(ErrorKind::kRefused, engine_->description(),
                        "this node's engine keeps its images on disk",
                        "use podman or the built-in runner on the nodes (engine.kind)",
                        std::string(kMomentCause));
    }
    engine::SealedImage image{*job.sealed, job.image.archive, job.image.digest, spec.image, {}};
    MEDPERF_TRY(image.passphrase, ask());
    return engine::run_sealed(*engine_, image, spec, site_->sealed_setup());
  }

  Status prepare(const engine::Job& job) {
    MEDPERF_TRY(const FileLock lock, wait_for(folder_ / "prepare.lock"));
    const fs::path leases = folder_ / "leases";
    if (const auto dead = dead_leases(leases); !dead.empty()) {
      MEDPERF_CHECK(engine_->sweep([&](std::string_view id) { return lease_alive(leases, id); }));
      std::error_code ignored;
      for (const std::string& id : dead) fs::remove(leases / id, ignored);
    }
    MEDPERF_TRY(lease_, Lease::take(leases, crypto::random_hex(16)));
    // Of tasks that were killed with all their processes.
    engine::sweep_memory_places(value_of(site_->setup().environment, "XDG_RUNTIME_DIR"));
    MEDPERF_CHECK(require_walls(job));
    if (job.sealed) return {};
    MEDPERF_TRY(const bool there, engine_->has_image(job.spec.image));
    return there ? Status() : load(job);
  }

  Status require_walls(const engine::Job& job) {
    std::string required;
    for (const std::string& wall : job.required_walls) required += wall + "\n";
    const WallCacheKey key{read_boot_id(), engine_->description(), crypto::sha256_hex(required),
                           site_->options().text("engine.cgroup")};
    const fs::path file = folder_ / "walls.json";
    auto report = load_walls(file, key);
    if (!report) {
      MEDPERF_TRY(report, engine_->probe());
      MEDPERF_CHECK(save_walls(file, key, *report));
    }
    auto proved = check_walls(job.required_walls, *report);
    if (!proved.ok()) proved.error().cause = std::string(kMomentCause);
    return proved;
  }

  /// The bytes are checked here, since they came over a network.
  Status load(const engine::Job& job) {
    MEDPERF_TRY(const FileDigest found, crypto::digest_file(job.image.archive));
    if (found != job.image.digest) {
      return make_error(ErrorKind::kCorrupt, job.image.archive.native(),
                        "the archive is not the one that was verified",
                        "run the command again: it is fetched anew");
    }
    return engine_->load(job.image.archive, job.spec.image);
  }

  Site* site_;
  fs::path folder_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<Lease> lease_;
};

bool is_plain(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
}

}  // namespace

Result<NodeTask> node_task_from(const std::string& batch,
                                const std::map<std::string, std::string>& environment) {
  NodeTask out;
  out.batch = batch;
  const std::string number = value_of(environment, "SLURM_ARRAY_TASK_ID");
  const std::string job = value_of(environment, "SLURM_JOB_ID");
  const std::string restarts = value_of(environment, "SLURM_RESTART_COUNT");
  out.node = value_of(environment, "SLURMD_NODENAME");
  out.gpus = value_of(environment, "SLURM_JOB_GPUS");
  out.attempt = fmt::format("{}-{}", job, restarts.empty() ? "0" : restarts);
  const auto read = std::from_chars(number.data(), number.data() + number.size(), out.number);
  const bool whole = !number.empty() && read.ptr == number.data() + number.size();
  if (!whole || !is_plain(batch) || !is_plain(out.node) || job.empty() || !is_plain(out.attempt)) {
    return make_error(ErrorKind::kInvalid, "site task", "this is no task of a Slurm array",
                      "it is started by the site's cluster, not by people");
  }
  return out;
}

Result<std::string> gpus_given(const engine::RunSpec& asked, const std::string& given) {
  const engine::Wish wish = engine::wish_of(asked);
  if (wish.gpus == 0) return std::string();
  std::size_t found = 0;
  for (const std::string_view number : split(given, ',')) {
    const bool whole = !number.empty() && number.find_first_not_of("0123456789") == number.npos;
    found = whole && !given.empty() ? found + 1 : 0;
    if (!whole) break;
  }
  const std::size_t wanted =
      wish.gpus == engine::kAllGpus ? 1 : static_cast<std::size_t>(wish.gpus);
  if (found >= wanted) return "device=" + given;
  return make_error(
      ErrorKind::kUnavailable, "GPUs of the node",
      fmt::format("the run asks for {}, Slurm gave its task '{}'", wanted, printable(given, 100)),
      "ask the cluster's administrator: gres.conf must name each GPU's device file");
}

Result<engine::TaskEnd> run_on_node(Site& site, const NodeTask& task) {
  MEDPERF_TRY(const engine::JobFolder folder,
              engine::JobFolder::open(site.workspace().scheduler_folder()));
  return engine::run_node_task(
      folder, {task.batch, task.number}, task.attempt, task.node,
      [&](const engine::Job& job) -> Result<engine::RunOutcome> {
        MEDPERF_TRY(Node node, Node::open(site, task.node));
        return node.run(job, task.gpus, [&] {
          return engine::ask_for_key(
              folder, job.key, {task.attempt, task.node, engine::places_may_swap(), kKeyPatience});
        });
      });
}

}  // namespace medperf::site
