#include "site/review/texts.h"

#include <string_view>

#include <fmt/format.h>
#include "base/encoding.h"

namespace medperf::site {
namespace {

std::string number_text(const Json& value) {
  if (value.is_null()) return "suppressed";
  if (value.is_int()) return std::to_string(value.as_int());
  if (value.is_double()) return fmt::format("{:.4g}", value.as_double());
  return printable(to_text(value), 200);
}

void results_lines(const Json& value, const std::string& name, std::string& out) {
  if (!value.is_object()) {
    out += fmt::format("  {}: {}\n", printable(name, 100), number_text(value));
    return;
  }
  const Json* centre = value.find("value");
  const Json* low = value.find("low");
  const Json* high = value.find("high");
  if (centre != nullptr && low != nullptr && high != nullptr) {
    out += fmt::format("  {}: {} [{}, {}]\n", printable(name, 100), number_text(*centre),
                       number_text(*low), number_text(*high));
    return;
  }
  for (const auto& [key, member] : value.members()) {
    results_lines(member, name.empty() ? key : fmt::format("{}.{}", name, key), out);
  }
}

}  // namespace

std::string results_text(const Json& results) {
  std::string out;
  results_lines(results, "", out);
  return out;
}

Question run_question(const RunRequest& request) {
  const GateReport& report = request.report;
  Question question;
  question.title = fmt::format("{} container {} '{}' (owner: user {})", request.role,
                               report.container.value, report.name, report.publisher.value);
  question.text = report_text(report);
  question.text += fmt::format("  runs on    {}\n", request.on_what);
  if (!request.expected.empty())
    question.text += fmt::format("  expect     {}\n", request.expected);
  question.text += fmt::format("  if yes     {}\n", request.effect);
  question.text += "  if no      it does not run; the refusal is recorded\n";
  question.text +=
      fmt::format("  as a page  medperf container report {} --html FILE\n", report.container.value);
  question.prompt = "Run it?";
  return question;
}

Question upload_question(const std::string& title, const result::Envelope& envelope,
                         const std::string& where, const std::string& with) {
  Question question;
  question.title = title;
  const Json* results = envelope.document.find("results");
  if (results != nullptr) question.text += results_text(*results);
  for (const result::Suppression& cell : envelope.suppressed) {
    question.text += fmt::format("  suppressed {}: {}\n", cell.path, cell.reason);
  }
  question.text += fmt::format("  exactly these {} bytes would leave for {}:\n",
                               envelope.canonical.size(), where);
  question.text += envelope.canonical + "\n";
  question.text += "  with it    " + with + "\n";
  question.prompt = "Sign and send it?";
  return question;
}

Question send_question(const std::string& title, const Json& what, const std::string& where,
                       const std::string& effect) {
  Question question;
  question.title = title;
  question.text = "  exactly this would leave for " + where + ":\n" + to_pretty_text(what);
  if (!question.text.ends_with('\n')) question.text += '\n';
  question.text += "  if yes     " + effect + "\n";
  question.prompt = "Send it?";
  return question;
}

}  // namespace medperf::site
