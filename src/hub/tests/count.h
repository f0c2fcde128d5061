#pragma once
// Cases that one test runs are counted by themselves; the program's last lines tell their sum.

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "sql/database.h"

namespace medperf::hub {

struct Counted {
  int cases = 0;
  int failed = 0;
};

/// Of the whole program.
inline Counted& counted() {
  static Counted sum;
  return sum;
}

/// Prints "hub.yaml sqlite 12 cases, 0 failed" and adds to the sum.
inline void count_cases(const std::string& what, sql::Dialect dialect, int cases, int failed) {
  std::printf("%-36s %-9s %4d cases, %d failed\n", what.c_str(),
              dialect == sql::Dialect::kSqlite ? "sqlite" : "postgres", cases, failed);
  std::fflush(stdout);  // a database server may fork from here
  counted().cases += cases;
  counted().failed += failed;
}

/// The line that tests/run.sh reads.
class PrintCounted : public testing::Environment {
 public:
  void TearDown() override {
    if (counted().cases == 0) return;
    std::printf("[  CASES   ] %d passed, %d failed\n", counted().cases - counted().failed,
                counted().failed);
  }
};

}  // namespace medperf::hub
