#pragma once
// The daemon's own answers, on its socket: a docker process for each question costs 25 ms and more.

#include <string>
#include <string_view>

#include "base/files.h"
#include "base/json.h"
#include "base/result.h"

namespace medperf::engine {

struct DaemonAnswer {
  int status = 0;    ///< of HTTP
  std::string body;  ///< a JSON document, or empty
  bool success() const { return status >= 200 && status < 300; }
  bool not_there() const { return status == 404; }
};

/// One request without a body, e.g. "DELETE", "/containers/NAME?force=true". HTTP/1.0: the answer
/// ends with the connection. Errors: unavailable (nobody listens, no answer, or too large a one).
Result<DaemonAnswer> ask_daemon(const fs::path& socket, std::string_view method,
                                std::string_view path);

/// Takes what came apart. Errors: unavailable, when it is no answer of HTTP. Pure.
Result<DaemonAnswer> read_daemon_answer(std::string_view text);

/// The daemon's words for what it refused.
Error daemon_error(const std::string& doing, const DaemonAnswer& answer);

}  // namespace medperf::engine
