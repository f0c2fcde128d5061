#include "hub/services/account_care.h"

#include "hub/accounts/lockout.h"
#include "hub/accounts/secrets.h"
#include "hub/services/lifetimes.h"
#include "hub/store/invitations.h"

namespace medperf::hub {

Status disable_account(sql::Session& session, const domain::Record& user, Timestamp now) {
  MEDPERF_CHECK(set_active(session, user.id(), false));
  return sign_out_everywhere(session, user.id(), now);
}

Status enable_account(sql::Session& session, const domain::Record& user) {
  return set_active(session, user.id(), true);
}

Status unlock_account(sql::Session& session, const domain::Record& user, Timestamp now) {
  MEDPERF_CHECK(forget_tries(session, {aim_at_name(user.text("username"))}, now));
  return forget_tries(session, {aim_at_codes_of(user.id())}, now);
}

Result<PasswordReset> start_password_reset(sql::Session& session, const domain::Record& user,
                                           Timestamp now) {
  PasswordReset reset{new_secret(kPasswordResetPrefix), days_after(now, 1)};
  MEDPERF_CHECK(
      put_password_reset(session, user.id(), secret_hash(reset.secret), reset.expires_at));
  return reset;
}

}  // namespace medperf::hub
