#pragma once
// A site whose hub, engine, vendor and person are made of paper, and which can be killed at any of
// their doors.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "crypto/sha256.h"
#include "engine/tests/archive_maker.h"
#include "site/flows/submit.h"
#include "site/site.h"
#include "site/tests/temporary_folder.h"

namespace medperf::site {

/// Stands for kill -9.
struct Killed {};

/// Counts the doors that were passed; throws at the chosen one.
struct Fate {
  int passed = 0;
  int die_at = 0;
  void pass() {
    if (++passed == die_at) throw Killed();
  }
};

class PaperPerson : public Person {
 public:
  explicit PaperPerson(Fate& fate) : fate_(fate) {}
  Answer ask(const Question& question) override {
    fate_.pass();
    asked.push_back(question.title + "\n" + question.text);
    for (const auto& [part, answer] : answers) {
      if (question.title.find(part) != std::string::npos) return answer;
    }
    return Answer::kYes;
  }
  void tell(std::string_view line) override { told.emplace_back(line); }
  std::vector<std::string> asked, told;
  std::vector<std::pair<std::string, Answer>> answers;  ///< by part of the title; else yes

 private:
  Fate& fate_;
};

/// Writes what a task of a container would.
using Program = std::function<engine::RunOutcome(const engine::RunSpec&)>;

inline fs::path mount_of(const engine::RunSpec& spec, std::string_view inside) {
  for (const engine::Mount& mount : spec.mounts) {
    if (mount.container == inside) return mount.host;
  }
  return {};
}

class PaperEngine : public engine::Engine {
 public:
  struct Store {
    std::map<std::string, Program> programs;  ///< by image id
    std::map<std::string, bool> loaded;
    std::vector<std::string> runs;  ///< container names
    std::vector<engine::RunSpec> specs;
  };
  PaperEngine(Store& store, Fate& fate) : store_(store), fate_(fate) {}
  std::string description() const override { return "paper"; }
  bool takes(std::string_view) const override { return true; }
  Result<bool> has_image(const ImageId& image) override { return store_.loaded[image.hex()]; }
  Status load(const fs::path&, const ImageId& image) override {
    fate_.pass();
    store_.loaded[image.hex()] = true;
    return {};
  }
  Status remove_image(const ImageId&) override { return {}; }
  Result<engine::RunOutcome> run(const engine::RunSpec& spec) override {
    fate_.pass();
    store_.runs.push_back(spec.name);
    store_.specs.push_back(spec);
    auto program = store_.programs.find(spec.image.hex());
    if (program == store_.programs.end()) return engine::RunOutcome{};
    engine::RunOutcome outcome = program->second(spec);
    fate_.pass();
    return outcome;
  }
  Result<int> sweep(const std::function<bool(std::string_view)>&) override { return 0; }
  Result<engine::WallReport> probe() override {
    engine::WallReport report;
    report.engine = "paper";
    for (const char* name :
         {"network", "read-only-root", "capabilities", "no-new-privileges", "user", "seccomp",
          "memory", "pids", "wall-time", "inputs-read-only"}) {
      report.walls.push_back({name, true, "paper", "", ""});
    }
    return report;
  }

 private:
  Store& store_;
  Fate& fate_;
};

/// The hub's side: stored rows, idempotent posts, finalising puts.
struct PaperHub {
  std::map<std::string, Json> objects;  ///< GET path -> answer
  std::map<std::string, std::vector<Json>> lists;
  std::map<std::string, net::Reply> replayed;  ///< idempotency key -> first answer
  std::map<std::int64_t, Json> results;
  int writes = 0;
  std::vector<Json> reports;  ///< told of datasets, in order

  net::Reply answer(const net::Call& call) {
    std::string path = call.url.substr(call.url.find("/api/v0/") + 8);
    path = path.substr(0, path.find('?'));
    if (call.method == "POST") return post(call, path);
    if (call.method == "PUT") return put(call, path);
    if (path == "me/results/") {
      std::vector<Json> rows;
      for (const auto& [id, row] : results) rows.push_back(row);
      return list(rows);
    }
    if (auto found = lists.find(path); found != lists.end()) return list(found->second);
    if (path.starts_with("results/")) {
      return {200, {}, to_text(results.at(std::stoll(path.substr(8))))};
    }
    auto found = objects.find(path);
    if (found == objects.end()) return {404, {}, R"({"detail": "Not found."})"};
    return {200, {}, to_text(found->second)};
  }

