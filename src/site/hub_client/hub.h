#pragma once
// Calls to a hub. One object a command; not thread-safe. It adds the token, retries what may be
// retried, and turns answers into values or errors that say what to do.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/json.h"
#include "base/result.h"
#include "net/http_client.h"
#include "net/http_types.h"
#include "site/hub_client/entities.h"
#include "site/hub_client/paths.h"

namespace medperf::site {

/// One request over the network; a function, so that tests can answer themselves.
using Transport = std::function<Result<net::Reply>(const net::Call&)>;
/// Waits; a function, so that tests need not.
using Pause = std::function<void(Seconds)>;
/// Told once a line when the hub does not answer and the client goes on trying.
using Notice = std::function<void(std::string_view)>;

struct HubOptions {
  std::string url;        ///< "https://hub.example:8443", without the API path
  Seconds retry_for{15};  ///< sum of the pauses before giving up
};

class Hub {
 public:
  Hub(HubOptions options, Transport transport, Pause pause, Notice notice);

  void use_token(std::string token) { token_ = std::move(token); }
  const std::string& url() const { return options_.url; }

  // Errors: unavailable, timed_out (after retries), unauthenticated, forbidden, not_found,
  // conflict, invalid (with the hub's field errors), corrupt.
  Result<Json> get(const Path<kGet>& path, const net::Query& query = {});
  /// `idempotency_key` makes a retry safe: the hub answers a repeat with its first answer.
  Result<Json> post(const Path<kPost>& path, const Json& body, const std::string& idempotency_key);
  Result<Json> put(const Path<kPut>& path, const Json& body);
  /// As put, but a hub that does not answer is not asked again.
  Result<Json> put_once(const Path<kPut>& path, const Json& body);
  Status remove(const Path<kDelete>& path);
  /// Every row of a list, page by page. Limit 100,000 rows.
  Result<std::vector<Json>> list(const Path<kGet>& path);
  /// As get; nothing when the hub lacks the resource: how additions of our hub are asked for.
  Result<std::optional<Json>> get_if_there(const Path<kGet>& path);
  /// One GET without the sign-in; any status is an answer.
  Result<net::Reply> get_plain(const Path<kGet>& path);

  // Typed reads. Each entity is fetched once a command.
  Result<Container> container(ContainerId id);
  Result<Model> model(ModelId id);
  Result<Asset> asset(AssetId id);  ///< not remembered: a model holds its own
  Result<Benchmark> benchmark(BenchmarkId id);
  Result<Dataset> dataset(DatasetId id);  ///< not remembered: its state changes
  Result<std::vector<ResultRow>> my_results();
  /// The latest row of each model of a benchmark, in the hub's order (priority, highest first).
  Result<std::vector<Association>> benchmark_models(BenchmarkId id);
  /// What each model took on the demo data, as whoever asked for it to join says: by model, as it
  /// came. Empty when the hub keeps no such thing.
  Result<std::map<std::int64_t, Json>> claimed_demo_runs(BenchmarkId id);
  /// Every row of the pair's log that the caller may see, oldest first.
  Result<std::vector<Association>> my_associations(std::string_view object_key);
  void forget_results() { results_.reset(); }

 private:
  struct Attempt {
    Result<net::Reply> reply;
    bool try_again;
  };
  Result<Json> exchange(net::Call call, bool may_repeat);
  Attempt attempt(const net::Call& call) const;
  net::Call make_call(std::string method, const std::string& path) const;
  net::Call put_call(const Path<kPut>& path, const Json& body) const;

  HubOptions options_;
  Transport transport_;
  Pause pause_;
  Notice notice_;
  std::string token_;
  std::map<std::int64_t, Container> containers_;
  std::map<std::int64_t, Model> models_;
  std::map<std::int64_t, Benchmark> benchmarks_;
  std::optional<std::vector<ResultRow>> results_;
};

/// The error that an answer stands for (v0 section 1.1); `reply.status` is no success.
Error error_of_reply(const net::Reply& reply, const std::string& where);

}  // namespace medperf::site
