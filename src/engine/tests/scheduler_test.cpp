#include "engine/scheduler/scheduler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "crypto/random.h"
#include "crypto/rsa_box.h"
#include "engine/scheduler/key_exchange.h"
#include "engine/scheduler/node_task.h"
#include "engine/scheduler/slurm_words.h"

namespace medperf::engine {
namespace {

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("medperf-scheduler-" + crypto::random_hex(8))) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// Remembers who ran beside whom.
class WatchedEngine : public Engine {
 public:
  std::string description() const override { return "watched"; }
  bool takes(std::string_view) const override { return true; }
  Result<bool> has_image(const ImageId&) override { return true; }
  Status load(const fs::path&, const ImageId&) override { return {}; }
  Status remove_image(const ImageId&) override { return {}; }
  Result<int> sweep(const std::function<bool(std::string_view)>&) override { return 0; }
  Result<WallReport> probe() override { return WallReport(); }
  Result<RunOutcome> run(const RunSpec& spec) override {
    {
      const std::lock_guard lock(mutex_);
      started.push_back(spec.name);
      gpus[spec.name] = spec.gpus;
      cores_ += spec.limits.cpus;
      memory_ += spec.limits.memory.value;
      most_cores = std::max(most_cores, cores_);
      most_memory = std::max(most_memory, memory_);
      came_.notify_all();
    }
    if (spec.name == "throws") throw std::runtime_error("a fault");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::unique_lock lock(mutex_);
    // The first ones stay until others have come beside them, however late their threads run.
    came_.wait_for(lock, std::chrono::minutes(1), [&] { return most_cores >= wanted_cores; });
    cores_ -= spec.limits.cpus;
    memory_ -= spec.limits.memory.value;
    RunOutcome outcome;
    outcome.end = spec.name == "fails" ? RunEnd::kFailed : RunEnd::kSuccess;
    return outcome;
  }
  std::vector<std::string> started;
  std::map<std::string, std::string> gpus;
  double most_cores = 0;
  double wanted_cores = 0;  ///< at once, before any run ends
  std::uint64_t most_memory = 0;

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  double cores_ = 0;
  std::uint64_t memory_ = 0;
};

Job job_named(const std::string& name, double cores = 1, std::uint64_t mib = 100,
              const std::string& gpus = "") {
  Job job;
  job.key = crypto::random_hex(32);
  job.flow = "b1-d3";
  job.spec.name = name;
  job.spec.image = ImageId::parse(std::string(64, 'a')).value();
  job.spec.limits.cpus = cores;
  job.spec.limits.memory = mebibytes(mib);
  job.spec.gpus = gpus;
  job.image.digest = FileDigest::parse(std::string(64, 'b')).value();
  return job;
}

TEST(LocalScheduler, NeverRunsMoreThanFits) {
  WatchedEngine engine;
  engine.wanted_cores = 3;
  std::vector<Job> jobs;
  for (int i = 0; i < 12; ++i) {
    jobs.push_back(job_named("job" + std::to_string(i), 1 + i % 3, 100 + 100 * (i % 2)));
  }
  std::vector<bool> ended(jobs.size(), false);
  auto scheduler = local_scheduler(engine, {4, mebibytes(350), 0});
  auto status = scheduler->run(jobs, [&](std::size_t i, Finished finished) -> Status {
    EXPECT_TRUE(finished.outcome.ok());
    EXPECT_FALSE(ended[i]);
    ended[i] = true;
    return {};
  });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(std::count(ended.begin(), ended.end(), true), 12);
  EXPECT_LE(engine.most_cores, 4.0);
  EXPECT_GT(engine.most_cores, 2.0) << "jobs that fit run beside each other";
  EXPECT_LE(engine.most_memory, mebibytes(350).value);
}

TEST(LocalScheduler, TheFirstOnesComeFirstAndNothingOvertakes) {
  WatchedEngine engine;
  const std::vector<Job> jobs = {job_named("small"), job_named("large", 2), job_named("last")};
  auto scheduler = local_scheduler(engine, {2, mebibytes(1000), 0});
  ASSERT_TRUE(scheduler->run(jobs, [](std::size_t, Finished) { return Status(); }).ok());
  EXPECT_EQ(engine.started, (std::vector<std::string>{"small", "large", "last"}));
}

TEST(LocalScheduler, WhatNeverFitsIsRefusedAndSparesTheOthers) {
  WatchedEngine engine;
  const std::vector<Job> jobs = {job_named("huge", 1, 5000), job_named("gpu", 1, 100, "2"),
                                 job_named("fails"), job_named("good")};
  std::map<std::string, Finished> ends;
  auto scheduler = local_scheduler(engine, {2, mebibytes(1000), 1});
  auto status = scheduler->run(jobs, [&](std::size_t i, Finished finished) {
    ends.emplace(jobs[i].spec.name, std::move(finished));
    return Status();
  });
  EXPECT_TRUE(status.ok());
  ASSERT_FALSE(ends.at("huge").outcome.ok());
  EXPECT_EQ(ends.at("huge").outcome.error().kind, ErrorKind::kUnavailable);
  EXPECT_NE(ends.at("huge").outcome.error().what.find("memory"), std::string::npos);
  EXPECT_FALSE(ends.at("gpu").outcome.ok());
  EXPECT_EQ(ends.at("fails").outcome->end, RunEnd::kFailed);
  EXPECT_EQ(ends.at("good").outcome->end, RunEnd::kSuccess);
}

TEST(LocalScheduler, RunsGetDifferentGpus) {
  WatchedEngine engine;
  const std::vector<Job> jobs = {job_named("a", 1, 100, "1"), job_named("b", 1, 100, "1"),
                                 job_named("c", 1, 100, "all")};
  auto scheduler = local_scheduler(engine, {8, mebibytes(1000), 2});
  ASSERT_TRUE(scheduler->run(jobs, [](std::size_t, Finished) { return Status(); }).ok());
  EXPECT_EQ(engine.gpus["a"], "device=0");
  EXPECT_EQ(engine.gpus["b"], "device=1");
  EXPECT_EQ(engine.gpus["c"], "device=0,1");
}

TEST(LocalScheduler, NamedGpusAreTheseOrNone) {
  WatchedEngine engine;
  const std::vector<Job> jobs = {
      job_named("a", 1, 100, "device=1"), job_named("b", 1, 100, "device=2"),
      job_named("c", 1, 100, "device=GPU-7f"), job_named("d", 1, 100, "1")};
  auto scheduler = local_scheduler(engine, {8, mebibytes(1000), 2});
  std::map<std::size_t, bool> ran;
  ASSERT_TRUE(scheduler
                  ->run(jobs,
                        [&](std::size_t i, Finished finished) {
                          ran[i] = finished.outcome.ok();
                          return Status();
                        })
                  .ok());
  EXPECT_EQ(engine.gpus["a"], "device=1");
  EXPECT_FALSE(ran[1]) << "there is no GPU 2";
  EXPECT_FALSE(ran[2]) << "GPUs have numbers here";
  EXPECT_EQ(engine.gpus["d"], "device=0") << "the one that nobody named";
}

TEST(LocalScheduler, AnErrorOfTheCallerStartsNoMore) {
  WatchedEngine engine;
  std::vector<Job> jobs;
  for (int i = 0; i < 6; ++i) jobs.push_back(job_named("job" + std::to_string(i)));
  auto scheduler = local_scheduler(engine, {1, mebibytes(1000), 0});
  auto status = scheduler->run(jobs, [](std::size_t, Finished) -> Status {
    return make_error(ErrorKind::kUnavailable, "disk", "is full");
  });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().where, "disk");
  EXPECT_EQ(engine.started.size(), 1U);
}

