#pragma once
// Dates in HTTP headers, in the form that RFC 9110 section 5.6.7 wants written.

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace medperf::net {

/// "Sun, 06 Nov 1994 08:49:37 GMT"; fractions of a second are dropped.
std::string to_http_date(Timestamp time);
/// Reads that form; the obsolete ones, with two digits of the year or without a zone, are refused.
Result<Timestamp> parse_http_date(std::string_view text);

}  // namespace medperf::net
