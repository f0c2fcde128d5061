#pragma once
// What a person reads about a container before it may run. One object; what the terminal, JSON and
// HTML show is made of it alone.

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "site/gate/gate.h"
#include "site/policy/policy.h"
#include "site/policy/run_wishes.h"

namespace medperf::site {

inline constexpr std::string_view kReportVersion = "medperf/container-report/v1";

/// One mount that a task asks for.
struct ReportMount {
  std::string label;   ///< "data_path"
  std::string holds;   ///< "prepared data"; of labels that this site never provides: says so
  std::string inside;  ///< path in the container; the older format numbers its mounts when run
  bool writable = false;
};

struct ReportTask {
  std::string name;
  std::string gpus, shm_size;  ///< as asked for; empty: nothing is
  std::vector<ReportMount> mounts;
};

struct GateReport {
  ContainerId container;  ///< 0: not registered
  std::string name;
  UserId publisher;  ///< 0: not registered
  std::string archive, image, manifest, format, platform;
  std::string signature_state, signature;
  std::string user;  ///< as the image names it; empty: root
  std::vector<std::string> starts;
  std::string parameters;  ///< canonical JSON; empty: none
  std::vector<engine::Layer> layers;
  std::vector<ReportTask> tasks;
  std::vector<std::string> walls;
  engine::Limits limits;
  std::vector<std::string> requests;  ///< what the person or the policy makes of what tasks ask for
  std::vector<engine::Finding> findings;  ///< the gravest first
  std::vector<std::string> bills;         ///< bills of materials, or that there is none
  std::string refusal;                    ///< why the policy does not admit it; empty: it does

  Bytes size() const;
};

GateReport gate_report(const Admitted& admitted, const Policy& policy,
                       const RunWishes& wishes = {});

Json to_json(const GateReport& report);
/// Lines for a terminal, without control characters of the container's author.
std::string report_text(const GateReport& report);
/// One file: no scripts, nothing from elsewhere, all foreign text escaped.
std::string report_html(const GateReport& report);

}  // namespace medperf::site