 private:
  static net::Reply list(const std::vector<Json>& rows) {
    return {200,
            {},
            to_text(Json::object(
                {{"next", Json()}, {"results", Json(Json::Array(rows.begin(), rows.end()))}}))};
  }
  net::Reply post(const net::Call& call, const std::string& path) {
    const std::string key = call.headers.at("idempotency-key");
    if (auto found = replayed.find(key); found != replayed.end()) return found->second;
    ++writes;
    Json row = parse_json(call.body).value();
    const auto id = static_cast<std::int64_t>(results.size() + 1);
    row.set("id", id);
    if (path == "results/") {
      row.set("finalized", false);
      row.set("results", Json::object());
      results[id] = row;
    }
    return replayed[key] = {201, {}, to_text(row)};
  }
  net::Reply put(const net::Call& call, const std::string& path) {
    if (path.starts_with("datasets/")) {
      reports.push_back(*parse_json(call.body).value().find("report"));
      return {200, {}, to_text(objects.at(path))};
    }
    Json& row = results.at(std::stoll(path.substr(8)));
    if (row.get_bool("finalized")) {
      return {400, {}, R"({"non_field_errors": ["finalized"]})"};
    }
    ++writes;
    const Json body = parse_json(call.body).value();
    for (const auto& [key, value] : body.members()) row.set(key, value);
    if (body.contains("results")) row.set("finalized", true);
    return {200, {}, to_text(row)};
  }
};

/// Everything that outlives a killed command.
class PaperWorld {
 public:
  TemporaryFolder folder;
  PaperHub hub;
  PaperEngine::Store engine;
  std::map<std::string, std::string> served;  ///< URL -> bytes
  std::uint64_t bytes_fetched = 0;
  ManualClock clock{Timestamp{1'800'000'000'000'000}};
  Fate fate;
  std::unique_ptr<PaperPerson> person;
  std::vector<std::pair<std::string, Answer>> answers;
  std::string config = "run: {user_name: hospital}\nscheduler: {cores: 2}\n";

  fs::path workspace() const { return folder.path() / "workspace"; }

  /// A new command.
  std::unique_ptr<Site> command(int die_at = 0, Person* other = nullptr) {
    fate = Fate{0, die_at};
    person = std::make_unique<PaperPerson>(fate);
    person->answers = answers;
    EXPECT_TRUE(make_private_folder(workspace()).ok());
    EXPECT_TRUE(write_file_atomically(workspace() / "config.yaml", config).ok());
    auto site = Site::open({workspace(), {{"MEDPERF_HUB_URL", "https://hub.example"}}, "."}, clock,
                           other == nullptr ? *person : *other);
    EXPECT_TRUE(site.ok()) << (site.ok() ? "" : site.error().text());
    if (!fs::exists(workspace() / "policy.yaml")) {
      EXPECT_TRUE(write_file_atomically(workspace() / "policy.yaml", default_policy()).ok());
    }
    (*site)->use_hub(std::make_unique<Hub>(
        HubOptions{"https://hub.example", Seconds{1}},
        [this](const net::Call& call) -> Result<net::Reply> {
          fate.pass();
          net::Reply reply = hub.answer(call);
          fate.pass();
          return reply;
        },
        [](Seconds) {}, nullptr));
    (*site)->use_engine(std::make_unique<PaperEngine>(engine, fate));
    (*site)->use_call([this](const net::Call& call) { return registry(call); });
    (*site)->use_fetch([this](const std::string& url, const net::Headers&, const fs::path& target,
                              Bytes) -> Result<net::DownloadOutcome> {
      fate.pass();
      auto found = served.find(url);
      if (found == served.end()) return make_error(ErrorKind::kNotFound, url, "status 404");
      MEDPERF_CHECK(write_file_atomically(target, found->second));
      bytes_fetched += found->second.size();
      const Bytes size{found->second.size()};
      return net::DownloadOutcome{size, size, false};
    });
    return std::move(*site);
  }

  /// What is asked of servers other than the hub; tests put their own in.
  std::function<Result<net::Reply>(const net::Call&)> registry = [](const net::Call& call) {
    return Result<net::Reply>(make_error(ErrorKind::kUnavailable, call.url, "nobody is there"));
  };

  /// A container on the hub whose archive a vendor serves and whose program is `program`.
  Json add_container(std::int64_t id, const std::string& name, const std::string& task,
                     const Json& volumes, Program program) {
    engine::testing::ImageMaker maker;
    maker.layers = {engine::testing::tar_of({{"app/" + name, "program"}})};
    const std::string archive = maker.docker();
    const std::string url = "https://vendor.example/" + name + ".tar";
    served[url] = archive;
    engine.programs[maker.id()] = std::move(program);
    Json tasks = Json::object();
    tasks.set(task, volumes);
    const Json container = Json::object(
        {{"id", id},
         {"owner", 9},
         {"name", name},
         {"state", "OPERATION"},
         {"image_hash", crypto::sha256_hex(archive)},
         {"container_config",
          Json::object(
              {{"container_type", "DockerArchive"}, {"image", url}, {"tasks", std::move(tasks)}})},
         {"parameters_config", Json()},
         {"metadata",
          Json::object({{"medperf", Json::object({{"image_id", "sha256:" + maker.id()}})}})}});
    hub.objects["mlcubes/" + std::to_string(id) + "/"] = container;
    return container;
  }
};

inline Json volumes(const std::vector<std::string>& inputs,
                    const std::vector<std::string>& outputs) {
  const auto map = [](const std::vector<std::string>& labels) {
    Json out = Json::object();
    for (const std::string& label : labels) {
      const bool file = label == "output_file";
      out.set(file ? "output_path" : label,
              Json::object({{"mount_path", "/m/" + label}, {"type", file ? "file" : "directory"}}));
    }
    return out;
  };
  return Json::object({{"input_volumes", map(inputs)}, {"output_volumes", map(outputs)}});
}

inline engine::RunOutcome success() {
  engine::RunOutcome outcome;
  outcome.end = engine::RunEnd::kSuccess;
  outcome.exit_code = 0;
  return outcome;
}

}  // namespace medperf::site
