#include "site/hub_client/entities.h"

#include <utility>

#include "domain/names.h"

namespace medperf::site {
namespace {

/// Reads members of one answer and remembers the first that has the wrong type.
class Reader {
 public:
  Reader(const Json& answer, std::string_view entity) : answer_(answer), entity_(entity) {
    if (!answer.is_object()) problem_ = "is no object";
  }
  template <typename IdType>
  IdType id(std::string_view key, bool required = true) {
    const Json* value = answer_.find(key);
    if (value != nullptr && value->is_int() && value->as_int() > 0) return IdType{value->as_int()};
    if (required) note(key, "a positive integer");
    return {};
  }
  std::string text(std::string_view key, bool required = true) {
    const Json* value = answer_.find(key);
    if (value != nullptr && value->is_string()) return value->as_string();
    if (required) note(key, "text");
    return {};
  }
  bool flag(std::string_view key, bool other) {
    const Json* value = answer_.find(key);
    if (value == nullptr || value->is_null()) return other;
    if (value->is_bool()) return value->as_bool();
    note(key, "true or false");
    return other;
  }
  Json json(std::string_view key) {
    const Json* value = answer_.find(key);
    return value == nullptr ? Json() : *value;
  }
  template <typename T>
  Result<T> finish(T value) const {
    if (problem_.empty()) return value;
    return make_error(ErrorKind::kCorrupt, std::string(entity_) + " from the hub", problem_,
                      "check that hub.url names a MedPerf hub");
  }

 private:
  void note(std::string_view key, std::string_view expected) {
    if (problem_.empty()) {
      problem_ = "field '" + std::string(key) + "' is not " + std::string(expected);
    }
  }
  const Json& answer_;
  std::string_view entity_;
  std::string problem_;
};

}  // namespace

std::string Container::registered_image_id() const {
  const Json* value = metadata.find_path({"medperf", "image_id"});
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

std::string Container::registered_platform() const {
  const Json* value = metadata.find_path({"medperf", "platform"});
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

const Json* Benchmark::medperf(std::string_view key) const {
  const Json* value = metadata.find_path({"medperf", key});
  return value != nullptr && !value->is_null() ? value : nullptr;
}

std::string Dataset::registered_digest() const {
  const Json* value = generated_metadata.find_path({"medperf", "dataset_digest"});
  if (value == nullptr || !value->is_string()) return {};
  auto digest = DatasetDigest::parse(value->as_string());
  return digest.ok() ? digest->hex() : std::string();
}

Result<Container> container_from(const Json& answer) {
  Reader reader(answer, "container");
  Container out;
  out.id = reader.id<ContainerId>("id");
  out.owner = reader.id<UserId>("owner", false);
  out.name = reader.text("name");
  out.state = reader.text("state");
  out.image_hash = reader.text("image_hash");
  out.additional_files_url = reader.text("additional_files_tarball_url", false);
  out.additional_files_hash = reader.text("additional_files_tarball_hash", false);
  out.is_valid = reader.flag("is_valid", true);
  out.config = reader.json("container_config");
  out.parameters = reader.json("parameters_config");
  out.metadata = reader.json("metadata");
  return reader.finish(std::move(out));
}

Result<Asset> asset_from(const Json& answer) {
  Reader reader(answer, "asset");
  Asset out;
  out.id = reader.id<AssetId>("id");
  out.owner = reader.id<UserId>("owner", false);
  out.name = reader.text("name");
  out.url = reader.text("asset_url");
  out.hash = reader.text("asset_hash");
  out.is_valid = reader.flag("is_valid", true);
  out.metadata = reader.json("metadata");
  return reader.finish(std::move(out));
}

Result<Model> model_from(const Json& answer) {
  Reader reader(answer, "model");
  Model out;
  out.id = reader.id<ModelId>("id");
  out.owner = reader.id<UserId>("owner", false);
  out.name = reader.text("name");
  out.state = reader.text("state");
  out.type = reader.text("type");
  out.is_valid = reader.flag("is_valid", true);
  MEDPERF_TRY(out, reader.finish(std::move(out)));
  if (out.type == domain::kAssetModel) {
    MEDPERF_TRY(out.asset, asset_from(reader.json("asset")));
    return out;
  }
  if (out.type != domain::kContainerModel) {
    return make_error(ErrorKind::kInvalid, "model " + std::to_string(out.id.value),
                      "is of type " + out.type + ", which this client cannot run",
                      "use a model that wraps a container or files");
  }
  MEDPERF_TRY(out.container, container_from(reader.json("container")));
  return out;
}

Result<Benchmark> benchmark_from(const Json& answer) {
  Reader reader(answer, "benchmark");
  Benchmark out;
  out.id = reader.id<BenchmarkId>("id");
  out.owner = reader.id<UserId>("owner", false);
  out.name = reader.text("name");
  out.description = reader.text("description", false);
  out.state = reader.text("state");
  out.approval_status = reader.text("approval_status");
  out.demo_url = reader.text("demo_dataset_tarball_url", false);
  out.demo_hash = reader.text("demo_dataset_tarball_hash", false);
  out.demo_uid = reader.text("demo_dataset_generated_uid", false);
  out.preparator = reader.id<ContainerId>("data_preparation_mlcube");
  out.evaluator = reader.id<ContainerId>("data_evaluator_mlcube");
  out.reference_model = reader.id<ModelId>("reference_model");
  out.is_valid = reader.flag("is_valid", true);
  out.is_active = reader.flag("is_active", true);
  out.metadata = reader.json("metadata");
  return reader.finish(std::move(out));
}

Result<Dataset> dataset_from(const Json& answer) {
  Reader reader(answer, "dataset");
  Dataset out;
  out.id = reader.id<DatasetId>("id");
  out.owner = reader.id<UserId>("owner", false);
  out.name = reader.text("name");
  out.location = reader.text("location", false);
  out.state = reader.text("state");
  out.input_data_hash = reader.text("input_data_hash");
  out.generated_uid = reader.text("generated_uid");
  out.preparator = reader.id<ContainerId>("data_preparation_mlcube");
  out.is_valid = reader.flag("is_valid", true);
  out.generated_metadata = reader.json("generated_metadata");
  return reader.finish(std::move(out));
}

Result<ResultRow> result_row_from(const Json& answer) {
  Reader reader(answer, "result");
  ResultRow out;
  out.id = reader.id<ResultId>("id");
  out.benchmark = reader.id<BenchmarkId>("benchmark");
  out.model = reader.id<ModelId>("model");
  out.dataset = reader.id<DatasetId>("dataset");
  out.finalized = reader.flag("finalized", false);
  out.is_valid = reader.flag("is_valid", true);
  out.results = reader.json("results");
  return reader.finish(std::move(out));
}

Result<Association> association_from(const Json& answer, std::string_view object_key) {
  Reader reader(answer, "association");
  Association out;
  out.id = reader.id<AssociationId>("id", false);
  out.object = reader.id<Id<struct AnyTag>>(object_key).value;
  out.benchmark = reader.id<BenchmarkId>("benchmark", false);
  out.approval_status = reader.text("approval_status");
  out.created_at = reader.text("created_at", false);
  return reader.finish(std::move(out));
}

}  // namespace medperf::site
