#pragma once
// One-time secrets that admins give away: invitations to make an account, and new passwords for
// those who lost theirs. Known by the hash of their text.

#include <optional>
#include <string>

#include "base/clock.h"
#include "domain/record.h"
#include "sql/database.h"

namespace medperf::hub {

/// `invitation` gets its id.
Status add_invitation(sql::Session& session, domain::Record& invitation,
                      const std::string& secret_hash);
/// One that is neither used nor past its time.
Result<std::optional<domain::Record>> find_invitation(sql::Session& session,
                                                      const std::string& secret_hash,
                                                      Timestamp now);
/// False: it was used meanwhile.
Result<bool> use_invitation(sql::Session& session, std::int64_t id, Timestamp now);

/// Takes the place of an earlier one.
Status put_password_reset(sql::Session& session, std::int64_t user, const std::string& secret_hash,
                          Timestamp expires_at);
/// The user whose password may be set.
Result<std::optional<std::int64_t>> find_password_reset(sql::Session& session,
                                                        const std::string& secret_hash,
                                                        Timestamp now);
/// Whether there was one.
Result<bool> remove_password_reset(sql::Session& session, std::int64_t user);

}  // namespace medperf::hub
