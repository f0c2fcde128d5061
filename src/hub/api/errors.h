#pragma once
// The one table from error kinds to HTTP status and v0 body.

#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "net/http_types.h"

namespace medperf::hub {

int status_of(ErrorKind kind);
/// The response of an error; its cause is logged with the request id, never sent.
net::Response error_response(const Error& error, std::string_view request_id);
/// {"detail": ...} with a status.
net::Response detail_response(int status, std::string_view detail);
/// 401 of a request without credentials, or with a header that is not "Bearer <token>".
net::Response missing_credentials();
net::Response bad_authorization_header();
net::Response bad_token(std::string_view reason);
net::Response inactive_user();
/// 429 of a caller that asks too often, with the time to wait in whole seconds.
net::Response throttled(Seconds wait);
/// 401 after a right password of an account with a second factor.
net::Response second_factor_required();

}  // namespace medperf::hub
