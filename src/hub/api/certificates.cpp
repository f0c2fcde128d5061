// Certificate authorities, certificates, and container keys encrypted for their holders.

#include "hub/services/certificates.h"

#include <string>

#include "domain/names.h"
#include "hub/api/handlers.h"
#include "hub/api/resources.h"
#include "hub/services/registration.h"
#include "hub/store/selections.h"

namespace medperf::hub {

using domain::Entity;

namespace {

constexpr std::string_view kKeyFilters[] = {"name", "owner", "is_valid", "certificate",
                                            "container"};

Result<Answer> keys_of_certificate(const Call& call) {
  return page_answer(call, rows_with("certificate", call.ids[0]));
}

Result<Answer> add_keys(const Call& call) {
  MEDPERF_TRY(auto keys, create_encrypted_keys(call.context, call.body));
  Json ids = Json::array();
  for (const auto& key : keys) ids.push(key.id());
  call.context.notes.set("ids", std::move(ids));
  return list_answer(call, 201, std::move(keys));
}

Result<Answer> put_keys(const Call& call) {
  MEDPERF_CHECK(withdraw_encrypted_keys(call.context, call.body));
  return json_answer(Json::object({{"detail", "Encrypted keys updated successfully."}}));
}

const Endpoint kEndpoints[] = {
    {.path = "cas/",
     .operation = "cas_list",
     .who = kSignedInOnly,
     .answer = Entity::kCa,
     .shape = Shape::kPage,
     .statuses = {200},
     .sentence = "Every certificate authority.",
     .handler = list_objects},
    {.method = "POST",
     .path = "cas/",
     .operation = "cas_create",
     .who = kSignedInOnly,
     .body = Entity::kCa,
     .answer = Entity::kCa,
     .statuses = {201, 400},
     .sentence = "Registers a certificate authority.",
     .example = R"({"name": "our authority", "config": {"address": "ca.example.org", "port": 443,
                    "fingerprint": "0123", "client_provisioner": "clients",
                    "server_provisioner": "servers"},
                    "client_mlcube": 1, "server_mlcube": 1, "ca_mlcube": 1})",
     .handler = create_object<create_ca>},
    {.path = "cas/{id}/",
     .operation = "cas_get",
     .who = kSignedInOnly,
     .subject = SubjectKind::kCa,
     .answer = Entity::kCa,
     .statuses = {200, 404},
     .sentence = "One certificate authority.",
     .handler = get_object},
    {.path = "certificates/",
     .operation = "certificates_list",
     .who = kAdminOnly,
     .answer = Entity::kCertificate,
     .shape = Shape::kPage,
     .statuses = {200, 403},
     .sentence = "Every certificate.",
     .handler = list_objects},
    {.method = "POST",
     .path = "certificates/",
     .operation = "certificates_create",
     .who = kSignedInOnly,
     .body = Entity::kCertificate,
     .answer = Entity::kCertificate,
     .statuses = {201, 400},
     .sentence = "Registers the caller's certificate; one may be valid for each authority and kind "
                 "of key.",
     .example = R"({"name": "hospital a", "ca": 1, "certificate_content_base64": "TUlJQg=="})",
     .handler = create_object<create_certificate>},
    {.path = "certificates/{id}/",
     .operation = "certificates_get",
     .who = kAdminOrOwner,
     .subject = SubjectKind::kCertificate,
     .answer = Entity::kCertificate,
     .statuses = {200, 403, 404},
     .sentence = "One certificate.",
     .handler = get_object},
    {.method = "PUT",
     .path = "certificates/{id}/",
     .operation = "certificates_update",
     .who = kAdminOrOwner,
     .subject = SubjectKind::kCertificate,
     .body = Entity::kCertificate,
     .answer = Entity::kCertificate,
     .statuses = {200, 400, 403, 404},
     .sentence = "Withdraws a certificate; nothing else of it can change.",
     .example = R"({"is_valid": false})",
     .handler = change_object<withdraw_certificate>},
    {.path = "certificates/{id}/encrypted_keys/",
     .operation = "certificates_encrypted_keys",
     .who = kAdminOrOwner,
     .subject = SubjectKind::kCertificate,
     .answer = Entity::kEncryptedKey,
     .shape = Shape::kPage,
     .filters = kKeyFilters,
     .statuses = {200, 400, 403, 404},
     .sentence = "The container keys that the certificate's holder can decrypt.",
     .handler = keys_of_certificate},
    {.path = "encrypted_keys/",
     .operation = "encrypted_keys_list",
     .who = kAdminOnly,
     .answer = Entity::kEncryptedKey,
     .shape = Shape::kPage,
     .statuses = {200, 403},
     .sentence = "Every encrypted container key.",
     .handler = list_objects},
    {.path = "encrypted_keys/{id}/",
     .operation = "encrypted_keys_get",
     .who = kAdminOrOwner,
     .subject = SubjectKind::kEncryptedKey,
     .answer = Entity::kEncryptedKey,
     .statuses = {200, 403, 404},
     .sentence = "One encrypted container key.",
     .handler = get_object},
    {.method = "POST",
     .path = "encrypted_keys/bulk/",
     .operation = "encrypted_keys_create",
     .who = kAdminOrOwner,
     .subject = SubjectKind::kContainer,
     .ids_in = IdsIn::kBodyList,
     .body = Entity::kEncryptedKey,
     .answer = Entity::kEncryptedKey,
     .shape = Shape::kList,
     .statuses = {201, 400, 403},
     .sentence = "Registers keys of containers that the caller owns, each for a certificate's "
                 "holder: all of them or none.",
     .example = R"([{"name": "model for hospital a", "certificate": 1, "container": 2,
                     "encrypted_key_base64": "c2VjcmV0"}])",
     .handler = add_keys},
    {.method = "PUT",
     .path = "encrypted_keys/bulk/",
     .operation = "encrypted_keys_update",
     .who = kAdminOrOwner,
     .subject = SubjectKind::kEncryptedKey,
     .ids_in = IdsIn::kBodyList,
     .body = Entity::kEncryptedKey,
     .shape = Shape::kOther,
     .statuses = {200, 400, 403},
     .sentence = "Withdraws keys and overwrites their values: all of them or none.",
     .example = R"([{"id": 1, "is_valid": false, "encrypted_key_base64": "withdrawn"}])",
     .handler = put_keys,
     .schema = R"({"type": "object", "required": ["detail"],
                   "properties": {"detail": {"type": "string"}}})"},
};

}  // namespace

std::span<const Endpoint> certificate_endpoints() {
  return kEndpoints;
}

}  // namespace medperf::hub
