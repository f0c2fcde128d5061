// A pooled figure as JSON, CSV and a page.

#include <fmt/format.h>

#include "cohort/cohort_document.h"
#include "cohort/meta.h"
#include "cohort/report/html.h"
#include "cohort/report/parts.h"

namespace medperf::cohort {
namespace {

using metrics::Interval;
using metrics::MetaAnalysis;

Json or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json();
}

std::string_view or_ok(std::string_view flag) {
  return flag.empty() ? "ok" : flag;
}

void set_interval(Json& object, const std::optional<Interval>& interval) {
  object.set("low", interval ? Json(interval->low) : Json());
  object.set("high", interval ? Json(interval->high) : Json());
}

Json words_of(const std::vector<std::string_view>& words) {
  return Json(Json::Array(words.begin(), words.end()));
}

std::string joined(const std::vector<std::string_view>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

Json document_of(const metrics::BinomialMixedModel& model) {
  const metrics::Estimate& e = model.estimate;
  Json one = Json::object({{"value", or_null(e.value)}});
  set_interval(one, e.interval);
  one.set("se_logit", or_null(e.se));
  one.set("tau2", model.tau2);
  one.set("log_likelihood", model.log_likelihood);
  one.set("flag", or_ok(e.flag));
  one.set("convention", e.convention);
  return one;
}

Json forest_document(const PooledSites& one, const std::vector<std::string>& sites) {
  Json::Array rows;
  for (std::size_t i = 0; i < one.forest.size(); ++i) {
    const metrics::ForestRow& row = one.forest[i];
    rows.push_back(Json::object({{"site", sites[i]},
                                 {"value", row.value},
                                 {"low", row.interval.low},
                                 {"high", row.interval.high},
                                 {"weight", row.weight},
                                 {"corrected", row.corrected}}));
  }
  return Json(std::move(rows));
}

Json left_out_document(const PooledSites& one, const std::vector<std::string>& sites) {
  Json::Array rows;
  for (std::size_t i = 0; i < one.left_out.size(); ++i) {
    const MetaAnalysis& row = one.left_out[i];
    rows.push_back(Json::object({{"without", sites[i]},
                                 {"value", row.value},
                                 {"low", row.interval.low},
                                 {"high", row.interval.high},
                                 {"effect", row.effect},
                                 {"tau2", row.tau2},
                                 {"i2", row.i2}}));
  }
  return Json(std::move(rows));
}

Json document_of(const PooledSites& one, const std::vector<std::string>& sites) {
  const MetaAnalysis& m = one.pooled;
  Json object = Json::object({{"of", one.of}, {"value", m.value}});
  set_interval(object, m.interval);
  object.set("convention", m.convention);
  object.set("warnings", words_of(one.warnings));
  Json prediction;
  if (m.prediction) {
    prediction = Json::object();
    set_interval(prediction, m.prediction);
    prediction.set("convention", m.prediction_convention);
  }
  object.set("prediction", std::move(prediction));
  object.set("wald", Json::object({{"low", m.wald_interval.low}, {"high", m.wald_interval.high}}));
  object.set("common_effect", m.fixed_value);
  object.set("working_scale",
             Json::object({{"scale", one.scale == metrics::Scale::kLogit ? "logit" : "identity"},
                           {"effect", m.effect},
                           {"se", m.se},
                           {"wald_se", m.wald_se}}));
  object.set("heterogeneity", Json::object({{"tau2", m.tau2},
                                            {"tau2_low", m.tau2_interval.low},
                                            {"tau2_high", m.tau2_interval.high},
                                            {"q", m.q},
                                            {"df", m.df},
                                            {"q_p_value", m.q_p_value},
                                            {"i2", m.i2},
                                            {"h2", m.h2},
                                            {"i2_of_tau2", m.i2_of_tau2},
                                            {"h2_of_tau2", m.h2_of_tau2}}));
  object.set("forest", forest_document(one, sites));
  object.set("leave_one_out", left_out_document(one, sites));
  object.set("one_stage", one.one_stage ? document_of(*one.one_stage) : Json());
  return object;
}

Json document_of(const metrics::BivariateAnalysis& pair) {
  const auto side = [](const metrics::Estimate& e) {
    Json one = Json::object({{"value", or_null(e.value)}});
    set_interval(one, e.interval);
    one.set("se_logit", or_null(e.se));
    return one;
  };
  return Json::object({{"convention", metrics::kBivariateConvention},
                       {"sensitivity", side(pair.sensitivity)},
                       {"specificity", side(pair.specificity)},
                       {"covariance", pair.covariance},
                       {"tau2_sensitivity", pair.tau2_sensitivity},
                       {"tau2_specificity", pair.tau2_specificity},
                       {"tau_covariance", pair.tau_covariance},
                       {"restricted_log_likelihood", pair.restricted_log_likelihood},
                       {"warnings", words_of(pair.warnings)}});
}

std::string csv_row(std::string_view figure, std::string_view row, std::string_view site,
                    const std::optional<double>& value, const std::optional<Interval>& interval,
                    const std::optional<double>& weight, std::string_view flag,
                    std::string_view convention) {
  const auto cell = [](const std::optional<double>& number) {
    return number ? fmt::format("{}", *number) : std::string();
  };
  return fmt::format("{},{},{},{},{},{},{},{},{}\n", figure, csv_field(row), csv_field(site),
                     cell(value), interval ? fmt::format("{}", interval->low) : "",
                     interval ? fmt::format("{}", interval->high) : "", cell(weight), or_ok(flag),
                     convention);
}

std::string text_of(const std::optional<Interval>& interval) {
  return interval ? fmt::format("{:.4g} to {:.4g}", interval->low, interval->high) : "-";
}

report::Table table_of(std::string caption, const std::vector<MetaLine>& lines) {
  report::Table table{
      std::move(caption), {"Figure", "Value", "Interval", "Remark", "Convention"}, {}};
  for (const MetaLine& line : lines) {
    table.rows.push_back({line.what, report::number(line.value), text_of(line.interval),
                          line.remark, line.convention});
  }
  return table;
}

}  // namespace

std::vector<MetaLine> meta_lines(const PooledSites& one) {
  const MetaAnalysis& m = one.pooled;
  std::vector<MetaLine> lines;
  lines.push_back({"pooled", m.value, m.interval, joined(one.warnings), std::string(m.convention)});
  if (m.prediction) {
    lines.push_back({"prediction of a further site", std::nullopt, m.prediction, "",
                     std::string(m.prediction_convention)});
  }
  if (one.one_stage) {
    const metrics::Estimate& e = one.one_stage->estimate;
    lines.push_back({"pooled in one stage", e.value, e.interval, std::string(e.flag),
                     std::string(e.convention)});
    lines.push_back({"tau2 of one stage", one.one_stage->tau2, std::nullopt, "", ""});
  }
  lines.push_back({"common effect", m.fixed_value, std::nullopt, "", ""});
  if (m.df == 0) return lines;
  lines.push_back({"tau2", m.tau2, m.tau2_interval, "", "Q-profile"});
  lines.push_back({"Q", m.q, std::nullopt,
                   fmt::format("{} degrees of freedom, p {:.3g}", m.df, m.q_p_value), ""});
  lines.push_back({"I2", m.i2, std::nullopt, "", ""});
  lines.push_back({"H2", m.h2, std::nullopt, "", ""});
  return lines;
}

std::vector<MetaLine> pair_lines(const metrics::BivariateAnalysis& pair) {
  const std::string convention(metrics::kBivariateConvention);
  return {
      {"sensitivity", pair.sensitivity.value, pair.sensitivity.interval, joined(pair.warnings),
       convention},
      {"specificity", pair.specificity.value, pair.specificity.interval, "", convention},
      {"tau2 of sensitivity", pair.tau2_sensitivity, std::nullopt, "", ""},
      {"tau2 of specificity", pair.tau2_specificity, std::nullopt, "", ""},
      {"covariance between sites", pair.tau_covariance, std::nullopt,
       pair.tau_covariance < 0 ? "sites differ in their threshold" : "", ""},
  };
}

Json meta_document(const MetaAnswer& answer, std::string_view program, const Json& options) {
  Json::Array figures;
  for (const PooledSites& one : answer.figures) figures.push_back(document_of(one, answer.sites));
  return Json::object({{"format", kMetaFormat},
                       {"kind", "meta-analysis"},
                       {"program", program},
                       {"options", options},
                       {"n_sites", answer.sites.size()},
                       {"figures", Json(std::move(figures))},
                       {"pair", answer.pair ? document_of(*answer.pair) : Json()}});
}

std::string meta_csv(const MetaAnswer& answer) {
  std::string text = "figure,row,site,value,low,high,weight,flag,convention\n";
  for (const PooledSites& one : answer.figures) {
    for (std::size_t i = 0; i < one.forest.size(); ++i) {
      const metrics::ForestRow& row = one.forest[i];
      text += csv_row(one.of, "site", answer.sites[i], row.value, row.interval, row.weight,
                      row.corrected ? metrics::warning::kContinuity : std::string_view(), "");
    }
    for (const MetaLine& line : meta_lines(one)) {
      text += csv_row(one.of, line.what, "", line.value, line.interval, std::nullopt,
                      csv_field(line.remark), line.convention);
    }
    for (std::size_t i = 0; i < one.left_out.size(); ++i) {
      const MetaAnalysis& row = one.left_out[i];
      text += csv_row(one.of, "without", answer.sites[i], row.value, row.interval, std::nullopt, "",
                      row.convention);
    }
  }
  if (!answer.pair) return text;
  for (const MetaLine& line : pair_lines(*answer.pair)) {
    text += csv_row("pair", line.what, "", line.value, line.interval, std::nullopt,
                    csv_field(line.remark), line.convention);
  }
  return text;
}

std::string meta_report(const MetaAnswer& answer, std::string_view program, const Json& options) {
  std::string body = fmt::format("<p>{} sites.</p>\n", answer.sites.size());
  for (const PooledSites& one : answer.figures) {
    body += "<h2>" + report::escaped(one.of) + "</h2>\n";
    report::Table forest{
        one.of + " of each site", {"Site", "Value", "Interval", "Weight", "Without it"}, {}};
    for (std::size_t i = 0; i < one.forest.size(); ++i) {
      const metrics::ForestRow& row = one.forest[i];
      const bool alone = one.left_out.empty();
      forest.rows.push_back({answer.sites[i], report::number(row.value), text_of(row.interval),
                             report::number(row.weight),
                             alone ? "-"
                                   : fmt::format("{:.4g} ({})", one.left_out[i].value,
                                                 text_of(one.left_out[i].interval))});
    }
    body += report::table(forest) + report::table(table_of(one.of + " pooled", meta_lines(one)));
  }
  if (answer.pair) {
    body += "<h2>Sensitivity and specificity as a pair</h2>\n" +
            report::table(table_of("Both pooled together", pair_lines(*answer.pair)));
  }
  body += "<h2>How this was made</h2>\n" +
          report::settings_part({"meta-analysis", std::string(program), options});
  return report::page("Sites: meta-analysis", body);
}

}  // namespace medperf::cohort
