#include "cli/commands/benchmark_group.h"

#include <charconv>

#include <fmt/format.h>
#include "cli/commands/listing.h"

namespace medperf::cli {

namespace paths = site::paths;

namespace {

Result<Json> ids_of(const std::vector<std::string>& words) {
  Json ids = Json::array();
  for (const auto& word : words) {
    std::int64_t id = 0;
    const auto end = word.data() + word.size();
    const auto parsed = std::from_chars(word.data(), end, id);
    if (word.empty() || parsed.ec != std::errc() || parsed.ptr != end) {
      return make_error(ErrorKind::kInvalid, "--members", "'" + word + "' is not a user's number",
                        "give numbers separated by spaces");
    }
    ids.push(id);
  }
  return ids;
}

int show(Invocation& call, const Json& committee) {
  std::string members;
  for (const auto& id : committee.find("members")->items()) {
    members += (members.empty() ? "" : ", ") + cell_text(&id);
  }
  call.out().line(
      fmt::format("{} votes of users {} decide", committee.get_int("threshold"), members));
  call.out().result(committee);
  return 0;
}

}  // namespace

Result<int> benchmark_committee(Invocation& call) {
  MEDPERF_TRY(site::Hub * hub, call.hub());
  const auto path = paths::committee(BenchmarkId{call.number("benchmark")});
  if (call.has("dissolve")) {
    MEDPERF_CHECK(hub->remove(path));
    call.out().line("the committee is dissolved: the benchmark's owner decides");
    call.out().result(Json::object());
    return 0;
  }
  if (!call.has("members")) {
    MEDPERF_TRY(std::optional<Json> committee, hub->get_if_there(path));
    if (committee) return show(call, *committee);
    call.out().line("no committee: the benchmark's owner decides");
    call.out().result(Json());
    return 0;
  }
  if (!call.has("threshold")) {
    return make_error(ErrorKind::kInvalid, "--threshold", "how many votes decide is not said",
                      "add --threshold N");
  }
  MEDPERF_TRY(Json members, ids_of(call.words("members")));
  MEDPERF_TRY(Json committee, hub->put(path, Json::object({{"threshold", call.number("threshold")},
                                                           {"members", std::move(members)}})));
  return show(call, committee);
}

Result<int> benchmark_invite(Invocation& call) {
  if (call.has("user") == call.has("organisation")) {
    return make_error(ErrorKind::kInvalid, "benchmark invite",
                      "needs either a user or an "
                      "organisation",
                      "give --user or --organisation");
  }
  MEDPERF_TRY(site::Hub * hub, call.hub());
  const std::int64_t id = call.number("benchmark");
  MEDPERF_TRY(Json benchmark, hub->get(paths::benchmark(BenchmarkId{id})));
  const std::int64_t group = benchmark.get_int("closed_group");
  if (group == 0) {
    return make_error(ErrorKind::kInvalid, fmt::format("benchmark {}", id),
                      "is in no closed group: everybody sees it", "nobody needs an invitation");
  }
  const bool user = call.has("user");
  const std::int64_t whom = call.number(user ? "user" : "organisation");
  const std::string_view key = user ? "member" : "organisation";
  // Without a key: whoever was put out and is let in again must not get the answer to the first
  // time.
  MEDPERF_TRY(Json made,
              hub->post(paths::insiders(group), Json::object({{std::string(key), whom}}), ""));
  call.out().line(
      fmt::format("{} {} sees the benchmark from now on", user ? "user" : "organisation", whom));
  call.out().result(made);
  return 0;
}

Result<int> benchmark_close(Invocation& call) {
  MEDPERF_TRY(site::Hub * hub, call.hub());
  const std::string name = call.text("name");
  MEDPERF_TRY(Json made, hub->post(paths::closed_groups(), Json::object({{"name", name}}),
                                   "closed group " + name));
  call.out().line(fmt::format("closed group {0} made: register its objects with --closed-group {0}",
                              made.get_int("id")));
  call.out().result(made);
  return 0;
}

}  // namespace medperf::cli
