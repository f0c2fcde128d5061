#include "domain/permission.h"

#include <array>
#include <utility>

namespace medperf::domain {

Decision decide(Relations allowed, Relations caller, bool object_exists) {
  const Decision permitted = object_exists ? Decision::kAllow : Decision::kNotFound;
  if (allowed.has(Relation::kAnyone)) return permitted;
  if (!caller.has(Relation::kSignedIn)) return Decision::kUnauthenticated;
  return allowed.intersects(caller) ? permitted : Decision::kForbidden;
}

std::vector<std::string_view> names_of(Relations relations) {
  static constexpr std::array<std::pair<Relation, std::string_view>, 15> kNames = {{
      {Relation::kAnyone, "anyone"},
      {Relation::kSignedIn, "signed-in user"},
      {Relation::kAdmin, "admin"},
      {Relation::kSelf, "the user"},
      {Relation::kOwner, "owner"},
      {Relation::kBenchmarkOwner, "benchmark owner"},
      {Relation::kDatasetOwner, "dataset owner"},
      {Relation::kModelOwner, "model owner"},
      {Relation::kPreparatorOwner, "owner of the preparation container"},
      {Relation::kApprovedDatasetOwner, "owner of an approved dataset"},
      {Relation::kApprovedModelOwner, "owner of an approved model"},
      {Relation::kTrainingOwner, "owner of the training experiment"},
      {Relation::kAggregatorOwner, "owner of the aggregator"},
      {Relation::kMember, "member"},
      {Relation::kCommitteeMember, "member of the committee"},
  }};
  std::vector<std::string_view> names;
  for (const auto& [relation, name] : kNames) {
    if (relations.has(relation)) names.push_back(name);
  }
  return names;
}

}  // namespace medperf::domain
