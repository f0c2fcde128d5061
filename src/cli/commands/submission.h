#pragma once
// What containers and models are registered with: arguments and signatures.

#include <array>
#include <string_view>

#include <fmt/format.h>

#include "cli/commands/listing.h"
#include "site/flows/register.h"

namespace medperf::cli {

inline constexpr std::array kSubmissionArguments = {
    Argument{"--name", "NAME", "Name on the hub.", ArgumentKind::kText, true},
    Argument{"--config", "FILE", "Container configuration, either format.", ArgumentKind::kText,
             true},
    Argument{"--archive", "TAR", "Image archive (podman save); read here, not sent.",
             ArgumentKind::kText, true},
    Argument{"--image-url", "URL", "Where you serve that archive.", ArgumentKind::kText, true},
    Argument{"--key", "FILE", "Key of an encrypted archive; read here, not sent."},
    Argument{"--signature", "FILE", "Signature of that archive, from 'medperf container sign'.",
             ArgumentKind::kText, false},
    Argument{"--parameters", "FILE", "Parameters (YAML).", ArgumentKind::kText, false},
    Argument{"--additional-files-url", "URL", "Where you serve additional files (tar.gz).",
             ArgumentKind::kText, false},
    Argument{"--additional-files", "TAR", "Local copy of the additional files, for the digest.",
             ArgumentKind::kText, false},
    Argument{"--operational", "", "Freeze it at once (state OPERATION).", ArgumentKind::kFlag,
             false},
    kClosedGroupArgument,
};

inline site::ContainerSubmission submission_of(const Invocation& call) {
  site::ContainerSubmission out;
  out.name = call.text("name");
  out.config = call.text("config");
  out.archive = call.text("archive");
  out.image_url = call.text("image-url");
  out.key = call.text("key");
  out.signature = call.text("signature");
  out.parameters = call.text("parameters");
  out.additional_url = call.text("additional-files-url");
  out.additional_archive = call.text("additional-files");
  out.operational = call.has("operational");
  out.closed_group = closed_group_of(call);
  return out;
}

/// Writes what was signed, and says what to do with it and with the public key.
inline Result<int> write_signature(Invocation& call, const site::SignedArchive& done,
                                   std::string_view registered_by) {
  const fs::path out = call.text("out");
  MEDPERF_CHECK(write_file_atomically(out, to_text(done.envelope) + "\n"));
  call.out().line(fmt::format("signed: {}, for '{} --signature'", out.string(), registered_by));
  call.out().line("your public key, for hospitals' policies: ed25519: " + done.public_key);
  call.out().result(Json::object({{"file", out.string()}, {"ed25519", done.public_key}}));
  return 0;
}

}  // namespace medperf::cli
