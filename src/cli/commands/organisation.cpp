#include <array>

#include <fmt/format.h>
#include "cli/commands/groups.h"
#include "cli/commands/listing.h"
#include "cli/exit_codes.h"
#include "domain/names.h"

namespace medperf::cli {

namespace paths = site::paths;

namespace {

Result<std::int64_t> own_id(site::Hub& hub) {
  MEDPERF_TRY(Json me, hub.get(paths::me()));
  return me.get_int("id");
}

Result<int> done(Invocation& call, const Json& answer, std::string_view line) {
  call.out().line(line);
  call.out().result(answer);
  return 0;
}

Result<int> found(Invocation& call) {
  MEDPERF_TRY(site::Hub * hub, call.hub());
  const std::string name = call.text("name");
  MEDPERF_TRY(Json made,
              hub->post(paths::organisations(),
                        Json::object({{"name", name}, {"description", call.text("description")}}),
                        "organisation " + name));
  return done(call, made, fmt::format("organisation {} founded", made.get_int("id")));
}

Result<int> ls(Invocation& call) {
  if (call.has("mine")) {
    return list_entities(call, paths::my_memberships(), domain::Entity::kMembership, "member");
  }
  return list_entities(call, paths::organisations(), domain::Entity::kOrganisation);
}

Result<int> members(Invocation& call) {
  return list_entities(call, paths::members(call.number("id")), domain::Entity::kMembership,
                       domain::kOrganisationField);
}

Result<int> invite(Invocation& call) {
  MEDPERF_TRY(site::Hub * hub, call.hub());
  const std::int64_t id = call.number("id");
  const std::int64_t user = call.number("user");
  // Without a key: whom one invites anew, after they left, must not get the answer to the first
  // time.
  MEDPERF_TRY(
      Json made,
      hub->post(paths::members(id),
                Json::object({{"member", user}, {"role", call.has("owner") ? "OWNER" : "MEMBER"}}),
                ""));
  return done(call, made, fmt::format("user {} is invited", user));
}

/// Writes the caller's own membership.
Result<int> change_own(Invocation& call, const Json& change, std::string_view line) {
  MEDPERF_TRY(site::Hub * hub, call.hub());
  MEDPERF_TRY(std::int64_t me, own_id(*hub));
  MEDPERF_TRY(Json changed, hub->put(paths::member(call.number("id"), me), change));
  return done(call, changed, line);
}

Result<int> accept(Invocation& call) {
  return change_own(call, Json::object({{"status", "ACCEPTED"}}),
                    "you are a member: you act for what belongs to the organisation");
}
Result<int> use(Invocation& call) {
  return change_own(call, Json::object({{"active", true}}),
                    "what you register from now on belongs to the organisation");
}
Result<int> unuse(Invocation& call) {
  return change_own(call, Json::object({{"active", false}}),
                    "what you register from now on is your own");
}

Result<int> remove(Invocation& call) {
  MEDPERF_TRY(site::Hub * hub, call.hub());
  const std::int64_t user = call.number("user");
  MEDPERF_CHECK(hub->remove(paths::member(call.number("id"), user)));
  return done(call, Json::object({{"removed", user}}), fmt::format("user {} is removed", user));
}

Result<int> leave(Invocation& call) {
  MEDPERF_TRY(site::Hub * hub, call.hub());
  MEDPERF_TRY(std::int64_t me, own_id(*hub));
  MEDPERF_CHECK(hub->remove(paths::member(call.number("id"), me)));
  return done(call, Json::object({{"removed", me}}), "you have left the organisation");
}

// What can be given, each by its key of the request.
constexpr std::array kGivable = {
    Argument{"--benchmark", "ID", "A benchmark of yours.", ArgumentKind::kNumber, false},
    Argument{"--dataset", "ID", "A dataset of yours; its results go along.", ArgumentKind::kNumber,
             false},
    Argument{"--model", "ID", "A model of yours; what it wraps goes along.", ArgumentKind::kNumber,
             false},
    Argument{"--container", "ID", "A container of yours that is no model.", ArgumentKind::kNumber,
             false}};

Result<int> give(Invocation& call) {
  Json body = Json::object();
  for (const Argument& argument : kGivable) {
    const std::string_view kind = argument.name();
    if (call.has(kind)) body.set(std::string(kind), call.number(kind));
  }
  if (body.members().size() != 1) {
    return make_error(ErrorKind::kInvalid, "organisation give", "one object is to be named",
                      "Give one of --benchmark, --dataset, --model, --container.");
  }
  const std::int64_t id = call.number("id");
  MEDPERF_TRY(site::Hub * hub, call.hub());
  MEDPERF_TRY(site::Site * site, call.site());
  const auto& [kind, object] = body.members().front();
  const auto answer = site->ask(
      {fmt::format("Give {} {} to organisation {}", kind, object.as_int(), id),
       "Every member will have the rights to it that you have now, and you only as long as you "
       "are a member. What is part of it and its results go along. It does not come back.",
       "Give it away?"});
  if (answer == site::Answer::kLater || answer == site::Answer::kUnanswered) {
    return kWaitingForPerson;
  }
  if (answer == site::Answer::kNo) return done(call, Json::object({{"given", false}}), "not given");
  MEDPERF_TRY(Json given,
              hub->post(paths::organisation_objects(id), body,
                        fmt::format("organisation {} gets {} {}", id, kind, object.as_int())));
  return done(call, given, fmt::format("it belongs to organisation {} now", id));
}

constexpr Argument kUser = {"--user", "ID", "The user's number on the hub.", ArgumentKind::kNumber,
                            true};
constexpr std::array kFound = {
    Argument{"--name", "NAME", "Its name.", ArgumentKind::kText, true},
    Argument{"--description", "TEXT", "What it is.", ArgumentKind::kText, false},
};
constexpr std::array kGive = {kIdArgument, kGivable[0], kGivable[1], kGivable[2], kGivable[3]};
constexpr std::array kOne = {kIdArgument};
constexpr std::array kInvite = {
    kIdArgument, kUser,
    Argument{"--owner", "", "As one who invites and removes others.", ArgumentKind::kFlag, false}};
constexpr std::array kRemove = {kIdArgument, kUser};
constexpr std::array kLs = {
    Argument{"--mine", "", "Those you belong to or are invited to.", ArgumentKind::kFlag, false}};

}  // namespace

std::span<const Command> organisation_commands() {
  static constexpr std::array kCommands = {
      Command{"found", "Found an organisation.",
              "medperf organisation found --name 'University Hospital A'", kFound, found},
      Command{"ls", "List organisations.", "medperf organisation ls --mine", kLs, ls},
      Command{"members", "List its members.", "medperf organisation members 1", kOne, members},
      Command{"invite", "Invite a user.", "medperf organisation invite 1 --user 5", kInvite,
              invite},
      Command{"accept", "Accept an invitation.", "medperf organisation accept 1", kOne, accept},
      Command{"use", "Register in its name from now on.", "medperf organisation use 1", kOne, use},
      Command{"unuse", "Register in your own name again.", "medperf organisation unuse 1", kOne,
              unuse},
      Command{"give", "Make an object of yours the organisation's; it does not come back.",
              "medperf organisation give 1 --dataset 3", kGive, give},
      Command{"remove", "Remove a member or an invitation.",
              "medperf organisation remove 1 --user 5", kRemove, remove},
      Command{"leave", "Leave an organisation, or decline its invitation.",
              "medperf organisation leave 1", kOne, leave},
  };
  return kCommands;
}

}  // namespace medperf::cli
