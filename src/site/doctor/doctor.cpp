#include "site/doctor/doctor.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "net/http_date.h"

namespace medperf::site {
namespace {

constexpr std::uint64_t kLittleDisk = 2ULL << 30;
constexpr double kMuchSkew = 30.0;  ///< seconds; what token checks allow

Examination from_error(std::string name, const Error& error) {
  return {std::move(name), Health::kBad,
          error.where.empty() ? error.what : error.where + ": " + error.what, error.advice};
}

void examine_policy(Site& site, std::vector<Examination>& out) {
  auto policy = site.policy();
  if (!policy.ok()) {
    out.push_back(from_error("policy", policy.error()));
    return;
  }
  out.push_back({"policy", Health::kGood,
                 fmt::format("{}, {} walls required", site.workspace().policy_file().string(),
                             (*policy)->required_walls.size()),
                 ""});
}

void examine_engine(Site& site, std::vector<Examination>& out) {
  for (Examination& item : examine_engines(site.engines(), site.options().text("engine.kind")))
    out.push_back(std::move(item));
  auto engine = site.engine();
  if (!engine.ok()) {
    out.push_back(from_error("engine", engine.error()));
    return;
  }
  out.push_back({"engine", Health::kGood, (*engine)->description(), ""});
  auto report = site.walls(true);
  if (!report.ok()) {
    out.push_back(from_error("walls", report.error()));
    return;
  }
  for (const engine::Wall& wall : report->walls) {
    out.push_back({"wall " + wall.name, wall.stands ? Health::kGood : Health::kBad,
                   wall.stands ? wall.proof : wall.reason, wall.stands ? "" : wall.advice});
  }
}

void examine_disk(Site& site, std::vector<Examination>& out) {
  auto free = free_space(site.workspace().root());
  if (!free.ok()) {
    out.push_back(from_error("disk", free.error()));
    return;
  }
  const bool little = free->value < kLittleDisk;
  out.push_back(
      {"disk", little ? Health::kWarning : Health::kGood,
       fmt::format("{} free at {}", medperf::to_string(*free), site.workspace().root().string()),
       little ? "images and data need more: free space or move the workspace" : ""});
}

void examine_files(Site& site, std::vector<Examination>& out) {
  const std::string ca = site.options().text("hub.ca_file");
  if (ca.empty()) {
    out.push_back({"certificates", Health::kGood, "the system's authorities are trusted", ""});
  } else if (auto text = read_file(ca, mebibytes(4)); !text.ok()) {
    out.push_back(from_error("certificates", text.error()));
  } else {
    const bool pem = text->find("-----BEGIN CERTIFICATE-----") != std::string::npos;
    out.push_back({"certificates", pem ? Health::kGood : Health::kBad,
                   ca + (pem ? " is trusted" : " holds no certificate"),
                   pem ? "" : "give a PEM file as hub.ca_file"});
  }
  const std::string proxy = site.options().text("http.proxy");
  out.push_back({"proxy", Health::kGood, proxy.empty() ? "none" : proxy, ""});
  const bool key = fs::exists(site.workspace().key_file());
  out.push_back({"signing key", key ? Health::kGood : Health::kWarning,
                 key ? site.workspace().key_file().string() : "there is none yet",
                 key ? "" : "'medperf auth login' makes and registers it"});
}

void examine_clock(Site& site, const net::Reply& reply, std::vector<Examination>& out) {
  auto date = reply.headers.find("date");
  auto hub_time = net::parse_http_date(date == reply.headers.end() ? "" : date->second);
  if (!hub_time.ok()) {
    out.push_back({"clock", Health::kWarning, "the hub did not tell the time",
                   "compare this computer's clock by hand"});
    return;
  }
  const double skew =
      std::abs(static_cast<double>(site.clock().now().microseconds - hub_time->microseconds) / 1e6);
  const bool much = skew > kMuchSkew;
  out.push_back(
      {"clock", much ? Health::kBad : Health::kGood,
       fmt::format("{:.0f} s apart from the hub's", skew),
       much ? "set this computer's clock, e.g. by NTP: sign-ins and records depend on it" : ""});
}

void examine_hub(Site& site, std::vector<Examination>& out) {
  Hub& hub = site.hub_unsigned();
  auto reply = hub.get_plain(paths::version());
  if (!reply.ok()) {
    out.push_back(from_error("hub", reply.error()));
    return;
  }
  const bool good = reply->status == 200;
  out.push_back({"hub", good ? Health::kGood : Health::kBad,
                 fmt::format("{} answers with status {}", hub.url(), reply->status),
                 good ? "" : "check hub.url"});
  examine_clock(site, *reply, out);
  auto signed_in = site.hub();
  if (!signed_in.ok()) {
    Examination missing = from_error("sign-in", signed_in.error());
    missing.health = Health::kWarning;
    out.push_back(std::move(missing));
    return;
  }
  auto me = (*signed_in)->get(paths::me());
  if (!me.ok()) {
    out.push_back(from_error("sign-in", me.error()));
    return;
  }
  out.push_back({"sign-in", Health::kGood, "as " + me->get_string("username"), ""});
}

}  // namespace

std::vector<Examination> examine_engines(const std::vector<engine::Candidate>& found,
                                         std::string_view wanted) {
  std::vector<Examination> out;
  bool chosen = false;
  for (const engine::Candidate& candidate : found) {
    const std::string name(engine::to_string(candidate.kind));
    const bool named = wanted == name;
    const bool this_one = !chosen && (named || (wanted == "auto" && candidate.usable));
    chosen = chosen || this_one;
    Examination item{"engine " + name, Health::kInfo, candidate.about, ""};
    if (this_one) {
      item.health = candidate.usable ? Health::kGood : Health::kBad;
      item.what +=
          named ? "; chosen: engine.kind names it" : "; chosen: the first that can be used";
      if (!candidate.usable) item.advice = "mend it, or set engine.kind to auto";
    } else if (candidate.usable) {
      item.what += "; not chosen, can be used (engine.kind: " + name + ")";
    }
    out.push_back(std::move(item));
  }
  return out;
}

std::vector<Examination> examine(Site& site) {
  std::vector<Examination> out;
  examine_policy(site, out);
  examine_engine(site, out);
  examine_disk(site, out);
  examine_files(site, out);
  examine_hub(site, out);
  return out;
}

}  // namespace medperf::site
