#include "hub/services/lifetimes.h"

#include <variant>

#include "domain/messages.h"

namespace medperf::hub {

namespace {

constexpr std::int64_t kLongestDays = 366;
constexpr std::int64_t kDay = 24LL * 3600 * 1'000'000;
constexpr std::string_view kField = "expires_at";

}  // namespace

Timestamp days_after(Timestamp time, std::int64_t days) {
  return {time.microseconds + days * kDay};
}

Status settle_expiry(domain::Record& record, Timestamp now, std::int64_t days) {
  const auto* sent = std::get_if<Timestamp>(&record.get(kField));
  if (sent == nullptr) {
    record.set(kField, days_after(now, days));
  } else if (*sent <= now || *sent > days_after(now, kLongestDays)) {
    return domain::field_error(kField, "This must lie ahead, by at most 366 days.");
  }
  return {};
}

}  // namespace medperf::hub
