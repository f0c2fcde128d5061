#include "hub/accounts/key_refresher.h"

#include <chrono>
#include <utility>

#include "base/log.h"
#include "net/http_client.h"

namespace medperf::hub {

namespace {

constexpr Seconds kEvery{3600};
constexpr Seconds kAtMostEvery{60};
constexpr Bytes kLimit{1u << 20};

Seconds steady_now() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

}  // namespace

Result<std::string> fetch_keys_over_https(const IssuerSettings& settings) {
  net::ClientOptions options;
  options.ca_file = settings.ca_file;
  options.proxy = settings.proxy;
  options.timeout = Seconds(10);
  net::HttpClient client(options);
  net::Call call;
  call.url = settings.keys.jwks_url;
  call.headers["accept"] = "application/json";
  call.answer_limit = kLimit;
  MEDPERF_TRY(auto reply, client.call(call));
  if (reply.status != 200) {
    return make_error(ErrorKind::kUnavailable, settings.keys.jwks_url,
                      "the answer has the status " + std::to_string(reply.status));
  }
  return std::move(reply.body);
}

KeyRefresher::KeyRefresher(Issuers issuers, FetchKeys fetch) : fetch_(std::move(fetch)) {
  for (auto& issuer : issuers) {
    if (!issuer->settings().keys.jwks_url.empty()) targets_.push_back({std::move(issuer)});
  }
}

void KeyRefresher::start() {
  if (!targets_.empty()) thread_ = std::thread([this] { run(); });
}

KeyRefresher::~KeyRefresher() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopping_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void KeyRefresher::look(Seconds now) {
  for (auto& target : targets_) {
    Issuer& issuer = *target.issuer;
    const Seconds since = now - target.tried;
    if (since < kAtMostEvery || (since < kEvery && !issuer.wants_keys())) continue;
    target.tried = now;
    issuer.keys_were_fetched();
    auto text = fetch_(issuer.settings());
    auto keys = text.ok() ? read_jwks(*text) : Result<IssuerKeys>(std::move(text).error());
    if (!keys.ok()) {
      log::warning("issuer.keys_not_fetched", {{"issuer", issuer.settings().name},
                                               {"what", keys.error().text()},
                                               {"cause", keys.error().cause}});
      continue;
    }
    log::info("issuer.keys_fetched", {{"issuer", issuer.settings().name}, {"keys", keys->size()}});
    issuer.set_keys(std::move(*keys));
  }
}

void KeyRefresher::run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    lock.unlock();
    look(steady_now());
    lock.lock();
    stopping_.wait_for(lock, std::chrono::seconds(1), [this] { return stop_; });
  }
}

}  // namespace medperf::hub
