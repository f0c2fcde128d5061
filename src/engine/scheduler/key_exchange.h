#pragma once
// How a passphrase reaches a run on a node: as bytes that this try alone can open. The node makes a
// key for the try, which stays in its memory, and puts its certificate beside the job's other
// files; the client answers with the passphrase encrypted for it. What lies in the shared folder,
// and whatever is kept of that, opens nothing once the try has ended. Whoever may write into the
// folder (0700) is the site's user or root, who could read the passphrase at the client.

#include <functional>
#include <string>
#include <string_view>

#include "crypto/secret.h"
#include "engine/scheduler/job_folder.h"

namespace medperf::engine {

/// What a try says when it asks.
struct KeyRequest {
  std::string certificate;  ///< PEM; its holder is the try
  std::string node;
  bool may_swap = false;  ///< the node's kernel may write the image's memory to its swap
};
Json to_json(const KeyRequest& request);
/// Errors: corrupt.
Result<KeyRequest> key_request_from_json(const Json& document);

/// The passphrase of a job's image, encrypted for the holder of the request's certificate.
using SealKey = std::function<Result<std::string>(const Job& job, const KeyRequest& request)>;

struct KeyAsker {
  std::string attempt;  ///< as in run_node_task
  std::string node;
  bool may_swap = false;
  Seconds patience{600};
};
/// The node's side: asks, and waits until the client answers. Errors: interrupted; unavailable (no
/// client answers in time, or nobody wants the run any more).
Result<crypto::Secret> ask_for_key(const JobFolder& folder, std::string_view key,
                                   const KeyAsker& asker);

/// The client's side: answers every try of the job that asks. Errors: those of `seal`.
Status answer_keys(const JobFolder& folder, const Job& job, const SealKey& seal);

}  // namespace medperf::engine
