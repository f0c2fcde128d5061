#pragma once
// What is sent over TLS, made into records at once.

#include <openssl/ssl.h>

#include <string>
#include <string_view>

namespace medperf::net {

/// Adds to `out` the TLS records that carry `plain`, in the order in which they must be sent: after
/// all that the connection has sent so far, and before anything else. Asio would make and send one
/// record of 16 KiB after the other. False when the connection cannot send any more.
bool append_records(SSL* connection, std::string_view plain, std::string& out);

}  // namespace medperf::net
