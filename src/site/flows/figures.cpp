#include "site/flows/figures.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include "base/encoding.h"
#include "crypto/sha256.h"
#include "site/cases/shards.h"
#include "wire/spec.h"

namespace medperf::site {
namespace {

constexpr double kMostSeconds = 1e9;
constexpr double kYear = 365.0 * 24 * 3600;
constexpr std::int64_t kMostBytes = std::int64_t{1} << 50;
constexpr std::int64_t kMostCases = 1'000'000'000;

std::string time_text(Seconds time) {
  const double seconds = time.count();
  if (seconds < 1) return "less than 1 s";
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.0f} min", seconds / 60);
  if (seconds > kYear) return "more than a year";
  return fmt::format("{:.1f} h", seconds / 3600);
}

std::string needs(const RunFigures& figures, std::size_t cases, Bytes limit) {
  const RunFigures wanted = scaled(figures, cases);
  std::string out = fmt::format("about {} and {} of disk", time_text(wanted.time),
                                medperf::to_string(wanted.output));
  if (wanted.peak_memory.value > 0)
    out += fmt::format(", at least {} of memory", medperf::to_string(wanted.peak_memory));
  out += figures.unit == FiguresUnit::kCases ? fmt::format(", for {} cases", cases)
                                             : fmt::format(", for {} MiB of raw data", cases);
  if (wanted.peak_memory > limit)
    out += fmt::format("; the policy gives {} of memory", medperf::to_string(limit));
  return out;
}

std::string source(const RunFigures& figures, std::string_view who) {
  return fmt::format("({} {} of {} took {} {})", figures.cases,
                     figures.unit == FiguresUnit::kCases ? "case(s)" : "MiB",
                     printable(figures.on, 60), time_text(figures.time), who);
}

/// Nothing of the owner's words is shown, only numbers within bounds, and that they are claims.
std::string claim(const RunFigures& figures) {
  return fmt::format(
      "(by the word of the model's owner, who measured {} case(s) of demo data in {}; it has not "
      "run here)",
      figures.cases, time_text(figures.time));
}

}  // namespace

Json to_json(const RunFigures& figures) {
  const bool by_cases = figures.unit == FiguresUnit::kCases;
  return Json::object({{"medperf", kFiguresVersion},
                       {by_cases ? "cases" : "raw_mib", figures.cases},
                       {"seconds", figures.time.count()},
                       {"peak_memory_bytes", static_cast<std::int64_t>(figures.peak_memory.value)},
                       {"output_bytes", static_cast<std::int64_t>(figures.output.value)},
                       {"on", figures.on}});
}

std::optional<RunFigures> figures_from(const Json& document) {
  if (!document.is_object() || document.get_string("medperf") != kFiguresVersion)
    return std::nullopt;
  const Json* seconds = document.find("seconds");
  const FiguresUnit unit =
      document.contains("raw_mib") ? FiguresUnit::kRawMebibytes : FiguresUnit::kCases;
  const std::int64_t cases = document.get_int(unit == FiguresUnit::kCases ? "cases" : "raw_mib");
  const std::int64_t memory = document.get_int("peak_memory_bytes");
  const std::int64_t output = document.get_int("output_bytes");
  const bool sound = seconds != nullptr && seconds->is_number() && seconds->as_double() >= 0 &&
                     seconds->as_double() < kMostSeconds && cases > 0 && cases <= kMostCases &&
                     memory >= 0 && memory <= kMostBytes && output >= 0 && output <= kMostBytes;
  if (!sound) return std::nullopt;
  return RunFigures{static_cast<std::size_t>(cases),
                    Seconds(seconds->as_double()),
                    Bytes{static_cast<std::uint64_t>(memory)},
                    Bytes{static_cast<std::uint64_t>(output)},
                    document.get_string("on"),
                    unit};
}

RunFigures together(const RunFigures& one, const RunFigures& other) {
  return {one.cases + other.cases,
          one.time + other.time,
          std::max(one.peak_memory, other.peak_memory),
          Bytes{one.output.value + other.output.value},
          one.on,
          one.unit};
}

