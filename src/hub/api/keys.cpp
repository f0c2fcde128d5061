// Public keys that sites sign their statements with.

#include "hub/services/keys.h"
#include "hub/api/answers.h"
#include "hub/api/resources.h"

namespace medperf::hub {

using domain::Entity;

namespace {

Result<Answer> register_own(const Call& call) {
  MEDPERF_TRY(auto registered, register_key(call.context, call.body));
  return registered.created ? created_answer(call, registered.key)
                            : object_answer(call, registered.key);
}

Result<Answer> get(const Call& call) {
  MEDPERF_TRY(auto key, get_key(call.context, call.text));
  return object_answer(call, key);
}

const Endpoint kEndpoints[] = {
    {.method = "POST",
     .path = "me/keys/",
     .operation = "keys_register",
     .who = kSignedInOnly,
     .body = Entity::kSiteKey,
     .answer = Entity::kSiteKey,
     .statuses = {201, 200, 400, 409},
     .sentence =
         "Registers the caller's public key; 200 when it is there already, 409 when another "
         "one is.",
     .example = R"({"public_key": "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
                    "algorithm": "ed25519"})",
     .handler = register_own},
    {.path = "keys/{key_id}/",
     .operation = "keys_get",
     .who = kSignedInOnly,
     .answer = Entity::kSiteKey,
     .statuses = {200, 404},
     .sentence = "A public key by its id, for checking statements.",
     .handler = get},
};

}  // namespace

std::span<const Endpoint> key_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
