#include "site/review/preparation_report.h"

#include <cmath>
#include <map>
#include <set>
#include <string>

#include <fmt/format.h>
#include "base/yaml.h"

namespace medperf::site {
namespace {

constexpr std::int64_t kLargestStatus = 1000;
constexpr std::size_t kMostStatuses = 64;
constexpr std::size_t kMostValues = 2'000'000;

Error no_report(std::string what) {
  return make_error(ErrorKind::kCorrupt, "report.yaml", std::move(what),
                    "ask the owner of the preparation container");
}

/// Whatever else a container writes as a status would leave the site as the name of a share.
Result<std::int64_t> status_number(const Json& value) {
  if (value.is_int() && std::abs(value.as_int()) <= kLargestStatus) return value.as_int();
  if (value.is_double()) {
    const double number = value.as_double();
    if (number == std::floor(number) && std::abs(number) <= kLargestStatus)
      return static_cast<std::int64_t>(number);
  }
  return no_report("a status is no whole number from -1000 to 1000");
}

Result<Json> shares(const Json& column, std::size_t cases) {
  std::map<std::int64_t, std::size_t> counts;
  for (const auto& item : column.members()) {
    if (item.second.is_null()) continue;
    MEDPERF_TRY(const std::int64_t status, status_number(item.second));
    ++counts[status];
    if (counts.size() > kMostStatuses) return no_report("there are more than 64 statuses");
  }
  Json out = Json::object();
  for (const auto& [status, count] : counts) {
    const double share = static_cast<double>(count) / static_cast<double>(cases);
    out.set(fmt::format("Stage {}", status), fmt::format("{:.1f}%", 100 * share));
  }
  return out;
}

}  // namespace

Result<Json> read_report_table(const fs::path& folder, const fs::path& name) {
  MEDPERF_TRY(const std::string text, read_file_beneath(folder, name, kReportLimit));
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) return Json::object();
  auto table = parse_yaml(text, {kReportLimit.value, 8, kMostValues}, NonFinite::kAsText);
  if (!table.ok() || !table->is_object()) return no_report("it is no table");
  for (const auto& column : table->members()) {
    if (!column.second.is_object()) return no_report("a column is no map of cases");
  }
  return table;
}

Result<PreparationReport> read_preparation_report(const fs::path& folder, const fs::path& name) {
  MEDPERF_TRY(const Json table, read_report_table(folder, name));
  PreparationReport out;
  std::set<std::string_view> cases;
  for (const auto& column : table.members()) {
    for (const auto& item : column.second.members()) cases.insert(item.first);
  }
  out.cases = cases.size();
  if (const Json* status = table.find("status"); status != nullptr && out.cases > 0) {
    MEDPERF_TRY(out.progress, shares(*status, out.cases));
  }
  if (const Json* names = table.find("status_name"); names != nullptr) {
    for (const auto& item : names->members())
      out.done += item.second.is_string() && item.second.as_string() == "DONE" ? 1 : 0;
  }
  return out;
}

}  // namespace medperf::site
