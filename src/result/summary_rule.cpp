#include "result/summary_rule.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>
#include <type_traits>

#include "metrics/pooling/summary_json.h"
#include "metrics/vocabulary.h"

namespace medperf::result {
namespace {

using metrics::SiteSummary;
using metrics::SummaryPart;

constexpr std::size_t kMostFigures = 200;
constexpr std::size_t kMostNames = 100;
constexpr std::size_t kLongestRules = 4'000;
constexpr std::size_t kLongestProgram = 64;
/// What histograms of scores can count.
constexpr std::int64_t kMostCases = (std::int64_t{1} << 31) - 1;

/// Reads members and notes what is wrong with them.
class Reader {
 public:
  Reader(const std::string& path, std::vector<FieldError>& errors) : path_(path), errors_(errors) {}

  void problem(std::string_view key, std::string_view what) {
    std::string text = "x-medperf.";
    text.append(key).append(" ").append(what);
    errors_.push_back({path_, std::move(text)});
  }
  template <std::size_t N>
  void only(const Json& object, const std::array<std::string_view, N>& keys) {
    for (const auto& [key, value] : object.members()) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) problem(key, "is unknown.");
    }
  }
  std::string text(const Json& object, std::string_view key, bool required, std::size_t longest) {
    const Json* value = object.find(key);
    if (value == nullptr && !required) return {};
    if (value == nullptr || !value->is_string() || value->as_string().size() > longest) {
      problem(key, "must be text of at most " + std::to_string(longest) + " bytes.");
      return {};
    }
    return value->as_string();
  }
  std::vector<std::string> names(const Json& object, std::string_view key) {
    std::vector<std::string> found;
    const Json* value = object.find(key);
    if (value == nullptr) return found;
    if (value->is_array() && value->items().size() <= kMostNames) {
      for (const Json& name : value->items()) {
        if (name.is_string() && name.as_string().size() <= kLongestProgram) {
          found.push_back(name.as_string());
        }
      }
      if (found.size() == value->items().size()) return found;
    }
    problem(key, "must be a list of at most 100 short names.");
    return {};
  }
  std::int64_t whole(const Json& object, std::string_view key, std::int64_t low,
                     std::int64_t high) {
    const Json* value = object.find(key);
    if (value != nullptr && value->is_int() && value->as_int() >= low && value->as_int() <= high) {
      return value->as_int();
    }
    problem(key, "must be a whole number from " + std::to_string(low) + " to " +
                     std::to_string(high) + ".");
    return 0;
  }

 private:
  const std::string& path_;
  std::vector<FieldError>& errors_;
};

SummaryFigure read_figure(const Json& declaration, Reader& reader) {
  constexpr std::array<std::string_view, 6> kKeys = {"metric",    "of",      "bins",
                                                     "threshold", "classes", "reasons"};
  SummaryFigure figure;
  if (!declaration.is_object()) {
    reader.problem("figures", "must list objects.");
    return figure;
  }
  reader.only(declaration, kKeys);
  figure.metric = reader.text(declaration, "metric", true, 100);
  if (metrics::find_metric(figure.metric) == nullptr) {
    reader.problem("figures", "names no metric of the vocabulary: '" + figure.metric + "'.");
  }
  figure.of = reader.text(declaration, "of", false, 100);
  figure.bins = reader.text(declaration, "bins", false, 100);
  figure.classes = reader.names(declaration, "classes");
  figure.reasons = reader.names(declaration, "reasons");
  if (const Json* threshold = declaration.find("threshold"); threshold != nullptr) {
    if (threshold->is_number()) figure.threshold = threshold->as_double();
    if (!threshold->is_number()) reader.problem("threshold", "must be a number.");
  }
  return figure;
}

Error undeclared(std::string where, std::string what) {
  return make_error(ErrorKind::kInvalid, std::move(where), std::move(what),
                    "Only what the benchmark's result schema declares may leave.");
}

/// "medperf_evaluate 0.1.0": a name and a version, no sentence.
bool is_program(std::string_view text) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+~ ";
  return text.size() <= kLongestProgram &&
         text.find_first_not_of(kAllowed) == std::string_view::npos;
}

/// Whether the content is made as the figure says: its bins, threshold, classes.
struct IsAsDeclared {
  const SummaryFigure& figure;

  bool plain() const { return figure.bins.empty() && !figure.threshold && figure.classes.empty(); }
  bool operator()(const metrics::MomentSummary&) const { return plain(); }
  bool operator()(const metrics::RatioSummary&) const { return plain(); }
  bool operator()(const metrics::DecisionCounts& one) const {
    return figure.threshold == one.threshold && figure.bins.empty() && figure.classes.empty();
  }
  bool operator()(const metrics::CountTable& one) const {
    return one.rule() == metrics::class_table_rule(figure.classes) &&
           one.rows() == figure.classes.size() && figure.bins.empty() && !figure.threshold;
  }
  template <typename Binned>
  bool operator()(const Binned& one) const {
    return one.bins().text() == figure.bins && !figure.threshold && figure.classes.empty();
  }
};

Status check_part(const SummaryFigure& figure, const SummaryPart& part) {
  if (part.metric != figure.metric || part.of != figure.of) {
    return undeclared("parts", "the figures are not those that are declared, in their order");
  }
  const std::string place = part.of.empty() ? part.metric : part.metric + " " + part.of;
  if (!std::visit(IsAsDeclared{figure}, part.content)) {
    return undeclared(place, "its bins, threshold or classes are not those that are declared");
  }
  for (const auto& [reason, cases] : part.undefined) {
    if (std::find(figure.reasons.begin(), figure.reasons.end(), reason) == figure.reasons.end()) {
      return undeclared(place, "the reason " + reason + " is not declared");
    }
  }
  return {};
}

