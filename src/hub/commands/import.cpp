// Taking over an existing hub.

#include <array>
#include <cstdlib>
#include <utility>

#include "base/encoding.h"
#include "base/process.h"
#include "hub/commands/configuration.h"
#include "hub/setup.h"
#include "hub/transfer/django.h"
#include "hub/transfer/hub_source.h"
#include "hub/transfer/import.h"

namespace medperf::hub {

namespace {

constexpr Argument kFromDatabase = {"--from-database", "FILE",
                                    "Its SQLite file, or what pg_dump --format=plain wrote."};
constexpr Argument kFromUrl = {"--from-url", "URL", "Its address, to read it through its API."};
constexpr Argument kTokenFile = {"--token-file", "FILE",
                                 "With --from-url: an admin's token there, file mode 0600."};
constexpr Argument kCaFile = {"--ca-file", "FILE",
                              "With --from-url: authority of its certificate (PEM)."};
constexpr Argument kDryRun = {"--dry-run", "", "Only report; take it into a copy thrown away."};

/// A folder that goes with its contents.
class ScratchFolder {
 public:
  static Result<ScratchFolder> make() {
    std::string name = (fs::temp_directory_path() / "medperf-import-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      return make_error(ErrorKind::kUnavailable, name, "a temporary folder cannot be made",
                        "Check TMPDIR and its free space.");
    }
    return ScratchFolder(name);
  }
  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  explicit ScratchFolder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

Result<std::unique_ptr<ImportSource>> open_source(const CommandLine& line,
                                                  const fs::path& scratch) {
  if (line.has(kFromDatabase.flag) == line.has(kFromUrl.flag)) {
    return make_error(ErrorKind::kInvalid, std::string(kFromDatabase.flag),
                      "give either --from-database or --from-url");
  }
  if (line.has(kFromDatabase.flag)) {
    return open_django_database(line.value(kFromDatabase.flag), scratch);
  }
  MEDPERF_TRY(auto token, read_file(line.value(kTokenFile.flag), {1U << 16U}));
  net::ClientOptions options;
  options.ca_file = line.value(kCaFile.flag);
  return open_hub(line.value(kFromUrl.flag), std::string(trim(token)), std::move(options));
}

Status run_import(const CommandLine& line, const Clock& clock) {
  install_stop_handlers();
  MEDPERF_TRY(auto configuration, read_configuration(line));
  MEDPERF_TRY(auto database, open_database(configuration.options, configuration.folder));
  MEDPERF_CHECK(prepare_existing(*database, clock));
  MEDPERF_TRY(const auto scratch, ScratchFolder::make());
  MEDPERF_TRY(auto source, open_source(line, scratch.path()));
  const bool dry = line.has(kDryRun.flag);
  MEDPERF_TRY(const auto report, dry ? try_import(*database, *source, clock, scratch.path())
                                     : import_hub(*database, *source, clock));
  Json document = report_json(report);
  document.set("dry_run", dry);
  print_answer(line, report_text(report) + (dry ? "\nnothing was changed: a dry run" : ""),
               document);
  if (report.refused() == 0) return {};
  return make_error(ErrorKind::kRefused, "import",
                    std::to_string(report.refused()) + " rows were refused (listed above)",
                    "The others are taken; mend these at the source and run it again.");
}

constexpr std::array kArguments = {kConfigArgument, kFromDatabase, kFromUrl,     kTokenFile,
                                   kCaFile,         kDryRun,       kJsonArgument};

}  // namespace

std::span<const HubCommand> import_commands() {
  static constexpr std::array kCommands = {
      HubCommand{"import", "Take over an existing MedPerf hub with its ids, owners and times.",
                 kArguments,
                 "medperf-hub import --config /var/lib/medperf/hub.yaml --from-database "
                 "db.sqlite3 --dry-run",
                 run_import},
  };
  return kCommands;
}

}  // namespace medperf::hub
