#include "domain/rules.h"

#include <gtest/gtest.h>

#include <array>

#include "domain/messages.h"
#include "domain/names.h"
#include "domain/permission.h"

namespace medperf::domain {
namespace {

std::string only_field(const Status& status) {
  return status.ok() || status.error().fields.size() != 1 ? "" : status.error().fields[0].field;
}

TEST(Decide, OrderIs401Then403Then404) {
  const Relations owner_or_admin = {Relation::kOwner, Relation::kAdmin};
  const Relations stranger = {Relation::kAnyone, Relation::kSignedIn};
  const Relations admin = {Relation::kAnyone, Relation::kSignedIn, Relation::kAdmin};
  const Relations owner = {Relation::kAnyone, Relation::kSignedIn, Relation::kOwner};
  for (const bool exists : {true, false}) {
    EXPECT_EQ(decide(owner_or_admin, {Relation::kAnyone}, exists), Decision::kUnauthenticated);
    EXPECT_EQ(decide(owner_or_admin, stranger, exists), Decision::kForbidden);
  }
  EXPECT_EQ(decide(owner_or_admin, admin, false), Decision::kNotFound);
  EXPECT_EQ(decide(owner_or_admin, admin, true), Decision::kAllow);
  EXPECT_EQ(decide(owner_or_admin, owner, true), Decision::kAllow);
  EXPECT_EQ(decide({Relation::kSignedIn}, stranger, false), Decision::kNotFound);
  EXPECT_EQ(decide({Relation::kAnyone}, {}, true), Decision::kAllow);
}

TEST(Decide, ARelationWithoutSignInIsNotEnough) {
  // The caller's relations are found by a query; without a sign-in none of them may count.
  EXPECT_EQ(decide({Relation::kOwner}, {Relation::kOwner}, true), Decision::kUnauthenticated);
}

TEST(Decide, NamesEveryRelation) {
  EXPECT_EQ(names_of({Relation::kAdmin, Relation::kOwner}),
            (std::vector<std::string_view>{"admin", "owner"}));
}

Record operational_container() {
  Record record(Entity::kContainer);
  record.set("name", std::string("cnn"));
  record.set("state", std::string(kOperation));
  record.set("metadata", JsonText{R"({"a":1,"b":2})"});
  return record;
}

TEST(Freeze, OnlyTheOListMayChange) {
  const Record stored = operational_container();
  Record updated = stored;
  updated.set("is_valid", false);
  updated.set("user_metadata", JsonText{R"({"x":1})"});
  updated.set("additional_files_tarball_url", std::string("https://example.org/a"));
  EXPECT_TRUE(check_freeze(stored, updated).ok());

  updated.set("name", std::string("other"));
  updated.set("image_hash", std::string("00"));
  const Status status = check_freeze(stored, updated);
  EXPECT_EQ(only_field(status), "non_field_errors");
  EXPECT_NE(status.error().fields[0].message.find("name, image_hash"), std::string::npos);
}

TEST(Freeze, EqualJsonInOtherBytesIsNoChange) {
  const Record stored = operational_container();
  Record updated = stored;
  updated.set("metadata", JsonText{R"({"b": 2.0, "a": 1})"});
  EXPECT_TRUE(check_freeze(stored, updated).ok());
  updated.set("metadata", JsonText{R"({"b": 3, "a": 1})"});
  EXPECT_FALSE(check_freeze(stored, updated).ok());
}

TEST(Freeze, DevelopmentIsFreeAndOperationIsOneWay) {
  Record stored = operational_container();
  stored.set("state", std::string(kDevelopment));
  Record updated = stored;
  updated.set("name", std::string("other"));
  updated.set("state", std::string(kOperation));
  EXPECT_TRUE(check_freeze(stored, updated).ok());
  EXPECT_FALSE(check_state_change(kOperation, kDevelopment).ok());
  EXPECT_TRUE(check_state_change(kDevelopment, kOperation).ok());
  EXPECT_TRUE(check_state_change(kOperation, kOperation).ok());
  EXPECT_FALSE(check_freeze(updated, stored).ok());
}

TEST(Freeze, ReadOnlyFieldsDoNotCount) {
  const Record stored = operational_container();
  Record updated = stored;
  updated.set("modified_at", Timestamp{5});
  EXPECT_TRUE(check_freeze(stored, updated).ok());
}

TEST(ResultApproval, IsOfFinalResultsAndFinalWhenRejected) {
  EXPECT_EQ(only_field(check_result_approval(false, kPending, kApproved)), "approval_status");
  EXPECT_TRUE(check_result_approval(true, kPending, kApproved).ok());
  EXPECT_TRUE(check_result_approval(true, kApproved, kRejected).ok());
  EXPECT_FALSE(check_result_approval(true, kApproved, kPending).ok());
  EXPECT_FALSE(check_result_approval(true, kRejected, kApproved).ok());
}

TEST(PlatformApproval, StateMachine) {
  struct Case {
    std::string_view from, to;
    bool allowed;
  };
  const std::array cases = {
      Case{kPending, kApproved, true},   Case{kPending, kRejected, true},
      Case{kPending, kPending, false},   Case{kApproved, kRejected, true},
      Case{kApproved, kApproved, true},  Case{kApproved, kPending, false},
      Case{kRejected, kApproved, false}, Case{kRejected, kPending, false},
      Case{kRejected, kRejected, true},
  };
  for (const Case& c : cases) {
    const Status status = check_approval("benchmark", c.from, c.to);
    EXPECT_EQ(status.ok(), c.allowed) << c.from << " -> " << c.to;
    if (!c.allowed) {
      EXPECT_EQ(only_field(status), "approval_status");
    }
  }
}

TEST(BenchmarkOperation, NamesThePartsThatAreNotThere) {
  EXPECT_TRUE(check_benchmark_operation(kOperation, kOperation, kOperation).ok());
  const Status status = check_benchmark_operation(kOperation, kDevelopment, kDevelopment);
  EXPECT_NE(status.error().what.find("reference_model, data_evaluator_mlcube"), std::string::npos);
}

TEST(TrainingEvent, StartsOnlyWhenEverythingIsThere) {
  const EventFacts ready = {kApproved, false, true, true};
  EXPECT_TRUE(check_event_start(ready).ok());
  for (const EventFacts& facts :
       {EventFacts{kPending, false, true, true}, EventFacts{kApproved, true, true, true},
        EventFacts{kApproved, false, false, true}, EventFacts{kApproved, false, true, false}}) {
    EXPECT_EQ(only_field(check_event_start(facts)), "non_field_errors");
  }
  EXPECT_TRUE(check_no_event_running(false).ok());
  EXPECT_FALSE(check_no_event_running(true).ok());
  EXPECT_TRUE(check_training_operation(kOperation, kOperation).ok());
  EXPECT_NE(check_training_operation(kOperation, kDevelopment).error().what.find("fl_mlcube"),
            std::string::npos);
}

TEST(AssociationRequest, TableOfSectionNine) {
  using Latest = std::optional<std::string_view>;
  struct Case {
    Latest latest;
    std::array<bool, 3> allowed;  // PENDING, APPROVED, REJECTED requested
  };
  const std::array cases = {
      Case{std::nullopt, {true, false, false}},
      Case{kPending, {false, false, false}},
      Case{kApproved, {false, false, true}},
      Case{kRejected, {true, false, false}},
  };
  for (const Case& c : cases) {
    for (std::size_t i = 0; i < 3; ++i) {
      const Status status = check_association_request(c.latest, kApprovalStatuses[i]);
      EXPECT_EQ(status.ok(), c.allowed[i]) << c.latest.value_or("none") << kApprovalStatuses[i];
      if (!status.ok()) {
        EXPECT_EQ(only_field(status), "non_field_errors");
      }
    }
  }
}

TEST(AssociationRequest, SubjectsAreCheckedInOrder) {
  EXPECT_TRUE(
      check_association_subjects({kApproved, "benchmark", kOperation, "dataset", true}).ok());
  const auto message = [](const AssociationSubjects& subjects) {
    return check_association_subjects(subjects).error().what;
  };
  EXPECT_NE(message({kPending, "benchmark", kDevelopment, "dataset", false}).find("benchmark"),
            std::string::npos);
  EXPECT_NE(
      message({kApproved, "benchmark", kDevelopment, "model", true}).find("model in the state"),
      std::string::npos);
  EXPECT_NE(message({kApproved, "benchmark", kOperation, "dataset", false}).find("preparation"),
            std::string::npos);
}

TEST(AssociationDecision, OnlyTheOtherSideApproves) {
  EXPECT_TRUE(check_association_decision(kPending, kApproved, false).ok());
  EXPECT_FALSE(check_association_decision(kPending, kApproved, true).ok());
  EXPECT_TRUE(check_association_decision(kPending, kRejected, true).ok());
  EXPECT_TRUE(check_association_decision(kPending, kPending, true).ok());
  for (const auto latest : {kApproved, kRejected}) {
    EXPECT_EQ(only_field(check_association_decision(latest, kApproved, false)), "approval_status");
  }
}

TEST(AutoApproval, FirstMatchWins) {
  // Same owner beats "the benchmark owner waits for the other side".
  EXPECT_EQ(initial_association_status({kNever, true, true, false}), kApproved);
  EXPECT_EQ(initial_association_status({kAlways, true, false, true}), kPending);
  EXPECT_EQ(initial_association_status({kAlways, false, false, false}), kApproved);
  EXPECT_EQ(initial_association_status({kAllowList, false, false, true}), kApproved);
  EXPECT_EQ(initial_association_status({kAllowList, false, false, false}), kPending);
  EXPECT_EQ(initial_association_status({kNever, false, false, true}), kPending);
}

TEST(ResultSubjects, ReferenceModelNeedsNoAssociationOthersNeedBoth) {
  EXPECT_TRUE(check_result_subjects(true, std::nullopt, std::nullopt).ok());
  EXPECT_TRUE(check_result_subjects(false, kApproved, kApproved).ok());
  EXPECT_NE(check_result_subjects(false, kRejected, kPending).error().what.find("model"),
            std::string::npos);
  EXPECT_FALSE(check_result_subjects(false, kApproved, std::nullopt).ok());
  EXPECT_FALSE(check_result_subjects(false, kApproved, kPending).ok());
}

TEST(AdditionalFiles, BothOrNone) {
  Record container(Entity::kContainer);
  EXPECT_TRUE(check_additional_files(container).ok());
  container.set("additional_files_tarball_url", std::string("https://example.org/a"));
  EXPECT_FALSE(check_additional_files(container).ok());
  container.set("additional_files_tarball_hash", std::string("00"));
  EXPECT_TRUE(check_additional_files(container).ok());
  container.set("additional_files_tarball_url", std::string());
  EXPECT_FALSE(check_additional_files(container).ok());
}

TEST(Model, HasExactlyTheNamedPartInItsOwnState) {
  EXPECT_TRUE(check_model_parts(kContainerModel, true, false).ok());
  EXPECT_TRUE(check_model_parts(kAssetModel, false, true).ok());
  EXPECT_FALSE(check_model_parts(kContainerModel, true, true).ok());
  EXPECT_FALSE(check_model_parts(kContainerModel, false, true).ok());
  EXPECT_FALSE(check_model_parts(kAssetModel, false, false).ok());
  Record model(Entity::kModel);
  Record container(Entity::kContainer);
  EXPECT_TRUE(check_model_agrees(model, container).ok());
  model.set("is_valid", false);
  EXPECT_FALSE(check_model_agrees(model, container).ok());
}

TEST(Messages, AreThoseOfTheContract) {
  EXPECT_EQ(max_length_message(128), "Ensure this field has no more than 128 characters.");
  EXPECT_EQ(choice_message("X"), "\"X\" is not a valid choice.");
  EXPECT_EQ(missing_reference_message(9), "Invalid pk \"9\" - object does not exist.");
  EXPECT_EQ(reference_type_message("str"), "Incorrect type. Expected pk value, received str.");
  EXPECT_EQ(unique_message(table_of(Entity::kContainer), "name"),
            "ml cube with this name already exists.");
}

}  // namespace
}  // namespace medperf::domain