RunFigures scaled(const RunFigures& figures, std::size_t cases) {
  RunFigures out = figures;
  const double factor =
      static_cast<double>(cases) / static_cast<double>(std::max<std::size_t>(1, figures.cases));
  // What others tell may be one case of the most that is read, so the products are held back, too.
  const double output = static_cast<double>(figures.output.value) * factor;
  out.cases = cases;
  out.time = Seconds(std::min(figures.time.count() * factor, kMostSeconds));
  out.output.value =
      static_cast<std::uint64_t>(std::llround(std::min(output, static_cast<double>(kMostBytes))));
  return out;
}

std::string figures_key(const Evaluation& evaluation) {
  if (!evaluation.files) return figures_key(evaluation.model_image.image.image);
  return crypto::sha256_hex(
      to_canonical(Json::object({{"script", evaluation.evaluator.image.image.hex()},
                                 {"files", evaluation.files->archive.hex()}})));
}

Status keep_figures(const Workspace& workspace, const std::string& key, const RunFigures& figures) {
  const auto kept = kept_figures(workspace, key);
  if (figures.cases == 0 || (kept && kept->cases > figures.cases)) return {};
  const fs::path file = workspace.figures_file(key);
  MEDPERF_CHECK(make_private_folder(file.parent_path()));
  return write_copy(file, to_text(to_json(figures)));
}

std::optional<RunFigures> kept_figures(const Workspace& workspace, const std::string& key) {
  const auto text = read_file(workspace.figures_file(key), mebibytes(1));
  if (!text.ok()) return std::nullopt;
  const auto document = parse_json(*text);
  return document.ok() ? figures_from(*document) : std::nullopt;
}

std::size_t cases_in(const Benchmark& benchmark, const fs::path& data) {
  const Json* document = benchmark.medperf("specification");
  if (document == nullptr) return 0;
  const auto specification = wire::read_benchmark_specification(*document);
  if (!specification.ok() || !specification->cases) return 0;
  return count_cases(*specification->cases, data).value_or(0);
}

std::string expectation(const Workspace& workspace, const Evaluation& evaluation, Bytes limit) {
  const std::size_t cases = cases_in(evaluation.benchmark, evaluation.data.data);
  if (cases == 0) return "not known: the benchmark does not say how its cases lie";
  if (const auto own = kept_figures(workspace, figures_key(evaluation)))
    return needs(*own, cases, limit) + " " + source(*own, "here");
  const auto claimed = figures_from(evaluation.claimed_run);
  if (claimed && claimed->unit == FiguresUnit::kCases)
    return needs(*claimed, cases, limit) + " " + claim(*claimed);
  const Json* told = evaluation.benchmark.medperf("demo_run");
  const auto reference = told == nullptr ? std::nullopt : figures_from(*told);
  const bool is_reference = evaluation.model.id == evaluation.benchmark.reference_model;
  if (!reference) return fmt::format("not known: it has not run here; {} cases", cases);
  const std::string text =
      needs(*reference, cases, limit) + " " + source(*reference, "at the benchmark's group");
  return is_reference ? text : "not known: it has not run here; the reference model: " + text;
}

std::string evaluation_expectation(const Workspace& workspace, const Benchmark& benchmark,
                                   const ImageId& evaluator, std::size_t cases, Bytes limit) {
  if (cases == 0) return "not known: the benchmark does not say how its cases lie";
  if (const auto own = kept_figures(workspace, figures_key(evaluator)))
    return "for each model " + needs(*own, cases, limit) + " " + source(*own, "here");
  const Json* told = benchmark.medperf("demo_evaluation");
  const auto group = told == nullptr ? std::nullopt : figures_from(*told);
  if (!group) return fmt::format("not known: it has not run here; {} cases", cases);
  return "for each model " + needs(*group, cases, limit) + " " +
         source(*group, "at the benchmark's group");
}

std::size_t raw_mebibytes(Bytes raw) {
  constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;
  return static_cast<std::size_t>(
      std::max<std::uint64_t>(1, (raw.value + kMebibyte / 2) / kMebibyte));
}

std::string preparation_expectation(const Workspace& workspace, const ImageId& preparator,
                                    Bytes raw, Bytes limit) {
  const auto own = kept_figures(workspace, figures_key(preparator));
  const std::size_t size = raw_mebibytes(raw);
  if (!own || own->unit != FiguresUnit::kRawMebibytes)
    return fmt::format("not known: it has not run here; {} MiB of raw data", size);
  return needs(*own, size, limit) + " " + source(*own, "here");
}

}  // namespace medperf::site