/// The numbers of cases that a part tells: of classes where it knows them.
struct CasesTold {
  std::vector<std::int64_t>& told;

  void operator()(const metrics::MomentSummary& one) const { told.push_back(one.cases()); }
  void operator()(const metrics::RatioSummary& one) const { told.push_back(one.cases()); }
  void operator()(const metrics::DecisionCounts& one) const {
    told.insert(told.end(), {one.table.tp + one.table.fn, one.table.fp + one.table.tn});
  }
  void operator()(const metrics::CountTable& one) const {
    for (std::size_t i = 0; i < one.rows(); ++i) {
      std::int64_t row = 0;
      for (std::size_t j = 0; j < one.columns(); ++j) row += one.at(i, j);
      told.push_back(row);
    }
  }
  void operator()(const metrics::ScoreHistogram& one) const {
    for (const auto* counts : {&one.positives(), &one.negatives()}) {
      told.push_back(std::accumulate(counts->begin(), counts->end(), std::int64_t{0}));
    }
  }
  void operator()(const metrics::ReliabilityTable& one) const {
    std::int64_t positives = 0;
    for (const metrics::ReliabilityBin& bin : one.counts()) positives += bin.positives;
    told.insert(told.end(), {positives, one.cases() - positives});
  }
  void operator()(const metrics::CalibrationHistogram& one) const {
    std::array<std::int64_t, 2> classes{};
    for (std::size_t i = 0; i < one.cells().size(); ++i) classes[i % 2] += one.cells()[i].cases;
    told.insert(told.end(), classes.begin(), classes.end());
  }
};

}  // namespace

bool declares_summary(const Json& node) {
  const Json* declaration = node.find("x-medperf");
  return declaration != nullptr && declaration->contains("summary");
}

SummaryDeclaration read_summary_declaration(const Json& node, const std::string& path,
                                            std::vector<FieldError>& errors) {
  constexpr std::array<std::string_view, 6> kKeys = {"summary", "kind",       "rules",
                                                     "figures", "most_cases", "minimum_count"};
  const Json& declaration = *node.find("x-medperf");
  Reader reader(path, errors);
  reader.only(declaration, kKeys);
  SummaryDeclaration found;
  found.path = path;
  if (declaration.get_string("summary") != metrics::kSummaryFormat) {
    reader.problem("summary", "must be '" + std::string(metrics::kSummaryFormat) + "'.");
  }
  found.kind = reader.text(declaration, "kind", true, 100);
  found.rules = reader.text(declaration, "rules", true, kLongestRules);
  found.most_cases = reader.whole(declaration, "most_cases", 1, kMostCases);
  found.minimum_count = reader.whole(declaration, "minimum_count", 2, 1000);
  const Json* figures = declaration.find("figures");
  if (figures == nullptr || !figures->is_array() || figures->items().empty() ||
      figures->items().size() > kMostFigures) {
    reader.problem("figures", "must list 1 to 200 parts of the summary.");
    return found;
  }
  for (const Json& figure : figures->items()) found.figures.push_back(read_figure(figure, reader));
  return found;
}

Result<SiteSummary> read_accepted_summary(const SummaryDeclaration& declared,
                                          const Json& document) {
  MEDPERF_TRY(SiteSummary summary, metrics::read_summary(document));
  if (summary.kind != declared.kind || summary.rules != declared.rules) {
    return undeclared("rules", "it was not made by the kind and rules that are declared");
  }
  if (summary.sites != 1) return undeclared("n_sites", "a result is of one site");
  if (summary.cases > declared.most_cases) {
    return undeclared("n_cases", "there are more cases than any site may have");
  }
  if (summary.parts.size() != declared.figures.size()) {
    return undeclared("parts", "the figures are not those that are declared, in their order");
  }
  for (std::size_t i = 0; i < summary.parts.size(); ++i) {
    MEDPERF_CHECK(check_part(declared.figures[i], summary.parts[i]));
  }
  return summary;
}

Result<SiteSummary> read_declared_summary(const SummaryDeclaration& declared,
                                          const Json& document) {
  MEDPERF_TRY(SiteSummary summary, read_accepted_summary(declared, document));
  if (!is_program(document.get_string("program"))) {
    return undeclared("program", "it is no name and version of at most 64 characters");
  }
  // Empty cells and the like would be places to write in.
  const Json one_form = metrics::summary_document(summary, document.get_string("program"));
  if (to_canonical(one_form) != to_canonical(document)) {
    return undeclared("summary", "it is not written in the one form of these counts and sums");
  }
  return summary;
}

bool tells_of_few(const SummaryDeclaration& declared, const SiteSummary& summary) {
  std::vector<std::int64_t> told = {summary.cases, summary.patients};
  for (const SummaryPart& part : summary.parts) {
    for (const auto& [reason, cases] : part.undefined) told.push_back(cases);
    std::visit(CasesTold{told}, part.content);
  }
  return std::any_of(told.begin(), told.end(), [&declared](std::int64_t cases) {
    return cases > 0 && cases < declared.minimum_count;
  });
}

}  // namespace medperf::result
