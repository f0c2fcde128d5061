#include "site/review/dataset_report.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include "base/encoding.h"
#include "site/flows/journal.h"
#include "site/review/preparation_report.h"

namespace medperf::site {
namespace {

constexpr std::size_t kShownCases = 2000;
constexpr std::size_t kShownColumns = 12;
constexpr std::size_t kShownStatistics = 1000;
constexpr std::size_t kLongestValue = 300;
constexpr std::size_t kLastWords = 600;
constexpr std::string_view kDone = "DONE";

std::string value_text(const Json& value) {
  if (value.is_null()) return {};
  return printable(value.is_string() ? value.as_string() : to_text(value), kLongestValue);
}

/// The end of a task's log.
std::string last_words(const fs::path& log) {
  const auto text = read_file(log, mebibytes(64));
  if (!text.ok()) return {};
  const std::string_view all = trim(*text);
  return printable(all.substr(all.size() - std::min(all.size(), kLastWords)), kLastWords);
}

PreparationStep check_step(const Journal& journal, const fs::path& logs) {
  const std::string newest = journal.newest_of({"sanity_check", "not-ready"});
  if (newest == "sanity_check") return {"sanity_check", "passed", {}};
  const std::string said = last_words(logs / "sanity_check.log");
  const bool ran = newest == "not-ready" || !said.empty();
  return {"sanity_check", ran ? "not ready" : "not done", said};
}

PreparationStep plain_step(const Journal& journal, const fs::path& logs, const std::string& name) {
  if (journal.latest(name) != nullptr) return {name, "done", {}};
  return {name, "not done", last_words(logs / (name + ".log"))};
}

void add_statistics(const Json& value, const std::string& name,
                    std::vector<std::vector<std::string>>& out) {
  if (out.size() == kShownStatistics) return;
  if (!value.is_object()) {
    out.push_back({printable(name, kLongestValue), value_text(value)});
    return;
  }
  for (const auto& [key, member] : value.members())
    add_statistics(member, name.empty() ? key : name + "." + key, out);
}

/// The columns that say most, first; then the others as they stand.
std::vector<std::string> chosen_columns(const Json& table) {
  std::vector<std::string> out;
  for (const char* known : {"status_name", "status", "comment"}) {
    if (table.contains(known)) out.emplace_back(known);
  }
  for (const auto& column : table.members()) {
    if (out.size() == kShownColumns) break;
    if (std::find(out.begin(), out.end(), column.first) == out.end()) out.push_back(column.first);
  }
  return out;
}

/// A case's state in words, and how far that is: those that failed before those that wait.
std::string state_of(const Json& table, const std::string& id) {
  for (const char* column : {"status_name", "status"}) {
    const Json* values = table.find(column);
    const Json* value = values == nullptr ? nullptr : values->find(id);
    if (value != nullptr && !value->is_null()) return value_text(*value);
  }
  return "no state";
}

double advance_of(const Json& table, const std::string& id) {
  const Json* values = table.find("status");
  const Json* value = values == nullptr ? nullptr : values->find(id);
  return value != nullptr && (value->is_int() || value->is_double()) ? value->as_double() : 0;
}

void add_cases(const Json& table, DatasetReport& out) {
  std::map<std::string, double> cases;
  for (const auto& column : table.members()) {
    for (const auto& item : column.second.members())
      cases.emplace(item.first, advance_of(table, item.first));
  }
  std::map<std::string, std::size_t> counts;
  std::vector<std::pair<double, std::string>> order;
  for (const auto& [id, advance] : cases) {
    ++counts[state_of(table, id)];
    order.emplace_back(advance, id);
  }
  for (const auto& [state, count] : counts) out.counts.push_back({state, std::to_string(count)});
  std::sort(order.begin(), order.end());
  out.cases_in_all = order.size();
  order.resize(std::min(order.size(), kShownCases));
  const std::vector<std::string> columns = chosen_columns(table);
  for (const std::string& column : columns) out.columns.push_back(printable(column, kLongestValue));
  for (const auto& item : order) {
    ReportedCase one{printable(item.second, kLongestValue), {}};
    for (const std::string& column : columns) {
      const Json* value = table.find(column)->find(item.second);
      one.values.push_back(value == nullptr ? std::string() : value_text(*value));
    }
    out.cases.push_back(std::move(one));
  }
}

}  // namespace

bool DatasetReport::ready() const {
  return std::all_of(steps.begin(), steps.end(), [](const PreparationStep& step) {
    return step.state == "done" || step.state == "passed";
  });
}

Result<DatasetReport> read_dataset_report(const Workspace& workspace, DatasetId id,
                                          const Clock& clock) {
  const std::string flow = fmt::format("dataset-{}", id.value);
  const fs::path folder = workspace.dataset_folder(id);
  std::error_code none;
  if (!fs::exists(folder, none) || !fs::exists(workspace.journal_file(flow), none)) {
    return make_error(ErrorKind::kNotFound, fmt::format("dataset {}", id.value),
                      "was not prepared in this workspace",
                      fmt::format("run 'medperf dataset prepare -d {}' first", id.value));
  }
  // The preparation may be running: its report is most wanted then.
  MEDPERF_TRY(const Journal journal, Journal::peek(workspace.journal_file(flow), clock));
  DatasetReport out;
  out.dataset = id;
  const fs::path logs = folder / "logs";
  out.steps = {plain_step(journal, logs, "prepare"), check_step(journal, logs),
               plain_step(journal, logs, "statistics")};
  if (const Json* noted = journal.latest("statistics"); noted != nullptr) {
    const Json* statistics = noted->find("statistics");
    if (statistics != nullptr) add_statistics(*statistics, "", out.statistics);
  }
  auto table = read_report_table(folder / "report", "report.yaml");
  if (table.ok()) add_cases(*table, out);
  if (!table.ok() && table.error().kind != ErrorKind::kNotFound) out.problem = table.error().text();
  return out;
}

std::string report_text(const DatasetReport& report) {
  std::string out;
  for (const PreparationStep& step : report.steps) {
    out += fmt::format("  {:<12} {}\n", step.name, step.state);
    if (!step.text.empty()) out += fmt::format("  {:<12} its last words: {}\n", "", step.text);
  }
  for (const auto& row : report.statistics) out += fmt::format("  {}: {}\n", row[0], row[1]);
  if (!report.problem.empty()) out += "  its own report is not shown: " + report.problem + "\n";
  for (const auto& row : report.counts) out += fmt::format("  {} case(s): {}\n", row[1], row[0]);
  return out;
}

Json to_json(const DatasetReport& report) {
  Json steps = Json::array();
  for (const PreparationStep& step : report.steps)
    steps.push(
        Json::object({{"name", step.name}, {"state", step.state}, {"last_words", step.text}}));
  Json statistics = Json::object();
  for (const auto& row : report.statistics) statistics.set(row[0], row[1]);
  Json counts = Json::object();
  for (const auto& row : report.counts)
    counts.set(row[0], static_cast<std::int64_t>(std::stoll(row[1])));
  Json cases = Json::array();
  for (const ReportedCase& one : report.cases) {
    Json values = Json::object();
    for (std::size_t i = 0; i < one.values.size(); ++i)
      values.set(report.columns[i], one.values[i]);
    cases.push(Json::object({{"case", one.id}, {"values", std::move(values)}}));
  }
  return Json::object({{"dataset", report.dataset.value},
                       {"ready", report.ready()},
                       {"steps", std::move(steps)},
                       {"statistics", std::move(statistics)},
                       {"counts", std::move(counts)},
                       {"cases_in_all", report.cases_in_all},
                       {"cases", std::move(cases)},
                       {"problem", report.problem}});
}

}  // namespace medperf::site
