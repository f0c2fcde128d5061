// medperf-manual FOLDER: writes the manual pages medperf.1 and medperf-hub.8 and the annotated
// hub.sample.yaml, from the tables that the programs themselves are made from. Run by the build.

#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "apps/roff.h"
#include "base/files.h"
#include "cli/command.h"
#include "cli/exit_codes.h"
#include "hub/commands/command.h"
#include "hub/options.h"
#include "site/workspace/options.h"

namespace {

namespace fs = medperf::fs;
using namespace medperf::roff;

std::string hub_commands_text() {
  std::string text = heading("COMMANDS");
  for (const auto& command : medperf::hub::hub_commands()) {
    std::string line = "medperf-hub " + std::string(command.words);
    text += ".SS " + escaped(line) + "\n" + escaped(command.sentence) + "\n";
    for (const auto& argument : command.arguments) {
      std::string term(argument.flag);
      if (!argument.value.empty()) term += " " + std::string(argument.value);
      text += item(term, std::string(argument.sentence) + (argument.required ? " Needed." : ""));
    }
    text += example(command.example);
  }
  return text;
}

std::string options_text(std::span<const medperf::Option> table) {
  std::string text = heading("CONFIGURATION") +
                     "Keys of the configuration file, which is YAML; a dot stands for a level. An "
                     "environment variable overrides the file. Unknown keys are errors.\n";
  for (const auto& option : table) {
    std::string body(option.sentence);
    if (option.secret) body += " The value is the name of a file (mode 0600) that holds it.";
    body += "\nDefault: " +
            (option.default_text.empty() ? std::string("empty") : std::string(option.default_text));
    if (!option.unit.empty()) body += " (" + std::string(option.unit) + ")";
    body += ".";
    if (!option.environment.empty()) {
      body += " Environment: " + std::string(option.environment) + ".";
    }
    text += item(option.key, body);
  }
  return text;
}

constexpr std::string_view kHubExitStatus =
    "0    done\n"
    "2    wrong usage or configuration\n"
    "3    not signed in (import)\n"
    "4    not allowed (import)\n"
    "5    something named does not exist\n"
    "6    it clashes with what is there\n"
    "7    too large\n"
    "8    busy: try again\n"
    "9    the database, disk or peer cannot be used now\n"
    "10   it took too long\n"
    "11   damaged: digests, the database or the log do not agree\n"
    "12   refused by a rule\n"
    "70   a fault of the program\n"
    "130  stopped by a signal\n";

std::string hub_manual() {
  return head("medperf-hub", "8", "the server of MedPerf") + heading("SYNOPSIS") +
         ".B medperf\\-hub\n.I COMMAND\n[\\fB\\-\\-config\\fR \\fIFILE\\fR] [\\fIOPTION\\fR "
         "...]\n" +
         ".br\n.B medperf\\-hub \\-\\-print\\-config\n[\\fB\\-\\-config\\fR \\fIFILE\\fR]\n" +
         heading("DESCRIPTION") +
         "The hub keeps the records of a federated evaluation: benchmarks, models, datasets, who "
         "agreed to what, and results. It never holds an image, weights or data. All commands are "
         "safe beside a running server.\n" +
         hub_commands_text() + options_text(medperf::hub::option_table()) + heading("SIGNALS") +
         item("SIGTERM, SIGINT",
              "/readyz answers 503; after http.drain_notice the hub stops listening, lets running "
              "requests end (http.drain) and exits with 0.") +
         heading("EXIT STATUS") + ".nf\n" + escaped(kHubExitStatus) + ".fi\n" + heading("FILES") +
         item("hub.yaml", "Configuration, made by init; hub.sample.yaml explains every option.") +
         item("hub.db, hub.db-wal, hub.db-shm", "SQLite database: never copy it, use backup.") +
         item("jwt.pem", "Signs access tokens; processes behind one proxy share it.") +
         heading("SEE ALSO") + "\\fBmedperf\\fR(1)\n";
}

std::string client_commands_text() {
  std::string text = heading("COMMANDS");
  for (const auto& group : medperf::cli::all_groups()) {
    text += ".SS medperf " + escaped(group.name) + "\n" + escaped(group.sentence) + "\n";
    for (const auto& command : group.commands) {
      std::string term(group.name);
      if (!command.verb.empty()) term += " " + std::string(command.verb);
      text += item(term, command.sentence);
      if (command.arguments.empty()) continue;
      text += ".RS\n";
      for (const auto& argument : command.arguments) {
        text += item(std::string(argument.flags) + " " + std::string(argument.value),
                     std::string(argument.help) + (argument.required ? " Needed." : ""));
      }
      text += ".RE\n";
      if (!command.example.empty()) text += example(command.example);
    }
  }
  return text;
}

std::string client_manual() {
  return head("medperf", "1", "federated evaluation of medical AI") + heading("SYNOPSIS") +
         ".B medperf\n.I GROUP COMMAND\n[\\fIOPTION\\fR ...]\n" + heading("DESCRIPTION") +
         "The client of every role. Models travel to the data; only agreed, checked and approved "
         "metrics travel back.\n" +
         client_commands_text() + heading("COMMON OPTIONS") +
         item("--workspace FOLDER",
              "Folder of this site; default: MEDPERF_HOME, else .medperf at home.") +
         item("--json", "Answer with JSON on standard output.") +
         item("--yes", "Answer yes to every question.") +
         item("--no-input", "Leave questions open: ends with exit status 20.") +
         options_text(medperf::site::client_options()) + heading("EXIT STATUS") + ".nf\n" +
         escaped(medperf::cli::exit_code_help()) + "\n.fi\n" + heading("SEE ALSO") +
         "\\fBmedperf\\-hub\\fR(8)\n";
}

medperf::Status write_all(const fs::path& folder) {
  constexpr auto kMode = medperf::FileMode::kReadable;
  MEDPERF_CHECK(medperf::write_file_atomically(folder / "medperf-hub.8", hub_manual(), kMode));
  MEDPERF_CHECK(medperf::write_file_atomically(folder / "medperf.1", client_manual(), kMode));
  return medperf::write_file_atomically(
      folder / "hub.sample.yaml", medperf::annotated_sample(medperf::hub::option_table()), kMode);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: medperf-manual FOLDER\n", stderr);
    return 2;
  }
  const auto written = write_all(argv[1]);
  if (written.ok()) return 0;
  std::fprintf(stderr, "medperf-manual: %s\n", written.error().text().c_str());
  return 9;
}
