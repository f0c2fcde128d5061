#include "imaging/npy.h"

#include <gtest/gtest.h>

namespace medperf::imaging {
namespace {

std::string file_of(const std::string& header, const std::string& data, char major = 1) {
  std::string out = "\x93NUMPY";
  out += major;
  out += '\0';
  out += static_cast<char>(header.size() & 0xff);
  out += static_cast<char>(header.size() >> 8);
  if (major > 1) out += std::string(2, '\0');
  return out + header + data;
}

std::string dict(const std::string& descr, const std::string& order, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

TEST(Npy, WhatIsWrittenIsRead) {
  const NpyArray array{NpyType::kF32,
                       {2, 1, 2},
                       std::string("\0\0\x80\x3f\0\0\0\x40"
                                   "\0\0\x40\x40\0\0\x80\x40",
                                   16)};
  const std::string bytes = write_npy(array);
  EXPECT_EQ((bytes.size() - 16) % 64, 0u);
  const auto again = parse_npy(bytes);
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_EQ(again->shape, array.shape);
  EXPECT_EQ(to_doubles(*again), (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(again->description(), "(2, 1, 2) <f4");
}

TEST(Npy, OneDimensionKeepsItsComma) {
  const std::string bytes = write_npy({NpyType::kU8, {3}, "abc"});
  EXPECT_NE(bytes.find("'shape': (3,), }"), std::string::npos);
  EXPECT_EQ(parse_npy(bytes).value().shape, std::vector<std::size_t>{3});
}

TEST(Npy, ReadsFortranOrderAsNumpyWroteIt) {
  // np.asfortranarray([[1, 2, 3], [4, 5, 6]], dtype='<i2')
  const std::string data("\1\0\4\0\2\0\5\0\3\0\6\0", 12);
  const auto array = parse_npy(file_of(dict("<i2", "True", "(2, 3)"), data));
  ASSERT_TRUE(array) << array.error().text();
  EXPECT_EQ(to_doubles(*array), (std::vector<double>{1, 2, 3, 4, 5, 6}));
}

TEST(Npy, ReadsVersionsTwoAndThreeAndScalars) {
  for (const char major : {2, 3}) {
    const auto array = parse_npy(file_of(dict("|i1", "False", "()"), "\xff", major));
    ASSERT_TRUE(array) << array.error().text();
    EXPECT_EQ(to_doubles(*array), std::vector<double>{-1});
  }
}

TEST(Npy, EveryTypeIsRead) {
  for (const auto& [descr, size] : {std::pair{"|b1", 1},
                                    {"|u1", 1},
                                    {"<u1", 1},
                                    {"|i1", 1},
                                    {"<u2", 2},
                                    {"<i2", 2},
                                    {"<u4", 4},
                                    {"<i4", 4},
                                    {"<u8", 8},
                                    {"<i8", 8}}) {
    const auto array = parse_npy(
        file_of(dict(descr, "False", "(1,)"), std::string(1, '\7') + std::string(size - 1, '\0')));
    ASSERT_TRUE(array) << descr << array.error().text();
    EXPECT_EQ(to_doubles(*array), std::vector<double>{7}) << descr;
  }
}

TEST(Npy, RefusesProgramsAndForeignTypes) {
  for (const char* descr : {"|O", ">i4", "<c8", "<U5", "|V3"}) {
    const auto array = parse_npy(file_of(dict(descr, "False", "(1,)"), "0123456789"));
    ASSERT_FALSE(array) << descr;
    EXPECT_EQ(array.error().kind, ErrorKind::kInvalid);
    EXPECT_NE(array.error().what.find(descr), std::string::npos);
  }
  const auto record = parse_npy(
      file_of("{'descr': [('x', '<i4')], 'fortran_order': False, 'shape': (1,), }\n", "0123"));
  ASSERT_FALSE(record);
  EXPECT_EQ(record.error().kind, ErrorKind::kInvalid);
}

TEST(Npy, RefusesWhatIsDamaged) {
  const std::string good = write_npy({NpyType::kU8, {4}, "abcd"});
  for (std::size_t length = 0; length < good.size(); ++length) {
    const auto array = parse_npy(std::string_view(good).substr(0, length));
    ASSERT_FALSE(array) << length;
    EXPECT_EQ(array.error().kind, ErrorKind::kCorrupt) << length;
  }
  EXPECT_FALSE(parse_npy(good + "x"));
  for (const char* header :
       {"", "{}", "{'descr': '|u1'}", "{'descr': '|u1', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), 'shape': (1,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1 1)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1,)} + evil()"}) {
    const auto array = parse_npy(file_of(header, "a"));
    ASSERT_FALSE(array) << header;
    EXPECT_EQ(array.error().kind, ErrorKind::kCorrupt) << header;
  }
}

TEST(Npy, LimitsComeBeforeMemory) {
  const auto many = parse_npy(file_of(dict("<f8", "False", "(4294967296, 4294967296)"), ""));
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().kind, ErrorKind::kTooLarge);
  const auto more = parse_npy(write_npy({NpyType::kU8, {11}, "01234567890"}), {.data = {10}});
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().kind, ErrorKind::kTooLarge);
  const auto overflow =
      parse_npy(file_of(dict("|u1", "False", "(99999999999999999999999999,)"), ""));
  EXPECT_FALSE(overflow);
  EXPECT_FALSE(parse_npy(file_of(dict("|u1", "False", "(1,1,1,1,1,1,1,1,1)"), "a")));
  EXPECT_TRUE(parse_npy(file_of(dict("|u1", "False", "(0, 4294967296, 4294967296)"), "")));
}

}  // namespace
}  // namespace medperf::imaging