TEST(LocalScheduler, AFaultReachesTheCaller) {
  WatchedEngine engine;
  const std::vector<Job> jobs = {job_named("good"), job_named("throws"), job_named("later")};
  auto scheduler = local_scheduler(engine, {1, mebibytes(1000), 0});
  EXPECT_THROW((void)scheduler->run(jobs, [](std::size_t, Finished) { return Status(); }).ok(),
               std::runtime_error);
  EXPECT_EQ(engine.started.back(), "throws");
}

TEST(LocalScheduler, EachTryBeginsWithAnEmptyOutput) {
  const Folder folder;
  WatchedEngine engine;
  Job job = job_named("job");
  job.output = folder.path() / "out.part";
  job.places = {{job.output / "folder", false}, {job.output / "sub" / "file.yaml", true}};
  fs::create_directories(job.output);
  ASSERT_TRUE(write_file_atomically(job.output / "half", "left by a kill").ok());
  auto scheduler = local_scheduler(engine, {1, mebibytes(1000), 0});
  const std::vector<Job> jobs = {job};
  ASSERT_TRUE(scheduler
                  ->run(jobs,
                        [&](std::size_t, Finished finished) {
                          EXPECT_EQ(finished.output, job.output);
                          return Status();
                        })
                  .ok());
  EXPECT_FALSE(fs::exists(job.output / "half"));
  EXPECT_TRUE(fs::is_directory(job.output / "folder"));
  EXPECT_TRUE(fs::is_regular_file(job.output / "sub" / "file.yaml"));
}

