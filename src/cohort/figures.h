#pragma once
// Figures of a whole cohort, each one number: what classification and regression give.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "cohort/case_rows.h"
#include "metrics/estimate.h"

namespace medperf::cohort {

inline constexpr std::string_view kFiguresFormat = "medperf/figures/v1";

/// Of a difference: the test that there is none. Undefined is an empty p value; the figure's flag
/// says why.
struct FigureTest {
  std::optional<double> statistic;
  std::optional<double> p_value;
};

struct Figure {
  std::string metric;  ///< id of the vocabulary
  std::string of;      ///< "lower", "class pneumonia"; empty: nothing to add
  metrics::FiniteEstimate estimate;
  /// Of sites' summaries: the figure of the cases themselves lies in value +- bound.
  std::optional<double> bound = std::nullopt;
  std::optional<FigureTest> test = std::nullopt;
  /// How many cases were not taken as they are, by what was done to them: "floored" of a log loss,
  /// "clipped" of pooled logits, "tied" of an accuracy.
  std::map<std::string, std::int64_t> altered = {};
  /// What the interval is made by, where it is not the formula of the estimate's convention.
  std::string_view interval = {};
};
/// What the value and the interval are made by: "pearson-fisher-z", or with another interval than
/// the convention's "pearson-fisher-z; interval bootstrap-percentile of patients". A convention of
/// nothing but an interval ("wilson") gives way to the other.
std::string convention_of(const Figure& figure);

/// What a table of scores or numbers gives.
struct FigureSet {
  std::string kind;  ///< "binary classification", "multi-class classification", "regression"
  std::size_t cases = 0;
  std::size_t patients = 0;
  std::vector<Figure> figures;
  Json more = Json::object();  ///< counts, names: what else the document says
  /// Points of plots, which are scores and numbers of single cases: in the document of who owns the
  /// data, and nowhere else.
  Json curves = Json::object();
  CaseRows rows = {};  ///< of the report alone
};

/// What a person should know beside the figure: its flag, and how many cases were altered; empty
/// for nothing.
std::string remark_of(const Figure& figure);

bool has_tests(const FigureSet& set);
/// {"format","kind","program","n_cases","n_patients","options","figures":[{"metric","of","name",
/// "unit","direction","value","se","low","high","flag","convention"}], and the members of more and
/// curves}.
/// A figure also has "bound", "floored" and "clipped" where there is such a thing, and with a test
/// "statistic" and "p_value".
Json figures_document(const FigureSet& set, std::string_view program, const Json& options);
/// `metric,of,value,se,low,high,flag,convention`, one row a figure; of comparisons also
/// `statistic,p_value`.
std::string figures_csv(const FigureSet& set);
/// One page of HTML: the figures, plots as there are (report/figure_plots.h), the worst cases and a
/// table of cases. Holds case ids: it stays where the data are.
std::string figures_report(const FigureSet& set, std::string_view program, const Json& options);

}  // namespace medperf::cohort
