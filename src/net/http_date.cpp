#include "net/http_date.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "base/encoding.h"

namespace medperf::net {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::string_view kSample = "Sun, 06 Nov 1994 08:49:37 GMT";

}  // namespace

std::string to_http_date(Timestamp time) {
  const std::chrono::sys_time<std::chrono::microseconds> since{
      std::chrono::microseconds{time.microseconds}};
  const auto day = std::chrono::floor<std::chrono::days>(since);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(since - day)};
  std::array<char, 64> buffer{};
  std::snprintf(
      buffer.data(), buffer.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
      kDays.at(std::chrono::weekday{day}.c_encoding()).data(), static_cast<unsigned>(date.day()),
      kMonths.at(static_cast<unsigned>(date.month()) - 1).data(), static_cast<int>(date.year()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  return buffer.data();
}

Result<Timestamp> parse_http_date(std::string_view text) {
  const auto refuse = [&] {
    return make_error(ErrorKind::kInvalid, printable(text, 80), "This is not an HTTP date",
                      "Write it like " + std::string(kSample) + ".");
  };
  if (text.size() != kSample.size()) return refuse();
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  if (month == kMonths.end()) return refuse();
  const std::string number = std::to_string(month - kMonths.begin() + 101).substr(1);
  std::string iso(text.substr(12, 4));
  iso.append("-").append(number).append("-").append(text.substr(5, 2));
  iso.append("T").append(text.substr(17, 8)).append("Z");
  auto time = parse_iso8601(iso);
  // Written back, it must be the same text: the day of the week and every separator are right.
  if (!time.ok() || to_http_date(*time) != text) return refuse();
  return time;
}

}  // namespace medperf::net
