#include <array>

#include <fmt/format.h>
#include "cli/commands/groups.h"
#include "cli/commands/listing.h"
#include "site/flows/associate.h"

namespace medperf::cli {

namespace paths = site::paths;

namespace {

Result<int> ls(Invocation& call) {
  MEDPERF_TRY(site::Hub * hub, call.hub());
  std::vector<std::vector<std::string>> cells;
  Json::Array all;
  for (const std::string kind : {"dataset", "model"}) {
    MEDPERF_TRY(std::vector<Json> rows, hub->list(paths::my_associations(kind)));
    for (Json& row : rows) {
      if (call.has("benchmark") && row.get_int("benchmark") != call.number("benchmark")) continue;
      cells.push_back({cell_text(row.find("id")), kind, cell_text(row.find(kind)),
                       cell_text(row.find("benchmark")), cell_text(row.find("approval_status")),
                       cell_text(row.find("created_at"))});
      all.push_back(std::move(row));
    }
  }
  call.out().line(
      cells.empty() ? "none"
                    : table_text({"id", "kind", "object", "benchmark", "status", "since"}, cells));
  call.out().result(Json(std::move(all)));
  return 0;
}

Result<int> decide(Invocation& call, bool approve) {
  if (call.has("dataset") == call.has("model")) {
    return make_error(ErrorKind::kInvalid, "association", "needs either -d or -m",
                      "name the dataset or the model");
  }
  MEDPERF_TRY(site::Site * site, call.site());
  site::AssociationDecision decision;
  decision.benchmark = BenchmarkId{call.number("benchmark")};
  decision.kind = call.has("dataset") ? "dataset" : "model";
  decision.object = call.number(decision.kind);
  decision.approve = approve;
  MEDPERF_TRY(site::Registration done, site::decide_association(*site, decision));
  return report_registration(call, "association", done.id, done.already,
                             approve ? "approved" : "rejected");
}

Result<int> approve(Invocation& call) {
  return decide(call, true);
}
Result<int> reject(Invocation& call) {
  return decide(call, false);
}

constexpr std::array kDecide = {
    Argument{"-b,--benchmark", "ID", "The benchmark.", ArgumentKind::kNumber, true},
    Argument{"-d,--dataset", "ID", "The dataset that asked.", ArgumentKind::kNumber, false},
    Argument{"-m,--model", "ID", "The model that asked.", ArgumentKind::kNumber, false},
};
constexpr std::array kLs = {Argument{"-b,--benchmark", "ID", "Only those of this benchmark.",
                                     ArgumentKind::kNumber, false}};

}  // namespace

std::span<const Command> association_commands() {
  static constexpr std::array kCommands = {
      Command{"ls", "List requests of and to this account.", "medperf association ls -b 1", kLs,
              ls},
      Command{"approve", "Let a dataset or model join.", "medperf association approve -b 1 -d 3",
              kDecide, approve},
      Command{"reject", "Refuse a request, or take back an approval.",
              "medperf association reject -b 1 -m 2", kDecide, reject},
  };
  return kCommands;
}

}  // namespace medperf::cli
