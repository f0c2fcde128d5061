#pragma once
// Who may do what, as data: an endpoint names relations, the store finds the caller's, one
// function decides.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace medperf::domain {

enum class Relation : std::uint32_t {
  kAnyone = 1u << 0,  ///< no sign-in needed
  kSignedIn = 1u << 1,
  kAdmin = 1u << 2,
  kSelf = 1u << 3,   ///< the user object itself
  kOwner = 1u << 4,  ///< of the object in the path
  kBenchmarkOwner = 1u << 5,
  kDatasetOwner = 1u << 6,
  kModelOwner = 1u << 7,
  kPreparatorOwner = 1u << 8,       ///< owns the container that prepared the dataset(s)
  kApprovedDatasetOwner = 1u << 9,  ///< owns a dataset whose latest association is APPROVED
  kApprovedModelOwner = 1u << 10,
  kTrainingOwner = 1u << 11,    ///< owns the training experiment of the object in the path
  kAggregatorOwner = 1u << 12,  ///< owns the aggregator of that experiment
  kCommitteeMember = 1u << 14,  ///< of the benchmark's committee
  kMember = 1u << 13,           ///< of the organisation, or inside the closed group
};

class Relations {
 public:
  constexpr Relations() = default;
  constexpr Relations(std::initializer_list<Relation> list) {
    for (Relation r : list) bits_ |= static_cast<std::uint32_t>(r);
  }
  constexpr void add(Relation r) { bits_ |= static_cast<std::uint32_t>(r); }
  constexpr bool has(Relation r) const { return (bits_ & static_cast<std::uint32_t>(r)) != 0; }
  constexpr bool intersects(Relations other) const { return (bits_ & other.bits_) != 0; }
  constexpr bool operator==(const Relations&) const = default;

 private:
  std::uint32_t bits_ = 0;
};

enum class Decision { kAllow, kUnauthenticated, kForbidden, kNotFound };

/// The one rule (v0 section 1.1): 401 before 403 before 404. `caller` holds the relations found;
/// an unknown object gives a caller only kAnyone/kSignedIn/kAdmin, so an owner-gated endpoint
/// answers 403 to a stranger and 404 to an admin.
Decision decide(Relations allowed, Relations caller, bool object_exists);

std::vector<std::string_view> names_of(Relations relations);

}  // namespace medperf::domain
