#include <cstdlib>
#include <cstring>
#include <new>

#include "guarded.h"
#include "metrics/clustered.h"
#include "tasks.h"

namespace medperf::python {

Json Columns::add(std::span<const double> values) {
  Json place = Json::array({numbers_.size(), values.size()});
  numbers_.insert(numbers_.end(), values.begin(), values.end());
  return Json::object({{"column", std::move(place)}});
}

Json Columns::add(std::span<const double> values, int width) {
  Json table = add(values);
  table.set("width", width);
  return table;
}

Json interval(const std::optional<metrics::Interval>& interval) {
  return interval ? Json::array({interval->low, interval->high}) : Json();
}

Json figure(const metrics::Estimate& found) {
  const metrics::Estimate estimate = metrics::finite(found);
  const auto& between = estimate.interval;
  return Json::array({metrics::or_null(estimate.value), metrics::or_null(estimate.se),
                      between ? Json(between->low) : Json(), between ? Json(between->high) : Json(),
                      estimate.flag, estimate.convention});
}

Json figure(metrics::Estimate estimate, bool patients_repeat) {
  if (patients_repeat) metrics::leave_out_interval(estimate);
  return figure(estimate);
}

Json counts(const metrics::Confusion& table) {
  return Json::array({table.tp, table.fp, table.fn, table.tn});
}

Json bootstrapped(const metrics::Bootstrap& drawn, Columns& columns) {
  return Json::object({{"estimate", figure(drawn.estimate)},
                       {"dropped", drawn.dropped},
                       {"replicates", columns.add(drawn.replicates)}});
}

Json texts(std::span<const std::string_view> texts) {
  return Json(Json::Array(texts.begin(), texts.end()));
}

namespace {

Task find(std::string_view name) {
  for (const auto tasks :
       {binary_tasks(), multiclass_tasks(), measurement_tasks(), comparison_tasks(),
        summary_tasks(), label_map_tasks(), resampling_tasks(), meta_tasks()}) {
    for (const NamedTask& one : tasks) {
      if (one.name == name) return one.task;
    }
  }
  return nullptr;
}

/// Memory that the caller may release whenever it likes.
template <typename T>
T* copied(const T* from, std::size_t count) {
  T* const memory = static_cast<T*>(std::malloc(count * sizeof(T) + 1));
  if (memory == nullptr) throw std::bad_alloc();
  if (count > 0) std::memcpy(memory, from, count * sizeof(T));
  return memory;
}

Status answer_of(std::string_view name, std::span<const medperf_array> arrays,
                 std::string_view options, medperf_answer& answer) {
  const Task task = find(name);
  if (task == nullptr) return wrong("task", "there is none of the name " + std::string(name));
  MEDPERF_TRY(Arguments arguments, Arguments::of(arrays, options));
  Columns columns;
  MEDPERF_TRY(const Json found, task(arguments, columns));
  MEDPERF_CHECK(arguments.all_used());
  const std::string text = to_text(found);
  answer.text = copied(text.c_str(), text.size() + 1);
  answer.numbers = copied(columns.numbers().data(), columns.numbers().size());
  answer.count = static_cast<std::int64_t>(columns.numbers().size());
  return {};
}

}  // namespace
}  // namespace medperf::python

int medperf_figures(const char* task, const medperf_array* arrays, int32_t count,
                    const char* options, medperf_answer* answer, char* error, int32_t error_size) {
  using namespace medperf::python;
  return guarded(error, error_size, [&]() -> medperf::Status {
    if (task == nullptr || options == nullptr || answer == nullptr || count < 0 ||
        (arrays == nullptr && count > 0)) {
      return wrong("medperf_figures", "a pointer is missing");
    }
    *answer = {};
    const medperf::Status done =
        answer_of(task, {arrays, static_cast<std::size_t>(count)}, options, *answer);
    if (!done) medperf_release(answer);
    return done;
  });
}

void medperf_release(medperf_answer* answer) {
  if (answer == nullptr) return;
  std::free(answer->text);
  std::free(answer->numbers);
  *answer = {};
}
