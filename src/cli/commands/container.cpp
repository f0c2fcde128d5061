#include <array>
#include <vector>

#include "cli/commands/container_author.h"
#include "cli/commands/container_key.h"
#include "cli/commands/container_report.h"
#include "cli/commands/container_verify.h"
#include "cli/commands/groups.h"
#include "cli/commands/listing.h"
#include "cli/commands/submission.h"
#include "site/flows/register.h"

namespace medperf::cli {

namespace paths = site::paths;

namespace {

Result<int> submit(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  MEDPERF_TRY(site::Registration done, site::submit_container(*site, submission_of(call)));
  return report_registration(call, "container", done.id, done.already);
}

Result<int> sign(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  MEDPERF_TRY(const site::SignedArchive done, site::sign_archive(*site, call.text("archive")));
  return write_signature(call, done, "medperf container submit");
}

Result<int> ls(Invocation& call) {
  return list_entities(call, call.has("mine") ? paths::my_containers() : paths::containers(),
                       domain::Entity::kContainer);
}

Result<int> view(Invocation& call) {
  return view_entity(call, paths::container(ContainerId{call.number("id")}));
}

Result<int> report(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  MEDPERF_TRY(site::Hub * hub, call.hub());
  MEDPERF_TRY(const site::Container container, hub->container(ContainerId{call.number("id")}));
  MEDPERF_TRY(const site::Admitted admitted, site::examine(*site, container));
  MEDPERF_TRY(const site::Policy* policy, site->policy());
  MEDPERF_TRY(const site::RunWishes* wishes, site->wishes());
  return show_report(call, site::gate_report(admitted, *policy, *wishes));
}

}  // namespace

std::span<const Command> container_commands() {
  static constexpr std::array kLs = {kMineArgument};
  static constexpr std::array kView = {kIdArgument};
  static constexpr std::array kReport = {kIdArgument, kHtmlArgument};
  static constexpr std::array kSign = {
      Argument{"--archive", "TAR", "Image archive (podman save).", ArgumentKind::kText, true},
      Argument{"--out", "FILE", "Where the signature is written.", ArgumentKind::kText, true},
  };
  static constexpr std::array kRegistration = {
      Command{"submit", "Register a container by the digest of its image archive.",
              "medperf container submit --name cxr-prepare --config container_config.yaml "
              "--archive prepare.tar --image-url https://group.example/prepare.tar --operational",
              kSubmissionArguments, submit},
      Command{"sign", "Sign an image archive with this workspace's key.",
              "medperf container sign --archive prepare.tar --out prepare.sig.json", kSign, sign},
      Command{"ls", "List containers.", "medperf container ls", kLs, ls},
      Command{"view", "Show one container.", "medperf container view 3", kView, view},
      Command{"report", "Fetch, verify and inspect a container; show what you would approve.",
              "medperf container report 3 --html report.html", kReport, report},
  };
  static const std::array kVerification = {
      Command{"verify",
              "Compare a container with its digest, signature and this site's policy; run nothing.",
              "medperf container verify 3 --archive /media/stick/model.tar", verify_arguments(),
              verify_container},
  };
  static const std::vector<Command> kAll = [] {
    std::vector<Command> all(author_commands().begin(), author_commands().end());
    all.insert(all.end(), kVerification.begin(), kVerification.end());
    all.insert(all.end(), kRegistration.begin(), kRegistration.end());
    all.insert(all.end(), key_commands().begin(), key_commands().end());
    return all;
  }();
  return kAll;
}

}  // namespace medperf::cli
