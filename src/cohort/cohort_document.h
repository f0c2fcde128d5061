#pragma once
// A measured cohort as documents: JSON for programs, a table of cases as CSV.

#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "cohort/cohort_result.h"
#include "cohort/summary.h"

namespace medperf::cohort {

inline constexpr std::string_view kCohortFormat = "medperf/cohort/v1";

/// What was asked for, as the document repeats it.
struct CohortSettings {
  std::string kind;     ///< "segmentation", "regression"
  std::string program;  ///< name and version
  Json options = Json::object();
};

/// {"format","kind","program","options","n_cases","n_failed",
///  "summaries":[{"metric","region","tau_mm","group","name","unit","direction","convention",
///    "n_cases","n_failed","n","n_patients","undefined":{reason: cases},"remarked":{flag: cases},
///    "mean":{"value","se","low","high","flag","convention"},"min","q05","q25","median","q75",
///    "q95","max"; of all cases, where they have groups, also "worst_group","gap"}],
///  "cases":[{"case_id","patient","group","values":[{"value","flag","convention"}],"remarks"} or
///    {..,"failure":{"kind","where","what","advice"}}]}.
/// Values follow the order of the first summaries (those of all cases). Undefined is null.
Json cohort_document(const CohortResult& result, std::span<const Summary> summaries,
                     const CohortSettings& settings);

/// One row per case and figure (tidy):
/// `case_id,patient,group,region,metric,tau_mm,value,flag,convention,error`. A case that failed has
/// one row with an error and no figure.
std::string cohort_csv(const CohortResult& result);

/// A field of RFC 4180, quoted where it must be.
std::string csv_field(std::string_view text);

/// Whether any case is in a group.
bool has_groups(const CohortResult& result);

/// The convention that the values of a column carry (of its first case); empty without one.
std::string_view convention_of(const CohortResult& result, std::size_t column);

}  // namespace medperf::cohort
