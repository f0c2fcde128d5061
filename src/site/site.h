#pragma once
// One command's view of its site: workspace, configuration, hub, engine, policy, log and person,
// each opened when first used. One thread.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/options.h"
#include "crypto/ed25519.h"
#include "engine/choice.h"
#include "engine/engine.h"
#include "engine/scheduler/scheduler.h"
#include "net/http_client.h"
#include "site/audit/audit.h"
#include "site/dataset/file_stamp.h"
#include "site/hub_client/hub.h"
#include "site/policy/policy.h"
#include "site/policy/run_wishes.h"
#include "site/review/person.h"
#include "site/sealed/node_keys.h"
#include "site/sealed/sealed_engine.h"
#include "site/workspace/lease.h"
#include "site/workspace/token.h"
#include "site/workspace/workspace.h"

namespace medperf::site {

class Progress;

struct SiteSetup {
  fs::path root;  ///< of the workspace
  std::map<std::string, std::string> environment;
  fs::path program_folder;  ///< where medperf-probe is looked for
};

/// Fetches a file; a function, so that tests can serve one.
using Fetch = std::function<Result<net::DownloadOutcome>(
    const std::string& url, const net::Headers& headers, const fs::path& target, Bytes limit)>;
/// Asks a server that is not the hub.
using Ask = std::function<Result<net::Reply>(const net::Call& call)>;

/// Where the time of one piece of work went.
struct TimeSpent {
  Seconds engine{0};  ///< the engine's own processes
  Seconds person{0};  ///< waiting for answers
  Seconds gate{0};    ///< fetching, verifying and inspecting an image, once for each image
};

class Site {
 public:
  static Result<std::unique_ptr<Site>> open(const SiteSetup& setup, const Clock& clock,
                                            Person& person);
  ~Site();

  const Workspace& workspace() const { return workspace_; }
  const Options& options() const { return options_; }
  const Clock& clock() const { return *clock_; }
  const SiteSetup& setup() const { return setup_; }
  /// The hub without a sign-in.
  Hub& hub_unsigned();
  /// The hub with the kept sign-in. Errors: unauthenticated.
  Result<Hub*> hub();
  /// Name of the signed-in account; empty when nobody is signed in.
  std::string user_name();
  /// The engine, after containers of dead leases were removed. Errors: unavailable.
  Result<engine::Engine*> engine();
  /// The engine that runs encrypted images in memory: the site's own when it can, else podman or
  /// the built-in runner behind the walls that the policy asks for. Errors: refused, unavailable.
  Result<engine::Engine*> memory_engine();
  /// See SealedEngine. The engine must be open.
  void run_in_memory(engine::SealedImage image, const engine::Engine& by);
  engine::SealedSetup sealed_setup() const;
  /// Of encrypted images that a cluster's nodes run.
  NodeKeys& node_keys() { return node_keys_; }
  /// Every engine, and whether it can be used here. Opens each, so it is slow: for `doctor`.
  std::vector<engine::Candidate> engines() const;
  /// What runs containers for this command: this machine, or the site's cluster. Errors:
  /// unavailable, invalid (configuration).
  Result<engine::Scheduler*> scheduler();
  /// Removes what commands that were killed left running. Costs nothing when none was.
  Status clean_up_after_killed();
  /// Proof of the walls, kept per boot, engine version and policy.
  Result<engine::WallReport> walls(bool prove_again = false);
  /// Errors: refused, when there is no policy.
  Result<const Policy*> policy();
  /// What the person wants of runs: of this command, else of the configuration. Errors: invalid.
  Result<const RunWishes*> wishes();
  void wish(WishTexts texts) { wish_texts_ = std::move(texts); }
  /// What a task gets of what it and the person ask for. Errors: refused (policy), invalid.
  Result<RunGrant> grant(const wire::Task& task);
  const std::string& lease_id() const;
  Result<net::DownloadOutcome> fetch(const std::string& url, const net::Headers& headers,
                                     const fs::path& target, Bytes limit);
  Result<net::Reply> call(const net::Call& call);
  net::ClientOptions http_options(Seconds timeout) const;

  /// Which state of an image archive this command has verified, if any.
  std::optional<FileStamp> verified_archive(const FileDigest& digest) const;
  void note_verified_archive(const FileDigest& digest, const FileStamp& stamp);

  Answer ask(const Question& question);
  void tell(std::string_view line) { person_->tell(line); }
  /// As tell, but the same line once for each command.
  void tell_once(const std::string& line);
  Status record(std::string_view kind, Json body);
  /// Where flows say how far they got; null: nowhere.
  Progress* progress() const { return progress_; }
  void report_progress_to(Progress* progress) { progress_ = progress; }
  const TimeSpent& spent() const { return spent_; }
  Seconds& gate_time() { return spent_.gate; }

  // For tests and other front ends: take these instead of the real ones.
  void use_hub(std::unique_ptr<Hub> hub);
  void use_engine(std::unique_ptr<engine::Engine> engine);
  void use_fetch(Fetch fetch) { fetch_ = std::move(fetch); }
  void use_call(Ask ask) { ask_ = std::move(ask); }

 private:
  Site(Workspace workspace, Options options, SiteSetup setup, const Clock& clock, Person& person);
  Status open_engine();
  Status hold_lease();
  Status sweep();
  Result<engine::WallReport> proved_walls(engine::Engine& engine, const fs::path& file,
                                          bool prove_again);
  Result<net::HttpClient*> http();

  Workspace workspace_;
  Options options_;
  SiteSetup setup_;
  const Clock* clock_;
  Person* person_;
  Audit audit_;
  std::unique_ptr<net::HttpClient> http_;
  std::unique_ptr<Hub> hub_;
  bool hub_has_token_ = false;
  bool engine_ready_ = false;
  std::unique_ptr<Lease> lease_;
  std::unique_ptr<engine::Engine> memory_engine_;
  std::unique_ptr<SealedEngine> engine_;
  NodeKeys node_keys_;
  std::unique_ptr<engine::Scheduler> scheduler_;  // uses engine and keys, so it goes first
  std::optional<Policy> policy_;
  WishTexts wish_texts_;
  std::optional<RunWishes> wishes_;
  std::optional<engine::WallReport> walls_;
  std::optional<std::string> user_name_;
  Fetch fetch_;
  Ask ask_;
  std::map<std::string, FileStamp> verified_archives_;
  std::set<std::string> told_;
  TimeSpent spent_;
  Progress* progress_ = nullptr;
};

/// What engines and schedulers are given of the environment, nothing else.
std::map<std::string, std::string> program_environment(
    const std::map<std::string, std::string>& environment);
/// How this configuration opens an engine, with its store in `storage`.
Result<std::unique_ptr<engine::Engine>> open_site_engine(const Options& options,
                                                         const SiteSetup& setup,
                                                         const fs::path& storage);

/// Adds the elapsed time of its own life to a sum. For figures shown to people.
class SpentGuard {
 public:
  explicit SpentGuard(Seconds& sum) : sum_(sum), start_(std::chrono::steady_clock::now()) {}
  ~SpentGuard() { sum_ += std::chrono::steady_clock::now() - start_; }
  SpentGuard(const SpentGuard&) = delete;
  SpentGuard& operator=(const SpentGuard&) = delete;

 private:
  Seconds& sum_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace medperf::site
