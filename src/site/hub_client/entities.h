#pragma once
// What the site reads of the hub's entities. Only the fields it acts on; the rest stays in the
// answer, which `ls` and `view` print as it came.

#include <cstdint>
#include <string>

#include "base/ids.h"
#include "base/json.h"
#include "base/result.h"

namespace medperf::site {

struct Container {
  ContainerId id;
  UserId owner;
  std::string name, state;
  std::string
      image_hash;  ///< v0 value of the container's type; the archive's SHA-256 for DockerArchive
  std::string additional_files_url, additional_files_hash;
  bool is_valid = true;
  Json config;      ///< either format of the container contract
  Json parameters;  ///< null: none
  Json metadata;
  /// The image id the owner registered beside the archive's digest, or empty (foreign hubs).
  std::string registered_image_id() const;
  /// "linux/amd64" as the owner registered it, or empty. Only the image itself is proof.
  std::string registered_platform() const;
};

/// A file that is a model: an archive of what a script container is given.
struct Asset {
  AssetId id;
  UserId owner;
  std::string name;
  std::string url;   ///< or "local": its owner does not serve it
  std::string hash;  ///< SHA-256 of the archive
  bool is_valid = true;
  Json metadata;
};

struct Model {
  ModelId id;
  UserId owner;
  std::string name, state, type;
  bool is_valid = true;
  Container container;  ///< unless it is given as files
  Asset asset;          ///< if it is
  bool is_files() const { return static_cast<bool>(asset.id); }
};

struct Benchmark {
  BenchmarkId id;
  UserId owner;
  std::string name, description, state, approval_status;
  std::string demo_url, demo_hash, demo_uid;
  ContainerId preparator, evaluator;
  ModelId reference_model;
  bool is_valid = true;
  bool is_active = true;
  Json metadata;
  /// A member of metadata.medperf, or null pointer.
  const Json* medperf(std::string_view key) const;
};

struct Dataset {
  DatasetId id;
  UserId owner;
  std::string name, location, state;
  std::string input_data_hash, generated_uid;
  ContainerId preparator;
  bool is_valid = true;
  Json generated_metadata;
  /// generated_metadata.medperf.dataset_digest as hex, or empty.
  std::string registered_digest() const;
};

struct ResultRow {
  ResultId id;
  BenchmarkId benchmark;
  ModelId model;
  DatasetId dataset;
  bool finalized = false;
  bool is_valid = true;
  Json results;
};

/// One row of an association log.
struct Association {
  AssociationId id;         ///< 0 in lists that do not give it
  std::int64_t object = 0;  ///< dataset or model id
  BenchmarkId benchmark;
  std::string approval_status;
  std::string created_at;
};

// Each checks the types of the fields it takes. Errors: corrupt, naming the field: the hub answered
// something that is no such entity.
Result<Container> container_from(const Json& answer);
Result<Asset> asset_from(const Json& answer);
Result<Model> model_from(const Json& answer);
Result<Benchmark> benchmark_from(const Json& answer);
Result<Dataset> dataset_from(const Json& answer);
Result<ResultRow> result_row_from(const Json& answer);
Result<Association> association_from(const Json& answer, std::string_view object_key);

}  // namespace medperf::site
