#include "base/json_writing.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "base/encoding.h"

namespace medperf {
namespace {

constexpr std::size_t kLongestInteger = 20;
constexpr std::size_t kWord = sizeof(std::uint64_t);

/// Marks the top bit of each byte that needs a closer look: below 0x20, '"', '\\', or not ASCII.
std::uint64_t unusual_bytes(std::uint64_t eight) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kTops = 0x8080808080808080U;
  const auto zero_bytes = [](std::uint64_t x) { return (x - kOnes) & ~x; };
  return ((eight - kOnes * 0x20) | zero_bytes(eight ^ (kOnes * '"')) |
          zero_bytes(eight ^ (kOnes * '\\')) | eight) &
         kTops;
}

/// Copies the text, and says whether it is ASCII without anything to escape, as most are: eight
/// bytes at a time, since lists are full of them. May say no of a text that is plain, never yes of
/// one that is not.
bool copy_plain(char* to, std::string_view text) {
  std::uint64_t unusual = 0;
  std::uint64_t eight = 0;
  const char* from = text.data();
  std::size_t left = text.size();
  for (; left >= kWord; left -= kWord, from += kWord, to += kWord) {
    std::memcpy(&eight, from, kWord);
    unusual |= unusual_bytes(eight);
    std::memcpy(to, &eight, kWord);
  }
  eight = 0x2020202020202020U;
  std::memcpy(&eight, from, left);
  std::memcpy(to, &eight, left);
  return (unusual | unusual_bytes(eight)) == 0;
}

char* put_two(char* at, unsigned number) {
  *at++ = static_cast<char>('0' + number / 10);
  *at++ = static_cast<char>('0' + number % 10);
  return at;
}

/// RFC 8785 section 3.2.2.2: only what must be escaped is, with the short forms where they exist.
void append_escaped(TextBuffer& out, std::string_view raw) {
  // Text that is not UTF-8 comes only from our own code (file names); JSON cannot carry it.
  const std::string repaired = is_valid_utf8(raw) ? std::string() : valid_utf8(raw);
  const std::string_view text = repaired.empty() ? raw : std::string_view(repaired);
  out.append('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        out.append("\\\"");
        break;
      case '\\':
        out.append("\\\\");
        break;
      case '\b':
        out.append("\\b");
        break;
      case '\f':
        out.append("\\f");
        break;
      case '\n':
        out.append("\\n");
        break;
      case '\r':
        out.append("\\r");
        break;
      case '\t':
        out.append("\\t");
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out.append("\\u00");
          out.append(to_hex(std::string_view(&c, 1)));
        } else {
          out.append(c);
        }
    }
  }
  out.append('"');
}

}  // namespace

void TextBuffer::grow(std::size_t bytes) {
  room_ = std::max(size_ + bytes, room_ * 2);
  auto larger = std::make_unique_for_overwrite<char[]>(room_);
  std::memcpy(larger.get(), text_.get(), size_);
  text_ = std::move(larger);
}

void append_json_string(TextBuffer& out, std::string_view text) {
  char* at = out.room(text.size() + 2);
  if (copy_plain(at + 1, text)) {
    at[0] = '"';
    at[text.size() + 1] = '"';
    out.wrote(at + text.size() + 2);
  } else {
    append_escaped(out, text);
  }
}

void append_iso8601(TextBuffer& out, Timestamp time) {
  std::int64_t days = time.microseconds / kMicrosecondsPerDay;
  std::int64_t rest = time.microseconds % kMicrosecondsPerDay;
  if (rest < 0) {
    rest += kMicrosecondsPerDay;
    --days;
  }
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days{static_cast<int>(days)}}};
  const int year = static_cast<int>(date.year());
  if (year < 0 || year > 9999) append_integer(out, year / 10'000);
  const auto four = static_cast<unsigned>(std::abs(year % 10'000));
  const auto seconds = static_cast<unsigned>(rest / 1'000'000);
  const auto fraction = static_cast<unsigned>(rest % 1'000'000);
  // Lists are full of times: this costs a tenth of formatting by pattern.
  char* at = out.room(sizeof "0000-00-00T00:00:00.000000Z");
  at = put_two(put_two(at, four / 100), four % 100);
  *at++ = '-';
  at = put_two(at, static_cast<unsigned>(date.month()));
  *at++ = '-';
  at = put_two(at, static_cast<unsigned>(date.day()));
  *at++ = 'T';
  at = put_two(at, seconds / 3600);
  *at++ = ':';
  at = put_two(at, seconds / 60 % 60);
  *at++ = ':';
  at = put_two(at, seconds % 60);
  *at++ = '.';
  at = put_two(put_two(put_two(at, fraction / 10'000), fraction / 100 % 100), fraction % 100);
  *at++ = 'Z';
  out.wrote(at);
}

void append_integer(TextBuffer& out, std::int64_t number) {
  char* at = out.room(kLongestInteger);
  out.wrote(std::to_chars(at, at + kLongestInteger, number).ptr);
}

}  // namespace medperf
