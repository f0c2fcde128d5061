#include <array>

#include "cli/commands/groups.h"
#include "cli/commands/listing.h"
#include "cli/commands/submission.h"
#include "site/flows/associate.h"
#include "site/flows/register.h"

namespace medperf::cli {

namespace paths = site::paths;

namespace {

Result<int> submit(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  MEDPERF_TRY(site::Registration done, site::submit_model(*site, submission_of(call)));
  return report_registration(call, "model", done.id, done.already);
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
  static constexpr std::array kCommands = {
      Command{"submit", "Register a model by the digest of its image archive.",
              "medperf model submit --name cnn --config container_config.yaml --archive cnn.tar "
              "--image-url https://vendor.example/cnn.tar --operational",
              kSubmissionArguments, submit},
      Command{"associate", "Test the model on the demo data and ask to join a benchmark.",
              "medperf model associate -m 2 -b 1", kAssociate, associate},
      Command{"ls", "List models.", "medperf model ls", kLs, ls},
      Command{"view", "Show one model.", "medperf model view 2", kView, view},
  };
  return kCommands;
}

}  // namespace medperf::cli
