#include <array>

#include "cli/commands/groups.h"
#include "cli/invocation.h"
#include "site/policy/policy.h"

namespace medperf::cli {
namespace {

Result<int> init(Invocation& call) {
  if (call.has("print")) {
    call.out().line(site::default_policy());
    return 0;
  }
  MEDPERF_TRY(site::Site * site, call.site());
  const fs::path file = site->workspace().policy_file();
  const bool there = fs::exists(file);
  if (!there) {
    MEDPERF_CHECK(write_file_atomically(file, site::default_policy()));
    MEDPERF_TRY(site::Policy policy, site::load_policy(file));
    MEDPERF_CHECK(site->record("policy", Json::object({{"written", policy.digest.hex()}})));
  }
  call.out().line((there ? "there is already " : "wrote the default policy to ") + file.string() +
                  (there ? "" : "; read it and change what does not suit this site"));
  call.out().result(Json::object({{"file", file.string()}, {"already", there}}));
  return 0;
}

Result<int> show(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  const fs::path file = site->workspace().policy_file();
  MEDPERF_TRY(site::Policy policy, site::load_policy(file));
  MEDPERF_TRY(std::string text, read_file(file, mebibytes(1)));
  call.out().line(text);
  call.out().line("# digest, as in statements: " + policy.digest.prefixed());
  call.out().result(Json::object({{"file", file.string()}, {"digest", policy.digest.hex()}}));
  return 0;
}

constexpr std::array kInit = {Argument{"--print", "", "Print the default policy, write nothing.",
                                       ArgumentKind::kFlag, false}};

}  // namespace

std::span<const Command> policy_commands() {
  static constexpr std::array kCommands = {
      Command{"init", "Write the default policy; without one nothing runs.", "medperf policy init",
              kInit, init},
      Command{"show", "Show and check the policy.", "medperf policy show", {}, show},
  };
  return kCommands;
}

}  // namespace medperf::cli
