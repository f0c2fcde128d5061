#include "domain/belonging.h"

#include <gtest/gtest.h>

#include <array>

#include "domain/committee.h"
#include "domain/membership.h"
#include "domain/messages.h"
#include "domain/names.h"
#include "domain/rules.h"

namespace medperf::domain {
namespace {

std::string only_field(const Status& status) {
  return status.ok() || status.error().fields.size() != 1 ? "" : status.error().fields[0].field;
}

TEST(ClosedGroup, WhatRefersToItIsInIt) {
  const std::array<GroupedReference, 2> inside = {{{"model", 7}, {"dataset", std::nullopt}}};
  EXPECT_TRUE(check_within_group(7, inside).ok());
  EXPECT_EQ(only_field(check_within_group(std::nullopt, inside)), "model");
  EXPECT_EQ(only_field(check_within_group(8, inside)), "model");
  const std::array<GroupedReference, 2> two = {{{"model", 7}, {"dataset", 8}}};
  EXPECT_EQ(only_field(check_within_group(7, two)), "dataset");
  EXPECT_EQ(check_within_group(std::nullopt, two).error().fields.size(), 2u);
  EXPECT_TRUE(check_within_group(7, {}).ok());
}

TEST(ClosedGroup, IsNamedOrGivenByAReference) {
  for (const Entity entity : all_entities()) {
    const Field* group = table_of(entity).find(kClosedGroupField);
    const bool of_its_own = entity == Entity::kClosedGroupMember;  // by the path
    if (group == nullptr || of_its_own) continue;
    const std::string_view giver = group_giver(entity);
    EXPECT_TRUE(group->writable == kOnCreate || !giver.empty()) << table_of(entity).plural;
    if (giver.empty()) continue;
    const Field* field = table_of(entity).find(giver);
    ASSERT_NE(field, nullptr) << table_of(entity).plural;
    EXPECT_NE(table_of(field->target).find(kClosedGroupField), nullptr) << giver;
  }
}

TEST(Party, IsTheOrganisationOrElseThePerson) {
  EXPECT_TRUE(same_party({1, std::nullopt}, {1, std::nullopt}));
  EXPECT_FALSE(same_party({1, std::nullopt}, {2, std::nullopt}));
  EXPECT_TRUE(same_party({1, 5}, {2, 5}));
  EXPECT_FALSE(same_party({1, 5}, {1, 6}));
  EXPECT_FALSE(same_party({1, 5}, {1, std::nullopt}));
}

Record membership(std::string_view role, std::string_view status, bool active = false) {
  Record record(Entity::kMembership);
  record.set("role", std::string(role));
  record.set("status", std::string(status));
  record.set("active", active);
  return record;
}

constexpr MembershipActor kSelf = {true, false};
constexpr MembershipActor kManager = {false, true};

TEST(Membership, OnlyTheInvitedAccepts) {
  const Record invited = membership(kMemberRole, kInvited);
  const Record accepted = membership(kMemberRole, kAccepted);
  EXPECT_TRUE(check_membership_change(invited, accepted, kSelf).ok());
  EXPECT_EQ(only_field(check_membership_change(invited, accepted, kManager)), "status");
  EXPECT_EQ(only_field(check_membership_change(accepted, invited, kSelf)), "status");
  EXPECT_TRUE(check_membership_change(invited, invited, {}).ok());
}

TEST(Membership, OnlyManagersGiveRoles) {
  const Record member = membership(kMemberRole, kAccepted);
  const Record owner = membership(kOwnerRole, kAccepted);
  EXPECT_TRUE(check_membership_change(member, owner, kManager).ok());
  EXPECT_EQ(only_field(check_membership_change(member, owner, kSelf)), "role");
}

TEST(Membership, OnlyTheMemberChoosesTheActiveOne) {
  const Record idle = membership(kMemberRole, kAccepted);
  const Record active = membership(kMemberRole, kAccepted, true);
  EXPECT_TRUE(check_membership_change(idle, active, kSelf).ok());
  EXPECT_EQ(only_field(check_membership_change(idle, active, kManager)), "active");
  EXPECT_EQ(only_field(check_membership_change(membership(kMemberRole, kInvited),
                                               membership(kMemberRole, kInvited, true), kSelf)),
            "active");
}

TEST(Membership, TheLastOwnerStays) {
  const Record owner = membership(kOwnerRole, kAccepted);
  EXPECT_FALSE(check_owner_remains(owner, false, 0).ok());
  EXPECT_TRUE(check_owner_remains(owner, false, 1).ok());
  EXPECT_TRUE(check_owner_remains(owner, true, 0).ok());
  EXPECT_TRUE(check_owner_remains(membership(kMemberRole, kAccepted), false, 0).ok());
  EXPECT_TRUE(check_owner_remains(membership(kOwnerRole, kInvited), false, 0).ok());
}

TEST(Committee, ThresholdIsWithinReach) {
  EXPECT_FALSE(check_committee(0, 3).ok());
  EXPECT_TRUE(check_committee(1, 3).ok());
  EXPECT_TRUE(check_committee(3, 3).ok());
  EXPECT_EQ(only_field(check_committee(4, 3)), "threshold");
}

TEST(Committee, DecidesByNOfM) {
  struct Case {
    std::int64_t threshold, voters, for_it, against_it;
    bool consents;
    std::string_view outcome;
  };
  constexpr Case kCases[] = {
      {2, 3, 0, 0, true, kPending},  {2, 3, 1, 0, true, kPending},   {2, 3, 2, 0, true, kApproved},
      {2, 3, 2, 1, true, kApproved}, {2, 3, 1, 1, true, kPending},   {2, 3, 0, 2, true, kRejected},
      {2, 3, 1, 2, true, kRejected}, {2, 2, 1, 1, true, kRejected},  // two for it can no longer be
      {3, 3, 2, 1, true, kRejected}, {1, 1, 1, 0, true, kApproved},  {1, 3, 0, 1, true, kRejected},
      {2, 3, 2, 0, false, kPending}, {2, 3, 0, 2, false, kRejected}, {2, 1, 1, 0, true, kRejected},
  };
  for (const auto& one : kCases) {
    EXPECT_EQ(outcome({one.threshold, one.voters, one.for_it, one.against_it, one.consents}),
              one.outcome)
        << one.threshold << " of " << one.voters << ": " << one.for_it << " for, " << one.against_it
        << " against";
  }
}

TEST(Committee, NobodyVotesOnTheirOwn) {
  EXPECT_TRUE(check_vote(true, false).ok());
  EXPECT_EQ(only_field(check_vote(true, true)), kApprovalStatus);
  EXPECT_EQ(only_field(check_vote(false, false)), kApprovalStatus);
  EXPECT_TRUE(check_can_decide({2, 2, 0, 0, true}).ok());
  EXPECT_FALSE(check_can_decide({2, 1, 0, 0, true}).ok());
}

}  // namespace
}  // namespace medperf::domain
