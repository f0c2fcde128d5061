#include "site/sealed/key_records.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.h"
#include "crypto/random.h"
#include "crypto/sha256.h"
#include "site/review/texts.h"

namespace medperf::site {
namespace {

constexpr int kCertificateDays = 730;

bool is_valid(const Json& row) {
  return row.get_bool("is_valid");
}

std::string owner_of(const Json& certificate) {
  const Json* owner = certificate.find("owner");
  if (owner == nullptr) return "unknown";
  if (!owner->is_object()) return fmt::format("account {}", certificate.get_int("owner"));
  const std::string mail = owner->get_string("email");
  return printable(mail.empty() ? owner->get_string("username") : mail, 100);
}

/// Reads a certificate's row; what is wrong with it is its holder's problem alone.
Result<crypto::CertificateKey> key_of(const Json& row) {
  MEDPERF_TRY(const std::string pem, from_base64(row.get_string("certificate_content_base64")));
  return crypto::CertificateKey::from_pem(pem);
}

std::string words_of(const crypto::CertificateSigner& signer) {
  using Kind = crypto::CertificateSigner::Kind;
  if (signer.kind == Kind::kItself) return "itself";
  if (signer.kind == Kind::kAuthority)
    return fmt::format("'{}', SHA-256 {}", signer.name, signer.fingerprint);
  return fmt::format("nobody whose certificate is here (it names '{}')", signer.name);
}

/// Fingerprints as openssl and others print them, in one form.
Result<std::set<std::string>> plain_fingerprints(const std::vector<std::string>& given) {
  std::set<std::string> out;
  for (const std::string& text : given) {
    std::string hex;
    for (const char c : text) {
      if (c != ':') hex += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    auto digest = FileDigest::parse(hex);
    if (!digest.ok()) {
      return make_error(ErrorKind::kInvalid, "--fingerprint " + printable(text, 100),
                        "this is no SHA-256 fingerprint: 64 hexadecimal digits, colons allowed",
                        "openssl x509 -noout -fingerprint -sha256 -in certificate.pem shows it");
    }
    out.insert(digest->hex());
  }
  return out;
}

/// Each fingerprint must be some certificate's: a typing error must not look like a grant.
Status check_all_found(const std::set<std::string>& wanted, const std::vector<Granted>& rows) {
  for (const std::string& one : wanted) {
    if (std::any_of(rows.begin(), rows.end(),
                    [&](const Granted& row) { return row.fingerprint == one; }))
      continue;
    return make_error(ErrorKind::kNotFound, "--fingerprint " + one,
                      "no data owner of this benchmark has that certificate; nothing was sent",
                      "compare it with its owner by another way than the hub");
  }
  return {};
}

Json record_for(std::int64_t certificate, ContainerId container, const std::string& sealed) {
  return Json::object({{"name", fmt::format("container {} for certificate {}, {}", container.value,
                                            certificate, crypto::random_hex(4))},
                       {"certificate", certificate},
                       {"container", container.value},
                       {"encrypted_key_base64", to_base64(sealed)}});
}

std::string lines_of(const std::vector<Granted>& granted) {
  std::string out;
  for (const Granted& one : granted) {
    out +=
        fmt::format("  {:<30} certificate {}{}\n      SHA-256 {}\n      signed by {}\n", one.owner,
                    one.certificate,
                    one.already ? " (has it already)"
                                : (one.problem.empty() ? "" : " (gets none: " + one.problem + ")"),
                    one.fingerprint, one.signed_by);
  }
  return out;
}

/// Valid keys of this container that the caller has granted.
Result<std::vector<Json>> granted_before(Hub& hub, ContainerId container) {
  MEDPERF_TRY(std::vector<Json> rows, hub.list(paths::my_container_keys()));
  std::erase_if(rows, [&](const Json& row) {
    return !is_valid(row) || row.get_int("container") != container.value;
  });
  return rows;
}

}  // namespace

Result<std::int64_t> register_certificate(Site& site, std::int64_t authority,
                                          const std::string& name) {
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(const auto key, crypto::PrivateKey::generate());
  MEDPERF_TRY(const std::string pem, key.self_signed(name, kCertificateDays));
  // Kept before it is certified: a certificate whose key is lost is worth nothing.
  const fs::path folder = site.workspace().certificate_key(0).parent_path();
  MEDPERF_CHECK(make_private_folder(folder));
  const fs::path kept = folder / ("new-" + crypto::random_hex(4) + ".key");
  MEDPERF_CHECK(key.save_new(kept));
  const Json body = Json::object({{"name", name},
                                  {"ca", authority},
                                  {"certificate_content_base64", to_base64(pem)},
                                  {"key_type", "RSA"}});
  auto answer = hub->post(paths::certificates(), body, crypto::sha256_hex(to_canonical(body)));
  std::error_code failure;
  if (!answer.ok()) {
    fs::remove(kept, failure);
    return std::move(answer).error();
  }
  const std::int64_t id = answer->get_int("id");
  fs::rename(kept, site.workspace().certificate_key(id), failure);
  if (failure) {
    return make_error(ErrorKind::kUnavailable, kept.string(),
                      "the private key cannot be put in place: " + failure.message(),
                      fmt::format("move it to {}", site.workspace().certificate_key(id).string()));
  }
  MEDPERF_CHECK(site.record("upload", Json::object({{"what", "certificate"}, {"id", id}})));
  return id;
}

Result<std::vector<Granted>> grant_container_key(Site& site, ContainerId container,
                                                 BenchmarkId benchmark, const fs::path& key,
                                                 const std::vector<std::string>& fingerprints) {
  MEDPERF_TRY(const auto wanted, plain_fingerprints(fingerprints));
  MEDPERF_TRY(std::string text, crypto::read_key_file(key));
  const crypto::Secret secret(std::move(text));
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(const auto certificates, hub->list(paths::benchmark_certificates(benchmark)));
  MEDPERF_TRY(const auto before, granted_before(*hub, container));
  std::vector<Granted> out;
  Json records = Json::array();
  for (const Json& row : certificates) {
    Granted one;
    one.certificate = row.get_int("id");
    one.owner = owner_of(row);
    one.already = std::any_of(before.begin(), before.end(), [&](const Json& had) {
      return had.get_int("certificate") == one.certificate;
    });
    auto holder = key_of(row);
    if (holder.ok()) {
      one.fingerprint = holder->fingerprint();
      one.signed_by = words_of(holder->signer());
    }
    const bool named = wanted.empty() || wanted.count(one.fingerprint) > 0;
    auto sealed = holder.ok() ? holder->encrypt(secret) : Result<std::string>(holder.error());
    if (!sealed.ok()) one.problem = sealed.error().what;
    if (!named) one.problem = "its fingerprint was not named";
    if (one.problem.empty() && !one.already)
      records.push(record_for(one.certificate, container, *sealed));
    out.push_back(std::move(one));
  }
  MEDPERF_CHECK(check_all_found(wanted, out));
  if (records.items().empty()) return out;
  const Question question{
      fmt::format("Give the key of container {} to data owners", container.value),
      lines_of(out) +
          "\nWhoever has the key can read the image. The hub says whose certificates these are: "
          "compare fingerprints with their owners by another way, and name them (--fingerprint) to "
          "be held to them.",
      "Encrypt it for them and send it to " + hub->url() + "?"};
  if (site.ask(question) != Answer::kYes)
    return make_error(ErrorKind::kRefused, "container grant", "declined; nothing was sent");
  MEDPERF_CHECK(
      hub->post(paths::container_keys(), records, crypto::sha256_hex(to_canonical(records))));
  MEDPERF_CHECK(site.record("upload", Json::object({{"what", "container keys"},
                                                    {"container", container.value},
                                                    {"records", records.items().size()}})));
  return out;
}

Result<int> revoke_container_keys(Site& site, ContainerId container) {
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(const auto rows, granted_before(*hub, container));
  Json changes = Json::array();
  for (const Json& row : rows) {
    MEDPERF_TRY(const std::string sealed, from_base64(row.get_string("encrypted_key_base64")));
    changes.push(Json::object({{"id", row.get_int("id")},
                               {"is_valid", false},
                               {"encrypted_key_base64", crypto::sha256_hex(sealed)}}));
  }
  if (rows.empty()) return 0;
  MEDPERF_CHECK(hub->put(paths::container_keys(), changes));
  MEDPERF_CHECK(site.record("upload", Json::object({{"what", "container keys withdrawn"},
                                                    {"container", container.value},
                                                    {"records", rows.size()}})));
  return static_cast<int>(rows.size());
}

Result<crypto::Secret> granted_key(Site& site, ContainerId container) {
  // A site without a certificate asks the hub nothing.
  const fs::path folder = site.workspace().certificate_key(0).parent_path();
  std::error_code none;
  if (!fs::exists(folder, none)) return crypto::Secret();
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(const auto certificates, hub->list(paths::my_certificates()));
  for (const Json& certificate : certificates) {
    const std::int64_t id = certificate.get_int("id");
    const fs::path file = site.workspace().certificate_key(id);
    if (!is_valid(certificate) || !fs::exists(file, none)) continue;
    MEDPERF_TRY(const auto rows, hub->list(paths::certificate_keys(id)));
    for (const Json& row : rows) {
      if (!is_valid(row) || row.get_int("container") != container.value) continue;
      MEDPERF_TRY(const auto key, crypto::PrivateKey::load(file));
      MEDPERF_TRY(const std::string sealed, from_base64(row.get_string("encrypted_key_base64")));
      return key.decrypt(sealed);
    }
  }
  return crypto::Secret();
}

}  // namespace medperf::site
