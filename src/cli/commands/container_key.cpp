#include "cli/commands/container_key.h"

#include <array>

#include <fmt/format.h>

#include "cli/commands/listing.h"
#include "cli/invocation.h"
#include "site/sealed/container_key.h"
#include "site/sealed/encrypt_archive.h"
#include "site/sealed/key_records.h"

namespace medperf::cli {
namespace {

Result<int> encrypt(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  const fs::path out = call.text("out"), key = call.text("key");
  MEDPERF_TRY(const site::EncryptedArchive done,
              site::encrypt_archive(*site, call.text("archive"), out, key));
  call.out().line(fmt::format("encrypted: {}, SHA-256 {}", out.string(), done.digest.hex()));
  call.out().line(fmt::format("{}: {}; whoever has it can read the image",
                              done.new_key ? "its new key" : "its key", key.string()));
  call.out().result(Json::object({{"file", out.string()},
                                  {"sha256", done.digest.hex()},
                                  {"image_id", done.image.prefixed()},
                                  {"key", key.string()},
                                  {"new_key", done.new_key}}));
  return 0;
}

Result<int> key(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  const ContainerId id{call.number("id")};
  const std::string file = call.text("key");
  if (call.has("remove") == !file.empty()) {
    return make_error(ErrorKind::kInvalid, "container key", "give either --key or --remove");
  }
  if (call.has("remove")) {
    MEDPERF_CHECK(site::forget_container_key(*site, id));
  } else {
    MEDPERF_CHECK(site::keep_container_key(*site, id, file));
  }
  const char* what = call.has("remove") ? "removed" : "kept";
  call.out().line(fmt::format("the key of container {} is {}", id.value, what));
  call.out().result(Json::object({{"container", id.value}, {"key", what}}));
  return 0;
}

Result<int> certificate(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  MEDPERF_TRY(const std::int64_t id,
              site::register_certificate(*site, call.number("ca"), call.text("name")));
  call.out().line(fmt::format("registered as certificate {}; its private key stays in {}", id,
                              site->workspace().certificate_key(id).string()));
  call.out().result(Json::object({{"certificate", id}}));
  return 0;
}

Result<int> grant(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  MEDPERF_TRY(const auto granted,
              site::grant_container_key(*site, ContainerId{call.number("id")},
                                        BenchmarkId{call.number("benchmark")}, call.text("key"),
                                        call.words("fingerprint")));
  Json rows = Json::array();
  for (const auto& one : granted) {
    const std::string what = !one.problem.empty() ? "gets none: " + one.problem
                             : one.already        ? "has it already"
                                                  : "granted";
    call.out().line(fmt::format("  {:<30} certificate {}: {}\n      SHA-256 {}\n      signed by {}",
                                one.owner, one.certificate, what, one.fingerprint, one.signed_by));
    rows.push(Json::object({{"certificate", one.certificate},
                            {"owner", one.owner},
                            {"fingerprint", one.fingerprint},
                            {"signed_by", one.signed_by},
                            {"granted", one.problem.empty()},
                            {"problem", one.problem}}));
  }
  if (granted.empty()) call.out().line("no owner of an approved data set has a certificate");
  call.out().result(rows);
  return 0;
}

Result<int> revoke(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  const ContainerId id{call.number("id")};
  MEDPERF_TRY(const int count, site::revoke_container_keys(*site, id));
  call.out().line(fmt::format("{} granted key(s) of container {} withdrawn", count, id.value));
  call.out().result(Json::object({{"container", id.value}, {"withdrawn", count}}));
  return 0;
}

}  // namespace

std::span<const Command> key_commands() {
  static constexpr std::array kCertificate = {
      Argument{"--ca", "ID", "Certificate authority on the hub that it is listed under.",
               ArgumentKind::kNumber, true},
      Argument{"--name", "NAME", "Whose it is, e.g. hospital@example.org.", ArgumentKind::kText,
               true}};
  static constexpr std::array kGrant = {
      kIdArgument,
      Argument{"-b,--benchmark", "ID", "Whose data owners get the key.", ArgumentKind::kNumber,
               true},
      Argument{"--key", "FILE", "The container's key.", ArgumentKind::kText, true},
      Argument{"--fingerprint", "SHA256",
               "Only for certificates with these fingerprints, whatever the hub says.",
               ArgumentKind::kWords}};
  static constexpr std::array kRevoke = {kIdArgument};
  static constexpr std::array kEncrypt = {
      Argument{"--archive", "TAR", "Image archive (podman save, or a .sif).", ArgumentKind::kText,
               true},
      Argument{"--out", "FILE", "The encrypted archive.", ArgumentKind::kText, true},
      Argument{"--key", "FILE", "Its key; made, with mode 0600, when it is not there.",
               ArgumentKind::kText, true}};
  static constexpr std::array kKey = {
      kIdArgument, Argument{"--key", "FILE", "Keep a copy of this key."},
      Argument{"--remove", "", "Remove the kept key.", ArgumentKind::kFlag}};
  static constexpr std::array kCommands = {
      Command{"encrypt", "Encrypt an image archive (GnuPG); prints the hash to register.",
              "medperf container encrypt --archive image.tar --out image.tar.gpg --key image.key",
              kEncrypt, encrypt},
      Command{"key", "Keep or remove the key of an encrypted container at this site.",
              "medperf container key 3 --key image.key", kKey, key},
      Command{"certificate", "Register a certificate of this site, for which keys are encrypted.",
              "medperf container certificate --ca 1 --name hospital@example.org", kCertificate,
              certificate},
      Command{"grant", "Encrypt a container's key for a benchmark's data owners.",
              "medperf container grant 3 --benchmark 1 --key image.key", kGrant, grant},
      Command{"revoke", "Withdraw the granted keys of a container.", "medperf container revoke 3",
              kRevoke, revoke},
  };
  return kCommands;
}

}  // namespace medperf::cli
