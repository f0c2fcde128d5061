#include "site/flows/history.h"

#include <algorithm>

#include "site/flows/stage.h"

namespace medperf::site {
namespace {

StepHistory step_of(const Json& line) {
  StepHistory out;
  out.step = line.get_string("step");
  out.at = line.get_string("at");
  const Json* output = line.find("output");
  if (output == nullptr || output->is_null()) {
    out.end = "taken back";
  } else if (output->get_bool("failed")) {
    out.end = "failed";
    out.detail = output->get_string("what");
  } else if (output->contains("answer")) {
    out.end = output->get_string("answer") == "yes" ? "approved" : "declined";
    out.detail = "by " + output->get_string("by");
  } else if (out.step == kUsageStep) {
    out.end = "counted";
    out.detail = engine::usage_text(*output);
  } else {
    out.end = "done";
  }
  return out;
}

}  // namespace

Result<std::vector<FlowHistory>> flow_histories(const Site& site, const std::string& name) {
  std::vector<FlowHistory> flows;
  std::error_code failure;
  const fs::path folder = site.workspace().journal_file("x").parent_path();
  for (const auto& entry : fs::directory_iterator(folder, failure)) {
    FlowHistory flow;
    flow.name = entry.path().stem().string();
    if (!name.empty() && flow.name != name) continue;
    MEDPERF_TRY(std::string text, read_file(entry.path()));
    std::string_view rest = text;
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      if (end == std::string_view::npos) break;
      MEDPERF_TRY(Json line, parse_json(rest.substr(0, end)));
      flow.steps.push_back(step_of(line));
      rest.remove_prefix(end + 1);
    }
    flows.push_back(std::move(flow));
  }
  std::sort(flows.begin(), flows.end(),
            [](const FlowHistory& a, const FlowHistory& b) { return a.name < b.name; });
  if (!name.empty() && flows.empty()) {
    return make_error(ErrorKind::kNotFound, name, "nothing of this name ran here",
                      "'medperf run show' lists everything");
  }
  return flows;
}

}  // namespace medperf::site
