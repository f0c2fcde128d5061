#include "hub/transfer/hub_source.h"

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "domain/names.h"

namespace medperf::hub {

using domain::Entity;

namespace {

constexpr int kPage = 200;
constexpr std::string_view kPrefix = "/api/v0/";

Error unexpected(const std::string& where, std::string what, int status) {
  const bool forbidden = status == 401 || status == 403;
  return make_error(forbidden ? ErrorKind::kForbidden : ErrorKind::kUnavailable, where,
                    std::move(what),
                    forbidden ? "Give the token of an admin of that hub." : "Try again later.");
}

ForeignRow row_of(Entity entity, const Json& object) {
  ForeignRow row;
  for (const auto& field : domain::table_of(entity).fields) {
    const Json* value = object.find(field.name);
    if (value == nullptr) continue;
    // A model's container and asset, and some owners, are shown as objects.
    if (field.type == domain::FieldType::kReference && value->is_object())
      value = value->find("id");
    if (value == nullptr) continue;
    // A JSON field keeps its quotes: its text is a document.
    row[std::string(field.name)] = field.type == domain::FieldType::kJson && !value->is_null()
                                       ? std::optional(to_text(*value))
                                       : foreign_text(*value);
  }
  return row;
}

class HubSource final : public ImportSource {
 public:
  HubSource(std::string url, std::string token, net::ClientOptions options)
      : url_(std::move(url)), token_(std::move(token)), client_(std::move(options)) {}

  Status sign_in() {
    MEDPERF_TRY(auto me, get("me/"));
    caller_ = me.get_int("id");
    MEDPERF_CHECK(get("users/?limit=1"));
    return {};
  }

  Json description() const override { return Json::object({{"kind", "hub"}, {"url", url_}}); }

  Status for_each(Entity entity, const std::function<Status(const ForeignRow&)>& visit) override {
    switch (entity) {
      case Entity::kDatasetAssociation:
        return for_each_association(Entity::kDataset, entity, visit);
      case Entity::kModelAssociation:
        return for_each_association(Entity::kModel, entity, visit);
      case Entity::kTrainingAssociation:
        return for_each_participation(visit);
      default:
        return for_each_listed(entity, path_of(entity), visit);
    }
  }

  std::vector<std::string> limits() const override {
    return {
        "the API does not show who is an admin or deactivated: only the token's owner is taken "
        "as admin; see `medperf-hub user`",
        "the API does not show benchmarks' lists of emails that are approved at once, nor "
        "datasets' reports (empty here), nor ids and metadata of requests to join training "
        "experiments (numbered here in the order of their time; metadata is empty)",
        "rows written at the source while this ran may be missing: run it again to take them"};
  }

 private:
  static std::string path_of(Entity entity) {
    if (entity == Entity::kTrainingEvent) return "training/events/";
    return std::string(domain::table_of(entity).plural) + "/";
  }

  Result<Json> get(const std::string& path) {
    net::Call call;
    call.url = url_ + std::string(kPrefix) + path;
    call.headers["authorization"] = "Bearer " + token_;
    call.answer_limit = mebibytes(512);
    MEDPERF_TRY(auto reply, client_.call(call));
    if (reply.status != 200) {
      return unexpected(url_ + "/" + path, "it answered " + std::to_string(reply.status),
                        reply.status);
    }
    JsonLimits limits;
    limits.bytes = call.answer_limit.value;
    limits.values = 100'000'000;
    auto body = parse_json(reply.body, limits);
    if (!body.ok()) return unexpected(url_ + "/" + path, "the answer is not JSON", 200);
    return body;
  }

  /// Every object of a list once, whatever moves while it is read. `key` tells them apart.
  Status for_each_object(const std::string& path, std::string_view key,
                         const std::function<Status(const Json&)>& visit) {
    std::set<std::int64_t> seen;
    std::int64_t count = 1;
    for (std::int64_t offset = 0; offset < count; offset += kPage) {
      MEDPERF_TRY(auto page, get(path + "?ordering=id&limit=" + std::to_string(kPage) +
                                 "&offset=" + std::to_string(offset)));
      const Json* results = page.find("results");
      if (results == nullptr || !results->is_array()) {
        return unexpected(url_ + "/" + path, "the answer is not a list of the v0 contract", 200);
      }
      count = page.get_int("count");
      for (const auto& object : results->items()) {
        if (seen.insert(object.get_int(key)).second) MEDPERF_CHECK(visit(object));
      }
    }
    return {};
  }

