#pragma once
// A table of sites to one pooled figure: what `medperf-metrics meta` gives.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "metrics/statistics/binomial_mixed_model.h"
#include "metrics/statistics/bivariate.h"
#include "metrics/statistics/meta_analysis.h"

namespace medperf::cohort {

inline constexpr std::string_view kMetaFormat = "medperf/meta-analysis/v1";

/// Two-stage proportions want about this many events and as many non-events a site
/// (docs/metrics/meta-analysis.md); with fewer, the one-stage model is the one to read.
inline constexpr std::int64_t kEventsForTwoStages = 20;

namespace warning {
inline constexpr std::string_view kFewEvents = "few_events";
}  // namespace warning

/// `scale` is empty when nobody chose: logit for counts; for estimates it must be chosen, because
/// the wrong one gives a wrong answer and not an error.
struct MetaChoice {
  std::optional<metrics::Scale> scale;
  metrics::MetaOptions options;
};

/// One figure over the sites.
struct PooledSites {
  std::string of;  ///< "estimate", "auroc", "proportion", "sensitivity" or "specificity"
  metrics::Scale scale = metrics::Scale::kLogit;
  metrics::MetaAnalysis pooled;
  std::vector<std::string_view> warnings;  ///< those of the analysis, and few_events
  std::vector<metrics::ForestRow> forest;
  std::vector<metrics::MetaAnalysis> left_out;  ///< by the site that is left out; none for one site
  std::optional<metrics::BinomialMixedModel> one_stage;  ///< of counts
};

struct MetaAnswer {
  std::vector<std::string> sites;
  std::vector<PooledSites> figures;
  std::optional<metrics::BivariateAnalysis> pair;  ///< of 2x2 tables, from three sites on
};

/// The table is one of: site,estimate,se; site,estimate,se,n_positive,n_negative (areas under the
/// ROC curve); site,events,n; site,tp,fn,tn,fp. Errors: invalid for other columns, no site, a cell
/// that is no number, counts that do not fit, a figure that cannot be pooled (each names the row,
/// never the site), a missing or unfitting scale.
Result<MetaAnswer> pool_sites(std::string_view table, const MetaChoice& choice);

/// {"format","kind","program","options","n_sites","figures":[...],"pair"}.
Json meta_document(const MetaAnswer& answer, std::string_view program, const Json& options);
/// `figure,row,site,value,low,high,weight,flag,convention`: a row a site, then the pooled figures,
/// then the analysis without each site.
std::string meta_csv(const MetaAnswer& answer);
/// One page of HTML: the same as tables.
std::string meta_report(const MetaAnswer& answer, std::string_view program, const Json& options);

/// One line of the tables that people read: what it is, its value and interval.
struct MetaLine {
  std::string what;  ///< "pooled", "prediction of a further site", "tau2" ...
  std::optional<double> value;
  std::optional<metrics::Interval> interval;
  std::string remark;
  std::string convention;
};
std::vector<MetaLine> meta_lines(const PooledSites& one);
std::vector<MetaLine> pair_lines(const metrics::BivariateAnalysis& pair);

}  // namespace medperf::cohort
