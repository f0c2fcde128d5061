#include "cli/terminal.h"

#include <gtest/gtest.h>

#include "cli/exit_codes.h"
#include "site/flows/decision.h"
#include "site/flows/prepare.h"

namespace medperf::cli {
namespace {

site::Answer answer_to(std::optional<std::string> line, Replies replies = Replies::kAsk) {
  const Output output(true);
  Terminal terminal(
      output, replies, [&] { return line; }, true);
  return terminal.ask({"Run model 2", "  image ...\n", "Run it?"});
}

TEST(Terminal, OnlyAClearYesIsYes) {
  for (const char* yes : {"y", "Y", "yes", "Yes", " y "}) {
    EXPECT_EQ(answer_to(yes), site::Answer::kYes) << yes;
  }
  for (const char* no : {"", "n", "no", "yep", "yy", "ja", "1", "y n"}) {
    EXPECT_EQ(answer_to(no), site::Answer::kNo) << no;
  }
}

TEST(Terminal, EndOfInputIsNoAnswer) {
  EXPECT_EQ(answer_to(std::nullopt), site::Answer::kUnanswered);
}

TEST(Terminal, NoInputLeavesTheQuestionOpen) {
  EXPECT_EQ(answer_to("y", Replies::kLater), site::Answer::kLater);
}

TEST(Terminal, YesOptionAnswers) {
  EXPECT_EQ(answer_to(std::nullopt, Replies::kYes), site::Answer::kYes);
}

TEST(Terminal, YesDoesNotAnswerWhatTheWorkCanDoWithout) {
  const Output output(true);
  Terminal terminal(
      output, Replies::kYes, [] { return std::optional<std::string>("y"); }, true);
  site::Question question{"Tell the hub", "", "Tell it?"};
  question.optional = true;
  EXPECT_EQ(terminal.ask(question), site::Answer::kUnanswered);
}

TEST(ExitCodes, DataThatIsNotReadyYetHasTheContractsOwn) {
  const Error error = make_error(ErrorKind::kRefused, "dataset 3", "is not ready yet", "",
                                 std::string(site::kNotReadyCause));
  EXPECT_EQ(exit_code_of(error), 1);
}

TEST(Terminal, ShowsTheWholeQuestionAndEchoesTheAnswer) {
  const Output output(false);
  Terminal terminal(
      output, Replies::kAsk, [] { return std::optional<std::string>("y"); }, true);
  ::testing::internal::CaptureStdout();
  terminal.ask({"Run model 2", "  image sha256:abc\n", "Run it?"});
  EXPECT_EQ(::testing::internal::GetCapturedStdout(),
            "\nRun model 2\n  image sha256:abc\nRun it? [y/N] answered: y\n");
}

TEST(ExitCodes, EveryKindHasItsOwn) {
  const std::vector<std::pair<ErrorKind, int>> table = {
      {ErrorKind::kInvalid, 2},  {ErrorKind::kUnauthenticated, 3}, {ErrorKind::kForbidden, 4},
      {ErrorKind::kNotFound, 5}, {ErrorKind::kConflict, 6},        {ErrorKind::kTooLarge, 7},
      {ErrorKind::kBusy, 8},     {ErrorKind::kUnavailable, 9},     {ErrorKind::kTimedOut, 10},
      {ErrorKind::kCorrupt, 11}, {ErrorKind::kRefused, 12},        {ErrorKind::kInterrupted, 130},
      {ErrorKind::kBug, 70}};
  for (const auto& [kind, code] : table) {
    EXPECT_EQ(exit_code_of(make_error(kind, "", "x")), code) << to_string(kind);
  }
  EXPECT_EQ(
      exit_code_of(make_error(ErrorKind::kBusy, "", "x", "", std::string(site::kWaitingCause))),
      kWaitingForPerson);
}

TEST(Output, TablesAlignByCharactersAndHideControls) {
  EXPECT_EQ(table_text({"a", "b"}, {{"τ²", "1"}, {"long", "\x1b[31m"}}).find('\x1b'),
            std::string::npos);
  EXPECT_EQ(table_text({"a", "b"}, {{"τ²", "1"}, {"xyz", "2"}}),
            "a    b\n---  -\nτ²   1\nxyz  2\n");
}

}  // namespace
}  // namespace medperf::cli
