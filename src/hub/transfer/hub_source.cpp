#include "hub/transfer/hub_source.h"

#include <algorithm>
#include <set>

#include "base/encoding.h"

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
        return {};  // the API shows nobody else's
      default:
        return for_each_listed(entity, path_of(entity), visit);
    }
  }

  std::vector<std::string> limits() const override {
    return {
        "the API does not show who is an admin or deactivated: only the token's owner is taken "
        "as admin; see `medperf-hub user`",
        "the API does not show benchmarks' lists of emails that are approved at once, nor "
        "datasets' reports (empty here), nor who joined training experiments (not taken)",
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

  /// Every object of a list once, whatever moves while it is read.
  Status for_each_object(const std::string& path, const std::function<Status(const Json&)>& visit) {
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
        if (seen.insert(object.get_int("id")).second) MEDPERF_CHECK(visit(object));
      }
    }
    return {};
  }

  Status for_each_listed(Entity entity, const std::string& path,
                         const std::function<Status(const ForeignRow&)>& visit) {
    return for_each_object(path, [&](const Json& object) {
      ForeignRow row = row_of(entity, object);
      if (entity == Entity::kUser && object.get_int("id") == caller_) row["is_superuser"] = "t";
      return visit(row);
    });
  }

  /// The rows of every dataset's or model's history.
  Status for_each_association(Entity member, Entity association,
                              const std::function<Status(const ForeignRow&)>& visit) {
    std::vector<std::int64_t> members;
    MEDPERF_CHECK(for_each_object(path_of(member), [&](const Json& object) -> Status {
      members.push_back(object.get_int("id"));
      return {};
    }));
    for (const auto id : members) {
      MEDPERF_CHECK(for_each_listed(association,
                                    path_of(member) + std::to_string(id) + "/benchmarks/", visit));
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