TEST(Job, SurvivesItsDocument) {
  Job job = job_named("b1-m2-d3-infer", 1.5, 512, "2");
  job.spec.entrypoint = "/bin/model";
  job.spec.command = {"infer", "--threshold=0.5", "quote ' and \" here"};
  job.spec.environment = {{"A", "1"}};
  job.spec.mounts = {{"/data", "/in", false}, {"/w/out.part", "/out", true}};
  job.spec.limits.wall = Seconds(12.5);
  job.spec.log_file = "/w/logs/infer.log";
  job.spec.lease = "ab12";
  job.spec.shm_size = "64m";
  job.image.archive = "/w/images/x.tar";
  job.required_walls = {"network", "memory"};
  job.output = "/w/out.part";
  job.places = {{"/w/out.part", false}};
  auto read = job_from_json(parse_json(to_text(to_json(job))).value());
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(to_text(to_json(*read)), to_text(to_json(job)));
  EXPECT_EQ(read->spec.entrypoint, job.spec.entrypoint);
  EXPECT_EQ(read->spec.mounts, job.spec.mounts);
  EXPECT_EQ(read->spec.limits.wall, job.spec.limits.wall);
}

TEST(Job, UnreadableDocumentsAreRefused) {
  const Json good = to_json(job_named("job"));
  for (const auto& [key, value] : good.members()) {
    Json broken = good;
    broken.set(key, Json(7));
    EXPECT_FALSE(job_from_json(broken).ok()) << key;
  }
  Json later = good;
  later.set("medperf", "medperf/run-spec/v2");
  EXPECT_EQ(job_from_json(later).error().kind, ErrorKind::kCorrupt);
}

TEST(Job, OutcomesAndErrorsSurviveTheirDocuments) {
  RunOutcome outcome;
  outcome.end = RunEnd::kOutOfMemory;
  outcome.exit_code = 137;
  outcome.reason = "it used more memory";
  outcome.log_tail = "line\nlast";
  outcome.peak_memory = mebibytes(64);
  const Finished ended{outcome, "/w/out.part.7.0", Seconds(1.5), "n1"};
  auto read = finished_from_json(parse_json(to_text(to_json(ended))).value());
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(read->outcome->end, RunEnd::kOutOfMemory);
  EXPECT_EQ(read->outcome->log_tail, "line\nlast");
  EXPECT_EQ(read->output, "/w/out.part.7.0");
  EXPECT_EQ(read->node, "n1");

  const Finished failed{
      make_error(ErrorKind::kRefused, "wall 'network'", "does not stand", "ask", "of the moment"),
      "", Seconds(0), "n2"};
  auto error = finished_from_json(to_json(failed));
  ASSERT_TRUE(error.ok());
  EXPECT_EQ(error->outcome.error().kind, ErrorKind::kRefused);
  EXPECT_EQ(error->outcome.error().cause, "of the moment");
}

std::vector<FieldError> violations(const std::string& schema, const Json& document) {
  const fs::path file = fs::path(MEDPERF_SOURCE_DIR) / "docs" / "schemas" / schema;
  auto published = JsonSchema::compile(parse_json(read_file(file).value()).value());
  EXPECT_TRUE(published.ok());
  return published->violations(document);
}

TEST(Job, DocumentsKeepToTheirPublishedSchemas) {
  Job job = job_named("job");
  job.output = "/w/out.part";
  job.places = {{"/w/out.part", false}};
  job.spec.mounts = {{"/data", "/in", false}};
  EXPECT_TRUE(violations("run-spec-v1.json", to_json(job)).empty());
  const Finished ended{RunOutcome{}, "/w/out.part.7", Seconds(1), "n1"};
  EXPECT_TRUE(violations("run-outcome-v1.json", to_json(ended)).empty());
  const Finished failed{make_error(ErrorKind::kUnavailable, "podman", "is not here"), ""};
  EXPECT_TRUE(violations("run-outcome-v1.json", to_json(failed)).empty());
  Json both = to_json(ended);
  both.set("error", *to_json(failed).find("error"));
  EXPECT_FALSE(violations("run-outcome-v1.json", both).empty());
}

