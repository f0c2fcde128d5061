#pragma once
// The options that say what one request, user, address or connection may use.

#include "base/options.h"
#include "hub/accounts/password_gate.h"
#include "hub/services/context.h"
#include "net/http_server.h"

namespace medperf::hub {

/// Limits of the API. Error: invalid, naming the option that is out of its range.
Result<Limits> limits_of(const Options& options);

/// How many passwords are hashed at once and how many requests wait for that, for so many workers.
/// Error: invalid, naming the option.
Result<PasswordGate::Rule> password_rule_of(const Options& options, int workers);

/// Fills in the limits of the server, and lets this process open as many files as they need.
/// Errors: invalid, naming the option; unavailable, when the system allows fewer files.
Status read_http_limits(const Options& options, net::ServerOptions& server);

}  // namespace medperf::hub
