#pragma once
// The last steps of the way of one result: the person sees exactly the bytes that would leave, the
// client signs a statement over them and sends both.

#include "site/flows/dataset.h"
#include "site/flows/evaluate.h"

namespace medperf::site {

/// The hub's row for (benchmark, model, dataset): found or made. Noted, so one run makes one row.
Result<ResultId> register_run(Site& site, Journal& journal, const Evaluation& evaluation,
                              DatasetId dataset);

struct Submission {
  ResultId result;
  bool sent_now = false;
};

/// Asks, signs, sends. Errors: refused (declined), busy (waiting), as the hub. When the hub holds
/// these very bytes already, the lost answer of an earlier try counts as success.
Result<Submission> submit_result(Site& site, Journal& journal, const Evaluation& evaluation,
                                 const Dataset& dataset, const LocalResult& local, ResultId row);

/// Tells the hub once that a model or evaluation failed; no detail leaves.
Status report_failure(Site& site, Journal& journal, ResultId row, const Error& error);

/// The site's signing key; made at sign-up.
Result<crypto::SigningKey> load_site_key(const Site& site);
/// Makes the key when it is missing and registers its public half with the hub. False: the hub
/// knows no keys. Errors: conflict, when the account has another key.
Result<bool> register_site_key(Site& site);

}  // namespace medperf::site
