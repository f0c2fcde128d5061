// Tables of cases, and what is made of two of them: each row is found by its id, numbers are
// finite, and the classification of hostile tables ends in figures or an error.

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cohort/class_tables.h"
#include "cohort/keyed_table.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace medperf;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = text.find('\0');  // predictions.csv, NUL, labels.csv
  const std::string_view first = text.substr(0, cut);
  const std::string_view second = cut == std::string_view::npos ? "" : text.substr(cut + 1);
  const auto table = cohort::read_keyed_table(first, "table");
  if (table.ok()) {
    for (std::size_t i = 0; i < table->table.rows.size(); ++i) {
      const auto found = table->row_of.find(table->table.rows[i][table->id]);
      if (found == table->row_of.end() || found->second != i) std::abort();
      for (std::size_t j = 0; j < table->table.header.size(); ++j) {
        const auto number = cohort::number_in(*table, i, j, "table");
        if (number.ok() && !std::isfinite(*number)) std::abort();
      }
    }
  }
  (void)cohort::task_of(first, second);
  const auto classes = cohort::read_class_cohort(first, second, {});
  if (classes.ok() &&
      classes->probabilities.size() != classes->reference.size() * classes->classes.size()) {
    std::abort();
  }
  const auto labels = cohort::read_label_cohort(first, second, first);
  if (labels.ok() && labels->scores.size() != labels->cases * labels->labels.size()) std::abort();
  return 0;
}
