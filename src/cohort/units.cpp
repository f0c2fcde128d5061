#include "cohort/units.h"

#include <fmt/format.h>

#include <numeric>
#include <set>

namespace medperf::cohort {
namespace {

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t") == std::string_view::npos;
}

Units each_its_own(std::size_t cases) {
  Units units;
  units.patient_of_case.resize(cases);
  std::iota(units.patient_of_case.begin(), units.patient_of_case.end(), 0);
  units.patients = cases;
  units.group_of_case.assign(cases, Units::kNoGroup);
  return units;
}

}  // namespace

std::size_t unit_columns(const CsvTable& table) {
  return (table.column("patient") ? 1U : 0U) + (table.column("group") ? 1U : 0U);
}

Result<CaseUnit> unit_in(const KeyedTable& table, std::size_t row, std::string_view file) {
  const auto& fields = table.table.rows[row];
  const auto patient = table.table.column("patient");
  const auto group = table.table.column("group");
  CaseUnit unit{fields[patient.value_or(table.id)], {}};
  if (patient && is_blank(unit.patient)) {
    return bad_row(file, row, "the patient is blank",
                   "Give the patient of every case; if each case is a patient of its own, leave "
                   "the whole column out.");
  }
  if (group && !is_blank(fields[*group])) unit.group = fields[*group];
  return unit;
}

Result<UnitRows> UnitRows::read(std::string_view text) {
  MEDPERF_TRY(const KeyedTable table, read_keyed_table(text, kUnitFile));
  const std::size_t columns = unit_columns(table.table);
  if (columns == 0 || table.table.header.size() != 1 + columns) {
    return make_error(ErrorKind::kInvalid, fmt::format("{}: header", kUnitFile),
                      "the columns are not case_id with patient, group or both",
                      "Write case_id,patient and, if wanted, group; no other column is read.");
  }
  UnitRows rows;
  for (std::size_t i = 0; i < table.table.rows.size(); ++i) {
    MEDPERF_TRY(CaseUnit unit, unit_in(table, i, kUnitFile));
    rows.of_case_.emplace(table.table.rows[i][table.id], std::move(unit));
  }
  return rows;
}

const CaseUnit* UnitRows::find(std::string_view case_id) const {
  const auto found = of_case_.find(case_id);
  return found == of_case_.end() ? nullptr : &found->second;
}

Units numbered(const std::vector<CaseUnit>& cases) {
  Units units;
  std::set<std::string_view> names;
  for (const CaseUnit& one : cases) {
    if (!one.group.empty()) names.insert(one.group);
  }
  std::map<std::string_view, std::uint32_t> groups;
  for (const std::string_view name : names) {
    groups.emplace(name, static_cast<std::uint32_t>(units.groups.size()));
    units.groups.emplace_back(name);
  }
  std::map<std::string_view, std::int64_t> patients;
  for (const CaseUnit& one : cases) {
    const auto next = static_cast<std::int64_t>(patients.size());
    units.patient_of_case.push_back(patients.try_emplace(one.patient, next).first->second);
    units.group_of_case.push_back(one.group.empty() ? Units::kNoGroup : groups.at(one.group));
  }
  units.patients = patients.size();
  return units;
}

Result<Units> units_of(const UnitTable& table, const std::vector<std::string>& ids,
                       std::string_view ids_file) {
  if (!table) return each_its_own(ids.size());
  MEDPERF_TRY(const UnitRows rows, UnitRows::read(*table));
  std::vector<CaseUnit> cases;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const CaseUnit* const unit = rows.find(ids[i]);
    if (unit == nullptr) {
      return bad_row(ids_file, i, fmt::format("its case is not in {}", kUnitFile),
                     "Give the patient of every case.");
    }
    cases.push_back(*unit);
  }
  return numbered(cases);
}

}  // namespace medperf::cohort
