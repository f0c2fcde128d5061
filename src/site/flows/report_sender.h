#pragma once
// Tells the hub how far a preparation got (container contract, section 7), when a person or the
// policy has agreed: shares of cases by status and how the run stands, nothing else.

#include <optional>
#include <string>

#include "base/clock.h"
#include "site/flows/journal.h"
#include "site/review/preparation_report.h"
#include "site/site.h"

namespace medperf::site {

/// Whether the progress of this preparation may be told. The policy decides, or a person whose
/// answer the work does not wait for: none is no. Errors: interrupted.
Result<bool> may_tell_progress(Site& site, Journal& journal, DatasetId dataset,
                               const Json& preparator);

class ReportSender {
 public:
  /// How often changes are told.
  static constexpr Seconds kPause{30};

  /// Only `hub` is used, by one thread at a time.
  ReportSender(Hub& hub, const Clock& clock, DatasetId dataset)
      : hub_(hub), clock_(clock), dataset_(dataset) {}
  void started() { send("started"); }
  /// Sends what changed, unless it was told less than kPause ago.
  void look(const PreparationReport& report);
  /// "finished", "failed" or "interrupted".
  void ended(std::string_view how, const PreparationReport& report);

 private:
  /// What was told already is not told again; a hub that does not answer is no failure of the work.
  void send(std::string_view status);

  Hub& hub_;
  const Clock& clock_;
  DatasetId dataset_;
  Json progress_ = Json::object();
  std::string told_;  ///< canonical
  std::optional<Timestamp> told_at_;
};

}  // namespace medperf::site
