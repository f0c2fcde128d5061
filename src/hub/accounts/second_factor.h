#pragma once
// The second factor: codes of an authenticator app (TOTP), and recovery codes for when it is lost.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "crypto/secret_box.h"
#include "hub/store/second_factors.h"

namespace medperf::hub {

/// A new secret as the app takes it.
struct Enrolment {
  std::string secret;  ///< base32
  std::string uri;     ///< otpauth://, for a QR code
};
/// Stores a new, unconfirmed secret. Errors: conflict, when one is confirmed; unavailable without a
/// key for secrets.
Result<Enrolment> start_enrolment(sql::Session& session, const crypto::SecretBox* box,
                                  std::int64_t user, std::string_view username, Timestamp now);
/// Confirms the secret with a first code and gives ten recovery codes; nothing: the code is wrong.
Result<std::optional<std::vector<std::string>>> confirm_enrolment(sql::Session& session,
                                                                  const crypto::SecretBox* box,
                                                                  std::int64_t user,
                                                                  std::string_view code,
                                                                  Timestamp now);
/// Whether this is a code of the app or a recovery code, neither used before; uses it up. In a
/// write transaction.
Result<bool> use_code(sql::Session& session, const crypto::SecretBox* box, std::int64_t user,
                      std::string_view code, Timestamp now);

}  // namespace medperf::hub