  Status for_each_listed(Entity entity, const std::string& path,
                         const std::function<Status(const ForeignRow&)>& visit) {
    return for_each_object(path, "id", [&](const Json& object) {
      ForeignRow row = row_of(entity, object);
      if (entity == Entity::kUser && object.get_int("id") == caller_) row["is_superuser"] = "t";
      return visit(row);
    });
  }

  /// The rows of every dataset's or model's history.
  Status for_each_association(Entity member, Entity association,
                              const std::function<Status(const ForeignRow&)>& visit) {
    MEDPERF_TRY(const auto members, values_of(path_of(member), "id"));
    for (const auto id : members) {
      MEDPERF_CHECK(for_each_listed(association,
                                    path_of(member) + std::to_string(id) + "/benchmarks/", visit));
    }
    return {};
  }

  /// What each object of a list has at a key.
  Result<std::vector<std::int64_t>> values_of(const std::string& path, std::string_view key) {
    std::vector<std::int64_t> values;
    MEDPERF_CHECK(for_each_object(path, key, [&](const Json& object) -> Status {
      values.push_back(object.get_int(key));
      return {};
    }));
    return values;
  }

  /// Who asked to join training experiments. The API shows the rows of a pair without ids: they are
  /// numbered by time, which gives each the same number whenever this is read.
  Status for_each_participation(const std::function<Status(const ForeignRow&)>& visit) {
    std::vector<std::pair<Timestamp, ForeignRow>> rows;
    MEDPERF_TRY(const auto experiments, values_of(path_of(Entity::kTraining), "id"));
    for (const auto experiment : experiments) {
      const std::string list =
          path_of(Entity::kTraining) + std::to_string(experiment) + "/datasets/";
      MEDPERF_TRY(const auto datasets, values_of(list, "dataset"));
      for (const auto dataset : datasets) {
        MEDPERF_CHECK(add_participation(experiment, dataset, rows));
      }
    }
    std::sort(rows.begin(), rows.end());
    std::int64_t number = 0;
    for (auto& [time, row] : rows) {
      row["id"] = std::to_string(++number);
      MEDPERF_CHECK(visit(row));
    }
    return {};
  }

  Status add_participation(std::int64_t experiment, std::int64_t dataset,
                           std::vector<std::pair<Timestamp, ForeignRow>>& rows) {
    const std::string path = path_of(Entity::kDataset) + std::to_string(dataset) + "/training/" +
                             std::to_string(experiment) + "/";
    MEDPERF_TRY(const auto pair, get(path));
    if (!pair.is_array()) {
      return unexpected(url_ + "/" + path, "the answer is not a list of the v0 contract", 200);
    }
    for (const auto& object : pair.items()) {
      ForeignRow row = row_of(Entity::kTrainingAssociation, object);
      row["dataset"] = std::to_string(dataset);
      row["training_exp"] = std::to_string(experiment);
      MEDPERF_TRY(const auto time, read_foreign_time(object.get_string(domain::kCreatedAt)));
      rows.emplace_back(time, std::move(row));
    }
    return {};
  }

  const std::string url_;
  const std::string token_;
  net::HttpClient client_;
  std::int64_t caller_ = 0;
};

}  // namespace

Result<std::unique_ptr<ImportSource>> open_hub(const std::string& url, const std::string& token,
                                               net::ClientOptions options) {
  std::string address(trim(url));
  while (address.ends_with('/')) address.pop_back();
  options.allow_plain_http = address.starts_with("http://127.0.0.1:");
  auto source = std::make_unique<HubSource>(address, token, std::move(options));
  MEDPERF_CHECK(source->sign_in());
  return std::unique_ptr<ImportSource>(std::move(source));
}

}  // namespace medperf::hub
