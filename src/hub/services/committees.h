#pragma once
// Committees: N of M people decide for a benchmark instead of its owner.

#include <optional>
#include <string>

#include "hub/services/context.h"
#include "hub/store/associations.h"
#include "hub/store/committees.h"

namespace medperf::hub {

/// {"threshold", "members"}. Error: not_found, when there is none.
Result<Json> get_committee(const Context& context, std::int64_t benchmark);
/// Replaces it. Errors: invalid; conflict while it votes on something.
Result<Json> put_committee(const Context& context, std::int64_t benchmark, const Json& body);
/// Its owner decides again. Errors: not_found; conflict while it votes on something.
Status remove_committee(const Context& context, std::int64_t benchmark);
/// The newest votes, each with what it was about.
Result<Json> votes_of(const Context& context, std::int64_t benchmark);

/// What a vote led to, and how it stands.
struct Verdict {
  std::string status;  ///< PENDING until it is decided
  Json standing;       ///< {"threshold", "for", "against", "waits_for_other_side"}
};

/// An association's row, or one that is about to be stored, as something to vote on.
Request request_of(const AssociationKind& kind, const domain::Record& row);
/// Before a request is stored: whether the committee could ever decide. Error: invalid.
Status check_committee_can_decide(const Context& context, const Committee& committee,
                                  const Request& request);
/// The caller's word on a pending association with a benchmark that has a committee: a vote, the
/// other side's consent, or its refusal, which ends it.
Result<Verdict> vote_on_association(const Context& context, const Committee& committee,
                                    const Request& request, bool asked_by_other_side,
                                    bool is_initiator, std::string_view word);
/// The caller's vote on a result.
Result<Verdict> vote_on_result(const Context& context, const Committee& committee,
                               const domain::Record& result, std::string_view word);

}  // namespace medperf::hub
