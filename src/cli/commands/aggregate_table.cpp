#include "cli/commands/aggregate_table.h"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>
#include "base/encoding.h"
#include "cli/output.h"
#include "wire/spec.h"

namespace medperf::cli {
namespace {

std::string number_text(const Json* value, int digits) {
  if (value == nullptr || value->is_null()) return "–";
  if (value->is_number()) return fmt::format("{:.{}f}", value->as_double(), digits);
  return printable(to_text(*value), 40);
}

std::string p_text(const Json* p) {
  const bool tiny = p != nullptr && p->is_number() && p->as_double() < 0.0005;
  return tiny ? "p < 0.001" : "p " + number_text(p, 3);
}

std::string heterogeneity_text(const Json* pooled) {
  const Json* found = pooled->find("heterogeneity");
  if (found == nullptr || !found->is_object()) return {};
  std::string i2 = "–";
  if (const Json* value = found->find("i2"); value != nullptr && value->is_number()) {
    i2 = fmt::format("{:.0f} %",
                     value->as_double() <= 1.0 ? value->as_double() * 100 : value->as_double());
  }
  return fmt::format("I² {}, τ² {}, Q {} (df {}, {})", i2, number_text(found->find("tau2"), 3),
                     number_text(found->find("q"), 1), number_text(found->find("df"), 0),
                     p_text(found->find("p")));
}

bool is_simulated(const site::Benchmark& benchmark) {
  const Json* document = benchmark.medperf("specification");
  if (document == nullptr) return false;
  auto specification = wire::read_benchmark_specification(*document);
  return specification.ok() && specification->simulated;
}

std::string dataset_name(const Json& site) {
  const std::string name = site.get_string("site");
  return name.empty() ? fmt::format("dataset {}", site.get_int("dataset")) : name;
}

struct Warning {
  std::string text;
  std::string metrics;  ///< "AUC, Specificity: "; empty for a warning about none
};

/// Warnings "metric: text", told once for all metrics with the same text, in the order given.
std::vector<Warning> by_text(std::span<const Json> warnings) {
  std::vector<Warning> found;
  for (const Json& warning : warnings) {
    if (!warning.is_string()) continue;
    const std::string& whole = warning.as_string();
    const auto colon = whole.find(": ");
    const std::string text = colon == std::string::npos ? whole : whole.substr(colon + 2);
    const std::string metric = colon == std::string::npos ? "" : whole.substr(0, colon + 2);
    const auto same = std::find_if(found.begin(), found.end(),
                                   [&](const Warning& other) { return other.text == text; });
    if (same == found.end()) {
      found.push_back({text, metric});
    } else if (!metric.empty() && !same->metrics.empty()) {
      same->metrics.replace(same->metrics.size() - 2, 2, ", " + metric);
    }
  }
  return found;
}

/// A column of the table, as the hub says it: it knows the benchmark's result schema.
struct Column {
  std::string key;
  std::string name;
  bool ranking = false;  ///< shown with its interval
  int digits = 3;
};

std::vector<Column> columns_of(const Json& aggregate) {
  std::vector<Column> columns;
  const Json* figures = aggregate.find("figures");
  if (figures == nullptr || !figures->is_array()) return columns;
  for (const Json& figure : figures->items()) {
    columns.push_back({figure.get_string("key"), printable(figure.get_string("name"), 60),
                       figure.get_bool("ranking"), figure.get_string("merge") == "sum" ? 0 : 3});
  }
  return columns;
}

/// A figure is a number, or an object that holds its value and perhaps an interval.
std::string figure_text(const Json* figure, const Column& column) {
  if (figure == nullptr || !figure->is_object()) return number_text(figure, column.digits);
  const std::string value = number_text(figure->find("value"), column.digits);
  const Json* low = figure->find("low");
  const Json* high = figure->find("high");
  if (!column.ranking || low == nullptr || !low->is_number() || high == nullptr) return value;
  return fmt::format("{} [{}, {}]", value, number_text(low, column.digits),
                     number_text(high, column.digits));
}

/// Appends the cells of `figures` (of a site, or pooled) to a row.
void add_cells(const std::vector<Column>& columns, const Json* figures,
               std::vector<std::string>& row) {
  for (const Column& column : columns) {
    const Json* figure = figures == nullptr ? nullptr : figures->find(column.key);
    row.push_back(figure_text(figure, column));
  }
}

void model_rows(const Json& model, const std::vector<Column>& columns,
                std::vector<std::vector<std::string>>& rows, std::vector<std::string>& notes) {
  const std::string name =
      model.get_string("name") + (model.get_bool("reference") ? " (reference)" : "");
  if (const Json* sites = model.find("sites"); sites != nullptr && sites->is_array()) {
    for (const Json& site : sites->items()) {
      rows.push_back({name, dataset_name(site)});
      add_cells(columns, site.find("figures"), rows.back());
    }
  }
  const Json* pooled = model.find("pooled");
  if (pooled == nullptr || !pooled->is_object()) return;
  rows.push_back({name, "= all sites"});
  add_cells(columns, pooled->find("figures"), rows.back());
  const std::string spread = heterogeneity_text(pooled);
  if (!spread.empty()) notes.push_back(fmt::format("{}: {}", printable(name, 128), spread));
  const Json* warnings = pooled->find("warnings");
  if (warnings == nullptr || !warnings->is_array()) return;
  for (const auto& [text, metrics] : by_text(warnings->items())) {
    notes.push_back(fmt::format("{}: warning: {}{}", printable(name, 128), printable(metrics, 200),
                                printable(text, 400)));
  }
}

/// The figures of all cases in one list of one model, a row each.
void cases_rows(const Json& model, std::vector<std::vector<std::string>>& rows) {
  const Json* cases = model.find_path({"pooled", "cases"});
  const Json* figures = cases == nullptr ? nullptr : cases->find("figures");
  if (figures == nullptr || !figures->is_array()) return;
  for (const Json& figure : figures->items()) {
    std::string name = printable(figure.get_string("name"), 60);
    if (const std::string of = figure.get_string("of"); !of.empty()) {
      name += " " + printable(of, 60);
    }
    const std::string flag = figure.get_string("flag");
    std::string value = number_text(figure.find("value"), 3);
    if (const Json* low = figure.find("low"); low != nullptr && low->is_number()) {
      value += fmt::format(" [{}, {}]", number_text(low, 3), number_text(figure.find("high"), 3));
    } else if (!flag.empty() && flag != "ok") {
      value += fmt::format(" ({})", printable(flag, 40));
    }
    const Json* bound = figure.find("bound");
    const bool exact = bound == nullptr || !bound->is_number() || bound->as_double() == 0;
    rows.push_back({model.get_string("name"), name, value,
                    exact ? "exact" : fmt::format("±{:.1e}", bound->as_double()),
                    std::to_string(cases->get_int("n_cases")),
                    std::to_string(cases->get_int("sites")),
                    printable(figure.get_string("convention"), 80)});
  }
}

std::string cases_text(const Json& aggregate) {
  std::vector<std::vector<std::string>> rows;
  if (const Json* models = aggregate.find("models"); models != nullptr && models->is_array()) {
    for (const Json& model : models->items()) cases_rows(model, rows);
  }
  if (rows.empty()) return {};
  return "\nAll cases as if in one list, from the sites' summaries. Large sites weigh more: this "
         "is "
         "not what a\ntypical site sees.\n\n" +
         table_text(
             {"model", "figure", "value [95 % CI]", "within", "cases", "sites", "convention"},
             rows);
}

}  // namespace

std::string aggregate_text(const Json& aggregate, const site::Benchmark& benchmark) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> notes;
  const std::vector<Column> columns = columns_of(aggregate);
  if (const Json* models = aggregate.find("models"); models != nullptr && models->is_array()) {
    for (const Json& model : models->items()) model_rows(model, columns, rows, notes);
  }
  std::string out =
      fmt::format("Benchmark {} '{}'\n", benchmark.id.value, printable(benchmark.name, 128));
  const bool simulated = is_simulated(benchmark);
  if (simulated) {
    out += "SIMULATED SITES: the benchmark's specification declares its sites as simulated.\n";
  }
  if (rows.empty()) return out + "No result may be shown to this account yet.\n";
  std::vector<std::string> header = {"model", "site"};
  for (const Column& column : columns) {
    header.push_back(column.name + (column.ranking ? " [95 % CI]" : ""));
  }
  out += "\n" + table_text(header, rows);
  out += cases_text(aggregate);
  if (!notes.empty()) out += "\n";
  for (const std::string& note : notes) out += note + "\n";
  const std::string statement = aggregate.get_string("statement");
  if (!statement.empty()) out += "\n" + printable(statement, 1500) + "\n";
  return out;
}

}  // namespace medperf::cli
