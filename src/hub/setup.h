#pragma once
// Making a hub: its data folder, its database with the first rows, its accounts.

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/options.h"
#include "crypto/secret_box.h"
#include "sql/database.h"

namespace medperf::hub {

/// Answers to the questions of `medperf-hub init`.
struct InitAnswers {
  fs::path folder;
  std::string address = "127.0.0.1";
  std::string port = "8443";
  std::string certificate;
  std::string private_key;
  std::string public_url;
  std::string postgres;
};

/// Makes the folder (0700) with signing key (0600), hub.yaml and a migrated database with its first
/// rows. What is there already is kept. Returns the path of hub.yaml.
Result<fs::path> initialise(const InitAnswers& answers, const Clock& clock);

/// Paths of the options are taken below the folder of the configuration file.
fs::path resolve(const fs::path& folder, const fs::path& path);
/// Threads that wait for the network: one a core, more than four have nothing to do.
int io_threads();
Result<std::unique_ptr<sql::Database>> open_database(const Options& options,
                                                     const fs::path& folder);
/// Schema of this program, and the rows that v0 section 2 expects: superuser, container and
/// certificate authority with id 1. Returns the schema's version.
Result<int> prepare_database(sql::Database& database, const Clock& clock);
/// As prepare_database, for a database that must hold a hub already: a server that found an empty
/// one (a disk that is not mounted) would give out ids anew. Error: invalid.
Result<int> prepare_existing(sql::Database& database, const Clock& clock);

/// The key that seals stored secrets. Made when it lacks, unless the database holds secrets that
/// another key sealed: then error corrupt.
Result<crypto::SecretBox> open_secret_box(const Options& options, const fs::path& folder,
                                          sql::Database& database);

struct NewUser {
  std::string username;
  std::string email;
  bool admin = false;
  std::string password = {};  ///< empty: signs in with an outside issuer only
  std::string issuer = {};    ///< outside issuer whose tokens are this user's; empty: none
};
/// Error: conflict, when the name is taken; invalid.
Result<std::int64_t> add_user(sql::Database& database, const NewUser& user, const Clock& clock);

/// What `medperf-hub check` found.
struct CheckReport {
  int schema = 0;
  std::int64_t log_lines = 0;
  std::string log_head;
};
/// Checks the database's own integrity and the log's chain. Error: corrupt, with what is wrong.
Result<CheckReport> check_database(sql::Database& database);

}  // namespace medperf::hub
