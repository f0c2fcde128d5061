#pragma once
// The person at the site, as flows see one: the command line asks on the terminal, other front ends
// elsewhere.

#include <string>
#include <string_view>

namespace medperf::site {

/// Everything a person needs to decide: shown whole, then one line asked.
struct Question {
  std::string title;   ///< "Run model 'lr-pixel' on dataset 3"
  std::string text;    ///< what, on what, under which rule, with what effect
  std::string prompt;  ///< "Run it?"
  /// The work goes on without an answer as after a no, so nothing waits for it, and --yes does not
  /// answer it.
  bool optional = false;
};

enum class Answer {
  kYes,
  kNo,
  kUnanswered,  ///< the input ended: counts as no this time, and is asked again
  kLater,       ///< left open on purpose: the flow waits
};

class Person {
 public:
  virtual ~Person() = default;
  virtual Answer ask(const Question& question) = 0;
  /// A line of progress.
  virtual void tell(std::string_view line) = 0;
};

}  // namespace medperf::site
