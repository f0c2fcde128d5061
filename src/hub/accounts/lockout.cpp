#include "hub/accounts/lockout.h"

#include <arpa/inet.h>

#include <array>

#include "base/encoding.h"
#include "hub/store/attempts.h"

namespace medperf::hub {

namespace {

constexpr std::size_t kNetworkBytes = 8;

Timestamp before(Timestamp time, Seconds step) {
  return {time.microseconds - static_cast<std::int64_t>(step.count() * 1e6)};
}

/// An address as the network that is counted; other text as it is.
std::string network_of(std::string_view peer) {
  std::array<unsigned char, 16> bytes{};
  const std::string text(peer);
  if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return text;
  const std::string_view whole(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  constexpr std::string_view kMapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);  // IPv4 inside IPv6
  if (whole.starts_with(kMapped)) {
    std::array<char, INET_ADDRSTRLEN> dotted{};
    ::inet_ntop(AF_INET, bytes.data() + kMapped.size(), dotted.data(), dotted.size());
    return dotted.data();
  }
  return to_hex(whole.substr(0, kNetworkBytes));
}

}  // namespace

Aim aim_at_name(std::string_view username) {
  return {"name " + std::string(username), kTriesPerName};
}

Aim aim_from_peer(std::string_view peer) {
  return {"peer " + network_of(peer), kTriesPerPeer};
}

Aim aim_at_codes_of(std::int64_t user) {
  return {"codes " + std::to_string(user), kTriesPerUser};
}

Result<bool> count_try(sql::Session& session, const Aims& aims, Timestamp now) {
  const Timestamp old = before(now, kLockOut);
  std::vector<Attempts> counted;
  for (const auto& aim : aims) {
    MEDPERF_TRY(auto attempts, find_attempts(session, aim.subject));
    if (attempts.count == 0 || attempts.first < old) attempts = {0, now};
    if (attempts.count >= aim.limit) return false;
    ++attempts.count;
    counted.push_back(attempts);
  }
  for (std::size_t i = 0; i < aims.size(); ++i) {
    MEDPERF_CHECK(put_attempts(session, aims[i].subject, counted[i]));
  }
  return true;
}

Status forget_tries(sql::Session& session, const Aims& aims, Timestamp now) {
  if (aims.empty()) return {};
  MEDPERF_CHECK(forget_attempts(session, aims.front().subject, before(now, kLockOut)));
  for (std::size_t i = 1; i < aims.size(); ++i) {
    MEDPERF_CHECK(take_back_attempt(session, aims[i].subject));
  }
  return {};
}

Status take_back_tries(sql::Session& session, const Aims& aims) {
  for (const auto& aim : aims) MEDPERF_CHECK(take_back_attempt(session, aim.subject));
  return {};
}

Status begin_try(sql::Database& database, const Aims& aims, Timestamp now) {
  MEDPERF_TRY(const auto counted,
              database.write([&](sql::Session& session) { return count_try(session, aims, now); }));
  if (counted) return {};
  return make_error(ErrorKind::kUnauthenticated, {},
                    "Too many failed attempts to sign in with this name or from this address. Try "
                    "again in 15 minutes.");
}

Status end_right_try(sql::Database& database, const Aims& aims, Timestamp now) {
  return database.write(
      [&](sql::Session& session) -> Status { return forget_tries(session, aims, now); });
}

}  // namespace medperf::hub