class NodeTask : public ::testing::Test {
 protected:
  NodeTask() : jobs_(JobFolder::open(folder_.path() / "scheduler").value()) {
    job_ = job_named("task");
    job_.output = folder_.path() / "predictions.part";
    job_.places = {{job_.output, false}};
    job_.spec.mounts = {{"/data", "/in", false}, {job_.output, "/out", true}};
    EXPECT_TRUE(jobs_.write_batch("batch", {job_.key}).ok());
    EXPECT_TRUE(jobs_.write_job(job_, {"batch", 0}).ok());
  }
  Result<TaskEnd> run(const std::string& attempt, const std::string& text,
                      const std::function<void()>& meanwhile = nullptr) {
    return run_node_task(jobs_, {"batch", 0}, attempt, "n1",
                         [&](const Job& job) -> Result<RunOutcome> {
                           ++runs_;
                           const fs::path out = job.spec.mounts[1].host;
                           EXPECT_TRUE(fs::is_empty(out));
                           EXPECT_TRUE(write_file_atomically(out / "p.csv", text).ok());
                           if (meanwhile) meanwhile();
                           RunOutcome outcome;
                           outcome.end = end_;
                           return outcome;
                         });
  }
  Folder folder_;
  JobFolder jobs_;
  Job job_;
  RunEnd end_ = RunEnd::kSuccess;
  int runs_ = 0;
};

TEST_F(NodeTask, WritesOutcomeAndKeepsOutputOfItsOwn) {
  EXPECT_EQ(run("7.0", "first").value(), TaskEnd::kDone);
  const auto outcome = jobs_.outcome(job_.key).value();
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->output, job_.output.native() + ".7.0");
  EXPECT_EQ(read_file(outcome->output / "p.csv").value(), "first");
}

TEST_F(NodeTask, WhatIsDoneIsNotDoneAgain) {
  ASSERT_TRUE(run("7.0", "first").ok());
  EXPECT_EQ(run("7.1", "again").value(), TaskEnd::kNotNeeded);
  EXPECT_EQ(runs_, 1);
}

TEST_F(NodeTask, OfTwoTriesAtOnceTheFirstCounts) {
  // The node of the first try was taken for dead, and was not.
  auto end = run("7.0", "zombie", [&] { EXPECT_EQ(run("7.1", "second").value(), TaskEnd::kDone); });
  EXPECT_EQ(end.value(), TaskEnd::kNotNeeded);
  const auto outcome = jobs_.outcome(job_.key).value();
  EXPECT_EQ(read_file(outcome->output / "p.csv").value(), "second");
  EXPECT_FALSE(fs::exists(job_.output.native() + ".7.0")) << "the loser's output goes";
}

TEST_F(NodeTask, AnotherBatchHasItNow) {
  ASSERT_TRUE(jobs_.write_job(job_, {"later", 0}).ok());
  EXPECT_EQ(run("7.0", "old").value(), TaskEnd::kNotNeeded);
  ASSERT_TRUE(jobs_.forget(job_.key).ok());
  EXPECT_EQ(run("7.0", "old").value(), TaskEnd::kNotNeeded);
  EXPECT_EQ(runs_, 0);
}

TEST_F(NodeTask, AStoppedTryLeavesNothingSoThatItIsDoneAgain) {
  end_ = RunEnd::kInterrupted;
  EXPECT_EQ(run("7.0", "half").value(), TaskEnd::kInterrupted);
  EXPECT_FALSE(jobs_.outcome(job_.key).value().has_value());
  EXPECT_FALSE(fs::exists(job_.output.native() + ".7.0"));
  end_ = RunEnd::kSuccess;
  EXPECT_EQ(run("7.1", "whole").value(), TaskEnd::kDone);
}

TEST_F(NodeTask, NothingIsLeftOfAJobThatWasForgotten) {
  const fs::path files = folder_.path() / "scheduler" / "jobs";
  // A node went down while its try wrote.
  ASSERT_TRUE(write_file_atomically(files / (job_.key + ".outcome.7.0.part"), "{").ok());
  ASSERT_TRUE(jobs_.forget(job_.key).ok());
  EXPECT_TRUE(fs::is_empty(files));
  // Another try ends after the first one's outcome was taken and the job forgotten.
  const Finished late{RunOutcome{}, job_.output, Seconds(1), "n1"};
  EXPECT_FALSE(jobs_.write_outcome(job_.key, "7.1", late).value());
  EXPECT_TRUE(fs::is_empty(files));
}

