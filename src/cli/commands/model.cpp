#include <array>

#include <fmt/format.h>
#include "cli/commands/container_scaffold.h"
#include "cli/commands/groups.h"
#include "cli/commands/listing.h"
#include "cli/commands/submission.h"
#include "site/flows/associate.h"
#include "site/flows/new_model.h"
#include "site/flows/register.h"
#include "site/gate/model_files.h"

namespace medperf::cli {

namespace paths = site::paths;

namespace {

Result<int> submit(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  MEDPERF_TRY(site::Registration done, site::submit_model(*site, submission_of(call)));
  return report_registration(call, "model", done.id, done.already);
}

Result<int> submit_files(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  site::FilesSubmission submission;
  submission.name = call.text("name");
  submission.archive = call.text("files");
  submission.url = call.text("files-url", std::string(site::kUnservedAsset));
  submission.signature = call.text("signature");
  submission.operational = call.has("operational");
  submission.closed_group = closed_group_of(call);
  MEDPERF_TRY(site::Registration done, site::submit_model_files(*site, submission));
  return report_registration(call, "model", done.id, done.already);
}

Result<int> new_model(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  const std::int64_t id = call.number("from");
  const fs::path folder = call.text("output", fmt::format("model-of-benchmark-{}", id));
  MEDPERF_TRY(const site::NewModel made,
              site::start_model(*site, BenchmarkId{id}, folder, [](const fs::path& target) {
                return scaffold_container("model", target);
              }));
  call.out().line(made.from_source
                      ? "made " + folder.string() + " of the reference implementation's source"
                      : "the benchmark names no source of its reference implementation: made " +
                            folder.string() + " of a small container to start from");
  if (!made.prepared_demo)
    call.out().line("the demo data is there, but not prepared: " + made.why_not);
  call.out().line("its NEXT-STEPS.md says how to go on");
  call.out().result(Json::object({{"folder", folder.string()},
                                  {"from_source", made.from_source},
                                  {"prepared_demo", made.prepared_demo},
                                  {"why_not", made.why_not}}));
  return 0;
}

Result<int> associate(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  MEDPERF_TRY(site::Registration done,
              site::associate_model(*site, ModelId{call.number("model")},
                                    BenchmarkId{call.number("benchmark")}));
  return report_registration(call, "association", done.id, done.already, "asked for");
}

Result<int> ls(Invocation& call) {
  return list_entities(call, call.has("mine") ? paths::my_models() : paths::models(),
                       domain::Entity::kModel);
}

Result<int> view(Invocation& call) {
  return view_entity(call, paths::model(ModelId{call.number("id")}));
}

}  // namespace

std::span<const Command> model_commands() {
  static constexpr std::array kAssociate = {
      Argument{"-m,--model", "ID", "The model.", ArgumentKind::kNumber, true},
      Argument{"-b,--benchmark", "ID", "The benchmark.", ArgumentKind::kNumber, true},
  };
  static constexpr std::array kLs = {kMineArgument};
  static constexpr std::array kView = {kIdArgument};
  static constexpr std::array kFiles = {
      Argument{"--name", "NAME", "Name on the hub.", ArgumentKind::kText, true},
      Argument{"--files", "TAR", "Archive (tar, tar.gz) of the files; read here, not sent.",
               ArgumentKind::kText, true},
      Argument{"--files-url", "URL", "Where you serve it (default: nowhere)."},
      Argument{"--signature", "FILE", "Signature of that archive, from 'medperf asset sign'."},
      Argument{"--operational", "", "Freeze it at once (state OPERATION).", ArgumentKind::kFlag,
               false},
      kClosedGroupArgument,
  };
  static constexpr std::array kNew = {
      Argument{"--from", "ID", "The benchmark.", ArgumentKind::kNumber, true},
      Argument{"--output", "FOLDER", "The new folder (default model-of-benchmark-ID)."},
  };
  static constexpr std::array kCommands = {
      Command{"new", "Start a model from a benchmark's reference implementation and demo data.",
              "medperf model new --from 1 --output my-model", kNew, new_model},
      Command{"submit", "Register a model by the digest of its image archive.",
              "medperf model submit --name cnn --config container_config.yaml --archive cnn.tar "
              "--image-url https://vendor.example/cnn.tar --operational",
              kSubmissionArguments, submit},
      Command{"submit_files",
              "Register a model given as files, for benchmarks with a script, by their digest.",
              "medperf model submit_files --name resnet --files resnet.tar.gz "
              "--files-url https://vendor.example/resnet.tar.gz --operational",
              kFiles, submit_files},
      Command{"associate", "Test the model on the demo data and ask to join a benchmark.",
              "medperf model associate -m 2 -b 1", kAssociate, associate},
      Command{"ls", "List models.", "medperf model ls", kLs, ls},
      Command{"view", "Show one model.", "medperf model view 2", kView, view},
  };
  return kCommands;
}

}  // namespace medperf::cli
