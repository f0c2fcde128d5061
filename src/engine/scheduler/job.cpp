#include "engine/scheduler/job.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/encoding.h"

namespace medperf::engine {
namespace {

fs::path moved(const fs::path& path, const fs::path& from, const fs::path& to) {
  const auto [rest, end] = std::mismatch(path.begin(), path.end(), from.begin(), from.end());
  if (end != from.end()) return path;
  fs::path out = to;
  for (auto part = rest; part != path.end(); ++part) out /= *part;
  return out;
}

/// Reads members of one document and remembers the first that is missing or of another type.
class Members {
 public:
  explicit Members(const Json& document) : document_(document) {}
  std::string text(std::string_view key) {
    const Json* value = at(key);
    if (value == nullptr || !value->is_string()) return note(key), std::string();
    return value->as_string();
  }
  double number(std::string_view key) {
    const Json* value = at(key);
    if (value == nullptr || !value->is_number()) return note(key), 0.0;
    return value->as_double();
  }
  std::int64_t integer(std::string_view key) {
    const Json* value = at(key);
    if (value == nullptr || !value->is_int()) return note(key), 0;
    return value->as_int();
  }
  Bytes bytes(std::string_view key) {
    return {static_cast<std::uint64_t>(std::max<std::int64_t>(0, integer(key)))};
  }
  bool boolean(std::string_view key) {
    const Json* value = at(key);
    if (value == nullptr || !value->is_bool()) return note(key), false;
    return value->as_bool();
  }
  const Json& object(std::string_view key) {
    static const Json kNone = Json::object();
    const Json* value = at(key);
    if (value == nullptr || !value->is_object()) return note(key), kNone;
    return *value;
  }
  const Json::Array& list(std::string_view key) {
    static const Json::Array kNone;
    const Json* value = at(key);
    if (value == nullptr || !value->is_array()) return note(key), kNone;
    return value->items();
  }
  Status finish(std::string_view of) const {
    if (missing_.empty()) return {};
    return make_error(ErrorKind::kCorrupt, std::string(of),
                      "the document lacks '" + missing_ + "', or it is of another type");
  }

