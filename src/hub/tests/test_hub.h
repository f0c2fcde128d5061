#pragma once
// A hub in this process, for tests: on a database of its own of either kind, with a clock that is
// turned by hand, called without a network.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/encoding.h"
#include "crypto/sha256.h"
#include "hub/api/hub.h"
#include "hub/setup.h"
#include "hub/store/accounts.h"
#include "hub/tests/conformance.h"
#include "ledger/ledger.h"
#include "sql/tests/engines.h"

namespace medperf::hub {

inline const std::string kHost = "hub.test";

/// Generation of the tokens that tests sign: later than that of any user.
inline constexpr std::int64_t kNeverSignedOut = 1'000'000;

/// The parsed answer to a request.
struct Reply {
  int status = 0;
  Json body;
  net::Response response;
};

/// Signing keys take seconds to make: one serves every test of the process.
inline const TokenAuthority& test_tokens() {
  static const TokenAuthority tokens = [] {
    auto signer = crypto::JwtSigner::generate();
    auto made =
        TokenAuthority::make(std::move(signer).value(), {"https://hub.test/", "https://hub.test/"});
    return std::move(made).value();
  }();
  return tokens;
}

/// Microseconds move on with each look, so that rows are in order of time.
class TickingClock : public Clock {
 public:
  Timestamp now() const override { return {now_ += 1000}; }
  void advance(std::int64_t seconds) { now_ += seconds * 1'000'000; }

 private:
  mutable std::atomic<std::int64_t> now_{1'767'225'600'000'000};  // 2026-01-01
};

class HubTest : public sql::EngineTest {
 protected:
  void SetUp() override {
    sql::EngineTest::SetUp();
    if (IsSkipped()) return;
    database_ = open();
    auto version = prepare_database(*database_, clock_);
    ASSERT_TRUE(version.ok()) << version.error().text() << version.error().cause;
    make_hub({});
    add("admin", true);
    for (const char* name : {"group", "hospital", "vendor", "stranger"}) add(name, false);
  }

  void TearDown() override {
    hub_.reset();
    database_.reset();
    sql::EngineTest::TearDown();
  }

  void make_hub(Settings settings) {
    hub_ = std::make_unique<Hub>(HubParts{*database_, clock_, test_tokens(), std::move(settings),
                                          trust_forwarded_, &draining_});
  }

  /// Accounts without password: tests sign their tokens themselves.
  std::int64_t add(const std::string& name, bool admin) {
    auto id = database_->write([&](sql::Session& session) {
      return add_account(session, {name, name + "@example.com", admin, {}}, clock_.now());
    });
    EXPECT_TRUE(id.ok()) << id.error().text();
    users_[name] = id.ok() ? *id : 0;
    return users_[name];
  }

  /// A request of `user` ("": without credentials); `raw` goes out as it is instead of `body`.
  struct Sent {
    std::string user;
    std::string method;
    std::string path;
    Json body;
    std::optional<std::string> raw;
  };
  Reply send(const std::string& user, const std::string& method, const std::string& path,
             const Json& body = nullptr, const net::Headers& headers = {}) const {
    return send({user, method, path, body, std::nullopt}, headers);
  }
  Reply send(const Sent& sent, const net::Headers& headers) const {
    const auto& [user, method, path, body, raw] = sent;
    net::Request request;
    request.method = method;
    const auto question = path.find('?');
    request.path =
        (path.starts_with('/') ? "" : std::string(kApiPrefix)) + path.substr(0, question);
    if (question != std::string::npos) request.query = query_of(path.substr(question + 1));
    request.headers = headers;
    request.headers.emplace("host", kHost);
    request.scheme = "https";
    request.request_id = "test";
    if (method == "POST" || method == "PUT") {
      request.headers.emplace("content-type", "application/json");
      request.body = raw ? *raw : to_text(body);
    }
    if (!user.empty()) {
      request.headers.emplace(
          "authorization",
          "Bearer " +
              test_tokens().issue(user, user + "@example.com", kNeverSignedOut, clock_.now()).text);
    }
    return deliver(request);
  }

  Reply deliver(const net::Request& request) const {
    Reply reply;
    reply.response = hub_->handle(request);
    reply.status = reply.response.status;
    const std::string problem =
        undescribed(request.method, request.path, reply.status, reply.response.body);
    EXPECT_EQ(problem, "") << reply.response.body;
    if (!reply.response.body.empty()) {
      auto parsed = parse_json(reply.response.body);
      EXPECT_TRUE(parsed.ok()) << reply.response.body;
      if (parsed.ok()) reply.body = std::move(parsed).value();
    }
    return reply;
  }

  /// As send, and expects the status; returns the body.
  Json expect(int status, const std::string& user, const std::string& method,
              const std::string& path, const Json& body = nullptr) const {
    Reply reply = send(user, method, path, body);
    EXPECT_EQ(reply.status, status) << user << " " << method << " " << path << "\n"
                                    << to_text(body) << "\n"
                                    << reply.response.body;
    return std::move(reply.body);
  }

  static net::Query query_of(const std::string& text) {
    net::Query query;
    for (const auto pair : split(text, '&')) {
      const auto equals = pair.find('=');
      query.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
    }
    return query;
  }

