#include "hub/services/certificates.h"

#include <set>
#include <string>

#include "domain/messages.h"
#include "domain/names.h"
#include "hub/services/steps.h"
#include "hub/store/lookups.h"
#include "hub/store/repository.h"

namespace medperf::hub {

using domain::Entity;
using domain::Record;

namespace {

constexpr std::string_view kEncryptedKey = "encrypted_key_base64";

/// A withdrawal says is_valid: false and leaves what was fixed at creation unsaid.
Status check_withdrawal(const domain::EntityTable& table, const wire::Update& update,
                        const Json& body) {
  std::vector<FieldError> errors;
  for (const auto& field : table.fields) {
    const bool fixed =
        (field.writable & domain::kOnCreate) != 0 && (field.writable & domain::kOnUpdate) == 0;
    if (fixed && body.contains(field.name)) {
      errors.push_back({std::string(field.name), "This field cannot be changed."});
    }
  }
  if (!update.has(domain::kIsValid)) {
    errors.push_back({std::string(domain::kIsValid), std::string(domain::kRequiredMessage)});
  } else if (update.record.boolean(domain::kIsValid)) {
    errors.push_back({std::string(domain::kIsValid), "It can only be withdrawn: send false."});
  }
  if (!errors.empty()) return domain::field_errors(std::move(errors));
  return {};
}

/// A key is of no use to a holder who does not see what it opens.
Status check_holder_inside(const Context& context, const Record& key, const Record& certificate) {
  if (key.is_null(domain::kClosedGroupField)) return {};
  MEDPERF_TRY(auto inside, is_inside(context.session, certificate.owner(),
                                     key.integer(domain::kClosedGroupField)));
  if (inside) return {};
  return domain::field_error("certificate",
                             "Its holder is not inside the container's closed group: invite them "
                             "there first.");
}

Result<Record> create_encrypted_key(const Context& context, const Json& body) {
  MEDPERF_TRY(auto key, accept_create(context, Entity::kEncryptedKey, body));
  MEDPERF_TRY(auto certificate, Repository(Entity::kCertificate, context.sight())
                                    .get(context.session, key.integer("certificate")));
  if (!certificate.boolean(domain::kIsValid)) {
    return domain::object_error("A key can be registered only for a valid certificate.");
  }
  MEDPERF_CHECK(check_holder_inside(context, key, certificate));
  if (key.boolean(domain::kIsValid)) {
    // Looked for before the constraint finds it, so that the other items are still checked.
    MEDPERF_TRY(auto other, find_valid_encrypted_key(context.session, context.sight(),
                                                     certificate.id(), key.integer("container")));
    if (other) {
      return explain_conflict(
          make_error(ErrorKind::kConflict, "encrypted_keys.certificate", "exists already"),
          Entity::kEncryptedKey);
    }
  }
  MEDPERF_CHECK(store_new(context, key));
  return key;
}

/// An error of one item: its fields below the item's number. Other errors end the use case.
Status add_item_errors(Error error, std::size_t item, std::vector<FieldError>& errors) {
  if (error.fields.empty()) return error;
  for (auto& field : within(std::move(error), std::to_string(item)).fields) {
    errors.push_back(std::move(field));
  }
  return {};
}

Status check_size(const Json& items) {
  if (items.items().size() <= kKeysPerRequest) return {};
  return domain::object_error("One request can carry at most " + std::to_string(kKeysPerRequest) +
                              " keys.");
}

Status withdraw_encrypted_key(const Context& context, const Json& item,
                              std::set<std::int64_t>& seen) {
  const Json* id = item.find(domain::kId);
  if (id == nullptr) return domain::field_error(domain::kId, domain::kRequiredMessage);
  if (!id->is_int()) return domain::field_error(domain::kId, domain::kIntegerMessage);
  if (!seen.insert(id->as_int()).second) {
    return domain::field_error(domain::kId, "This key is in the request twice.");
  }
  const Repository keys(Entity::kEncryptedKey, context.sight());
  MEDPERF_TRY(auto stored, keys.find(context.session, id->as_int()));
  if (!stored)
    return domain::field_error(domain::kId, domain::missing_reference_message(id->as_int()));
  MEDPERF_TRY(auto update, accept_update(context, *stored, item));
  if (!update.has(kEncryptedKey)) {
    return domain::field_error(kEncryptedKey, domain::kRequiredMessage);
  }
  MEDPERF_CHECK(check_withdrawal(stored->table(), update, item));
  // As in the contract, modified_at stays: the key is the one that was made then.
  return keys.update(context.session, update.record);
}

}  // namespace

Result<Record> create_certificate(const Context& context, const Json& body) {
  MEDPERF_TRY(auto certificate, accept_create(context, Entity::kCertificate, body));
  MEDPERF_CHECK(store_new(context, certificate));
  return certificate;
}

Result<Record> withdraw_certificate(const Context& context, std::int64_t id, const Json& body) {
  MEDPERF_TRY(auto stored,
              Repository(Entity::kCertificate, context.sight()).get(context.session, id));
  MEDPERF_TRY(auto update, accept_update(context, stored, body));
  MEDPERF_CHECK(check_withdrawal(stored.table(), update, body));
  MEDPERF_CHECK(store_changes(context, update.record));
  return std::move(update.record);
}

Result<std::vector<Record>> create_encrypted_keys(const Context& context, const Json& items) {
  MEDPERF_CHECK(check_size(items));
  std::vector<Record> keys;
  std::vector<FieldError> errors;
  for (std::size_t i = 0; i < items.items().size(); ++i) {
    auto key = create_encrypted_key(context, items.items()[i]);
    if (key.ok()) {
      keys.push_back(std::move(key).value());
    } else {
      MEDPERF_CHECK(add_item_errors(std::move(key).error(), i, errors));
    }
  }
  if (!errors.empty()) return domain::field_errors(std::move(errors));
  return keys;
}

Status withdraw_encrypted_keys(const Context& context, const Json& items) {
  MEDPERF_CHECK(check_size(items));
  std::vector<FieldError> errors;
  std::set<std::int64_t> seen;
  for (std::size_t i = 0; i < items.items().size(); ++i) {
    auto done = withdraw_encrypted_key(context, items.items()[i], seen);
    if (!done.ok()) MEDPERF_CHECK(add_item_errors(std::move(done).error(), i, errors));
  }
  if (!errors.empty()) return domain::field_errors(std::move(errors));
  return {};
}

}  // namespace medperf::hub
