// The escape suite for one engine, or for none: runs every probe and writes what it saw as JSON.
//   engine_escape KIND OUT.json     KIND: podman, docker, builtin ... or none (the control)
// The environment gives MEDPERF_PROBE (static program), MEDPERF_STORE (folder), MEDPERF_CGROUP,
// MEDPERF_SETUID (control only) and what the engine needs. Judges nothing: escape.py does.

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/json.h"
#include "base/process.h"
#include "crypto/sha256.h"
#include "engine/choice.h"
#include "engine/probe/probe_image.h"
#include "limit_runs.h"
#include "targets.h"

namespace medperf::engine::escape {
namespace {

#define MEDPERF_MUST(expression)                                                     \
  if (const auto& must = (expression); !must.ok()) {                                 \
    std::printf("%s %s\n", must.error().text().c_str(), must.error().cause.c_str()); \
    return 1;                                                                        \
  }

constexpr std::size_t kAtOnce = 4;
constexpr Seconds kBareTime{5};  // some wait to be stopped

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

EngineOptions options(bool require_limits) {
  EngineOptions out;
  out.storage = variable("MEDPERF_STORE");
  out.probe_program = variable("MEDPERF_PROBE");
  out.cgroup_root = variable("MEDPERF_CGROUP");
  out.require_limits = require_limits;
  for (const char* name : {"HOME", "PATH", "XDG_RUNTIME_DIR", "DOCKER_HOST"}) {
    if (!variable(name).empty()) out.environment[name] = variable(name);
  }
  return out;
}

// The probe, and beside it the same program with the setuid bit.
BuiltImage escape_image(const std::string& program) {
  const std::string layer = tar_entry("medperf-probe", program, 0755) +
                            tar_entry("medperf-setuid", program, 04755) + tar_end();
  const std::string diff_id = crypto::sha256_hex(layer);
  const std::string config = to_text(Json::object(
      {{"architecture", "amd64"},
       {"os", "linux"},
       {"config", Json::object({{"Entrypoint", Json::array({"/medperf-probe"})}})},
       {"rootfs",
        Json::object({{"type", "layers"}, {"diff_ids", Json::array({"sha256:" + diff_id})}})}}));
  const std::string digest = crypto::sha256_hex(config);
  const std::string manifest =
      to_text(Json::array({Json::object({{"Config", digest + ".json"},
                                         {"RepoTags", Json(Json::Array{})},
                                         {"Layers", Json::array({diff_id + ".tar"})}})}));
  return {ImageId::parse(digest).value(), tar_entry(diff_id + ".tar", layer) +
                                              tar_entry(digest + ".json", config) +
                                              tar_entry("manifest.json", manifest) + tar_end()};
}

Json to_json(const Cell& cell) {
  return Json::object({{"probe", cell.probe},
                       {"wall", cell.wall},
                       {"verdict", cell.verdict},
                       {"seen", printable(cell.seen, 300)}});
}

std::string read_log(const fs::path& path) {
  const auto text = read_file(path, mebibytes(32));
  return text.ok() ? *text : std::string();
}

// The lines of `medperf-probe escape`, with the walls that its table names.
void add_cells(const std::string& log, Json& cells) {
  for (const auto line : split(log, '\n')) {
    const auto item = parse_json(trim(line));
    if (!item.ok() || !item->contains("verdict")) continue;
    cells.push(to_json(
        {item->get_string("probe"), "", item->get_string("verdict"), item->get_string("seen")}));
  }
}

// Every limit probe, some beside each other.
void run_limits(const std::function<Cell(const LimitProbe&)>& run, Json& cells) {
  const auto& probes = limit_probes();
  for (std::size_t from = 0; from < probes.size(); from += kAtOnce) {
    std::vector<std::future<Cell>> running;
    for (std::size_t i = from; i < std::min(from + kAtOnce, probes.size()); ++i)
      running.push_back(std::async(std::launch::async, [&, i] { return run(probes[i]); }));
    for (auto& cell : running) cells.push(to_json(cell.get()));
  }
}

// ---- without walls ----

Result<ProcessOutcome> run_bare(std::vector<std::string> words, Seconds deadline) {
  Command command;
  command.argv = {variable("MEDPERF_PROBE")};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  command.environment = {{"MEDPERF_ESCAPE", variable("MEDPERF_ESCAPE")}};
  command.deadline = deadline;
  command.output_limit = mebibytes(128);
  return run_process(command);
}

Cell run_bare_limit(const LimitProbe& probe, const HostTargets& targets) {
  Seen seen;
  seen.bare = true;
  seen.marker = targets.token() + "-" + probe.name;
  seen.output = targets.output() / probe.name;
  (void)make_private_folder(seen.output).ok();
  auto words = probe.bare_command;
  words.push_back(seen.output.native());
  words.push_back(seen.marker);
  const auto process = run_bare(words, kBareTime);
  if (process.ok()) {
    seen.outcome.end = process->success() ? RunEnd::kSuccess : RunEnd::kFailed;
    seen.log = process->output.substr(0, 4096);
    seen.log_bytes = Bytes{process->output.size()};
  }
  auto cell = judge(probe, seen);
  ::unlink("/dev/shm/medperf-wall");
  ::unlink("/tmp/medperf-wall");
  return cell;
}

// As root in a mount namespace of its own: the probes mount, and the host must not notice.
int control(Json& report, const HostTargets& targets) {
  if (::geteuid() == 0 && (::unshare(CLONE_NEWNS) != 0 ||
                           ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)) {
    std::puts("the control cannot get a mount namespace");
    return 1;
  }
  report.set("engine", ::geteuid() == 0 ? "no walls, root" : "no walls, ordinary user");
  report.set("run", "allowed");
  auto words = targets.words(targets.input().native(), targets.output().native());
  words.insert(words.begin(), "escape");
  if (const auto program = variable("MEDPERF_SETUID"); !program.empty())
    words.push_back("setuid=" + program);
  // Not by run_process, which leaves no descriptor open and takes the environment away.
  const fs::path log = targets.output() / "control.log";
  const pid_t child = ::fork();
  if (child == 0) {
    const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::dup2(fd, 1);
    ::close(fd);
    const std::string program = variable("MEDPERF_PROBE");
    std::vector<char*> arguments = {const_cast<char*>(program.c_str())};
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execv(program.c_str(), arguments.data());
    ::_exit(127);
  }
  ::waitpid(child, nullptr, 0);
  Json cells = Json::array();
  add_cells(read_log(log), cells);
  run_limits([&](const LimitProbe& probe) { return run_bare_limit(probe, targets); }, cells);
  report.set("cells", std::move(cells));
  return 0;
}

// ---- under an engine ----

RunSpec spec_of(const ImageId& image, const std::string& name, std::vector<std::string> command,
                const HostTargets& targets) {
  RunSpec spec;
  spec.image = image;
  spec.name = "escape-" + std::to_string(::getpid()) + "-" + name;
  spec.lease = "escape-" + std::to_string(::getpid());
  spec.command = std::move(command);
  spec.limits.memory = mebibytes(512);
  spec.limits.wall = Seconds{100};
  const fs::path output = targets.output() / name;
  (void)make_private_folder(output).ok();
  spec.mounts = {{targets.input(), "/input", false}, {output, "/output", true}};
  spec.log_file = targets.output() / "logs" / (name + ".log");
  return spec;
}

Cell run_limit(Engine& engine, const LimitProbe& probe, const ImageId& image,
               const HostTargets& targets) {
  Seen seen;
  seen.marker = targets.token() + "-" + probe.name;
  auto words = probe.command;
  words.emplace_back("/output");
  words.push_back(seen.marker);
  auto spec = spec_of(image, probe.name, words, targets);
  probe.shape(spec);
  seen.output = targets.output() / probe.name;
  const auto outcome = engine.run(spec);
  if (!outcome.ok()) return {probe.name, probe.wall, "untried", outcome.error().text()};
  seen.outcome = *outcome;
  std::error_code error;
  seen.log_bytes = Bytes{fs::file_size(spec.log_file, error)};
  seen.log = outcome->log_tail;
  return judge(probe, seen);
}

// Whether the engine runs anything at all when nobody may turn the demand for limits off.
std::string refusal(EngineKind kind, const ImageId& image, const HostTargets& targets) {
  auto engine = open_engine(kind, options(true));
  if (!engine.ok()) return "no engine: " + engine.error().text();
  const auto outcome = (*engine)->run(spec_of(image, "refusal", {"exit", "0"}, targets));
  if (outcome.ok()) return "allowed";
  return std::string(outcome.error().kind == ErrorKind::kRefused ? "refused: " : "failed: ") +
         outcome.error().text();
}

int with_engine(EngineKind kind, Json& report, const HostTargets& targets) {
  auto engine = open_engine(kind, options(false));
  if (!engine.ok()) {
    report.set("missing", engine.error().text());
    return 0;
  }
  const auto program = read_file(variable("MEDPERF_PROBE"), mebibytes(64));
  const BuiltImage built = escape_image(program.value());
  const fs::path archive = targets.output() / "image.tar";
  MEDPERF_MUST(write_file_atomically(archive, built.archive));
  MEDPERF_MUST((*engine)->load(archive, built.image));
  const auto walls = (*engine)->probe();
  MEDPERF_MUST(walls);
  report.set("engine", walls->engine);
  Json list = Json::array();
  for (const auto& wall : walls->walls) {
    list.push(Json::object({{"name", wall.name},
                            {"stands", wall.stands},
                            {"proof", wall.proof},
                            {"reason", wall.reason}}));
  }
  report.set("walls", std::move(list));
  report.set("run", refusal(kind, built.image, targets));
  Json cells = Json::array();
  auto words = targets.words("/input", "/output");
  words.insert(words.begin(), "escape");
  const auto all = spec_of(built.image, "probes", words, targets);
  const auto outcome = (*engine)->run(all);
  MEDPERF_MUST(outcome);
  if (outcome->end != RunEnd::kSuccess)
    std::printf("the probes ended: %s %s\n", outcome->reason.c_str(), outcome->log_tail.c_str());
  add_cells(read_log(all.log_file), cells);
  run_limits(
      [&](const LimitProbe& probe) { return run_limit(**engine, probe, built.image, targets); },
      cells);
  report.set("cells", std::move(cells));
  std::string leases;
  const int left = (*engine)
                       ->sweep([&](std::string_view lease) {
                         leases += std::string(lease) + " ";
                         return false;
                       })
                       .value_or(-1);
  report.set("left", left);
  report.set("left_leases", leases);
  (void)(*engine)->remove_image(built.image).ok();
  return 0;
}

int body(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string kind = argv[1];
  const fs::path folder = fs::path(variable("MEDPERF_STORE")).parent_path() / "host";
  Json report = Json::object();
  int status = 0;
  {
    const HostTargets targets(folder, variable("HOME"), variable("MEDPERF_PROBE"));
    if (kind == "none") {
      status = control(report, targets);
    } else {
      const auto parsed = parse_engine_kind(kind);
      if (!parsed.ok()) {
        report.set("missing", parsed.error().text());
      } else {
        status = with_engine(*parsed, report, targets);
      }
    }
  }
  if (status == 0 && !write_file_atomically(argv[2], to_pretty_text(report)).ok()) status = 1;
  return status;
}

}  // namespace
}  // namespace medperf::engine::escape

int main(int argc, char** argv) {
  // `list`: the limit probes, as `medperf-probe list` prints the others.
  if (argc == 2 && std::string_view(argv[1]) == "list") {
    for (const auto& probe : medperf::engine::escape::limit_probes()) {
      std::puts(medperf::to_text(medperf::Json::object({{"probe", probe.name},
                                                        {"wall", probe.wall},
                                                        {"tries", probe.tries},
                                                        {"held", probe.held}}))
                    .c_str());
    }
    return 0;
  }
  if (argc != 3 || std::getenv("MEDPERF_STORE") == nullptr) {
    std::puts("usage: engine_escape list | KIND OUT.json (started by tests/engine/escape.py)");
    return 2;
  }
  return medperf::engine::escape::with_terminal(medperf::engine::escape::body, argc, argv);
}
