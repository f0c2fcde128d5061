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

/// The passphrase of a job's image, encrypted for the holder of this certificate (PEM).
using SealKey = std::function<Result<std::string>(const Job& job, const std::string& certificate)>;

/// The node's side: asks, and waits until the client answers. Errors: interrupted; unavailable (no
/// client answers within `patience`, or nobody wants the run any more).
Result<crypto::Secret> ask_for_key(const JobFolder& folder, std::string_view key,
                                   std::string_view attempt, Seconds patience);

/// The client's side: answers every try of the job that asks. Errors: those of `seal`.
Status answer_keys(const JobFolder& folder, const Job& job, const SealKey& seal);

}  // namespace medperf::engine
