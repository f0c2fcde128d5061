#pragma once
// The signed statement of one result: DSSE over an in-toto Statement v1, predicate
// medperf/evaluation/v1, Ed25519.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/json.h"
#include "crypto/ed25519.h"

namespace medperf::result {

inline constexpr std::string_view kStatementType = "https://in-toto.io/Statement/v1";
inline constexpr std::string_view kPredicateType = "medperf/evaluation/v1";
inline constexpr std::string_view kPayloadType = "application/vnd.in-toto+json";

/// A container that took part: what was verified and what ran.
struct ContainerUse {
  std::int64_t container = 0;  ///< hub id
  std::string role;            ///< "model" or "evaluator"
  FileDigest archive;          ///< empty for registry images
  ImageId image;
  std::string parameters_digest;  ///< SHA-256 hex of canonical parameters; empty: none
};

/// A model given as files: what was verified and given to the evaluator.
struct ModelFilesUse {
  std::int64_t asset = 0;  ///< hub id
  FileDigest archive;
};

struct Statement {
  std::int64_t benchmark = 0;
  std::int64_t dataset = 0;
  std::int64_t model = 0;
  std::string hub;  ///< base URL the statement is meant for
  FolderUid dataset_uid;
  DatasetDigest dataset_digest;
  std::vector<ContainerUse> containers;
  std::optional<ModelFilesUse> model_files;  ///< of a model of type ASSET, which has no container
  std::string envelope_digest;       ///< SHA-256 hex of the canonical envelope (the subject)
  std::string result_schema_digest;  ///< SHA-256 hex of the canonical schema
  PolicyDigest policy;               ///< of the site's policy
  std::string approver;              ///< user name of the person who approved
  Timestamp approved_at;
  Timestamp run_at;
  std::string software;  ///< "medperf 0.1.0"
};

/// SHA-256 hex of a document's canonical bytes: the digest of schemas and parameters.
std::string document_digest(const Json& document);

/// The in-toto Statement. Digests that are empty are left out.
Json to_json(const Statement& statement);
/// Strict: unknown keys, wrong types, another predicate version are invalid. Required are the three
/// ids, hub, dataset uid, envelope digest, approver, both times and software.
Result<Statement> statement_from_json(const Json& document);
Json sign_statement(const Statement& statement, const crypto::SigningKey& key);
/// Checks signature, types and version. Errors: corrupt (signature or envelope of the signature),
/// invalid (what was signed is no statement of this version).
Result<Statement> verify_statement(const Json& dsse, const crypto::VerifyKey& key);

/// What the hub has registered, for a statement to agree with. Empty digests are not compared, but
/// for the envelope's and the schema's.
struct Registered {
  std::int64_t benchmark = 0;
  std::int64_t dataset = 0;
  std::int64_t model = 0;
  FolderUid dataset_uid;
  DatasetDigest dataset_digest;
  std::string envelope_digest;
  std::string result_schema_digest;
  std::vector<ContainerUse> containers;  ///< one entry a role: "model" and "evaluator"
  std::optional<ModelFilesUse> model_files = std::nullopt;
};
/// Error: refused, with a field error for each thing that differs from what is registered.
Status check_binding(const Statement& statement, const Registered& registered);

}  // namespace medperf::result
