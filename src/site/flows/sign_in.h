#pragma once
// The ways to get a token of a hub: password and code, a device code approved elsewhere, a token
// that the user made.

#include <string>
#include <string_view>

#include "base/clock.h"
#include "site/hub_client/hub.h"
#include "site/workspace/token.h"

namespace medperf::site {

struct PasswordSignIn {
  std::string username;
  std::string password;
  std::string code;  ///< of the second factor; empty: none
};
/// Errors: unauthenticated; asks_for_code tells whether a code lacks only.
Result<Token> sign_in_by_password(Hub& hub, const PasswordSignIn& given);
bool asks_for_code(const Error& error);

/// What a person needs to approve a sign-in on another device.
struct DevicePrompt {
  std::string device_code;  ///< secret
  std::string user_code;
  std::string url;
  Seconds interval{5};
  Seconds lifetime{600};
};
/// `client` is what the person sees: "medperf on node-7". Error: not_found, when the hub lacks it.
Result<DevicePrompt> start_device_sign_in(Hub& hub, std::string_view client);
/// Asks again and again, as often as the hub allows, until somebody decides. Errors: refused
/// (denied), timed_out (nobody did), interrupted.
Result<Token> wait_for_approval(Hub& hub, const DevicePrompt& prompt, const Pause& pause);

/// A token that somebody made, tried at the hub.
Result<Token> adopt_token(Hub& hub, const std::string& text, Timestamp now);

}  // namespace medperf::site
