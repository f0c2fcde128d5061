#include "site/review/texts.h"

#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <vector>

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

/// The largest files of a model, one a line.
std::string files_lines(const ModelFiles& files) {
  constexpr std::size_t kShown = 10;
  std::vector<const FileEntry*> largest;
  for (const FileEntry& file : files.manifest.files) largest.push_back(&file);
  std::stable_sort(largest.begin(), largest.end(), [](const FileEntry* one, const FileEntry* two) {
    return one->stamp.size > two->stamp.size;
  });
  std::string out;
  for (std::size_t i = 0; i < std::min(kShown, largest.size()); ++i) {
    const FileEntry& file = *largest[i];
    out += fmt::format("  file       {}, {}\n", printable(file.path, 200),
                       medperf::to_string(Bytes{file.stamp.size}));
  }
  if (largest.size() > kShown)
    out += fmt::format("  and        {} more\n", largest.size() - kShown);
  return out;
}

}  // namespace

Question files_question(const FilesRequest& request) {
  constexpr std::size_t kNamed = 5;
  const ModelFiles& files = request.files;
  const Container& script = request.script.container;
  Question question;
  question.title = fmt::format("model files {} '{}' (owner: user {})", files.asset.id.value,
                               printable(files.asset.name, 128), files.asset.owner.value);
  question.text = fmt::format("  archive    {}, verified\n", files.archive.prefixed());
  question.text += fmt::format("  signature  {}\n", printable(files.signature.text, 200));
  question.text += fmt::format("  holds      {} file(s), {}\n", files.manifest.files.size(),
                               medperf::to_string(files.size()));
  question.text += files_lines(files);
  const std::vector<std::string> code = files_with_code(files);
  for (std::size_t i = 0; i < std::min(kNamed, code.size()); ++i) {
    question.text += fmt::format("  notice     {} can hold programs, which run when it is read\n",
                                 printable(code[i], 200));
  }
  if (code.size() > kNamed)
    question.text += fmt::format("  notice     and so can {} more\n", code.size() - kNamed);
  question.text += fmt::format("  read by    container {} '{}', the benchmark's script\n",
                               script.id.value, printable(script.name, 128));
  question.text += fmt::format("  which has  {}\n", request.on_what);
  if (!request.expected.empty())
    question.text += fmt::format("  expect     {}\n", request.expected);
  question.text += "  if yes     it writes results, which you see before anything is sent\n";
  question.text += "  if no      it is not given to the script; the refusal is recorded\n";
  question.prompt = "Run it?";
  return question;
}

std::string swap_warning(const std::string& whose) {
  return fmt::format(
      "warning: {} has swap, and the memory that an encrypted image is decrypted into may be "
      "written "
      "to it. Encrypt the swap or turn it off (swapoff -a){}",
      whose, ::geteuid() == 0 ? "" : "; runs of root are kept out of it on Linux 6.4 and later");
}

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
