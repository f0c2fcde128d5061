#pragma once
// The two databases as parameters of the same tests. PostgreSQL is a cluster made for this run, on
// a unix socket, thrown away at its end.

#include <glob.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>

#include "sql/database.h"

namespace medperf::sql {

class PostgresCluster {
 public:
  /// The cluster of this run; not usable() when PostgreSQL's server programs are not installed.
  static PostgresCluster& instance() {
    static PostgresCluster cluster;
    return cluster;
  }
  bool usable() const { return server_ > 0; }
  std::string connection(const std::string& schema) const {
    return "host=" + folder_ + " user=postgres dbname=postgres options='-c search_path=" + schema +
           "'";
  }
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;

 private:
  PostgresCluster() : owner_(getpid()) {
    glob_t found{};
    if (glob("/usr/lib/postgresql/*/bin/initdb", 0, nullptr, &found) == 0 && found.gl_pathc > 0) {
      programs_ = fs::path(found.gl_pathv[found.gl_pathc - 1]).parent_path().string();
    }
    globfree(&found);
    if (programs_.empty()) return;
    char name[] = "/tmp/medperf-pg-XXXXXX";
    if (mkdtemp(name) == nullptr) return;
    folder_ = name;
    if (const passwd* user = getpwnam("postgres"); geteuid() == 0 && user != nullptr) {
      if (chown(name, user->pw_uid, user->pw_gid) != 0) return;
    }
    const pid_t made = start({programs_ + "/initdb", "-D", folder_ + "/data", "-U", "postgres",
                              "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"});
    int status = 0;
    waitpid(made, &status, 0);
    if (status != 0) return;
    server_ = start({programs_ + "/postgres", "-D", folder_ + "/data", "-k", folder_, "-c",
                     "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=100"});
    wait_until_ready();
  }

  ~PostgresCluster() {
    if (getpid() != owner_ || folder_.empty()) return;
    if (server_ > 0) {
      kill(server_, SIGQUIT);
      waitpid(server_, nullptr, 0);
    }
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  /// Runs a program as user postgres when this is root, since the server refuses to run as root.
  static pid_t start(std::vector<std::string> words) {
    const passwd* user = geteuid() == 0 ? getpwnam("postgres") : nullptr;
    const pid_t child = fork();
    if (child != 0) return child;
    if (user != nullptr &&
        (setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)) {
      _exit(126);
    }
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (chdir("/") != 0 || freopen("/dev/null", "w", stdout) == nullptr ||
        freopen("/dev/null", "w", stderr) == nullptr) {
      _exit(126);
    }
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }

  void wait_until_ready() {
    for (int i = 0; i < 2400; ++i) {
      if (Database::open(PostgresOptions{connection("public"), 1}).ok()) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    server_ = 0;
  }

  const pid_t owner_;
  std::string programs_;
  std::string folder_;
  pid_t server_ = 0;
};

/// An empty database for each test.
class EngineTest : public testing::TestWithParam<Dialect> {
 protected:
  /// Of the test's parameter, unless a test says it by itself.
  virtual Dialect dialect() const { return GetParam(); }
  void SetUp() override {
    static int number = 0;
    name_ = "t" + std::to_string(getpid()) + "_" + std::to_string(++number);
    if (dialect() == Dialect::kSqlite) {
      folder_ = fs::temp_directory_path() / ("medperf-sql-" + name_);
      fs::create_directory(folder_);
      return;
    }
    if (!PostgresCluster::instance().usable()) {
      GTEST_SKIP() << "PostgreSQL's server programs are not installed (package postgresql-15)";
    }
    auto database =
        Database::open(PostgresOptions{PostgresCluster::instance().connection("public"), 1});
    ASSERT_TRUE(database.ok());
    const Status made = (*database)->write_transaction(
        [&](Session& session) { return session.run_script("CREATE SCHEMA " + name_); });
    ASSERT_TRUE(made.ok());
  }
  void TearDown() override {
    std::error_code ignored;
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
  }

  Result<std::unique_ptr<Database>> try_open() const {
    if (dialect() == Dialect::kSqlite) return Database::open(SqliteOptions{file(), 4});
    return Database::open(PostgresOptions{PostgresCluster::instance().connection(name_), 8});
  }
  /// Opens this test's database; several may be open.
  std::unique_ptr<Database> open() const {
    auto database = try_open();
    EXPECT_TRUE(database.ok()) << database.error().text() << database.error().cause;
    return std::move(database).value();
  }
  fs::path file() const { return folder_ / "test.db"; }

  static Status run(Database& database, const std::string& script) {
    return database.write_transaction([&](Session& session) { return session.run_script(script); });
  }
  static Result<std::int64_t> change(Database& database, std::string_view statement,
                                     const Params& params = {}) {
    return database.write([&](Session& session) { return session.execute(statement, params); });
  }
  static Result<Rows> ask(Database& database, std::string_view statement,
                          const Params& params = {}) {
    return database.read([&](Session& session) { return session.query(statement, params); });
  }
  static std::int64_t count(Database& database, const std::string& table) {
    auto rows = ask(database, "SELECT count(*) FROM " + table);
    return rows.ok() ? (*rows)[0].integer(0) : -1;
  }

  std::string name_;
  fs::path folder_;
};

inline std::string engine_name(const testing::TestParamInfo<Dialect>& info) {
  return info.param == Dialect::kSqlite ? "sqlite" : "postgres";
}

}  // namespace medperf::sql
