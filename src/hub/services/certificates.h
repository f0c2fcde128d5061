#pragma once
// Certificates, and container keys encrypted for their holders. What was registered is never
// edited: it is withdrawn, and there is no way back.

#include <vector>

#include "hub/services/context.h"

namespace medperf::hub {

/// How many keys one request may carry.
inline constexpr std::size_t kKeysPerRequest = 1000;

/// Error: invalid, also when the caller has a valid certificate of this authority and kind of key
/// (kept by a constraint).
Result<domain::Record> create_certificate(const Context& context, const Json& body);
/// Takes is_valid: false and nothing else that could be written.
Result<domain::Record> withdraw_certificate(const Context& context, std::int64_t id,
                                            const Json& body);

/// All keys of an array, or none. Errors: invalid, the fields of item 3 under "3".
Result<std::vector<domain::Record>> create_encrypted_keys(const Context& context,
                                                          const Json& items);
/// Marks every key of an array invalid and overwrites its value; all or none.
Status withdraw_encrypted_keys(const Context& context, const Json& items);

}  // namespace medperf::hub
