#include "hub/limits.h"

#include <sys/resource.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace medperf::hub {

namespace {

/// Files that are open beside connections: the database, its readers, the log.
constexpr rlim_t kOtherFiles = 100;

/// A whole number option within its range.
Result<std::int64_t> in_range(const Options& options, std::string_view key, std::int64_t least,
                              std::int64_t most) {
  const std::int64_t value = options.integer(key);
  if (value >= least && value <= most) return value;
  return make_error(ErrorKind::kInvalid, std::string(key),
                    "it must be from " + std::to_string(least) + " to " + std::to_string(most));
}

Result<RateRule> rate_of(const Options& options, const std::string& name) {
  MEDPERF_TRY(auto rate, in_range(options, "limits." + name + "_rate", 0, 1'000'000));
  MEDPERF_TRY(auto burst, in_range(options, "limits." + name + "_burst", 1, 1'000'000'000));
  return RateRule{static_cast<double>(rate), burst};
}

/// Each connection is an open file, and the usual limit of a shell is 1024.
Status allow_open_files(rlim_t count) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= count) return {};
  limit.rlim_cur = count;
  if (limit.rlim_max >= count && ::setrlimit(RLIMIT_NOFILE, &limit) == 0) return {};
  return make_error(ErrorKind::kUnavailable, "http.connections",
                    "the system lets this process open " + std::to_string(limit.rlim_max) +
                        " files, and " + std::to_string(count) + " are needed",
                    "Lower http.connections, or raise the limit (LimitNOFILE in systemd).");
}

}  // namespace

Result<Limits> limits_of(const Options& options) {
  Limits limits;
  MEDPERF_TRY(limits.page, in_range(options, "limits.page", 1, 1'000'000));
  MEDPERF_TRY(auto memory, in_range(options, "limits.answer_memory", 0, std::int64_t{1} << 36U));
  limits.answer_memory = Bytes{static_cast<std::uint64_t>(memory)};
  MEDPERF_TRY(auto depth, in_range(options, "limits.json_depth", 8, 1000));
  MEDPERF_TRY(auto values, in_range(options, "limits.json_values", 1000, 100'000'000));
  MEDPERF_TRY(auto body, in_range(options, "http.body_limit", 1024, std::int64_t{1} << 31U));
  limits.json = {std::min(limits.json.bytes, static_cast<std::size_t>(body)),
                 static_cast<std::size_t>(depth), static_cast<std::size_t>(values)};
  MEDPERF_TRY(limits.address_rate, rate_of(options, "address"));
  MEDPERF_TRY(limits.user_rate, rate_of(options, "user"));
  MEDPERF_TRY(limits.anonymous_rate, rate_of(options, "anonymous"));
  return limits;
}

Result<PasswordGate::Rule> password_rule_of(const Options& options, int workers) {
  const std::int64_t half = std::max(workers / 2, 1);
  MEDPERF_TRY(const auto at_once, in_range(options, "limits.password_checks", 1, half));
  return PasswordGate::rule_for(static_cast<std::size_t>(workers),
                                static_cast<std::size_t>(at_once));
}

Status read_http_limits(const Options& options, net::ServerOptions& server) {
  const auto bytes = [&](std::string_view key) {
    return Bytes{static_cast<std::uint64_t>(options.integer(key))};
  };
  const auto seconds = [&](std::string_view key) {
    return Seconds(static_cast<double>(options.integer(key)));
  };
  server.body_limit = bytes("http.body_limit");
  server.body_memory = bytes("http.body_memory");
  server.header_limit = bytes("http.header_limit");
  server.target_limit = bytes("http.target_limit");
  for (const std::string_view key : {"http.handshake_timeout", "http.idle_timeout",
                                     "http.request_timeout", "http.write_timeout"}) {
    MEDPERF_CHECK(in_range(options, key, 1, 3600));
  }
  server.handshake_timeout = seconds("http.handshake_timeout");
  server.idle_timeout = seconds("http.idle_timeout");
  server.request_timeout = seconds("http.request_timeout");
  server.write_timeout = seconds("http.write_timeout");
  MEDPERF_TRY(auto query, in_range(options, "http.query_limit", 10, 10'000));
  MEDPERF_TRY(auto connections, in_range(options, "http.connections", 1, 1'000'000));
  MEDPERF_TRY(auto share, in_range(options, "http.connections_per_address", 1, 1'000'000));
  MEDPERF_TRY(auto pipeline, in_range(options, "http.pipeline_limit", 1, 1'000'000));
  server.query_limit = static_cast<int>(query);
  server.max_connections = static_cast<int>(connections);
  server.connections_per_address = static_cast<int>(share);
  server.pipeline_limit = static_cast<int>(pipeline);
  return allow_open_files(static_cast<rlim_t>(connections) + kOtherFiles);
}

}  // namespace medperf::hub
