#include <gtest/gtest.h>

#include <set>

#include "cli/command.h"

namespace medperf::cli {
namespace {

TEST(Parse, EveryCommandHasHandlerSentenceAndExample) {
  std::set<std::string> seen;
  for (const Group& group : all_groups()) {
    EXPECT_FALSE(group.commands.empty()) << group.name;
    for (const Command& command : group.commands) {
      const std::string name = std::string(group.name) + " " + std::string(command.verb);
      EXPECT_TRUE(seen.insert(name).second) << name;
      EXPECT_NE(command.handler, nullptr) << name;
      EXPECT_FALSE(command.sentence.empty()) << name;
      EXPECT_TRUE(command.example.starts_with("medperf " + std::string(group.name))) << name;
    }
  }
}

TEST(Parse, EveryCommandShowsItsHelpWithExample) {
  for (const Group& group : all_groups()) {
    for (const Command& command : group.commands) {
      std::vector<std::string> words = {std::string(group.name)};
      if (!command.verb.empty()) words.emplace_back(command.verb);
      words.emplace_back("--help");
      const ParseOutcome outcome = parse_command_line(words);
      EXPECT_FALSE(outcome.parsed && outcome.parsed->command != nullptr);
      EXPECT_EQ(outcome.exit_code, 0);
      EXPECT_NE(outcome.text.find(command.example.substr(0, 20)), std::string::npos)
          << outcome.text;
    }
  }
}

TEST(Parse, TakesArgumentsOfTheTable) {
  const ParseOutcome outcome =
      parse_command_line({"benchmark", "run", "-b", "1", "-d", "3", "--again", "--json"});
  ASSERT_TRUE(outcome.parsed && outcome.parsed->command != nullptr) << outcome.text;
  EXPECT_EQ(outcome.parsed->group->name, "benchmark");
  EXPECT_EQ(outcome.parsed->command->verb, "run");
  const Arguments& arguments = outcome.parsed->arguments;
  EXPECT_TRUE(arguments.json);
  EXPECT_EQ(arguments.values.at("benchmark"), std::vector<std::string>{"1"});
  EXPECT_EQ(arguments.values.at("dataset"), std::vector<std::string>{"3"});
  EXPECT_EQ(arguments.values.count("again"), 1U);
  EXPECT_EQ(arguments.values.count("model"), 0U);
}

TEST(Parse, EachPositionalArgumentTakesItsOwnWord) {
  const ParseOutcome outcome = parse_command_line({"container", "create", "model", "my-model"});
  ASSERT_TRUE(outcome.parsed && outcome.parsed->command != nullptr) << outcome.text;
  const Arguments& arguments = outcome.parsed->arguments;
  EXPECT_EQ(arguments.values.at("role"), std::vector<std::string>{"model"});
  EXPECT_EQ(arguments.values.at("folder"), std::vector<std::string>{"my-model"});
  EXPECT_EQ(parse_command_line({"container", "create", "model", "a", "b"}).exit_code, 2);
}

TEST(Parse, GlobalOptionsBeforeAndAfterTheVerb) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--workspace", "/w", "auth", "status"},
        std::vector<std::string>{"auth", "status", "--workspace", "/w"}}) {
    const ParseOutcome outcome = parse_command_line(words);
    ASSERT_TRUE(outcome.parsed && outcome.parsed->command != nullptr) << outcome.text;
    EXPECT_EQ(outcome.parsed->arguments.workspace, "/w");
  }
}

TEST(Parse, MistakesAreExitCodeTwo) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"benchmark", "run", "-b", "1"},
        std::vector<std::string>{"benchmark", "run", "-b", "x", "-d", "1"},
        std::vector<std::string>{"benchmark", "run", "-b", "-1", "-d", "1"},
        std::vector<std::string>{"nonsense"}, std::vector<std::string>{"auth"}}) {
    const ParseOutcome outcome = parse_command_line(words);
    EXPECT_FALSE(outcome.parsed && outcome.parsed->command != nullptr);
    EXPECT_EQ(outcome.exit_code, 2) << words.front();
    EXPECT_TRUE(outcome.is_error);
    EXPECT_FALSE(outcome.text.empty());
  }
}

}  // namespace
}  // namespace medperf::cli
