#include "hub/services/sign_up.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "base/encoding.h"
#include "domain/messages.h"
#include "hub/accounts/lockout.h"
#include "hub/accounts/passwords.h"
#include "hub/accounts/secrets.h"
#include "hub/services/lifetimes.h"
#include "hub/services/steps.h"
#include "hub/store/accounts.h"
#include "hub/store/invitations.h"
#include "ledger/ledger.h"

namespace medperf::hub {

using domain::Entity;

namespace {

constexpr std::size_t kUsernameLimit = 150;
constexpr std::size_t kEmailLimit = 254;
constexpr std::int64_t kInvitationDays = 7;

Error bad_invitation() {
  return make_error(ErrorKind::kForbidden, {}, "This invitation is wrong, used, or past its time.");
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-' || c == '@' || c == '+';
}

bool is_address(std::string_view email) {
  const auto at = email.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < email.size() &&
         email.find('@', at + 1) == std::string_view::npos &&
         std::none_of(email.begin(), email.end(),
                      [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; });
}

/// The invitation that lets the newcomer in, if the settings want one.
Result<std::optional<domain::Record>> admitting_invitation(sql::Database& database,
                                                           const Settings& settings,
                                                           const Newcomer& newcomer,
                                                           Timestamp now) {
  using Found = std::optional<domain::Record>;
  if (newcomer.invitation.empty()) {
    if (settings.sign_up == SignUp::kOpen) return Found();
    return make_error(ErrorKind::kForbidden, {},
                      settings.sign_up == SignUp::kInvitation
                          ? "An account is made with an invitation: ask the platform for one."
                          : "This hub lets nobody make an account: ask the platform for one.");
  }
  if (settings.sign_up == SignUp::kClosed) {
    return make_error(ErrorKind::kForbidden, {}, "This hub lets nobody make an account.");
  }
  MEDPERF_TRY(auto found, database.read([&](sql::Session& session) {
    return find_invitation(session, secret_hash(newcomer.invitation), now);
  }));
  if (!found) return bad_invitation();
  return found;
}

}  // namespace

Result<Invited> invite(const Context& context, const Json& body) {
  MEDPERF_TRY(auto invitation, accept_create(context, Entity::kInvitation, body));
  MEDPERF_CHECK(settle_expiry(invitation, context.now, kInvitationDays));
  const std::string& email = invitation.text("email");
  if (!email.empty() && !is_address(email)) {
    return domain::field_error("email", "Enter a valid email address.");
  }
  Invited invited{std::move(invitation), new_secret(kInvitationPrefix)};
  MEDPERF_CHECK(add_invitation(context.session, invited.invitation, secret_hash(invited.secret)));
  context.notes.set("id", invited.invitation.id());
  return invited;
}

std::vector<FieldError> newcomer_problems(const Newcomer& newcomer) {
  std::vector<FieldError> errors;
  const std::string& name = newcomer.username;
  if (name.empty() || name.size() > kUsernameLimit ||
      !std::all_of(name.begin(), name.end(), is_name_character)) {
    errors.push_back(
        {"username", "A user name has 1 to 150 letters (a to z), digits and . _ - @ +"});
  }
  if (newcomer.email.size() > kEmailLimit || !is_address(newcomer.email)) {
    errors.push_back({"email", "Enter a valid email address."});
  }
  if (auto problem = password_problem(newcomer.password, name, newcomer.email)) {
    errors.push_back({"password", std::move(*problem)});
  }
  return errors;
}

Result<std::int64_t> sign_up(sql::Database& database, const Settings& settings,
                             const Newcomer& given, const Clock& clock) {
  // Before the try is counted: whoever is turned away has tried nothing.
  MEDPERF_TRY(const auto turn, settings.passwords->enter());
  Newcomer newcomer = given;
  const Aims aims = {aim_from_peer(newcomer.peer)};
  MEDPERF_CHECK(begin_try(database, aims, clock.now()));
  MEDPERF_TRY(const auto invitation,
              admitting_invitation(database, settings, newcomer, clock.now()));
  if (invitation && !invitation->text("email").empty()) {
    newcomer.email = invitation->text("email");
  }
  auto errors = newcomer_problems(newcomer);
  if (!errors.empty()) return domain::field_errors(std::move(errors));
  MEDPERF_TRY(const auto hash, hash_new_password(turn, newcomer.password));
  auto added = database.write([&](sql::Session& session) -> Result<std::int64_t> {
    const Timestamp now = clock.now();
    if (invitation) {
      MEDPERF_TRY(const auto used, use_invitation(session, invitation->id(), now));
      if (!used) return bad_invitation();
    }
    MEDPERF_TRY(const auto id,
                add_account(session, {newcomer.username, newcomer.email, false, hash}, now));
    Json facts = Json::object({{"id", id}});
    if (invitation) facts.set("invitation", invitation->id());
    MEDPERF_CHECK(
        ledger::append(session, {"user.sign_up", newcomer.username, std::move(facts)}, now));
    return id;
  });
  if (!added.ok()) return explain_conflict(std::move(added).error(), Entity::kUser);
  return added;
}

Status set_password_by_reset(sql::Database& database, const Settings& settings,
                             std::string_view secret, const std::string& password,
                             std::string_view peer, const Clock& clock) {
  MEDPERF_TRY(const auto turn, settings.passwords->enter());
  MEDPERF_CHECK(begin_try(database, {aim_from_peer(peer)}, clock.now()));
  const std::string hash_of_secret = secret_hash(secret);
  const auto account_of = [&](sql::Session& session) -> Result<std::optional<Account>> {
    MEDPERF_TRY(const auto user, find_password_reset(session, hash_of_secret, clock.now()));
    if (!user) return std::optional<Account>();
    return find_account(session, *user);
  };
  const auto refused = [] {
    return make_error(ErrorKind::kUnauthenticated, {},
                      "This reset code is wrong, used, or past its time.");
  };
  MEDPERF_TRY(const auto account, database.read(account_of));
  if (!account) return refused();
  const auto& user = account->user;
  if (const auto problem = password_problem(password, user.text("username"), user.text("email"))) {
    return domain::field_error("password", *problem);
  }
  MEDPERF_TRY(const auto hash, hash_new_password(turn, password));
  return database.write([&](sql::Session& session) -> Status {
    const Timestamp now = clock.now();
    MEDPERF_TRY(const auto still, account_of(session));
    if (!still) return refused();
    MEDPERF_CHECK(remove_password_reset(session, user.id()));
    MEDPERF_CHECK(set_password(session, user.id(), hash, now));
    MEDPERF_CHECK(sign_out_everywhere(session, user.id(), now));
    MEDPERF_CHECK(forget_tries(session, {aim_at_name(user.text("username"))}, now));
    return ledger::append(session, {"password.reset_used", user.text("username"), Json::object()},
                          now);
  });
}

}  // namespace medperf::hub
