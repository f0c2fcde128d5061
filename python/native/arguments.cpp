#include "arguments.h"

#include <cmath>
#include <unordered_set>

#include "metrics/classification/checks.h"

namespace medperf::python {

Error wrong(std::string_view name, std::string what, std::string advice) {
  return make_error(ErrorKind::kInvalid, std::string(name), std::move(what), std::move(advice));
}

Status same_length(std::string_view first, std::size_t of_first, std::string_view second,
                   std::size_t of_second) {
  if (of_first == of_second) return {};
  return wrong(second,
               "it holds " + std::to_string(of_second) + " values and " + std::string(first) + " " +
                   std::to_string(of_first),
               "Give one value a case in both.");
}

Result<Arguments> Arguments::of(std::span<const medperf_array> arrays, std::string_view options) {
  for (const medperf_array& one : arrays) {
    if (one.name == nullptr) return wrong("arrays", "one has no name");
    if (one.length < 0 || (one.data == nullptr && one.length > 0)) {
      return wrong(one.name, "it has no memory for the length that it claims");
    }
  }
  Arguments made;
  made.arrays_ = arrays;
  // Some options are documents of sites.
  constexpr JsonLimits kLimits = {std::size_t{256} << 20, 64, 1'000'000};
  MEDPERF_TRY(made.options_, parse_json(options, kLimits));
  if (!made.options_.is_object()) return wrong("options", "they are no object");
  return made;
}

const medperf_array* Arguments::find(std::string_view name) const {
  for (const medperf_array& one : arrays_) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

Result<const medperf_array*> Arguments::typed(std::string_view name, medperf_type type) {
  const medperf_array* const found = find(name);
  if (found == nullptr) return wrong(name, "it is missing");
  if (found->type != type) return wrong(name, "it holds numbers of another type");
  used_.emplace(name);
  return found;
}

const Json* Arguments::option(std::string_view name) {
  used_.emplace(name);
  const Json* const found = options_.find(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

Result<std::span<const double>> Arguments::numbers(std::string_view name) {
  MEDPERF_TRY(const medperf_array* const found, typed(name, MEDPERF_F64));
  const std::span<const double> values(static_cast<const double*>(found->data),
                                       static_cast<std::size_t>(found->length));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      return wrong(name, "the value at position " + std::to_string(i) + " is not a finite number",
                   "Leave out what has no value, and say so.");
    }
  }
  return values;
}

Result<std::span<const std::int64_t>> Arguments::whole(std::string_view name) {
  MEDPERF_TRY(const medperf_array* const found, typed(name, MEDPERF_I64));
  return std::span<const std::int64_t>(static_cast<const std::int64_t*>(found->data),
                                       static_cast<std::size_t>(found->length));
}

Result<std::span<const std::int64_t>> Arguments::counts(std::string_view name) {
  MEDPERF_TRY(const auto values, whole(name));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] < 0) {
      return wrong(name, "the value at position " + std::to_string(i) + " is below 0");
    }
  }
  return values;
}

Result<metrics::LabelVolume::Labels> Arguments::labels(std::string_view name) {
  using Labels = metrics::LabelVolume::Labels;
  const medperf_array* const found = find(name);
  if (found == nullptr) return wrong(name, "it is missing");
  used_.emplace(name);
  const auto as = [found]<typename T>(T) {
    return Labels(
        std::span(static_cast<const T*>(found->data), static_cast<std::size_t>(found->length)));
  };
  if (found->type == MEDPERF_U8) return as(std::uint8_t{});
  if (found->type == MEDPERF_U16) return as(std::uint16_t{});
  if (found->type == MEDPERF_I16) return as(std::int16_t{});
  if (found->type == MEDPERF_I32) return as(std::int32_t{});
  return wrong(name, "it holds numbers of another type");
}

Result<std::vector<int>> Arguments::classes(std::string_view name, std::int64_t bound) {
  MEDPERF_TRY(const auto values, whole(name));
  std::vector<int> numbers(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] < 0 || values[i] >= bound) {
      return wrong(name, "the class at position " + std::to_string(i) + " is not in 0.." +
                             std::to_string(bound - 1));
    }
    numbers[i] = static_cast<int>(values[i]);
  }
  return numbers;
}

Result<std::span<const std::uint8_t>> Arguments::yes_or_no(std::string_view name) {
  MEDPERF_TRY(const medperf_array* const found, typed(name, MEDPERF_U8));
  const std::span<const std::uint8_t> values(static_cast<const std::uint8_t*>(found->data),
                                             static_cast<std::size_t>(found->length));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] > 1) {
      return wrong(name, "the value at position " + std::to_string(i) + " is neither 0 nor 1");
    }
  }
  return values;
}

Result<double> Arguments::number(std::string_view name, double otherwise) {
  const Json* const found = option(name);
  if (found == nullptr) return otherwise;
  if (!found->is_number()) return wrong(name, "it is no number");
  return found->as_double();
}