TEST_F(NodeTask, AHalfWrittenOutcomeIsNotTakenForWhole) {
  std::string whole = to_text(to_json(Finished{RunOutcome{}, job_.output, Seconds(1), "n1"}));
  ASSERT_TRUE(
      write_file_atomically(folder_.path() / "scheduler" / "jobs" / (job_.key + ".outcome.json"),
                            whole.substr(0, whole.size() / 2))
          .ok());
  EXPECT_FALSE(jobs_.outcome(job_.key).ok());
}

/// Everything that lies in the folder of jobs, as text.
std::string all_words(const fs::path& folder) {
  std::string out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) out += read_file(entry.path()).value_or("");
  }
  return out;
}

TEST_F(NodeTask, APassphraseIsForTheTryThatAskedAlone) {
  constexpr std::string_view kPassphrase = "correct horse battery staple";
  std::string asked_by;
  const SealKey seal = [&](const Job& job, const KeyRequest& request) -> Result<std::string> {
    EXPECT_EQ(job.key, job_.key);
    EXPECT_TRUE(request.may_swap) << "the client says so before it gives the key";
    asked_by = request.node;
    MEDPERF_TRY(const auto holder, crypto::CertificateKey::from_pem(request.certificate));
    return holder.encrypt(crypto::Secret(std::string(kPassphrase)));
  };
  std::atomic<bool> over = false;
  std::string seen, got;
  std::thread node([&] {
    const auto answer = ask_for_key(jobs_, job_.key, {"7-0", "n1", true, Seconds(60)});
    got = answer.ok() ? std::string(answer->text()) : answer.error().text();
    over = true;
  });
  while (!over) {
    EXPECT_TRUE(answer_keys(jobs_, job_, seal).ok());
    seen += all_words(folder_.path());
  }
  node.join();
  EXPECT_EQ(got, kPassphrase);
  EXPECT_EQ(asked_by, "n1");
  EXPECT_EQ(seen.find(kPassphrase), std::string::npos) << "it never lies in the folder";
  EXPECT_NE(seen.find("BEGIN CERTIFICATE"), std::string::npos);
  EXPECT_TRUE(jobs_.words(job_.key, ".asks").empty());
  EXPECT_TRUE(jobs_.words(job_.key, ".answer").empty());
}

TEST_F(NodeTask, NobodyWaitsForAKeyForEver) {
  const auto late = ask_for_key(jobs_, job_.key, {"7-0", "n1", false, Seconds(0)});
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().kind, ErrorKind::kUnavailable);
  ASSERT_TRUE(jobs_.forget(job_.key).ok());
  const auto unwanted = ask_for_key(jobs_, job_.key, {"7-1", "n1"});
  ASSERT_FALSE(unwanted.ok());
  EXPECT_NE(unwanted.error().text().find("nobody wants"), std::string::npos);
}

TEST_F(NodeTask, AnAnswerOfAnotherTryOpensNothing) {
  const auto other = crypto::PrivateKey::generate().value();
  const auto certificate =
      crypto::CertificateKey::from_pem(other.self_signed("x", 1).value()).value();
  const std::string sealed = certificate.encrypt(crypto::Secret("secret")).value();
  ASSERT_TRUE(jobs_.write_word(job_.key, ".7-0.answer", sealed).ok());
  EXPECT_FALSE(ask_for_key(jobs_, job_.key, {"7-0", "n1"}).ok());
}

TEST(Job, TheSizeOfAnEncryptedImageGoesAlong) {
  Job job = job_named("sealed");
  const auto plain = task_size(job, Seconds(60));
  job.sealed = SealedSize{mebibytes(100), mebibytes(90), true};
  EXPECT_TRUE(violations("run-spec-v1.json", to_json(job)).empty());
  const auto read = job_from_json(to_json(job));
  ASSERT_TRUE(read.ok()) << read.error().text();
  ASSERT_TRUE(read->sealed.has_value());
  EXPECT_EQ(read->sealed->plain, mebibytes(100));
  EXPECT_TRUE(read->sealed->squashed);
  EXPECT_GE(task_size(job, Seconds(60)).memory_mib, plain.memory_mib + 100 + 90)
      << "the cluster gives the task the memory that the image lies in";
}

}  // namespace
}  // namespace medperf::engine
