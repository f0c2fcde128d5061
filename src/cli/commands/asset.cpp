// Models' files: what a model of type ASSET wraps. They are registered with their model.

#include <array>

#include <fmt/format.h>

#include "cli/commands/container_verify.h"
#include "cli/commands/groups.h"
#include "cli/commands/listing.h"
#include "cli/commands/submission.h"
#include "site/flows/verify_container.h"

namespace medperf::cli {

namespace paths = site::paths;

namespace {

Result<int> ls(Invocation& call) {
  return list_entities(call, call.has("mine") ? paths::my_assets() : paths::assets(),
                       domain::Entity::kAsset);
}

Result<int> view(Invocation& call) {
  return view_entity(call, paths::asset(AssetId{call.number("id")}));
}

Result<int> sign(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  MEDPERF_TRY(const site::SignedArchive done, site::sign_files_archive(*site, call.text("files")));
  return write_signature(call, done, "medperf model submit_files");
}

Result<int> verify(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  MEDPERF_TRY(const site::Verification done,
              site::verify_files(*site, AssetId{call.number("id")}, call.text("archive")));
  return show_verification(call, done);
}

}  // namespace

std::span<const Command> asset_commands() {
  static constexpr std::array kLs = {kMineArgument};
  static constexpr std::array kView = {kIdArgument};
  static constexpr std::array kSign = {
      Argument{"--files", "TAR", "Archive (tar, tar.gz) of the files.", ArgumentKind::kText, true},
      Argument{"--out", "FILE", "Where the signature is written.", ArgumentKind::kText, true},
  };
  static constexpr std::array kVerify = {
      kIdArgument,
      Argument{"--archive", "TAR",
               "Its archive, when it came another way; it is kept if it is the registered one."}};
  static constexpr std::array kCommands = {
      Command{"sign", "Sign an archive of a model's files with this workspace's key.",
              "medperf asset sign --files resnet.tar.gz --out resnet.sig.json", kSign, sign},
      Command{"verify",
              "Compare a model's files with their digest, signature and this site's policy.",
              "medperf asset verify 4 --archive /media/stick/resnet.tar.gz", kVerify, verify},
      Command{"ls", "List models' files.", "medperf asset ls", kLs, ls},
      Command{"view", "Show one model's files.", "medperf asset view 4", kView, view},
  };
  return kCommands;
}

}  // namespace medperf::cli
