#include <array>

#include <fmt/format.h>
#include "cli/commands/container_report.h"
#include "cli/commands/groups.h"
#include "cli/commands/listing.h"
#include "cli/commands/run_wishes.h"
#include "site/flows/associate.h"
#include "site/flows/dataset.h"
#include "site/review/dataset_report.h"
#include "site/review/texts.h"

namespace medperf::cli {

namespace paths = site::paths;

namespace {

Result<int> submit(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  site::DatasetSubmission submission;
  submission.benchmark = BenchmarkId{call.number("benchmark")};
  submission.name = call.text("name");
  submission.description = call.text("description");
  submission.location = call.text("location");
  submission.data = call.text("data-path");
  submission.labels = call.text("labels-path");
  MEDPERF_TRY(site::Registration done, site::submit_dataset(*site, submission));
  return report_registration(call, "dataset", done.id, done.already);
}

Result<int> prepare(Invocation& call) {
  MEDPERF_TRY(site::Site * site, site_with_wishes(call));
  const DatasetId id{call.number("dataset")};
  MEDPERF_TRY(site::Prepared prepared, site::prepare_dataset(*site, id));
  call.out().line(fmt::format("dataset {}: {}, {} files", id.value,
                              prepared.ran ? "prepared and checked" : "already prepared",
                              prepared.manifest.files.size()));
  call.out().line(site::results_text(prepared.statistics));
  call.out().result(Json::object({{"id", id.value},
                                  {"already", !prepared.ran},
                                  {"files", prepared.manifest.files.size()},
                                  {"generated_uid", prepared.manifest.folder_uid().hex()},
                                  {"dataset_digest", prepared.manifest.dataset_digest().hex()},
                                  {"statistics", prepared.statistics}}));
  return 0;
}

Result<int> set_operational(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  MEDPERF_TRY(site::Registration done,
              site::set_operational(*site, DatasetId{call.number("dataset")}));
  return report_registration(call, "dataset", done.id, done.already, "operational");
}

Result<int> check(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  const DatasetId id{call.number("dataset")};
  MEDPERF_TRY(const site::OpenDataset opened, site::open_dataset(*site, id, site::Reading::kFull));
  const std::string digest = opened.manifest.dataset_digest().hex();
  call.out().line(fmt::format("dataset {}: every byte of its {} files is the registered one",
                              id.value, opened.manifest.files.size()));
  call.out().result(Json::object({{"id", id.value},
                                  {"files", opened.manifest.files.size()},
                                  {"generated_uid", opened.manifest.folder_uid().hex()},
                                  {"dataset_digest", digest}}));
  return 0;
}

Result<int> report(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  const DatasetId id{call.number("dataset")};
  MEDPERF_TRY(const site::DatasetReport report,
              site::read_dataset_report(site->workspace(), id, site->clock()));
  call.out().line(
      fmt::format("dataset {}: {}", id.value, report.ready() ? "ready" : "not ready yet"));
  call.out().line(site::report_text(report));
  MEDPERF_CHECK(write_page(call, site::report_html(report)));
  call.out().result(site::to_json(report));
  return 0;
}

Result<int> associate(Invocation& call) {
  MEDPERF_TRY(site::Site * site, call.site());
  MEDPERF_TRY(site::Registration done,
              site::associate_dataset(*site, DatasetId{call.number("dataset")},
                                      BenchmarkId{call.number("benchmark")}));
  return report_registration(call, "association", done.id, done.already, "asked for");
}

Result<int> ls(Invocation& call) {
  return list_entities(call, call.has("mine") ? paths::my_datasets() : paths::datasets(),
                       domain::Entity::kDataset);
}

Result<int> view(Invocation& call) {
  return view_entity(call, paths::dataset(DatasetId{call.number("id")}));
}

constexpr std::array kSubmit = {
    Argument{"-b,--benchmark", "ID", "Benchmark whose preparation is used.", ArgumentKind::kNumber,
             true},
    Argument{"--data-path", "FOLDER", "Raw data; stays here.", ArgumentKind::kText, true},
    Argument{"--labels-path", "FOLDER", "Raw labels; stay here.", ArgumentKind::kText, true},
    Argument{"--name", "NAME", "Name on the hub.", ArgumentKind::kText, true},
    Argument{"--description", "TEXT", "One sentence on the hub.", ArgumentKind::kText, false},
    Argument{"--location", "TEXT", "Place, on the hub.", ArgumentKind::kText, false},
};
constexpr std::array kOne = {
    Argument{"-d,--dataset", "ID", "The dataset.", ArgumentKind::kNumber, true}};
constexpr std::array kReport = {kOne[0], kHtmlArgument};
constexpr auto kPrepare = with_run_wishes(kOne);
constexpr std::array kAssociate = {
    Argument{"-d,--dataset", "ID", "The dataset.", ArgumentKind::kNumber, true},
    Argument{"-b,--benchmark", "ID", "The benchmark.", ArgumentKind::kNumber, true},
};

}  // namespace

std::span<const Command> dataset_commands() {
  static constexpr std::array kLs = {kMineArgument};
  static constexpr std::array kView = {kIdArgument};
  static constexpr std::array kCommands = {
      Command{"submit", "Register raw data by its hash; the data stays here.",
              "medperf dataset submit -b 1 --data-path raw/images --labels-path raw/labels --name "
              "'Hospital A' --location Here",
              kSubmit, submit},
      Command{"prepare", "Run the benchmark's preparation, its check and its statistics.",
              "medperf dataset prepare -d 3", kPrepare, prepare},
      Command{"report", "Show a preparation's steps, check, statistics and cases; needs no hub.",
              "medperf dataset report -d 3 --html preparation.html", kReport, report},
      Command{"set_operational", "Register the hashes and statistics of the prepared data.",
              "medperf dataset set_operational -d 3", kOne, set_operational},
      Command{"check", "Read every byte of a dataset again and compare it with what is registered.",
              "medperf dataset check -d 3", kOne, check},
      Command{"associate", "Run the reference model and ask to join a benchmark.",
              "medperf dataset associate -d 3 -b 1", kAssociate, associate},
      Command{"ls", "List datasets.", "medperf dataset ls", kLs, ls},
      Command{"view", "Show one dataset.", "medperf dataset view 3", kView, view},
  };
  return kCommands;
}

}  // namespace medperf::cli