 private:
  const Json* at(std::string_view key) const { return document_.find(key); }
  void note(std::string_view key) {
    if (missing_.empty()) missing_ = key;
  }
  const Json& document_;
  std::string missing_;
};

Json strings(const std::vector<std::string>& list) {
  return Json(Json::Array(list.begin(), list.end()));
}

std::vector<std::string> strings_from(const Json::Array& list) {
  std::vector<std::string> out;
  for (const Json& item : list) out.push_back(item.is_string() ? item.as_string() : "");
  return out;
}

Json to_json(const Limits& limits) {
  return Json::object({{"memory", static_cast<std::int64_t>(limits.memory.value)},
                       {"pids", limits.pids},
                       {"cpus", limits.cpus},
                       {"wall_seconds", limits.wall.count()},
                       {"temporary", static_cast<std::int64_t>(limits.temporary.value)},
                       {"output", static_cast<std::int64_t>(limits.output.value)}});
}

Json to_json(const RunSpec& spec) {
  Json::Array mounts;
  for (const Mount& mount : spec.mounts) {
    mounts.push_back(Json::object({{"host", mount.host.native()},
                                   {"container", mount.container},
                                   {"writable", mount.writable}}));
  }
  Json environment = Json::object();
  for (const auto& [name, value] : spec.environment) environment.set(name, value);
  return Json::object({{"image", spec.image.hex()},
                       {"entrypoint", spec.entrypoint ? Json(*spec.entrypoint) : Json()},
                       {"command", strings(spec.command)},
                       {"environment", std::move(environment)},
                       {"mounts", Json(std::move(mounts))},
                       {"limits", to_json(spec.limits)},
                       {"gpus", spec.gpus},
                       {"shm_size", spec.shm_size},
                       {"lease", spec.lease},
                       {"name", spec.name},
                       {"log_file", spec.log_file.native()}});
}

Result<Limits> limits_from(const Json& document) {
  Members members(document);
  Limits out;
  out.memory = members.bytes("memory");
  out.pids = static_cast<int>(members.integer("pids"));
  out.cpus = members.number("cpus");
  out.wall = Seconds(members.number("wall_seconds"));
  out.temporary = members.bytes("temporary");
  out.output = members.bytes("output");
  MEDPERF_CHECK(members.finish("limits"));
  return out;
}

Result<RunSpec> spec_from(const Json& document) {
  Members members(document);
  RunSpec out;
  MEDPERF_TRY(out.image, ImageId::parse(members.text("image")));
  if (const Json* entrypoint = document.find("entrypoint");
      entrypoint != nullptr && entrypoint->is_string()) {
    out.entrypoint = entrypoint->as_string();
  }
  out.command = strings_from(members.list("command"));
  for (const auto& [name, value] : members.object("environment").members()) {
    out.environment[name] = value.is_string() ? value.as_string() : "";
  }
  for (const Json& mount : members.list("mounts")) {
    out.mounts.push_back(
        {mount.get_string("host"), mount.get_string("container"), mount.get_bool("writable")});
  }
  MEDPERF_TRY(out.limits, limits_from(members.object("limits")));
  out.gpus = members.text("gpus");
  out.shm_size = members.text("shm_size");
  out.lease = members.text("lease");
  out.name = members.text("name");
  out.log_file = members.text("log_file");
  MEDPERF_CHECK(members.finish("spec"));
  return out;
}

constexpr std::array kEnds = {RunEnd::kSuccess,     RunEnd::kFailed, RunEnd::kTimedOut,
                              RunEnd::kOutOfMemory, RunEnd::kKilled, RunEnd::kInterrupted};
constexpr std::array kKinds = {ErrorKind::kInvalid,  ErrorKind::kNotFound, ErrorKind::kConflict,
                               ErrorKind::kTooLarge, ErrorKind::kBusy,     ErrorKind::kTimedOut,
                               ErrorKind::kCorrupt,  ErrorKind::kRefused,  ErrorKind::kInterrupted,
                               ErrorKind::kBug};

Result<RunOutcome> outcome_from(const Json& document) {
  Members members(document);
  RunOutcome out;
  const std::string end = members.text("end");
  const auto found = std::find_if(kEnds.begin(), kEnds.end(),
                                  [&](RunEnd known) { return to_string(known) == end; });
  if (found == kEnds.end()) {
    return make_error(ErrorKind::kCorrupt, "outcome", "the run ended in an unknown way");
  }
  out.end = *found;
  out.exit_code = static_cast<int>(members.integer("exit_code"));
  out.reason = members.text("reason");
  out.wall = Seconds(members.number("wall_seconds"));
  out.peak_memory = members.bytes("peak_memory");
  out.log_tail = members.text("log_tail");
  MEDPERF_CHECK(members.finish("outcome"));
  return out;
}

Error error_from(const Json& document) {
  ErrorKind kind = ErrorKind::kUnavailable;
  for (const ErrorKind known : kKinds) {
    if (to_string(known) == document.get_string("kind")) kind = known;
  }
  return make_error(kind, document.get_string("where"), document.get_string("what"),
                    document.get_string("advice"), document.get_string("cause"));
}

}  // namespace

Wish wish_of(const RunSpec& spec) {
  Wish out{spec.limits.cpus, spec.limits.memory, 0};
  if (spec.gpus == "all") {
    out.gpus = kAllGpus;
  } else if (spec.gpus.starts_with("device=")) {
    for (const auto name : split(std::string_view(spec.gpus).substr(7), ',')) {
      int device = -1;
      const auto read = std::from_chars(name.data(), name.data() + name.size(), device);
      const bool whole = read.ec == std::errc() && read.ptr == name.data() + name.size();
      if (!whole || device < 0) out.unknown_device = name;
      out.devices.push_back(device);
    }
    out.gpus = static_cast<int>(out.devices.size());
  } else {
    std::from_chars(spec.gpus.data(), spec.gpus.data() + spec.gpus.size(), out.gpus);
  }
  return out;
}

Status begin_attempt(const Job& job) {
  if (job.output.empty()) return {};
  MEDPERF_CHECK(remove_tree(job.output));
  MEDPERF_CHECK(make_private_folder(job.output));
  for (const OutputPlace& place : job.places) {
    if (!place.file) {
      MEDPERF_CHECK(make_private_folder(place.path));
      continue;
    }
    MEDPERF_CHECK(make_private_folder(place.path.parent_path()));
    const FileHandle file(
        ::open(place.path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.is_open()) {
      return make_error(ErrorKind::kUnavailable, place.path.native(),
                        "the output file cannot be made", "check the folder's disk and rights");
    }
  }
  return {};
}

Job redirected(const Job& job, const fs::path& output) {
  Job out = job;
  if (job.output.empty()) return out;
  for (Mount& mount : out.spec.mounts) mount.host = moved(mount.host, job.output, output);
  for (OutputPlace& place : out.places) place.path = moved(place.path, job.output, output);
  out.output = output;
  return out;
}

Json to_json(const Job& job) {
  Json::Array places;
  for (const OutputPlace& place : job.places) {
    places.push_back(Json::object({{"path", place.path.native()}, {"file", place.file}}));
  }
  Json out = Json::object({{"medperf", kRunSpecVersion},
                           {"key", job.key},
                           {"flow", job.flow},
                           {"spec", to_json(job.spec)},
                           {"archive", job.image.archive.native()},
                           {"archive_sha256", job.image.digest.hex()},
                           {"required_walls", strings(job.required_walls)},
                           {"output", job.output.native()},
                           {"places", Json(std::move(places))}});
  if (job.sealed) {
    out.set("sealed",
            Json::object({{"plain", static_cast<std::int64_t>(job.sealed->plain.value)},
                          {"unpacked", static_cast<std::int64_t>(job.sealed->unpacked.value)},
                          {"squashed", job.sealed->squashed}}));
  }
  return out;
}

Result<Job> job_from_json(const Json& document) {
  Members members(document);
  if (members.text("medperf") != kRunSpecVersion) {
    return make_error(ErrorKind::kCorrupt, "run specification", "it is of an unknown version",
                      "use the same version of medperf everywhere");
  }
  Job out;
  out.key = members.text("key");
  out.flow = members.text("flow");
  MEDPERF_TRY(out.spec, spec_from(members.object("spec")));
  out.image.archive = members.text("archive");
  MEDPERF_TRY(out.image.digest, FileDigest::parse(members.text("archive_sha256")));
  out.required_walls = strings_from(members.list("required_walls"));
  out.output = members.text("output");
  for (const Json& place : members.list("places")) {
    out.places.push_back({place.get_string("path"), place.get_bool("file")});
  }
  if (const Json* sealed = document.find("sealed"); sealed != nullptr) {
    out.sealed = SealedSize{{static_cast<std::uint64_t>(sealed->get_int("plain"))},
                            {static_cast<std::uint64_t>(sealed->get_int("unpacked"))},
                            sealed->get_bool("squashed")};
  }
  MEDPERF_CHECK(members.finish("run specification"));
  return out;
}

Json to_json(const Finished& finished) {
  Json out = Json::object({{"medperf", kRunOutcomeVersion},
                           {"output", finished.output.native()},
                           {"elapsed_seconds", finished.elapsed.count()},
                           {"node", finished.node}});
  if (finished.outcome.ok()) {
    const RunOutcome& outcome = *finished.outcome;
    out.set("outcome",
            Json::object({{"end", to_string(outcome.end)},
                          {"exit_code", outcome.exit_code},
                          {"reason", outcome.reason},
                          {"wall_seconds", outcome.wall.count()},
                          {"peak_memory", static_cast<std::int64_t>(outcome.peak_memory.value)},
                          {"log_tail", outcome.log_tail}}));
  } else {
    const Error& error = finished.outcome.error();
    out.set("error", Json::object({{"kind", to_string(error.kind)},
                                   {"where", error.where},
                                   {"what", error.what},
                                   {"advice", error.advice},
                                   {"cause", error.cause}}));
  }
  return out;
}

Result<Finished> finished_from_json(const Json& document) {
  Members members(document);
  if (members.text("medperf") != kRunOutcomeVersion) {
    return make_error(ErrorKind::kCorrupt, "run outcome", "it is of an unknown version",
                      "use the same version of medperf everywhere");
  }
  const Json* error = document.find("error");
  Finished out{error != nullptr ? Result<RunOutcome>(error_from(*error))
                                : outcome_from(members.object("outcome")),
               members.text("output"), Seconds(members.number("elapsed_seconds")),
               members.text("node")};
  MEDPERF_CHECK(members.finish("run outcome"));
  // An outcome that cannot be read is no error of the run.
  if (error == nullptr && !out.outcome.ok()) return std::move(out.outcome).error();
  return out;
}

}  // namespace medperf::engine
