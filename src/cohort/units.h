#pragma once
// Whose the cases are: the patient, who is the unit of every interval, and the group. Every table
// that names them is read here, by one rule.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cohort/keyed_table.h"

namespace medperf::cohort {

/// A group of fewer patients has no figure, unless one asks for another minimum.
inline constexpr std::int64_t kMinimumPatients = 10;

/// Whose one case is.
struct CaseUnit {
  std::string patient;  ///< filled: a case without a table is a patient of its own
  std::string group;    ///< e.g. the scanner; empty: in none
};

/// The text of a table of patients, where there is one. An empty text is a table that is broken,
/// not one that is not there.
using UnitTable = std::optional<std::string_view>;

/// How many of the columns `patient` and `group` a table has.
std::size_t unit_columns(const CsvTable& table);
/// The patient and group in a row; without a column for patients the case is its own. Error:
/// invalid for a blank patient, which would be either one patient of all such cases or as many as
/// cases, and nobody could tell; names file and row.
Result<CaseUnit> unit_in(const KeyedTable& table, std::size_t row, std::string_view file);

/// The table patients.csv: `case_id` and `patient`, `group` or both, nothing else. It may hold more
/// cases than are measured. Errors: invalid (columns, a blank patient), too_large.
class UnitRows {
 public:
  static Result<UnitRows> read(std::string_view text);
  /// Nothing for a case that the table lacks.
  const CaseUnit* find(std::string_view case_id) const;

 private:
  std::map<std::string, CaseUnit, std::less<>> of_case_;
};
inline constexpr std::string_view kUnitFile = "patients.csv";

/// Patients and groups as numbers, for those who count and draw.
struct Units {
  static constexpr std::uint32_t kNoGroup = 0xffffffff;
  std::vector<std::int64_t> patient_of_case;
  std::size_t patients = 0;
  std::vector<std::uint32_t> group_of_case;  ///< into `groups`, or kNoGroup
  std::vector<std::string> groups;           ///< sorted by name
  /// Whether a patient has several cases, so that cases are not independent.
  bool patients_repeat() const { return patients < patient_of_case.size(); }
};
Units numbered(const std::vector<CaseUnit>& cases);
/// The units of these cases, in their order; without a table every case is a patient. Errors: those
/// of UnitRows; invalid for a case that is not in the table (names its row in `ids_file`).
Result<Units> units_of(const UnitTable& table, const std::vector<std::string>& ids,
                       std::string_view ids_file);

}  // namespace medperf::cohort
