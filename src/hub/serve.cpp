#include "hub/serve.h"

#include <malloc.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>
#include <utility>

#include "base/encoding.h"
#include "base/log.h"
#include "base/process.h"
#include "hub/accounts/key_refresher.h"
#include "hub/api/errors.h"
#include "hub/api/hub.h"
#include "hub/api/metrics.h"
#include "hub/limits.h"
#include "hub/setup.h"
#include "hub/upkeep.h"
#include "net/http_server.h"

namespace medperf::hub {

namespace {

constexpr auto kStopPoll = std::chrono::milliseconds(100);
constexpr int kWatchConnections = 32;

/// The issuer of auth.provider_*, and those of the file auth.issuers.
Result<Issuers> load_issuers(const Options& options, const fs::path& folder) {
  std::vector<IssuerSettings> all;
  const fs::path file = resolve(folder, options.path("auth.issuers"));
  if (!file.empty()) {
    MEDPERF_TRY(auto text, read_file(file, mebibytes(1)));
    MEDPERF_TRY(all, read_issuers(text, file.parent_path()));
  }
  const fs::path provider_key = resolve(folder, options.path("auth.provider_key"));
  if (!provider_key.empty()) {
    IssuerSettings provider;
    provider.name = "auth.provider";
    provider.issuer = options.text("auth.provider_issuer");
    provider.audience = options.text("auth.provider_audience");
    provider.keys.pem_file = provider_key;
    all.push_back(std::move(provider));
  }
  Issuers issuers;
  for (auto& settings : all) {
    MEDPERF_TRY(auto issuer, make_issuer(std::move(settings)));
    issuers.push_back(std::move(issuer));
  }
  return issuers;
}

Result<TokenAuthority> token_authority(const Options& options, const fs::path& folder) {
  MEDPERF_TRY(auto signer,
              crypto::JwtSigner::load(resolve(folder, options.path("auth.signing_key"))));
  MEDPERF_TRY(auto issuers, load_issuers(options, folder));
  const std::string url = options.text("http.public_url");
  const auto own = [&](std::string_view key) {
    const std::string text = options.text(key);
    if (!text.empty()) return text;
    return url.empty() ? std::string("https://localhost/") : url;
  };
  return TokenAuthority::make(std::move(signer), {own("auth.issuer"), own("auth.audience")},
                              std::move(issuers));
}

Result<SignUp> sign_up_rule(const Options& options) {
  const std::string word = options.text("accounts.sign_up");
  if (word == "closed") return SignUp::kClosed;
  if (word == "invitation") return SignUp::kInvitation;
  if (word == "open") return SignUp::kOpen;
  return make_error(ErrorKind::kInvalid, "accounts.sign_up", "there is no such rule",
                    "Use closed, invitation or open.");
}

/// The entries of a list with commas.
std::vector<std::string> entries(const Options& options, std::string_view key) {
  const std::string text = options.text(key);
  std::vector<std::string> list;
  for (const auto entry : split(text, ',')) {
    if (!trim(entry).empty()) list.emplace_back(trim(entry));
  }
  return list;
}

Result<Settings> settings_of(const Options& options) {
  Settings settings;
  MEDPERF_TRY(settings.limits, limits_of(options));
  settings.public_url = options.text("http.public_url");
  settings.auto_approved_emails = entries(options, "benchmarks.auto_approved_emails");
  settings.auto_approved_training_emails = entries(options, "training.auto_approved_emails");
  return settings;
}

Result<std::uint16_t> port_of(const Options& options, std::string_view key) {
  const auto port = options.integer(key);
  if (port < 0 || port > 65535) {
    return make_error(ErrorKind::kInvalid, std::string(key), "a port is a number from 0 to 65535");
  }
  return static_cast<std::uint16_t>(port);
}

Result<net::ServerOptions> server_options(const Options& options, const fs::path& folder) {
  net::ServerOptions server;
  server.address = options.text("http.address");
  MEDPERF_TRY(server.port, port_of(options, "http.port"));
  server.certificate = resolve(folder, options.path("http.certificate"));
  server.private_key = resolve(folder, options.path("http.private_key"));
  const bool loopback = server.address == "127.0.0.1" || server.address == "::1";
  if (server.certificate.empty() && !loopback) {
    return make_error(ErrorKind::kInvalid, "http.certificate",
                      "without a certificate the hub listens on a loopback address only",
                      "Set http.certificate and http.private_key.");
  }
  server.loops = io_threads();
  server.workers = static_cast<int>(options.integer("http.workers"));
  MEDPERF_CHECK(read_http_limits(options, server));
  server.trust_forwarded = options.boolean("http.trust_forwarded");
  return server;
}

/// The second listener, for the machines that watch this one; null when it is not wanted. It stays
/// while the hub drains.
Result<std::unique_ptr<net::HttpServer>> start_watch(const Options& options, const Hub& hub,
                                                     const Metrics& metrics,
                                                     const net::HttpServer& watched) {
  MEDPERF_TRY(const auto port, port_of(options, "metrics.port"));
  if (port == 0) return std::unique_ptr<net::HttpServer>();
  net::ServerOptions server;
  server.address = options.text("metrics.address");
  server.port = port;
  server.workers = 1;
  server.max_connections = kWatchConnections;
  server.body_limit = Bytes{1024};
  return net::HttpServer::start(server, [&hub, &metrics, &watched](const net::Request& request) {
    if (request.path == "/healthz" || request.path == "/readyz") return hub.handle(request);
    if (request.path != "/metrics") return detail_response(404, "Not found.");
    net::Response response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = metrics.text(watched.connections());
    return response;
  });
}

/// Pages of lists come and go by the thousand: memory that is given back to the system after each
/// one would have to be asked for, and cleared, again; and what is freed is not to be sorted anew
/// each time that one is made.
void keep_freed_memory() {
  constexpr int kKept = 8 << 20;
  mallopt(M_TRIM_THRESHOLD, kKept);
  mallopt(M_MMAP_THRESHOLD, kKept);
  mallopt(M_MXFAST, 0);
}

void sleep_until_stop() {
  while (!stop_requested()) std::this_thread::sleep_for(kStopPoll);
}

}  // namespace

Status serve(const Options& options, const fs::path& folder, const Clock& clock) {
  keep_freed_memory();
  MEDPERF_TRY(auto database, open_database(options, folder));
  MEDPERF_CHECK(prepare_existing(*database, clock));
  MEDPERF_TRY(const auto secrets, open_secret_box(options, folder, *database));
  MEDPERF_TRY(auto tokens, token_authority(options, folder));
  KeyRefresher refresher(tokens.issuers(), fetch_keys_over_https);
  refresher.start();
  MEDPERF_TRY(auto settings, settings_of(options));
  MEDPERF_TRY(settings.sign_up, sign_up_rule(options));
  settings.secrets = &secrets;
  MEDPERF_TRY(auto server_settings, server_options(options, folder));
  MEDPERF_TRY(const auto rule, password_rule_of(options, server_settings.workers));
  settings.passwords = std::make_shared<PasswordGate>(rule);
  std::atomic<bool> draining{false};
  Metrics metrics(clock.now());
  const Hub hub({*database, clock, tokens, std::move(settings),
                 options.boolean("http.trust_forwarded"), &draining, &metrics});
  server_settings.is_quick = [&hub](const net::Request& request) { return hub.is_quick(request); };
  const Upkeep upkeep(*database, clock);
  MEDPERF_TRY(auto server,
              net::HttpServer::start(server_settings, [&hub](const net::Request& request) {
                return hub.handle(request);
              }));
  MEDPERF_TRY(const auto watch, start_watch(options, hub, metrics, *server));
  const std::string_view scheme = server_settings.certificate.empty() ? "http" : "https";
  std::printf("listening on %s://%s:%d\n", std::string(scheme).c_str(),
              server_settings.address.c_str(), static_cast<int>(server->port()));
  std::fflush(stdout);
  log::info("hub.started", {{"port", static_cast<std::int64_t>(server->port())}});
  sleep_until_stop();
  draining = true;
  log::info("hub.stopping");
  std::this_thread::sleep_for(std::chrono::seconds(options.integer("http.drain_notice")));
  server->drain(Seconds(static_cast<double>(options.integer("http.drain"))));
  return {};
}

}  // namespace medperf::hub
