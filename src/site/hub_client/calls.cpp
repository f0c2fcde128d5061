#include <algorithm>
#include <utility>

#include "site/hub_client/hub.h"

namespace medperf::site {
namespace {

constexpr std::size_t kPage = 32;
constexpr std::size_t kMaxRows = 100'000;

template <typename Entity, typename Read>
Result<Entity> remembered(std::map<std::int64_t, Entity>& seen, std::int64_t id, Read read) {
  if (auto found = seen.find(id); found != seen.end()) return found->second;
  Result<Entity> entity = read();
  if (entity.ok()) seen.emplace(id, *entity);
  return entity;
}

}  // namespace

Result<std::vector<Json>> Hub::list(const Path<kGet>& path) {
  std::vector<Json> rows;
  while (rows.size() < kMaxRows) {
    MEDPERF_TRY(Json page, get(path, {{"limit", std::to_string(kPage)},
                                      {"offset", std::to_string(rows.size())},
                                      {"is_valid", "True"}}));
    Json* items = page.find("results");
    if (items == nullptr || !items->is_array()) {
      return make_error(ErrorKind::kCorrupt, path.text, "the hub's list has no 'results'",
                        "check that hub.url names a MedPerf hub");
    }
    for (Json& item : items->items()) rows.push_back(std::move(item));
    const Json* next = page.find("next");
    if (next == nullptr || next->is_null() || items->items().empty()) return rows;
  }
  return make_error(ErrorKind::kTooLarge, path.text, "the hub's list has too many rows");
}

Result<Container> Hub::container(ContainerId id) {
  return remembered(containers_, id.value, [&]() -> Result<Container> {
    MEDPERF_TRY(Json answer, get(paths::container(id)));
    return container_from(answer);
  });
}

Result<Asset> Hub::asset(AssetId id) {
  MEDPERF_TRY(const Json answer, get(paths::asset(id)));
  return asset_from(answer);
}

Result<Model> Hub::model(ModelId id) {
  return remembered(models_, id.value, [&]() -> Result<Model> {
    MEDPERF_TRY(Json answer, get(paths::model(id)));
    return model_from(answer);
  });
}

Result<Benchmark> Hub::benchmark(BenchmarkId id) {
  return remembered(benchmarks_, id.value, [&]() -> Result<Benchmark> {
    MEDPERF_TRY(Json answer, get(paths::benchmark(id)));
    return benchmark_from(answer);
  });
}

Result<Dataset> Hub::dataset(DatasetId id) {
  MEDPERF_TRY(Json answer, get(paths::dataset(id)));
  return dataset_from(answer);
}

Result<std::vector<ResultRow>> Hub::my_results() {
  if (results_) return *results_;
  MEDPERF_TRY(std::vector<Json> answers, list(paths::my_results()));
  std::vector<ResultRow> rows;
  for (const Json& answer : answers) {
    MEDPERF_TRY(ResultRow row, result_row_from(answer));
    rows.push_back(std::move(row));
  }
  results_ = rows;
  return rows;
}

Result<std::vector<Association>> Hub::benchmark_models(BenchmarkId id) {
  MEDPERF_TRY(std::vector<Json> answers, list(paths::benchmark_models(id)));
  std::vector<Association> latest;
  for (const Json& answer : answers) {
    MEDPERF_TRY(Association row, association_from(answer, "model"));
    auto same = std::find_if(latest.begin(), latest.end(),
                             [&](const Association& a) { return a.object == row.object; });
    if (same == latest.end()) {
      latest.push_back(std::move(row));
    } else if (row.created_at > same->created_at) {
      *same = std::move(row);
    }
  }
  return latest;
}

Result<std::map<std::int64_t, Json>> Hub::claimed_demo_runs(BenchmarkId id) {
  MEDPERF_TRY(const std::optional<Json> answer, get_if_there(paths::benchmark_demo_runs(id)));
  std::map<std::int64_t, Json> out;
  if (!answer || !answer->is_array()) return out;
  for (const Json& row : answer->items()) {
    const Json* run = row.find("demo_run");
    if (run != nullptr) out[row.get_int("model")] = *run;
  }
  return out;
}

Result<std::vector<Association>> Hub::my_associations(std::string_view object_key) {
  MEDPERF_TRY(std::vector<Json> answers, list(paths::my_associations(object_key)));
  std::vector<Association> rows;
  for (const Json& answer : answers) {
    MEDPERF_TRY(Association row, association_from(answer, object_key));
    rows.push_back(std::move(row));
  }
  std::sort(rows.begin(), rows.end(),
            [](const Association& a, const Association& b) { return a.created_at < b.created_at; });
  return rows;
}

}  // namespace medperf::site
