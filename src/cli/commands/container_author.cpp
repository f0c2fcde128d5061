#include "cli/commands/container_author.h"

#include <array>

#include <fmt/format.h>

#include "cli/commands/container_report.h"
#include "cli/commands/container_scaffold.h"
#include "cli/commands/run_wishes.h"
#include "cli/exit_codes.h"
#include "cli/invocation.h"
#include "site/flows/own_container.h"

namespace medperf::cli {
namespace {

Result<int> create(Invocation& call) {
  const fs::path folder = call.text("folder");
  MEDPERF_CHECK(scaffold_container(call.text("role"), folder));
  call.out().line("made " + folder.string() + "; its README.md says how to go on");
  call.out().result(Json::object({{"folder", folder.string()}}));
  return 0;
}

site::OwnContainer own_of(const Invocation& call) {
  return {call.text("config"), call.text("archive"), call.text("parameters"),
          call.text("additional-files"), call.text("key")};
}

void show_problems(const Invocation& call, const site::OwnCheck& check) {
  for (const auto& problem : check.problems) {
    call.out().line(fmt::format("  {:<10} {}: {}", problem.fatal ? "problem" : "notice",
                                problem.where, problem.what));
  }
  call.out().line(check.good() ? "a site with this policy would run it"
                               : "a site with this policy would not run it");
}

Json check_json(const site::OwnCheck& check, const site::GateReport& report) {
  Json problems = Json::array();
  for (const auto& problem : check.problems) {
    problems.push(
        Json::object({{"where", problem.where}, {"what", problem.what}, {"fatal", problem.fatal}}));
  }
  return Json::object({{"good", check.good()},
                       {"problems", std::move(problems)},
                       {"report", site::to_json(report)}});
}

Result<int> check(Invocation& call) {
  MEDPERF_TRY(site::Site * site, site_with_wishes(call));
  MEDPERF_TRY(const site::OwnCheck checked, site::check_own(*site, own_of(call)));
  MEDPERF_TRY(const site::Policy* policy, site->policy());
  MEDPERF_TRY(const site::RunWishes* wishes, site->wishes());
  const site::GateReport report = site::gate_report(checked.container, *policy, *wishes);
  call.out().line(site::report_text(report));
  show_problems(call, checked);
  MEDPERF_CHECK(write_page(call, site::report_html(report)));
  call.out().result(check_json(checked, report));
  if (checked.good()) return kOk;
  return exit_code_of(make_error(ErrorKind::kRefused, "container", "it would not run"));
}

/// LABEL=PATH, given once for each label.
Result<std::map<std::string, std::string>> mounts_of(const Invocation& call) {
  std::map<std::string, std::string> out;
  for (const std::string& word : call.words("mount")) {
    const auto equals = word.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == word.size()) {
      return make_error(ErrorKind::kInvalid, "--mount " + word, "is not LABEL=PATH",
                        "for example --mount data_path=prepared/");
    }
    const fs::path path = fs::absolute(word.substr(equals + 1));
    if (!out.emplace(word.substr(0, equals), path.string()).second)
      return make_error(ErrorKind::kInvalid, "--mount " + word, "names a label twice");
  }
  return out;
}

Result<int> run(Invocation& call) {
  MEDPERF_TRY(site::Site * site, site_with_wishes(call));
  site::OwnTask task;
  MEDPERF_TRY(task.paths, mounts_of(call));
  task.task = call.text("task");
  task.log_file = fs::absolute(call.text("log", "container.log"));
  task.result_schema = call.text("result-schema");
  MEDPERF_TRY(const site::OwnResults results, site::try_task(*site, own_of(call), task));
  call.out().line(
      fmt::format("task {} ended well; its output is in {}", task.task, task.log_file.string()));
  if (!results.results.is_null()) call.out().line("this would leave a hospital: " + results.sent);
  call.out().result(Json::object(
      {{"task", task.task}, {"log", task.log_file.string()}, {"would_leave", results.sent}}));
  return 0;
}

constexpr Argument kConfig{"--config", "FILE", "Container configuration, either format.",
                           ArgumentKind::kText, true};
constexpr Argument kArchive{"--archive", "TAR", "Image archive (podman save).", ArgumentKind::kText,
                            true};
constexpr Argument kParameters{"--parameters", "FILE", "Parameters (YAML)."};
constexpr Argument kKey{"--key", "FILE", "Key of an encrypted archive (a file of mode 0600)."};
constexpr Argument kAdditional{"--additional-files", "TAR", "Additional files (tar.gz)."};

}  // namespace

std::span<const Command> author_commands() {
  static constexpr std::array kCreate = {
      Argument{"role", "ROLE", "model, preparator, evaluator or script.", ArgumentKind::kText,
               true},
      Argument{"folder", "FOLDER", "The new folder.", ArgumentKind::kText, true}};
  static constexpr auto kCheck =
      with_run_wishes(std::array{kConfig, kArchive, kParameters, kAdditional, kKey, kHtmlArgument});
  static constexpr auto kRun = with_run_wishes(std::array{
      kConfig, kArchive,
      Argument{"--task", "TASK", "Which task, e.g. infer.", ArgumentKind::kText, true},
      Argument{"--mount", "LABEL=PATH", "What the task gets or writes.", ArgumentKind::kWords,
               true},
      Argument{
          "--result-schema", "FILE",
          "Of evaluate and run_script: the schema that decides what of the results may leave."},
      Argument{"--log", "FILE", "Where its output goes (default container.log)."}, kParameters,
      kAdditional, kKey});
  static constexpr std::array kCommands = {
      Command{"create", "Write a small working container to start from.",
              "medperf container create model my-model", kCreate, create},
      Command{"check", "Check a container before it is registered, as a hospital's gate will.",
              "medperf container check --config container_config.yaml --archive image.tar", kCheck,
              check},
      Command{"run", "Try one task behind a hospital's walls and limits; needs no hub.",
              "medperf container run --config container_config.yaml --archive image.tar --task "
              "infer --mount data_path=data --mount output_path=predictions",
              kRun, run},
  };
  return kCommands;
}

}  // namespace medperf::cli
