// The command line of medperf-hub.

#include "hub/commands/command.h"

#include <gtest/gtest.h>

#include <set>

#include "base/encoding.h"

namespace medperf::hub {
namespace {

Result<ParsedLine> parse(const std::vector<std::string>& words) {
  return parse_hub_command(hub_commands(), words);
}

TEST(HubCommands, RowsAreWhole) {
  std::set<std::string_view> words;
  for (const auto& command : hub_commands()) {
    SCOPED_TRACE(command.words);
    EXPECT_TRUE(words.insert(command.words).second);
    EXPECT_FALSE(command.sentence.empty());
    EXPECT_TRUE(command.example.starts_with("medperf-hub " + std::string(command.words)));
    EXPECT_NE(command.run, nullptr);
    for (const auto& argument : command.arguments) {
      EXPECT_TRUE(argument.flag.starts_with("--")) << argument.flag;
      EXPECT_FALSE(argument.sentence.empty()) << argument.flag;
    }
    EXPECT_TRUE(parse({std::string(split(command.words, ' ').front()), "--help"}).ok());
    EXPECT_NE(help_of(command).find("Example:"), std::string::npos);
    EXPECT_NE(help_of_all(hub_commands()).find(std::string(command.words)), std::string::npos);
  }
}

TEST(HubCommands, WordsThenOptions) {
  const auto list = parse({"user", "list", "--config", "hub.yaml", "--json"});
  ASSERT_TRUE(list.ok()) << list.error().text();
  EXPECT_EQ(list->command->words, "user list");
  EXPECT_EQ(list->line.value("--config"), "hub.yaml");
  EXPECT_TRUE(list->line.has("--json"));
  const auto help = parse({"user", "list", "-h"});
  ASSERT_TRUE(help.ok());
  EXPECT_EQ(help->command, nullptr);
  EXPECT_NE(help->text.find("--config FILE"), std::string::npos);
}

TEST(HubCommands, MistakesAreNamed) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> kCases = {
      {{"nothing"}, "nothing"},
      {{"user"}, "user"},
      {{"user", "list"}, "--config"},
      {{"user", "list", "--config"}, "--config"},
      {{"user", "list", "--config", "a", "--nothing"}, "--nothing"},
      {{"user", "list", "--config", "a", "word"}, "word"},
      {{"check", "--config", "a", "--admin"}, "--admin"},
  };
  for (const auto& [words, where] : kCases) {
    const auto parsed = parse(words);
    ASSERT_FALSE(parsed.ok()) << where;
    EXPECT_EQ(parsed.error().kind, ErrorKind::kInvalid);
    EXPECT_EQ(parsed.error().where, where);
  }
}

}  // namespace
}  // namespace medperf::hub
