#pragma once
// Registering containers, models and benchmarks. The hub gets digests and where the owner serves
// the files, never the files.

#include <string>

#include "site/flows/dataset.h"

namespace medperf::site {

struct ContainerSubmission {
  std::string name;
  fs::path config;              ///< container_config.yaml or mlcube.yaml
  fs::path archive;             ///< the image archive, read here and not sent
  std::string image_url;        ///< where the owner serves it
  fs::path parameters;          ///< empty: none
  std::string additional_url;   ///< empty: none
  fs::path additional_archive;  ///< its local copy, for the digest
  fs::path key;                 ///< of an encrypted archive; empty: it is not encrypted
  fs::path signature;           ///< as sign_archive makes it; empty: not signed
  bool operational = false;
  std::int64_t closed_group = 0;  ///< outside of which it does not exist; 0: everybody sees it
};

/// `already` when the caller owns an entity of this name with the same content. Errors: conflict,
/// naming what differs.
Result<Registration> submit_container(Site& site, const ContainerSubmission& submission);
Result<Registration> submit_model(Site& site, const ContainerSubmission& submission);

/// A model that is files, for benchmarks whose evaluation container is a script.
struct FilesSubmission {
  std::string name;
  fs::path archive;         ///< tar or tar.gz of the files, read here and not sent
  std::string url;          ///< where the owner serves it, or "local"
  fs::path signature = {};  ///< as sign_files_archive makes it; empty: not signed
  bool operational = false;
  std::int64_t closed_group = 0;
};
/// The archive is unpacked first, as a hospital will. Errors: as unpack, as submit_model.
Result<Registration> submit_model_files(Site& site, const FilesSubmission& submission);

struct SignedArchive {
  Json envelope;           ///< for ContainerSubmission::signature or FilesSubmission::signature
  std::string public_key;  ///< base64, for images.publisher_keys of hospitals' policies
};
/// Signs an image archive with this workspace's key. Errors: as read_archive; not_found (no key).
Result<SignedArchive> sign_archive(const Site& site, const fs::path& archive);
/// Signs an archive of a model's files, after unpacking it as a hospital will. Errors: as unpack;
/// not_found (no key, no file).
Result<SignedArchive> sign_files_archive(Site& site, const fs::path& archive);

struct BenchmarkSubmission {
  fs::path specification;  ///< benchmark.yaml; it names the result schema and release policy
  ContainerId preparator, evaluator;
  ModelId reference_model;
  fs::path demo_archive;  ///< read here and not sent
  std::string demo_url;
  std::string source_url;   ///< where the reference model's source is served; empty: none
  fs::path source_archive;  ///< its tar.gz, read here and not sent
  bool operational = false;
  std::int64_t closed_group = 0;  ///< as of a container
};
/// Tests the containers and the reference model on the demo data first.
Result<Registration> submit_benchmark(Site& site, const BenchmarkSubmission& submission);

/// An admin's decision about a benchmark, after asking the person.
Result<Registration> decide_benchmark(Site& site, BenchmarkId id, bool approve);

}  // namespace medperf::site