Result<std::int64_t> Arguments::count(std::string_view name, std::int64_t otherwise,
                                      std::int64_t low, std::int64_t high) {
  const Json* const found = option(name);
  if (found == nullptr) return otherwise;
  if (!found->is_int() || found->as_int() < low || found->as_int() > high) {
    return wrong(name,
                 "it is no whole number in " + std::to_string(low) + ".." + std::to_string(high));
  }
  return found->as_int();
}

Result<bool> Arguments::flag(std::string_view name, bool otherwise) {
  const Json* const found = option(name);
  if (found == nullptr) return otherwise;
  if (!found->is_bool()) return wrong(name, "it is neither true nor false");
  return found->as_bool();
}

Result<std::string> Arguments::choice(std::string_view name,
                                      std::initializer_list<const char*> of) {
  const Json* const found = option(name);
  if (found == nullptr) return std::string(*of.begin());
  std::string known;
  for (const char* one : of) {
    if (found->is_string() && found->as_string() == one) return std::string(one);
    known += (known.empty() ? "" : ", ") + std::string(one);
  }
  return wrong(name, "it is none of the known ones", "Choose one of: " + known + ".");
}

Result<std::string> Arguments::text(std::string_view name) {
  const Json* const found = option(name);
  if (found == nullptr) return wrong(name, "it is missing");
  if (!found->is_string()) return wrong(name, "it is no text");
  return found->as_string();
}

Result<std::vector<std::string>> Arguments::texts(std::string_view name) {
  const Json* const found = option(name);
  if (found == nullptr) return wrong(name, "it is missing");
  std::vector<std::string> texts;
  if (!found->is_array()) return wrong(name, "it is no list of texts");
  for (const Json& one : found->items()) {
    if (!one.is_string()) return wrong(name, "it is no list of texts");
    texts.push_back(one.as_string());
  }
  return texts;
}

Result<double> Arguments::level() {
  MEDPERF_TRY(const double level, number("level", 0.95));
  if (!(level > 0 && level < 1)) {
    return wrong("level", "it is not between 0 and 1", "0.95 makes 95 % intervals.");
  }
  return level;
}

Result<metrics::BootstrapOptions> Arguments::bootstrap() {
  metrics::BootstrapOptions options;
  MEDPERF_TRY(options.level, level());
  MEDPERF_TRY(const auto seed, count("seed", 0, 0, INT64_MAX));
  MEDPERF_TRY(const auto replicates, count("replicates", 2000, 2, 10'000'000));
  MEDPERF_TRY(const auto threads, count("threads", 1, 1, 1024));
  MEDPERF_TRY(const auto interval, choice("interval", {"percentile", "bca"}));
  options.seed = static_cast<std::uint64_t>(seed);
  options.replicates = static_cast<int>(replicates);
  options.threads = static_cast<int>(threads);
  if (interval == "bca") options.interval = metrics::BootstrapInterval::kBca;
  MEDPERF_CHECK(metrics::check_bootstrap_options(options));
  return options;
}

Result<std::vector<metrics::ScoredCase>> Arguments::scored_cases(std::string_view scores) {
  MEDPERF_TRY(const auto values, numbers(scores));
  MEDPERF_TRY(const auto labels, yes_or_no("labels"));
  MEDPERF_CHECK(same_length(scores, values.size(), "labels", labels.size()));
  std::vector<metrics::ScoredCase> cases(values.size());
  for (std::size_t i = 0; i < cases.size(); ++i) cases[i] = {values[i], labels[i] != 0};
  return cases;
}

Result<std::vector<metrics::ScoredCase>> Arguments::probability_cases() {
  MEDPERF_TRY(auto cases, scored_cases());
  if (const Status found = metrics::check_probabilities(cases); !found) {
    return Error(found.error()).at("scores");
  }
  return cases;
}

Result<std::vector<metrics::MeasuredPair>> Arguments::measured_pairs() {
  MEDPERF_TRY(const auto predicted, numbers("predicted"));
  MEDPERF_TRY(const auto reference, numbers("reference"));
  MEDPERF_CHECK(same_length("predicted", predicted.size(), "reference", reference.size()));
  std::vector<metrics::MeasuredPair> pairs(predicted.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {reference[i], predicted[i]};
  return pairs;
}

Result<std::optional<std::span<const std::int64_t>>> Arguments::patients(std::size_t cases) {
  using Patients = std::optional<std::span<const std::int64_t>>;
  if (!has("patients")) return Patients();
  MEDPERF_TRY(const auto patients, whole("patients"));
  MEDPERF_CHECK(same_length("cases", cases, "patients", patients.size()));
  return Patients(patients);
}

Result<bool> Arguments::patients_repeat(std::size_t cases) {
  MEDPERF_TRY(const auto patients, this->patients(cases));
  if (!patients) return false;
  return std::unordered_set<std::int64_t>(patients->begin(), patients->end()).size() < cases;
}

Status Arguments::all_used() const {
  for (const medperf_array& one : arrays_) {
    if (!used_.contains(std::string_view(one.name))) {
      return wrong(one.name, "this figure takes no such array");
    }
  }
  for (const auto& [name, value] : options_.members()) {
    if (!used_.contains(name)) return wrong(name, "this figure takes no such option");
  }
  return {};
}

}  // namespace medperf::python
