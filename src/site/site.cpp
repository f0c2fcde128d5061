#include "site/site.h"

#include <chrono>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include "crypto/random.h"
#include "engine/choice.h"
#include "engine/memory/place.h"
#include "site/cluster/cluster.h"
#include "site/walls/timed_engine.h"
#include "site/walls/wall_cache.h"
#include "site/workspace/options.h"

namespace medperf::site {
namespace {

std::string first_of(const std::map<std::string, std::string>& environment, std::string_view name,
                     std::string_view other) {
  auto found = environment.find(std::string(name));
  return found == environment.end() || found->second.empty() ? std::string(other) : found->second;
}

}  // namespace

std::map<std::string, std::string> program_environment(
    const std::map<std::string, std::string>& environment) {
  std::map<std::string, std::string> out;
  out["PATH"] = first_of(environment, "PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
  out["HOME"] = first_of(environment, "HOME", "/nonexistent");
  for (const char* name : {"XDG_RUNTIME_DIR", "DOCKER_HOST", "LANG", "TMPDIR", "USER", "LOGNAME"}) {
    auto found = environment.find(name);
    if (found != environment.end()) out[name] = found->second;
  }
  return out;
}

namespace {

engine::EngineOptions engine_options(const Options& options, const SiteSetup& setup,
                                     const fs::path& storage) {
  engine::EngineOptions out;
  out.storage = storage;
  out.probe_program = options.path("engine.probe_program");
  if (out.probe_program.empty()) out.probe_program = setup.program_folder / "medperf-probe";
  out.cgroup_root = options.text("engine.cgroup");
  out.environment = program_environment(setup.environment);
  return out;
}

}  // namespace

Result<std::unique_ptr<engine::Engine>> open_site_engine(const Options& options,
                                                         const SiteSetup& setup,
                                                         const fs::path& storage) {
  std::optional<engine::EngineKind> wanted;
  if (const auto& name = options.text("engine.kind"); name != "auto") {
    MEDPERF_TRY(wanted, engine::parse_engine_kind(name));
  }
  return engine::open_engine(wanted, engine_options(options, setup, storage));
}

Site::Site(Workspace workspace, Options options, SiteSetup setup, const Clock& clock,
           Person& person)
    : workspace_(std::move(workspace)),
      options_(std::move(options)),
      setup_(std::move(setup)),
      clock_(&clock),
      person_(&person),
      audit_(workspace_.audit_log(), clock) {}

Site::~Site() = default;

Result<std::unique_ptr<Site>> Site::open(const SiteSetup& setup, const Clock& clock,
                                         Person& person) {
  MEDPERF_TRY(Workspace workspace, Workspace::open(setup.root));
  std::string yaml;
  auto text = read_file(workspace.config_file(), mebibytes(1));
  if (text.ok()) {
    yaml = std::move(*text);
  } else if (text.error().kind != ErrorKind::kNotFound) {
    return std::move(text).error();
  }
  auto options = Options::load(client_options(), yaml, setup.environment);
  if (!options.ok()) return std::move(options).error().at(workspace.config_file().string());
  auto site = std::unique_ptr<Site>(
      new Site(std::move(workspace), std::move(*options), setup, clock, person));
  site->audit_.set_actor(site->user_name());
  return site;
}

net::ClientOptions Site::http_options(Seconds timeout) const {
  net::ClientOptions out;
  out.ca_file = options_.path("hub.ca_file");
  out.proxy = options_.text("http.proxy");
  out.timeout = timeout;
  return out;
}

Result<net::HttpClient*> Site::http() {
  if (!http_) {
    const Seconds timeout(static_cast<double>(options_.integer("hub.timeout_seconds")));
    http_ = std::make_unique<net::HttpClient>(http_options(timeout));
  }
  return http_.get();
}

Hub& Site::hub_unsigned() {
  if (!hub_) {
    HubOptions hub_options;
    hub_options.url = options_.text("hub.url");
    hub_options.retry_for = Seconds(static_cast<double>(options_.integer("hub.retry_seconds")));
    hub_ = std::make_unique<Hub>(
        std::move(hub_options),
        [this](const net::Call& call) -> Result<net::Reply> {
          MEDPERF_TRY(net::HttpClient * client, http());
          return client->call(call);
        },
        [](Seconds pause) { std::this_thread::sleep_for(pause); },
        [this](std::string_view line) { tell(line); });
  }
  return *hub_;
}

Result<Hub*> Site::hub() {
  Hub& hub = hub_unsigned();
  if (!hub_has_token_) {
    MEDPERF_TRY(Token token, usable_token(workspace_.token_file(), hub.url(), clock_->now()));
    hub.use_token(std::move(token.access));
    hub_has_token_ = true;
  }
  return &hub;
}

std::string Site::user_name() {
  if (!user_name_) {
    user_name_ = options_.text("run.user_name");
    if (user_name_->empty()) {
      auto token = load_token(workspace_.token_file());
      if (token.ok() && *token) user_name_ = (*token)->username;
    }
  }
  return *user_name_;
}

Result<const Policy*> Site::policy() {
  if (!policy_) {
    MEDPERF_TRY(Policy policy, load_policy(workspace_.policy_file()));
    policy_ = std::move(policy);
  }
  return &*policy_;
}

Result<const RunWishes*> Site::wishes() {
  if (wishes_) return &*wishes_;
  WishTexts texts = wish_texts_;
  const auto configured = [this](std::optional<std::string>& text, std::string_view key) {
    if (std::string value = options_.text(key); !text && !value.empty()) text = std::move(value);
  };
  configured(texts.log_level, "container.loglevel");
  configured(texts.gpus, "container.gpus");
  configured(texts.shm_size, "container.shm_size");
  MEDPERF_TRY(wishes_, read_run_wishes(texts));
  return &*wishes_;
}

Result<RunGrant> Site::grant(const wire::Task& task) {
  MEDPERF_TRY(const RunWishes* wanted, wishes());
  MEDPERF_TRY(const Policy* site_policy, policy());
  return grant_run(task, *wanted, *site_policy, stated_capacity(options_).gpus);
}

std::vector<engine::Candidate> Site::engines() const {
  return engine::find_engines(engine_options(options_, setup_, workspace_.engine_storage()));
}

Status Site::open_engine() {
  MEDPERF_TRY(auto engine, open_site_engine(options_, setup_, workspace_.engine_storage()));
  use_engine(std::move(engine));
  return {};
}

engine::SealedSetup Site::sealed_setup() const {
  const engine::EngineOptions options =
      engine_options(options_, setup_, workspace_.engine_storage());
  return {options.probe_program, options.environment};
}

void Site::run_in_memory(engine::SealedImage image, const engine::Engine& by) {
  engine_->run_in_memory(std::move(image), by);
}

Result<engine::Engine*> Site::memory_engine() {
  MEDPERF_TRY(engine::Engine * own, engine());
  if (own->copies_in_memory() > 0) return own;
  if (memory_engine_) return memory_engine_.get();
  std::string reasons = own->description() + " keeps images on disk";
  for (const auto kind : {engine::EngineKind::kBuiltin, engine::EngineKind::kPodman}) {
    auto opened =
        engine::open_engine(kind, engine_options(options_, setup_, workspace_.engine_storage()));
    if (!opened.ok()) {
      reasons += "; " + opened.error().text();
      continue;
    }
    MEDPERF_TRY(const Policy* site_policy, policy());
    MEDPERF_TRY(const engine::WallReport walls,
                proved_walls(**opened, workspace_.memory_walls_file(), false));
    MEDPERF_CHECK(check_walls(site_policy->required_walls, walls));
    tell("encrypted containers run on " + (*opened)->description() + ", since " + reasons);
    memory_engine_ = std::move(*opened);
    return memory_engine_.get();
  }
  return make_error(ErrorKind::kRefused, "engine",
                    "encrypted containers need an engine that can run from memory: " + reasons,
                    "Install bubblewrap (the built-in runner) or podman");
}

Status Site::hold_lease() {
  if (lease_) return {};
  MEDPERF_TRY(lease_, Lease::take(workspace_.leases(), crypto::random_hex(16)));
  return {};
}

Status Site::sweep() {
  engine::sweep_memory_places(first_of(setup_.environment, "XDG_RUNTIME_DIR", ""));
  const std::vector<std::string> dead = dead_leases(workspace_.leases());
  if (dead.empty()) return {};
  MEDPERF_TRY(int removed, engine_->sweep([this](std::string_view id) {
    return lease_alive(workspace_.leases(), id);
  }));
  for (const std::string& id : dead) {
    std::error_code ignored;
    fs::remove(workspace_.leases() / id, ignored);
  }
  if (removed > 0) {
    tell(fmt::format("removed {} container(s) left by a command that was killed", removed));
    MEDPERF_CHECK(record("sweep", Json::object({{"containers_removed", removed}})));
  }
  return {};
}

Status Site::clean_up_after_killed() {
  // A cluster's runs go on without their client, and are found again or cancelled by its flow.
  const auto kind = scheduler_kind(options_);
  if (kind.ok() && *kind == SchedulerKind::kSlurm) return {};
  if (dead_leases(workspace_.leases()).empty()) return {};
  auto opened = engine();
  if (!opened.ok()) return std::move(opened).error();
  return {};
}

Result<engine::Engine*> Site::engine() {
  if (!engine_) MEDPERF_CHECK(open_engine());
  if (!engine_ready_) {
    MEDPERF_CHECK(sweep());
    MEDPERF_CHECK(hold_lease());
    engine_ready_ = true;
  }
  return engine_.get();
}

Result<engine::Scheduler*> Site::scheduler() {
  if (scheduler_) return scheduler_.get();
  MEDPERF_TRY(const SchedulerKind kind, scheduler_kind(options_));
  if (kind == SchedulerKind::kLocal) {
    MEDPERF_TRY(engine::Engine * engine, engine());
    scheduler_ = engine::local_scheduler(*engine, stated_capacity(options_));
  } else {
    MEDPERF_CHECK(hold_lease());
    MEDPERF_TRY(scheduler_, open_cluster(*this));
  }
  return scheduler_.get();
}

const std::string& Site::lease_id() const {
  static const std::string kNone;
  return lease_ ? lease_->id() : kNone;
}

Result<engine::WallReport> Site::walls(bool prove_again) {
  if (walls_ && !prove_again) return *walls_;
  MEDPERF_TRY(engine::Engine * engine, engine());
  MEDPERF_TRY(walls_, proved_walls(*engine, workspace_.walls_file(), prove_again));
  return *walls_;
}

Result<engine::WallReport> Site::proved_walls(engine::Engine& engine, const fs::path& file,
                                              bool prove_again) {
  MEDPERF_TRY(const Policy* site_policy, policy());
  const WallCacheKey key{read_boot_id(), engine.description(), site_policy->digest.hex(),
                         options_.text("engine.cgroup")};
  if (!prove_again) {
    if (auto cached = load_walls(file, key)) return std::move(*cached);
  }
  MEDPERF_TRY(engine::WallReport report, engine.probe());
  MEDPERF_CHECK(save_walls(file, key, report));
  Json::Array standing;
  for (const engine::Wall& wall : report.walls) {
    standing.push_back(Json::object({{"name", wall.name}, {"stands", wall.stands}}));
  }
  MEDPERF_CHECK(record(
      "walls", Json::object({{"engine", report.engine}, {"walls", Json(std::move(standing))}})));
  return report;
}

Result<net::DownloadOutcome> Site::fetch(const std::string& url, const net::Headers& headers,
                                         const fs::path& target, Bytes limit) {
  if (!fetch_) {
    const Seconds timeout(static_cast<double>(options_.integer("http.download_timeout_seconds")));
    auto client = std::make_shared<net::HttpClient>(http_options(timeout));
    fetch_ = [client](const std::string& from, const net::Headers& with, const fs::path& to,
                      Bytes most) { return client->download(from, to, most, {}, with); };
  }
  return fetch_(url, headers, target, limit);
}

Result<net::Reply> Site::call(const net::Call& call) {
  if (ask_) return ask_(call);
  MEDPERF_TRY(net::HttpClient * client, http());
  return client->call(call);
}

std::optional<FileStamp> Site::verified_archive(const FileDigest& digest) const {
  auto found = verified_archives_.find(digest.hex());
  return found == verified_archives_.end() ? std::nullopt : std::optional(found->second);
}

void Site::note_verified_archive(const FileDigest& digest, const FileStamp& stamp) {
  verified_archives_[digest.hex()] = stamp;
}

Answer Site::ask(const Question& question) {
  const SpentGuard guard(spent_.person);
  return person_->ask(question);
}

void Site::tell_once(const std::string& line) {
  if (told_.insert(line).second) tell(line);
}

Status Site::record(std::string_view kind, Json body) {
  audit_.set_actor(user_name());
  return audit_.record(kind, std::move(body));
}

void Site::use_hub(std::unique_ptr<Hub> hub) {
  hub_ = std::move(hub);
  hub_has_token_ = true;
}

void Site::use_engine(std::unique_ptr<engine::Engine> engine) {
  scheduler_.reset();
  engine_ = std::make_unique<SealedEngine>(
      std::make_unique<TimedEngine>(std::move(engine), spent_.engine), sealed_setup());
}

}  // namespace medperf::site
