#pragma once
// The site policy (medperf/site-policy/v1): what may run here, behind which walls, within which
// limits. The hub cannot weaken it; without one nothing runs.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/ids.h"
#include "base/result.h"
#include "crypto/ed25519.h"
#include "crypto/p256.h"
#include "engine/engine.h"
#include "engine/image/archive.h"
#include "engine/run_spec.h"

namespace medperf::site {

inline constexpr std::string_view kPolicyVersion = "medperf/site-policy/v1";

enum class RunApproval {
  kAsk,      ///< a person decides about each container
  kAllowed,  ///< containers of allowed publishers run unasked; a person decides about others
};

/// Whether the hub is told how far a preparation got.
enum class TellProgress { kAsk, kAlways, kNever };

/// A key that vouches for the images of one publisher: one of the two kinds.
struct PublisherKey {
  UserId user;  ///< hub id of the containers' owner
  std::optional<crypto::VerifyKey> ed25519;
  std::optional<crypto::P256Key> cosign;
};

struct Policy {
  PolicyDigest digest;  ///< of the file's bytes
  std::vector<std::string> required_walls;
  engine::Limits limits;
  std::vector<std::string> architectures;
  std::optional<int> gpu_limit;    ///< GPUs of one container; nothing: as the scheduler gives
  std::optional<Bytes> shm_limit;  ///< shared memory that a container may ask for
  Bytes archive_limit;
  engine::Severity worst_finding = engine::Severity::kWarning;  ///< worse ones are refused
  std::vector<PublisherKey> publisher_keys;
  bool require_signature = false;  ///< refuse what no key of its publisher has signed
  RunApproval run_approval = RunApproval::kAsk;
  std::vector<UserId> allowed_publishers;   ///< hub ids of container owners
  std::vector<std::string> download_hosts;  ///< empty: any https host
  TellProgress tell_progress = TellProgress::kAsk;
  std::size_t results_limit = 0;  ///< bytes of an evaluator's or statistics file

  bool publisher_allowed(UserId owner) const;
};

/// Reads policy text. Errors: invalid, every problem with its path; unknown keys are errors.
Result<Policy> parse_policy(std::string_view yaml);
/// Reads policy.yaml. Errors: refused, when there is none (default deny).
Result<Policy> load_policy(const fs::path& file);
/// What `policy init` writes.
std::string_view default_policy();

/// Refuses a container whose image, findings or host the policy does not admit; names the rule.
/// `place`: the image or file that is for this platform.
Status check_platform(const Policy& policy, std::string_view os, std::string_view architecture,
                      const std::string& place);
Status check_image(const Policy& policy, const engine::ImageArchive& image,
                   const std::vector<engine::Finding>& findings);
Status check_download(const Policy& policy, const std::string& url);
/// Refuses when a required wall does not stand: says why and what to do.
Status check_walls(const std::vector<std::string>& required, const engine::WallReport& report);

}  // namespace medperf::site
