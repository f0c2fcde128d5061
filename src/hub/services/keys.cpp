#include "hub/services/keys.h"

#include <string>

#include "crypto/ed25519.h"
#include "domain/messages.h"
#include "domain/names.h"
#include "hub/services/steps.h"
#include "hub/store/lookups.h"

namespace medperf::hub {

using domain::Entity;
using domain::Record;

Result<RegisteredKey> register_key(const Context& context, const Json& body) {
  MEDPERF_TRY(auto row, accept_create(context, Entity::kSiteKey, body));
  auto key = crypto::VerifyKey::from_base64(row.text("public_key"));
  if (!key.ok()) return domain::field_error("public_key", key.error().text());
  row.set("public_key", key->base64());
  row.set("key_id", key->key_id());

  MEDPERF_TRY(auto same, find_key(context.session, context.sight(), key->key_id()));
  if (same) {
    if (same->owner() == context.caller.id() && same->boolean(domain::kIsValid)) {
      return RegisteredKey{std::move(*same), false};
    }
    return make_error(ErrorKind::kConflict, "public_key",
                      "this key is registered to another account or was withdrawn",
                      "Make a new key.");
  }
  MEDPERF_TRY(auto other, find_valid_key(context.session, context.sight(), context.caller.id()));
  if (other) {
    return make_error(ErrorKind::kConflict, "public_key",
                      "this account has another valid key: " + other->text("key_id"),
                      "Use that key, or ask the platform to withdraw it.");
  }
  MEDPERF_CHECK(store_new(context, row));
  context.notes.set("key_id", row.text("key_id"));
  return RegisteredKey{std::move(row), true};
}

Result<Record> get_key(const Context& context, std::string_view key_id) {
  MEDPERF_TRY(auto row, find_key(context.session, context.sight(), key_id));
  if (!row) return make_error(ErrorKind::kNotFound, {}, "Not found.");
  return std::move(*row);
}

}  // namespace medperf::hub
