#pragma once
// The commands of group auth that care for the account itself.

#include <string>

#include "cli/invocation.h"

namespace medperf::cli {

/// The one line of a file that holds a secret.
Result<std::string> read_secret(const fs::path& file);

Result<int> approve_device(Invocation& call);
Result<int> change_password(Invocation& call);
Result<int> list_tokens(Invocation& call);
Result<int> create_token(Invocation& call);
Result<int> revoke_token(Invocation& call);
Result<int> list_sessions(Invocation& call);
Result<int> end_session(Invocation& call);
Result<int> enrol_second_factor(Invocation& call);
Result<int> remove_second_factor(Invocation& call);

}  // namespace medperf::cli
