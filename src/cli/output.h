#pragma once
// What a command says: lines for people, or one JSON document with --json.

#include <cstdio>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "base/text_table.h"

namespace medperf::cli {

class Output {
 public:
  explicit Output(bool json) : json_(json) {}
  /// A line for people: standard output, or standard error with --json.
  void line(std::string_view text) const;
  /// Always on standard error.
  void error(std::string_view text) const;
  /// The answer; printed with --json only.
  void result(const Json& document) const;
  /// One of many answers, on a line of its own; printed with --json only.
  void result_line(const Json& document) const;
  /// The error as text on standard error; with --json also as {"error": ...} on standard output.
  void failure(const Error& error) const;
  bool is_json() const { return json_; }

 private:
  bool json_;
};

}  // namespace medperf::cli
