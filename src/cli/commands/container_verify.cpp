#include "cli/commands/container_verify.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include "cli/exit_codes.h"
#include "cli/invocation.h"

namespace medperf::cli {
namespace {

Result<site::Verification> verified(Invocation& call, site::Site& site) {
  if (call.has("id")) {
    for (const char* own : {"config", "image-hash", "signature"}) {
      if (call.has(own)) {
        return make_error(
            ErrorKind::kInvalid, std::string("--") + own,
            "is for a container that is not registered; the hub knows it of this one");
      }
    }
    return site::verify_registered(site, ContainerId{call.number("id")}, call.text("archive"),
                                   call.text("key"));
  }
  if (!call.has("archive")) {
    return make_error(
        ErrorKind::kInvalid, "container verify", "needs a number or --archive",
        "medperf container verify 3, or medperf container verify --archive image.tar");
  }
  return site::verify_own(site, {call.text("archive"), call.text("config"), call.text("image-hash"),
                                 call.text("signature"), call.text("key")});
}

Json to_json(const site::Verification& verification) {
  Json verdicts = Json::array();
  for (const site::Verdict& one : verification.verdicts) {
    verdicts.push(Json::object({{"what", one.what}, {"good", one.good}, {"text", one.text}}));
  }
  return Json::object({{"good", verification.good()},
                       {"name", verification.name},
                       {"archive", verification.archive},
                       {"image", verification.image},
                       {"verdicts", std::move(verdicts)}});
}

}  // namespace

Result<int> verify_container(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  MEDPERF_TRY(const site::Verification done, verified(call, *site));
  return show_verification(call, done);
}

Result<int> show_verification(const Invocation& call, const site::Verification& done) {
  call.out().line(fmt::format("{} {}", done.name, done.archive));
  for (const site::Verdict& one : done.verdicts)
    call.out().line(fmt::format("  {:<4} {:<14} {}", one.good ? "ok" : "NOT", one.what, one.text));
  call.out().result(to_json(done));
  const auto failed = std::find_if(done.verdicts.begin(), done.verdicts.end(),
                                   [](const site::Verdict& one) { return !one.good; });
  if (failed == done.verdicts.end()) return kOk;
  return exit_code_of(make_error(failed->kind, failed->what, failed->text));
}

std::span<const Argument> verify_arguments() {
  static constexpr std::array kArguments = {
      Argument{"id", "ID", "A registered container.", ArgumentKind::kNumber},
      Argument{"--archive", "TAR",
               "Its archive, when it came another way; or, without ID, what is checked."},
      Argument{"--config", "FILE", "Without ID: its configuration."},
      Argument{"--image-hash", "SHA256", "Without ID: what the archive must be."},
      Argument{"--signature", "FILE", "Without ID: its signature, from 'medperf container sign'."},
      Argument{"--key", "FILE",
               "Key of an encrypted archive; with ID, when it is neither kept nor granted here."},
  };
  return kArguments;
}

}  // namespace medperf::cli
