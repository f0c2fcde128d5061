#include "site/doctor/doctor.h"

#include <array>

#include <fmt/format.h>
#include "base/encoding.h"
#include "cli/commands/groups.h"
#include "cli/exit_codes.h"
#include "cli/invocation.h"

namespace medperf::cli {
namespace {

std::string_view word_of(site::Health health) {
  switch (health) {
    case site::Health::kGood:
      return "ok";
    case site::Health::kInfo:
      return "info";
    case site::Health::kWarning:
      return "warning";
    case site::Health::kBad:
      return "BAD";
  }
  return "unknown";
}

Result<int> doctor(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  const std::vector<site::Examination> found = site::examine(*site);
  Json::Array all;
  bool bad = false;
  for (const site::Examination& item : found) {
    call.out().line(
        fmt::format("{:<8} {:<24} {}", word_of(item.health), item.name, printable(item.what, 400)));
    if (!item.advice.empty()) call.out().line(fmt::format("{:<33} -> {}", "", item.advice));
    all.push_back(Json::object({{"name", item.name},
                                {"health", word_of(item.health)},
                                {"what", item.what},
                                {"advice", item.advice}}));
    bad = bad || item.health == site::Health::kBad;
  }
  call.out().line(bad ? "something is wrong: see the lines marked BAD"
                      : "all that a run needs is here");
  call.out().result(Json::object({{"healthy", !bad}, {"examinations", Json(std::move(all))}}));
  return bad ? 9 : kOk;
}

}  // namespace

std::span<const Command> doctor_commands() {
  static constexpr std::array kCommands = {
      Command{"",
              "Check engines, walls, disk, clock, proxy, certificates and hub.",
              "medperf doctor",
              {},
              doctor}};
  return kCommands;
}

}  // namespace medperf::cli
