#include "base/clock.h"

#include <cstdlib>

#include "base/encoding.h"
#include "base/json_writing.h"

namespace medperf {
namespace {

constexpr std::size_t kUsualTime = sizeof "0000-00-00T00:00:00.000000Z";

/// Reads `count` decimal digits at the front of `text` and removes them; -1 when they are not
/// there.
int take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return -1;
  int number = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return number;
}

bool take(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

/// Microseconds of ".123456" at the front of `text` (0 to 6 digits); -1 when malformed.
std::int64_t take_fraction(std::string_view& text) {
  if (!take(text, '.')) return 0;
  std::int64_t fraction = 0;
  int digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (++digits > 6) return -1;
    fraction = fraction * 10 + (text.front() - '0');
    text.remove_prefix(1);
  }
  if (digits == 0) return -1;
  for (; digits < 6; ++digits) fraction *= 10;
  return fraction;
}

}  // namespace

Timestamp SystemClock::now() const {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count()};
}

std::string to_iso8601(Timestamp time) {
  TextBuffer text(kUsualTime);
  append_iso8601(text, time);
  return std::string(text.text());
}

Result<Timestamp> parse_iso8601(std::string_view text) {
  std::string_view rest = text;
  auto refuse = [&] {
    return make_error(ErrorKind::kInvalid, printable(text, 80), "This is not a UTC time",
                      "Write it like 2026-01-02T03:04:05.123456Z.");
  };
  const int year = take_digits(rest, 4);
  if (year < 0 || !take(rest, '-')) return refuse();
  const int month = take_digits(rest, 2);
  if (month < 0 || !take(rest, '-')) return refuse();
  const int day = take_digits(rest, 2);
  if (day < 0 || !take(rest, 'T')) return refuse();
  const int hour = take_digits(rest, 2);
  if (hour < 0 || hour > 23 || !take(rest, ':')) return refuse();
  const int minute = take_digits(rest, 2);
  if (minute < 0 || minute > 59 || !take(rest, ':')) return refuse();
  const int second = take_digits(rest, 2);
  if (second < 0 || second > 59) return refuse();
  const std::int64_t fraction = take_fraction(rest);
  if (fraction < 0 || (rest != "Z" && rest != "+00:00")) return refuse();
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return refuse();
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const std::int64_t seconds = (hour * 60 + minute) * 60 + second;
  return Timestamp{days * kMicrosecondsPerDay + seconds * 1'000'000 + fraction};
}

}  // namespace medperf
