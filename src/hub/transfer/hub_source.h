#pragma once
// An existing hub reached through its v0 API with the token of one of its admins.

#include <memory>
#include <string>

#include "hub/transfer/foreign.h"
#include "net/http_client.h"

namespace medperf::hub {

/// Signs in and looks at the caller. `url` is the hub's address without "/api/v0". Errors:
/// forbidden, when the token is no admin's; those of the connection.
Result<std::unique_ptr<ImportSource>> open_hub(const std::string& url, const std::string& token,
                                               net::ClientOptions options);

}  // namespace medperf::hub
