#include "hub/services/device.h"

#include "base/encoding.h"
#include "crypto/random.h"
#include "hub/accounts/lockout.h"
#include "hub/accounts/secrets.h"
#include "ledger/ledger.h"

namespace medperf::hub {

namespace {

// No vowels, so that no word comes out; no letters that are taken for digits.
constexpr std::string_view kLetters = "BCDFGHJKLMNPQRSTVWXZ";
constexpr std::size_t kCodeLetters = 8;
constexpr std::int64_t kStartsPerPeer = 100;
constexpr std::int64_t kMostWaiting = 1000;
constexpr std::int64_t kSlowDown = 5;
/// A poll that comes this little early was in time when it was sent.
constexpr std::int64_t kJitterMicroseconds = 500'000;
constexpr std::size_t kClientLimit = 100;

std::string new_user_code() {
  std::string code;
  while (code.size() < kCodeLetters) {
    const auto byte = static_cast<unsigned char>(crypto::random_bytes(1).front());
    // Only whole multiples of the alphabet's size: every letter is equally likely.
    if (byte < 240) code += kLetters[byte % kLetters.size()];
  }
  return code;
}

/// As a person may type it: case, spaces and dashes do not count.
std::string user_code_hash(std::string_view typed) {
  std::string code;
  for (const char c : typed) {
    if (c == ' ' || c == '-') continue;
    code += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return secret_hash("user code " + code);
}

Timestamp seconds_after(Timestamp time, std::int64_t seconds) {
  return {time.microseconds + seconds * 1'000'000};
}

Result<DevicePoll> wait_on(sql::Session& session, const std::string& hash, const DeviceCode& code,
                           Timestamp now) {
  const bool early = now < code.poll_after;
  const std::int64_t interval = code.poll_interval + (early ? kSlowDown : 0);
  const Timestamp after{seconds_after(now, interval).microseconds - kJitterMicroseconds};
  MEDPERF_CHECK(set_polling(session, hash, after, interval));
  return DevicePoll{{}, early ? "slow_down" : "authorization_pending"};
}

}  // namespace

Result<DeviceSignIn> start_device_sign_in(sql::Database& database, std::string_view client,
                                          std::string_view peer, Timestamp now) {
  Aim aim = aim_from_peer(peer);
  aim = {"device " + aim.subject, kStartsPerPeer};
  MEDPERF_CHECK(begin_try(database, {aim}, now));
  const std::string letters = new_user_code();
  DeviceSignIn started{new_secret(), letters.substr(0, 4) + "-" + letters.substr(4)};
  DeviceCode code;
  code.client = printable(client, kClientLimit);
  code.peer = printable(peer, kClientLimit);
  code.expires_at = seconds_after(now, static_cast<std::int64_t>(kDeviceCodeLifetime.count()));
  code.poll_after = now;
  code.poll_interval = kDevicePollInterval;
  const Status stored = database.write([&](sql::Session& session) -> Status {
    MEDPERF_TRY(const auto waiting, count_device_codes(session, now));
    if (waiting >= kMostWaiting) {
      return make_error(ErrorKind::kBusy, {}, "too many sign-ins wait for approval");
    }
    return add_device_code(session, secret_hash(started.device_code),
                           user_code_hash(started.user_code), code, now);
  });
  if (!stored.ok()) return stored.error();
  return started;
}

Result<DevicePoll> poll_device_sign_in(sql::Database& database, std::string_view device_code,
                                       Timestamp now) {
  const std::string hash = secret_hash(device_code);
  return database.write([&](sql::Session& session) -> Result<DevicePoll> {
    MEDPERF_TRY(const auto code, find_by_device_hash(session, hash));
    if (!code) return DevicePoll{{}, "expired_token"};
    const bool over = code->expires_at <= now;
    if (!over && !code->denied && !code->approved_by) return wait_on(session, hash, *code, now);
    MEDPERF_CHECK(remove_device_code(session, hash));
    if (over) return DevicePoll{{}, "expired_token"};
    if (code->denied) return DevicePoll{{}, "access_denied"};
    MEDPERF_TRY(auto account, find_account(session, *code->approved_by));
    if (!account || !account->active) return DevicePoll{{}, "access_denied"};
    MEDPERF_CHECK(ledger::append(session,
                                 {"device.sign_in", account->user.text("username"),
                                  Json::object({{"client", code->client}, {"peer", code->peer}})},
                                 now));
    return DevicePoll{std::move(account), {}};
  });
}

Result<std::optional<DeviceCode>> decide_device_sign_in(const Context& context,
                                                        std::string_view user_code,
                                                        DeviceDecision decision) {
  const std::string hash = user_code_hash(user_code);
  MEDPERF_TRY(auto code, find_by_user_hash(context.session, hash));
  if (!code || code->expires_at <= context.now || code->denied || code->approved_by) {
    return std::optional<DeviceCode>();
  }
  if (decision != DeviceDecision::kShow) {
    std::optional<std::int64_t> by;
    if (decision == DeviceDecision::kApprove) by = context.caller.id();
    MEDPERF_CHECK(decide_device_code(context.session, hash, by));
    context.notes.set("client", code->client);
  }
  return code;
}

}  // namespace medperf::hub
