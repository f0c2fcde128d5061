#include "hub/setup.h"

#include <algorithm>
#include <thread>

#include "base/yaml.h"
#include "crypto/jwt.h"
#include "crypto/password.h"
#include "hub/accounts/passwords.h"
#include "hub/options.h"
#include "hub/store/accounts.h"
#include "hub/store/first_rows.h"
#include "hub/store/health.h"
#include "hub/store/schema.h"
#include "hub/store/second_factors.h"
#include "ledger/ledger.h"

namespace medperf::hub {

namespace {

Status write_signing_key(const fs::path& file) {
  std::error_code ignored;
  if (fs::exists(file, ignored)) return {};
  MEDPERF_TRY(auto signer, crypto::JwtSigner::generate());
  return signer.save_new(file);
}

std::string configuration_text(const InitAnswers& answers) {
  Json http = Json::object({{"address", answers.address}, {"port", answers.port}});
  if (!answers.certificate.empty()) http.set("certificate", answers.certificate);
  if (!answers.private_key.empty()) http.set("private_key", answers.private_key);
  if (!answers.public_url.empty()) http.set("public_url", answers.public_url);
  Json document = Json::object({{"http", std::move(http)}});
  if (!answers.postgres.empty()) {
    document.set("database", Json::object({{"postgres", answers.postgres}}));
  }
  return "# Written by medperf-hub init. hub.sample.yaml explains every option.\n" +
         to_yaml(document);
}

Error no_hub() {
  return make_error(ErrorKind::kInvalid, "database", "it holds no hub",
                    "Make one by medperf-hub init, or bring one back by medperf-hub restore.");
}

}  // namespace

fs::path resolve(const fs::path& folder, const fs::path& path) {
  return path.empty() || path.is_absolute() ? path : folder / path;
}

int io_threads() {
  return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, 4U));
}

Result<std::unique_ptr<sql::Database>> open_database(const Options& options,
                                                     const fs::path& folder) {
  const int connections = static_cast<int>(options.integer("database.connections"));
  const std::string postgres = options.text("database.postgres");
  if (!postgres.empty()) return sql::Database::open(sql::PostgresOptions{postgres, connections});
  // Enough that none of the threads that may read waits for another.
  const int workers = static_cast<int>(options.integer("http.workers"));
  return sql::Database::open(sql::SqliteOptions{resolve(folder, options.path("database.file")),
                                                std::max(connections, workers) + io_threads()});
}

Result<int> prepare_existing(sql::Database& database, const Clock& clock) {
  MEDPERF_TRY(const int version, sql::schema_version(database));
  if (version == 0) return no_hub();
  return prepare_database(database, clock);
}

Result<int> prepare_database(sql::Database& database, const Clock& clock) {
  MEDPERF_TRY(auto version, sql::migrate(database, migrations()));
  auto added = database.write(
      [&](sql::Session& session) -> Status { return add_first_rows(session, clock.now()); });
  if (!added.ok()) return std::move(added).error();
  return version;
}

Result<fs::path> initialise(const InitAnswers& answers, const Clock& clock) {
  MEDPERF_CHECK(make_private_folder(answers.folder));
  MEDPERF_CHECK(write_signing_key(answers.folder / "jwt.pem"));
  const fs::path file = answers.folder / "hub.yaml";
  std::error_code ignored;
  if (!fs::exists(file, ignored)) {
    MEDPERF_CHECK(write_file_atomically(file, configuration_text(answers)));
  }
  MEDPERF_CHECK(
      write_file_atomically(answers.folder / "hub.sample.yaml", annotated_sample(option_table())));
  MEDPERF_TRY(auto text, read_file(file));
  MEDPERF_TRY(auto options, Options::load(option_table(), text, {}));
  MEDPERF_TRY(auto database, open_database(options, answers.folder));
  MEDPERF_CHECK(prepare_database(*database, clock));
  MEDPERF_CHECK(open_secret_box(options, answers.folder, *database));
  return file;
}

Result<crypto::SecretBox> open_secret_box(const Options& options, const fs::path& folder,
                                          sql::Database& database) {
  const fs::path file = resolve(folder, options.path("auth.secrets_key"));
  std::error_code ignored;
  if (!fs::exists(file, ignored)) {
    MEDPERF_TRY(const auto sealed, database.read(any_second_factor));
    if (sealed) {
      return make_error(ErrorKind::kCorrupt, file.native(),
                        "the key that sealed the stored second factors is missing",
                        "Restore it from a backup, or from the hub's other machine.");
    }
    const Status made = crypto::SecretBox::generate().save_new(file);
    // Another process of this hub may have made it meanwhile.
    if (!made.ok() && made.error().kind != ErrorKind::kConflict) return made.error();
  }
  return crypto::SecretBox::load(file);
}

Result<std::int64_t> add_user(sql::Database& database, const NewUser& user, const Clock& clock) {
  if (user.username.empty() || user.username.size() > 150) {
    return make_error(ErrorKind::kInvalid, "--username", "the name must have 1 to 150 characters");
  }
  std::optional<std::string> hash;
  if (user.issuer.empty() || !user.password.empty()) {
    if (const auto problem = password_problem(user.password, user.username, user.email)) {
      return make_error(ErrorKind::kInvalid, "--password-file", *problem,
                        "Choose another password.");
    }
    MEDPERF_TRY(hash, crypto::hash_password(user.password));
  }
  auto added = database.write([&](sql::Session& session) -> Result<std::int64_t> {
    const Timestamp now = clock.now();
    MEDPERF_TRY(
        auto id,
        add_account(session, {user.username, user.email, user.admin, hash, user.issuer}, now));
    MEDPERF_CHECK(ledger::append(
        session,
        {"user.add", std::string(kSuperuser),
         Json::object({{"id", id}, {"username", user.username}, {"admin", user.admin}})},
        now));
    return id;
  });
  if (!added.ok() && added.error().kind == ErrorKind::kConflict) {
    return make_error(ErrorKind::kConflict, user.username, "there is a user of this name already",
                      "Choose another name; `medperf-hub user list` shows all.");
  }
  return added;
}

Result<CheckReport> check_database(sql::Database& database) {
  CheckReport report;
  MEDPERF_TRY(report.schema, sql::schema_version(database));
  if (report.schema == 0) return no_hub();
  // An older schema, before an upgrade, has no entries that wait.
  if (report.schema == static_cast<int>(migrations().size())) {
    MEDPERF_CHECK(ledger::chain_all(database));
  }
  return database.read([&](sql::Session& session) -> Result<CheckReport> {
    MEDPERF_CHECK(check_integrity(session));
    MEDPERF_TRY(auto log, ledger::verify_table(session));
    if (log.first_bad_line != 0) {
      return make_error(ErrorKind::kCorrupt, "log line " + std::to_string(log.first_bad_line),
                        log.problem, "Somebody changed the log: compare with a backup.");
    }
    report.log_lines = log.lines;
    report.log_head = log.head;
    return report;
  });
}

}  // namespace medperf::hub