  // What most tests need: registered objects. Each returns the id.
  Json container_body(const std::string& name) const {
    return Json::object({{"name", name},
                         {"container_config", Json::object({{"container_type", "DockerArchive"},
                                                            {"image", "https://v/" + name}})},
                         {"parameters_config", Json::object()},
                         {"image_hash", crypto::sha256_hex(name)},
                         {"additional_files_tarball_hash", ""}});
  }
  std::int64_t container(const std::string& owner, const std::string& name,
                         const std::string& state = "OPERATION") const {
    Json body = container_body(name);
    body.set("state", state);
    return expect(201, owner, "POST", "mlcubes/", body).get_int("id");
  }
  std::int64_t model(const std::string& owner, const std::string& name,
                     const std::string& state = "OPERATION") const {
    Json inner = container_body(name + " container");
    inner.set("state", state);
    return expect(
               201, owner, "POST", "models/",
               Json::object(
                   {{"name", name}, {"type", "CONTAINER"}, {"container", inner}, {"state", state}}))
        .get_int("id");
  }
  Json benchmark_body(const std::string& name, std::int64_t preparation, std::int64_t reference,
                      std::int64_t evaluator) const {
    return Json::object({{"name", name},
                         {"demo_dataset_tarball_url", "https://g/demo"},
                         {"demo_dataset_tarball_hash", "01"},
                         {"demo_dataset_generated_uid", "02"},
                         {"data_preparation_mlcube", preparation},
                         {"reference_model", reference},
                         {"data_evaluator_mlcube", evaluator},
                         {"state", "OPERATION"}});
  }
  Json training_body(const std::string& name, std::int64_t container,
                     std::int64_t aggregator) const {
    return Json::object({{"name", name},
                         {"demo_dataset_tarball_url", "https://g/demo"},
                         {"demo_dataset_tarball_hash", "01"},
                         {"demo_dataset_generated_uid", "02"},
                         {"data_preparation_mlcube", container},
                         {"fl_mlcube", container},
                         {"plan", Json::object({{"rounds", 2}})},
                         {"aggregator", aggregator},
                         {"state", "OPERATION"}});
  }
  Json dataset_body(const std::string& name, const std::string& uid,
                    std::int64_t preparation) const {
    return Json::object({{"name", name},
                         {"input_data_hash", "in"},
                         {"generated_uid", uid},
                         {"split_seed", 0},
                         {"data_preparation_mlcube", preparation},
                         {"submitted_as_prepared", false}});
  }
  std::int64_t dataset(const std::string& owner, const std::string& name, const std::string& uid,
                       std::int64_t preparation) const {
    const auto id =
        expect(201, owner, "POST", "datasets/", dataset_body(name, uid, preparation)).get_int("id");
    expect(200, owner, "PUT", "datasets/" + std::to_string(id) + "/",
           Json::object({{"state", "OPERATION"}}));
    return id;
  }

  /// A benchmark of "group", approved, with its parts.
  struct World {
    std::int64_t preparation = 0;
    std::int64_t evaluator = 0;
    std::int64_t reference = 0;
    std::int64_t benchmark = 0;
    std::int64_t dataset = 0;  ///< of "hospital", in operation
    std::int64_t model = 0;    ///< of "vendor", in operation
  };
  World make_world(const Json& metadata = Json::object()) const {
    World world;
    world.preparation = container("group", "preparation");
    world.evaluator = container("group", "evaluator");
    world.reference = model("group", "reference");
    Json body = benchmark_body("benchmark", world.preparation, world.reference, world.evaluator);
    body.set("metadata", metadata);
    world.benchmark = expect(201, "group", "POST", "benchmarks/", body).get_int("id");
    expect(200, "admin", "PUT", "benchmarks/" + std::to_string(world.benchmark) + "/",
           Json::object({{"approval_status", "APPROVED"}}));
    world.dataset = dataset("hospital", "data", kUid, world.preparation);
    world.model = model("vendor", "model");
    return world;
  }
  /// Lets a dataset or a model join.
  void join(const World& world, const std::string& kind, const std::string& owner,
            std::int64_t member) const {
    const std::string path = kind + "s/benchmarks/";
    expect(201, owner, "POST", path,
           Json::object(
               {{kind, member}, {"benchmark", world.benchmark}, {"metadata", Json::object()}}));
    expect(200, "group", "PUT",
           kind + "s/" + std::to_string(member) + "/benchmarks/" + std::to_string(world.benchmark) +
               "/",
           Json::object({{"approval_status", "APPROVED"}}));
  }

  std::int64_t rows(const std::string& table) const {
    if (table == ledger::kLogTable) {
      EXPECT_TRUE(ledger::chain_all(*database_).ok());
    }
    return count(*database_, table);
  }

  static inline const std::string kUid =
      "ab01000000000000000000000000000000000000000000000000000000000000";
  TickingClock clock_;
  std::atomic<bool> draining_{false};
  bool trust_forwarded_ = false;
  std::unique_ptr<sql::Database> database_;
  std::unique_ptr<Hub> hub_;
  std::map<std::string, std::int64_t> users_;
};

/// Statuses of the same call by several threads at once, sorted.
inline std::vector<int> at_once(int threads, const std::function<int(int)>& call) {
  std::vector<int> statuses(static_cast<std::size_t>(threads));
  std::vector<std::thread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&, i] { statuses[static_cast<std::size_t>(i)] = call(i); });
  }
  for (auto& thread : running) thread.join();
  std::sort(statuses.begin(), statuses.end());
  return statuses;
}

inline std::string path_of(const std::string& resource, std::int64_t id) {
  return resource + "/" + std::to_string(id) + "/";
}

}  // namespace medperf::hub
