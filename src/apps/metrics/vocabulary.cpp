#include <fmt/format.h>

#include "apps/metrics/answer.h"
#include "apps/metrics/commands.h"
#include "apps/metrics/pages.h"
#include "base/exit_codes.h"
#include "base/json.h"
#include "base/text_table.h"
#include "metrics/vocabulary.h"

namespace medperf::metrics_app {
namespace {

std::string commands_text(std::string_view id) {
  return fmt::format("{}", fmt::join(commands_of(id), ", "));
}

Json document_of(const metrics::MetricEntry& entry) {
  const auto commands = commands_of(entry.id);
  return Json::object({{"id", entry.id},
                       {"name", entry.name},
                       {"direction", metrics::to_string(entry.direction)},
                       {"convention", entry.convention},
                       {"unit", entry.unit},
                       {"merge", entry.merge},
                       {"commands", Json(Json::Array(commands.begin(), commands.end()))},
                       {"page", entry.page}});
}

}  // namespace

Result<int> answer_list(const Request& request) {
  if (request.json) {
    Json::Array entries;
    for (const metrics::MetricEntry& entry : metrics::vocabulary()) {
      entries.push_back(document_of(entry));
    }
    MEDPERF_CHECK(print(to_pretty_text(Json(std::move(entries))) + "\n"));
    return kExitOk;
  }
  std::vector<std::vector<std::string>> rows;
  for (const metrics::MetricEntry& entry : metrics::vocabulary()) {
    rows.push_back({std::string(entry.id), std::string(entry.name), std::string(entry.unit),
                    std::string(metrics::to_string(entry.direction)), commands_text(entry.id)});
  }
  MEDPERF_CHECK(print(table_text({"ID", "NAME", "UNIT", "BETTER", "COMMAND"}, rows)));
  return kExitOk;
}

Result<int> answer_describe(const Request& request) {
  const std::string& id = request.inputs.front();
  const metrics::MetricEntry* const entry = metrics::find_metric(id);
  if (entry == nullptr) {
    return make_error(ErrorKind::kNotFound, "metric", "there is no metric of this id",
                      "Choose from those that `medperf-metrics list` shows.");
  }
  const std::string_view page = page_of(entry->page);
  if (request.json) {
    Json document = document_of(*entry);
    document.set("text", page);
    MEDPERF_CHECK(print(to_pretty_text(document) + "\n"));
    return kExitOk;
  }
  MEDPERF_CHECK(print(fmt::format(
      "{} ({})\nbetter: {} · unit: {} · convention: {} · pooled over sites: {}\ngiven by: {}\n\n{}",
      entry->name, entry->id, metrics::to_string(entry->direction), entry->unit, entry->convention,
      entry->merge, commands_text(id), page)));
  return kExitOk;
}

}  // namespace medperf::metrics_app
