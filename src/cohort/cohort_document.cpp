#include "cohort/cohort_document.h"

#include <fmt/format.h>

#include <algorithm>

#include "metrics/estimate_json.h"
#include "metrics/vocabulary.h"

namespace medperf::cohort {
namespace {

using metrics::or_null;
using metrics::or_ok;

Json counts_of(const std::map<std::string, std::int64_t>& counts) {
  Json object = Json::object();
  for (const auto& [reason, cases] : counts) object.set(reason, cases);
  return object;
}

Json mean_document(const metrics::Estimate& mean) {
  Json row = Json::object();
  metrics::set_members(row, mean);
  row.set("convention", mean.convention);
  return row;
}

void add_spread(const std::optional<Spread>& spread, Json& row) {
  const auto set = [&](std::string_view key, double Spread::*field) {
    row.set(key, spread ? Json((*spread).*field) : Json());
  };
  set("min", &Spread::minimum);
  set("q05", &Spread::q05);
  set("q25", &Spread::q25);
  set("median", &Spread::median);
  set("q75", &Spread::q75);
  set("q95", &Spread::q95);
  set("max", &Spread::maximum);
}

Json summary_document(const CohortResult& result, const Summary& summary) {
  const Column& column = result.columns[summary.column];
  Json row = Json::object({{"metric", column.metric},
                           {"region", column.region.empty() ? Json() : Json(column.region)},
                           {"tau_mm", or_null(column.tau_mm)},
                           {"part", column.part.empty() ? Json() : Json(column.part)},
                           {"group", summary.group.empty() ? Json() : Json(summary.group)}});
  if (const metrics::MetricEntry* entry = metrics::find_metric(column.metric)) {
    row.set("name", entry->name);
    row.set("unit", entry->unit);
    row.set("direction", metrics::to_string(entry->direction));
  }
  row.set("convention", convention_of(result, summary.column));
  row.set("n_cases", summary.cases);
  row.set("n_failed", summary.failed);
  row.set("n", summary.n);
  row.set("n_patients", summary.patients);
  row.set("undefined", counts_of(summary.undefined));
  row.set("remarked", counts_of(summary.remarked));
  row.set("mean", mean_document(summary.mean));
  add_spread(summary.spread, row);
  if (summary.group.empty() && has_groups(result)) {
    row.set("worst_group", summary.worst_group.empty() ? Json() : Json(summary.worst_group));
    row.set("gap", or_null(summary.gap));
  }
  return row;
}

Json case_document(const CaseResult& one) {
  Json row = Json::object({{"case_id", one.files.id},
                           {"patient", one.files.patient},
                           {"group", one.files.group.empty() ? Json() : Json(one.files.group)}});
  if (one.failure) {
    row.set("failure", Json::object({{"kind", to_string(one.failure->kind)},
                                     {"where", one.failure->where},
                                     {"what", one.failure->what},
                                     {"advice", one.failure->advice}}));
    return row;
  }
  Json::Array values;
  for (const metrics::Estimate& value : one.values) {
    values.push_back(Json::object({{"value", or_null(value.value)},
                                   {"flag", or_ok(value.flag)},
                                   {"convention", value.convention}}));
  }
  row.set("values", Json(std::move(values)));
  Json::Array remarks(one.remarks.begin(), one.remarks.end());
  row.set("remarks", Json(std::move(remarks)));
  return row;
}

}  // namespace

bool has_groups(const CohortResult& result) {
  return std::any_of(result.cases.begin(), result.cases.end(),
                     [](const CaseResult& one) { return !one.files.group.empty(); });
}

std::string_view convention_of(const CohortResult& result, std::size_t column) {
  for (const CaseResult& one : result.cases) {
    if (!one.failure) return one.values[column].convention;
  }
  return {};
}

Json cohort_document(const CohortResult& result, std::span<const Summary> summaries,
                     const CohortSettings& settings) {
  Json::Array rows;
  for (const Summary& summary : summaries) rows.push_back(summary_document(result, summary));
  Json::Array cases;
  for (const CaseResult& one : result.cases) cases.push_back(case_document(one));
  return Json::object({{"format", kCohortFormat},
                       {"kind", settings.kind},
                       {"program", settings.program},
                       {"options", settings.options},
                       {"n_cases", result.cases.size()},
                       {"n_failed", result.failed()},
                       {"summaries", Json(std::move(rows))},
                       {"cases", Json(std::move(cases))}});
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string cohort_csv(const CohortResult& result) {
  std::string text =
      "case_id,patient,group,region,metric,tau_mm,value,flag,convention,error,part\n";
  for (const CaseResult& one : result.cases) {
    const std::string who = fmt::format("{},{},{},", csv_field(one.files.id),
                                        csv_field(one.files.patient), csv_field(one.files.group));
    if (one.failure) {
      text += fmt::format("{},,,,failed,,{},\n", who, csv_field(one.failure->text()));
      continue;
    }
    for (std::size_t i = 0; i < result.columns.size(); ++i) {
      const Column& column = result.columns[i];
      const metrics::Estimate& value = one.values[i];
      text += fmt::format("{}{},{},{},{},{},{},,{}\n", who, csv_field(column.region), column.metric,
                          column.tau_mm ? fmt::format("{}", *column.tau_mm) : "",
                          value.value ? fmt::format("{}", *value.value) : "", or_ok(value.flag),
                          value.convention, column.part);
    }
  }
  return text;
}

}  // namespace medperf::cohort
