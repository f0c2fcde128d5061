#include "base/csv.h"

#include <gtest/gtest.h>

namespace medperf {
namespace {

std::string problem(std::string_view text, const CsvLimits& limits = {}) {
  const auto table = parse_csv(text, limits);
  return table.ok() ? "" : table.error().where + ": " + table.error().what;
}

TEST(Csv, ReadsPlainAndQuotedFields) {
  const auto table = parse_csv("\xEF\xBB\xBFid,text\r\n1,\"a, \"\"b\"\"\"\r\n2,\n3,c");
  ASSERT_TRUE(table.ok()) << table.error().text();
  EXPECT_EQ(table->header, (std::vector<std::string>{"id", "text"}));
  ASSERT_EQ(table->rows.size(), 3u);
  EXPECT_EQ(table->rows[0][1], "a, \"b\"");
  EXPECT_EQ(table->rows[1][1], "");
  EXPECT_EQ(table->rows[2][1], "c");
  EXPECT_EQ(table->column("text"), 1u);
  EXPECT_FALSE(table->column("other").has_value());
}

TEST(Csv, SaysWhichRowIsWrong) {
  EXPECT_EQ(problem(""), "header: the table is empty");
  EXPECT_EQ(problem("a,a\n"), "header: column 2 repeats the name of another");
  EXPECT_EQ(problem("a,\n"), "header: column 2 has no name");
  EXPECT_EQ(problem("a,b\n1,2\n3\n"), "row 2: 1 fields instead of 2");
  EXPECT_EQ(problem("a,b\n1,2\n\n"), "row 2: 1 fields instead of 2");
  EXPECT_EQ(problem("a\nx\"y\n"), "row 1: a quote inside a field");
  EXPECT_EQ(problem("a\n\"x\"y\n"), "row 1: text follows a closing quote");
  EXPECT_EQ(problem("a\n\"x"), "row 1: a quoted field is not closed");
  EXPECT_EQ(problem("a\nx\ry\n"), "row 1: a carriage return stands alone");
  EXPECT_EQ(problem(std::string("a\nx\0y\n", 6)), "row 1: a control character");
  EXPECT_EQ(problem("a\n\xff\n"), "header: the table is not UTF-8");
}

TEST(Csv, MessagesNeverRepeatAField) {
  EXPECT_EQ(problem("a,b\nMiller\n").find("Miller"), std::string::npos);
  EXPECT_EQ(problem("a\n\"Miller\"x\n").find("Miller"), std::string::npos);
}

TEST(Csv, KeepsItsLimits) {
  CsvLimits limits;
  limits.rows = 1;
  EXPECT_EQ(problem("a\n1\n2\n", limits), "row 2: too many rows");
  limits.columns = 2;
  EXPECT_EQ(problem("a,b,c\n", limits), "header: too many columns");
  limits.field = 3;
  EXPECT_EQ(problem("a\n1234\n", limits), "row 1: a field is too long");
  EXPECT_EQ(problem("a\n\"1234\"\n", limits), "row 1: a field is too long");
  limits.bytes = 3;
  const auto table = parse_csv("a\n12\n", limits);
  ASSERT_FALSE(table.ok());
  EXPECT_EQ(table.error().kind, ErrorKind::kTooLarge);
}

}  // namespace
}  // namespace medperf
