#pragma once
// What waits for a person: a list in the workspace, and the one who is told.

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "site/review/person.h"
#include "site/workspace/workspace.h"

namespace medperf::site {

inline constexpr std::string_view kWaitingVersion = "medperf/waiting/v1";

struct Waiting {
  std::string title;    ///< "Run model 'x' on dataset 3"
  std::string command;  ///< where it is answered
  std::string since;
};

/// What the list knew of an entry before it was noted.
enum class Known {
  kNew,
  kUntold,  ///< listed, but nobody was told: killed in between, or the notice failed
  kTold
};

/// One file an entry; named by the digest of what was asked, so the same question is one entry.
class WaitingList {
 public:
  explicit WaitingList(const Workspace& workspace) : folder_(workspace.waiting_folder()) {}
  Result<Known> note(const std::string& key, const Waiting& entry) const;
  /// Once the person has been told of an entry: it is told of no more.
  Status note_told(const std::string& key) const;
  /// Removes entries that are not among `keys`.
  void keep_only(const std::set<std::string>& keys) const;
  /// Oldest first; entries that cannot be read are passed over.
  std::vector<Waiting> all() const;

 private:
  fs::path file_of(const std::string& key) const { return folder_ / (key + ".json"); }
  fs::path folder_;
};

/// Says one line to the person: their own command or mail program.
using Notify = std::function<Status(std::string_view line)>;

/// A person who is not there: every question is put off, listed, and told of, once the notice went
/// out. One that was cut short or failed goes out again: better twice than never.
class AbsentPerson : public Person {
 public:
  AbsentPerson(const Workspace& workspace, const Clock& clock, Notify notify,
               std::function<void(std::string_view)> tell)
      : list_(workspace), clock_(clock), notify_(std::move(notify)), tell_(std::move(tell)) {}
  Answer ask(const Question& question) override;
  void tell(std::string_view line) override { tell_(line); }

  /// What questions from now on belong to: the command that asks them again.
  void works_on(std::string command) { command_ = std::move(command); }
  /// Lists something that is no question of a flow, e.g. that the sign-in expired.
  void need(const std::string& title, const std::string& command);
  void begin_round() { asked_.clear(); }
  /// The round saw everything: what was not asked in it no longer waits.
  void end_round() { list_.keep_only(asked_); }

 private:
  WaitingList list_;
  const Clock& clock_;
  Notify notify_;
  std::function<void(std::string_view)> tell_;
  std::string command_;
  std::set<std::string> asked_;
};

}  // namespace medperf::site
