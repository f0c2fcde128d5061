// Taking over an existing hub: from either form of its database, and from its API.

#include "hub/transfer/import.h"

#include "hub/store/repository.h"
#include "hub/tests/test_hub.h"
#include "hub/transfer/django.h"
#include "hub/transfer/hub_source.h"
#include "hub/transfer/pg_dump.h"
#include "net/http_server.h"
#include "net/tests/loopback.h"

namespace medperf::hub {
namespace {

using Values = std::vector<std::optional<std::string>>;

/// A table of an existing hub, as its own program lays it down.
struct FixtureTable {
  std::string name;
  std::vector<std::string> columns;
  std::vector<Values> rows;
};

const std::optional<std::string> kNull;
const std::string kThen = "2024-05-06 07:08:09.123456";
const std::string kLater = "2024-05-07 00:00:00";

std::vector<FixtureTable> existing_hub() {
  const std::string json = R"({"a": "tab\tquote\" back\\slash"})";
  std::vector<FixtureTable> tables = {
      {"auth_user",
       {"id", "password", "last_login", "is_superuser", "username", "first_name", "last_name",
        "email", "is_staff", "is_active", "date_joined"},
       {{"1", "pbkdf2_sha256$secret", kNull, "1", "root", "", "", "root@x", "1", "1", kThen},
        {"2", "!", kNull, "0", "auth0|group", "Gro", "Up", "group@x", "0", "1", kThen},
        {"5", "!", kNull, "0", "auth0|hospital", "", "", "hospital@x", "0", "0", kThen}}},
      {"user_userextension", {"id", "metadata", "user_id"}, {{"1", R"({"k": 1})", "2"}}},
      {"mlcube_mlcube",
       {"id", "name", "container_config", "parameters_config", "image_hash",
        "additional_files_tarball_url", "additional_files_tarball_hash", "state", "is_valid",
        "metadata", "user_metadata", "owner_id", "created_at", "modified_at"},
       {{"1", "CA", "{}", kNull, "x", "", "", "OPERATION", "1", "{}", "{}", "1", kThen, kThen},
        {"2", "prep", json, "{}", "p", "", "", "OPERATION", "1", "{}", kNull, "2", kThen, kLater},
        {"4", "ref", "{}", "{}", "r", "", "", "OPERATION", "0", "{}", "{}", "2", kThen, kLater},
        {"9", "prep", "{}", kNull, "q", "", "", "OPERATION", "1", "{}", "{}", "2", kThen, kThen}}},
      {"asset_asset",
       {"id", "name", "asset_hash", "asset_url", "state", "is_valid", "metadata", "user_metadata",
        "owner_id", "created_at", "modified_at"},
       {}},
      {"model_model",
       {"id", "name", "state", "is_valid", "metadata", "user_metadata", "type", "container_id",
        "asset_id", "owner_id", "created_at", "modified_at"},
       {{"3", "ref model", "OPERATION", "1", "{}", "{}", "CONTAINER", "4", kNull, "2", kThen,
         kThen}}},
      {"benchmark_benchmark",
       {"id",
        "name",
        "description",
        "docs_url",
        "demo_dataset_tarball_url",
        "demo_dataset_tarball_hash",
        "demo_dataset_generated_uid",
        "data_preparation_mlcube_id",
        "reference_model_id",
        "data_evaluator_mlcube_id",
        "state",
        "is_valid",
        "is_active",
        "metadata",
        "user_metadata",
        "approval_status",
        "approved_at",
        "dataset_auto_approval_mode",
        "model_auto_approval_mode",
        "dataset_auto_approval_allow_list",
        "model_auto_approval_allow_list",
        "owner_id",
        "created_at",
        "modified_at"},
       {{"7",         "bench", "",          "",      "u",
         "h",         "g",     "2",         "3",     "2",
         "OPERATION", "1",     "1",         "{}",    "{}",
         "APPROVED",  kLater,  "ALLOWLIST", "NEVER", R"(["hospital@x"])",
         "[]",        "2",     kThen,       kThen}}},
      {"dataset_dataset",
       {"id", "name", "description", "location", "input_data_hash", "generated_uid", "split_seed",
        "data_preparation_mlcube_id", "submitted_as_prepared", "state", "is_valid",
        "generated_metadata", "user_metadata", "report", "owner_id", "created_at", "modified_at"},
       {{"6", "data", "d", "l", "i", "uid", "0", "2", "0", "OPERATION", "1", "{}", "{}",
         R"({"stage": 3})", "5", kThen, kThen}}},
      {"benchmarkdataset_benchmarkdataset",
       {"id", "approval_status", "approved_at", "created_at", "modified_at", "benchmark_id",
        "dataset_id", "initiated_by_id", "metadata"},
       {{"1", "REJECTED", kThen, kThen, kThen, "7", "6", "5", "{}"},
        {"2", "APPROVED", kLater, kLater, kLater, "7", "6", "2", R"({"why": "again"})"}}},
      {"benchmarkmodel_benchmarkmodel",
       {"id", "metadata", "approval_status", "approved_at", "created_at", "modified_at",
        "benchmark_id", "initiated_by_id", "priority", "model_id"},
       {{"1", "{}", "APPROVED", kThen, kThen, kThen, "7", "2", "4", "3"}}},
      {"result_modelresult",
       {"id", "name", "results", "metadata", "user_metadata", "model_report", "evaluation_report",
        "is_valid", "approval_status", "finalized", "finalized_at", "approved_at", "created_at",
        "modified_at", "benchmark_id", "dataset_id", "model_id", "owner_id"},
       {{"8", "run", R"({"auc": 0.5})", "{}", "{}", "{}", "{}", "1", "PENDING", "1", kLater, kNull,
         kThen, kLater, "7", "6", "3", "5"}}},
  };
  return tables;
}

fs::path as_sqlite(const fs::path& file) {
  auto database = sql::Database::open(sql::SqliteOptions{file, 1});
  EXPECT_TRUE(database.ok());
  const auto made = (*database)->write_transaction([&](sql::Session& session) -> Status {
    for (const auto& table : existing_hub()) {
      std::string columns = "id INTEGER PRIMARY KEY AUTOINCREMENT";
      std::string marks = "?";
      for (std::size_t i = 1; i < table.columns.size(); ++i) {
        columns += ", \"" + table.columns[i] + "\"";
        marks += ", ?";
      }
      MEDPERF_CHECK(session.run_script("CREATE TABLE " + table.name + " (" + columns + ")"));
      for (const auto& row : table.rows) {
        // Columns without a type keep what they are given, so that numbers come as text: as well.
        sql::Params params{static_cast<std::int64_t>(std::stoll(*row[0]))};
        for (std::size_t i = 1; i < row.size(); ++i) {
          params.push_back(row[i] ? sql::Value(*row[i]) : sql::Value(nullptr));
        }
        std::string names;
        for (const auto& column : table.columns)
          names += (names.empty() ? "\"" : ", \"") + column + "\"";
        MEDPERF_CHECK(session.execute(
            "INSERT INTO " + table.name + " (" + names + ") VALUES (" + marks + ")", params));
      }
    }
    MEDPERF_CHECK(
        session.execute("UPDATE sqlite_sequence SET seq = 40 WHERE name = 'dataset_dataset'"));
    return {};
  });
  EXPECT_TRUE(made.ok()) << made.error().text() << made.error().cause;
  return file;
}

std::string copied(const std::optional<std::string>& value) {
  if (!value) return "\\N";
  std::string text;
  for (const char c : *value) {
    if (c == '\\')
      text += "\\\\";
    else if (c == '\t')
      text += "\\t";
    else if (c == '\n')
      text += "\\n";
    else
      text += c;
  }
  return text;
}

fs::path as_dump(const fs::path& file) {
  std::string text = "--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\n";
  auto tables = existing_hub();
  std::sort(tables.begin(), tables.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (const auto& table : tables) {
    text += "CREATE TABLE public." + table.name + " (\n    id bigint NOT NULL\n);\n";
    text += "COPY public." + table.name + " (";
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      const std::string& column = table.columns[i];
      text += (i == 0 ? "" : ", ") + (column == "type" ? "\"type\"" : column);
    }
    text += ") FROM stdin;\n";
    for (const auto& row : table.rows) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        const bool flag = table.columns[i].starts_with("is_") || table.columns[i] == "finalized" ||
                          table.columns[i] == "submitted_as_prepared";
        const bool time = table.columns[i].ends_with("_at") && row[i];
        text += (i == 0 ? "" : "\t") +
                (flag ? (*row[i] == "1" ? "t" : "f") : copied(row[i]) + (time ? "+00" : ""));
      }
      text += "\n";
    }
    text += "\\.\n\n";
  }
  text += "SELECT pg_catalog.setval('public.dataset_dataset_id_seq', 40, true);\n";
  EXPECT_TRUE(write_file_atomically(file, text).ok());
  return file;
}

class ImportTest : public HubTest {
 protected:
  void SetUp() override {
    sql::EngineTest::SetUp();
    if (IsSkipped()) return;
    database_ = open();
    ASSERT_TRUE(prepare_database(*database_, clock_).ok());
    make_hub({});
  }

  ImportReport import(const fs::path& file) {
    fs::create_directories(place_.path() / "scratch");
    auto source = open_django_database(file, place_.path() / "scratch");
    EXPECT_TRUE(source.ok()) << source.error().text();
    auto report = import_hub(*database_, **source, clock_);
    EXPECT_TRUE(report.ok()) << report.error().text() << report.error().cause;
    fs::remove_all(place_.path() / "scratch");
    return std::move(report).value();
  }

  void check_taken(const ImportReport& report) {
    EXPECT_EQ(report.refused(), 1) << report_text(report);
    EXPECT_NE(report_text(report).find("9: mlcubes.name: this value exists already"),
              std::string::npos)
        << report_text(report);
    const Json prep = expect(200, "auth0|group", "GET", "mlcubes/2/");
    EXPECT_EQ(prep.get_string("name"), "prep");
    EXPECT_EQ(prep.get_int("owner"), 2);
    EXPECT_EQ(prep.get_string("created_at"), "2024-05-06T07:08:09.123456Z");
    EXPECT_EQ(prep.get_string("modified_at"), "2024-05-07T00:00:00.000000Z");
    EXPECT_EQ(prep.find("container_config")->get_string("a"), "tab\tquote\" back\\slash");
    EXPECT_TRUE(prep.find("user_metadata")->is_null());
    EXPECT_EQ(expect(200, "auth0|group", "GET", "me/").find("metadata")->get_int("k"), 1);
    EXPECT_EQ(send("auth0|hospital", "GET", "me/").status, 401) << "was deactivated there";
    EXPECT_EQ(expect(200, "root", "GET", "users/").get_int("count"), 3);
    const Json bench = expect(200, "auth0|group", "GET", "benchmarks/7/");
    EXPECT_EQ(bench.find("dataset_auto_approval_allow_list")->items().front().as_string(),
              "hospital@x");
    EXPECT_EQ(bench.get_string("approved_at"), "2024-05-07T00:00:00.000000Z");
    const Json history = expect(200, "root", "GET", "datasets/6/benchmarks/");
    ASSERT_EQ(history.get_int("count"), 2);
    EXPECT_EQ(history.find("results")->items()[0].get_string("approval_status"), "REJECTED");
    EXPECT_EQ(history.find("results")->items()[1].find("metadata")->get_string("why"), "again");
    const Json result = expect(200, "root", "GET", "results/8/");
    EXPECT_EQ(result.find("results")->find("auc")->as_double(), 0.5);
    EXPECT_TRUE(result.get_bool("finalized"));
    EXPECT_TRUE(check_database(*database_).ok());
  }

  net::TemporaryFolder place_;
};

TEST_P(ImportTest, TakesTheSqliteDatabase) {
  const fs::path file = as_sqlite(place_.path() / "db.sqlite3");
  check_taken(import(file));
  EXPECT_EQ(dataset("root", "next", "u", 2), 41) << "an id of the old hub was given again";
}

TEST_P(ImportTest, TakesThePostgresDump) {
  check_taken(import(as_dump(place_.path() / "dump.sql")));
  EXPECT_EQ(dataset("root", "next", "u", 2), 41);
  EXPECT_EQ(container("root", "next"), 5);
}

TEST_P(ImportTest, ARepeatChangesNothingAndATrialNeither) {
  const fs::path file = as_dump(place_.path() / "dump.sql");
  fs::create_directories(place_.path() / "trial");
  auto source = open_django_database(file, place_.path() / "trial");
  ASSERT_TRUE(source.ok());
  const auto trial = try_import(*database_, **source, clock_, place_.path() / "trial");
  ASSERT_TRUE(trial.ok()) << trial.error().text() << trial.error().cause;
  EXPECT_EQ(rows("users"), 1);
  const ImportReport first = import(file);
  EXPECT_EQ(to_text(report_json(*trial)), to_text(report_json(first)));
  const ImportReport second = import(file);
  for (std::size_t i = 0; i < first.entities.size(); ++i) {
    EXPECT_EQ(second.entities[i].taken, 0);
    EXPECT_EQ(second.entities[i].already_there, first.entities[i].taken);
  }
}

TEST_P(ImportTest, AHubInUseKeepsItsRows) {
  add("somebody", false);  // has id 2 here
  const ImportReport report = import(as_dump(place_.path() / "dump.sql"));
  EXPECT_NE(report_text(report).find("2: users.id: another row has this id here"),
            std::string::npos)
      << report_text(report);
  EXPECT_EQ(send("somebody", "GET", "me/").status, 200);
}

TEST_P(ImportTest, BrokenDumpsAreNamed) {
  const fs::path file = place_.path() / "dump.sql";
  std::string text = read_file(as_dump(file)).value();
  const fs::path cut = place_.path() / "cut.sql";
  ASSERT_TRUE(write_file_atomically(cut, text.substr(0, text.find("auth0|hospital"))).ok());
  EXPECT_EQ(open_django_database(cut, place_.path()).error().kind, ErrorKind::kCorrupt);
  ASSERT_TRUE(write_file_atomically(cut, "-- nothing\n").ok());
  EXPECT_EQ(open_django_database(cut, place_.path()).error().kind, ErrorKind::kInvalid);
}

TEST(PgDump, ReadsWhatPostgresWrites) {
  EXPECT_EQ(read_copy_head("COPY public.t (id, \"type\", \"a\"\"b\") FROM stdin;")->columns,
            (std::vector<std::string>{"id", "type", "a\"b"}));
  EXPECT_FALSE(read_copy_head("COPY public.t (id) TO stdout;"));
  EXPECT_FALSE(read_copy_head("CREATE TABLE public.t (id bigint);"));
  const auto row = read_copy_row("1\t\\N\ta\\tb\\nc\\\\d\\x41\\101\\q\t", 4);
  ASSERT_TRUE(row.ok());
  EXPECT_FALSE((*row)[1]);
  EXPECT_EQ((*row)[2], "a\tb\nc\\dAAq");
  EXPECT_EQ((*row)[3], "");
  EXPECT_FALSE(read_copy_row("1\t2", 3).ok());
  EXPECT_FALSE(read_copy_row("1\t2\t3", 2).ok());
  EXPECT_FALSE(read_copy_row("1\\", 1).ok());
  EXPECT_EQ(read_setval("SELECT pg_catalog.setval('public.t_id_seq', 12, true);")->second, 12);
  EXPECT_EQ(read_setval("SELECT pg_catalog.setval('public.t_id_seq', 1, false);")->second, 0);
}

INSTANTIATE_TEST_SUITE_P(Engines, ImportTest,
                         testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         sql::engine_name);

/// A running hub is the source; the target is a database beside it.
class ApiImportTest : public HubTest {
 protected:
  /// An experiment that a dataset asked to join, was let into, and left; number and times differ.
  void train_on(const World& world, const std::string& name) const {
    const auto dataset = world.dataset;
    const auto box = world.preparation;
    const auto aggregator = expect(201, "group", "POST", "aggregators/",
                                   Json::object({{"name", "aggregator " + name},
                                                 {"config", Json::object()},
                                                 {"aggregation_mlcube", box}}))
                                .get_int("id");
    const auto experiment =
        expect(201, "group", "POST", "training/", training_body(name, box, aggregator))
            .get_int("id");
    expect(200, "admin", "PUT", path_of("training", experiment),
           Json::object({{"approval_status", "APPROVED"}}));
    const Json asking = Json::object({{"dataset", dataset}, {"training_exp", experiment}});
    expect(201, "hospital", "POST", "datasets/training/", asking);
    expect(200, "group", "PUT", path_of("datasets", dataset) + path_of("training", experiment),
           Json::object({{"approval_status", "APPROVED"}}));
    Json leaving = asking;
    leaving.set("approval_status", "REJECTED");
    expect(201, "hospital", "POST", "datasets/training/", leaving);
  }
};

TEST_P(ApiImportTest, TakesAHubThroughItsApi) {
  const World world = make_world();
  join(world, "dataset", "hospital", world.dataset);
  expect(201, "hospital", "POST", "datasets/benchmarks/",
         Json::object({{"dataset", world.dataset},
                       {"benchmark", world.benchmark},
                       {"metadata", Json::object()},
                       {"approval_status", "REJECTED"}}));
  train_on(world, "first");
  train_on(world, "second");
  auto server = net::HttpServer::start(
      {}, [this](const net::Request& request) { return hub_->handle(request); });
  ASSERT_TRUE(server.ok());
  const std::string url = "http://127.0.0.1:" + std::to_string((*server)->port());
  const auto token = [&](const std::string& name) {
    return test_tokens().issue(name, name + "@example.com", kNeverSignedOut, clock_.now()).text;
  };
  EXPECT_EQ(open_hub(url, token("hospital"), {}).error().kind, ErrorKind::kForbidden);
  auto source = open_hub(url, token("admin"), {});
  ASSERT_TRUE(source.ok()) << source.error().text();
  net::TemporaryFolder place;
  auto target = sql::Database::open(sql::SqliteOptions{place.path() / "target.db", 2});
  ASSERT_TRUE(target.ok());
  ASSERT_TRUE(prepare_database(**target, clock_).ok());
  const auto report = import_hub(**target, **source, clock_);
  ASSERT_TRUE(report.ok()) << report.error().text() << report.error().cause;
  EXPECT_EQ(report->refused(), 0) << report_text(*report);
  for (const char* table :
       {"users", "mlcubes", "models", "benchmarks", "datasets", "dataset_associations",
        "model_associations", "training", "training_associations", "results"}) {
    EXPECT_EQ(count(**target, table), rows(table)) << table;
  }
  const auto same = [&](domain::Entity entity, std::int64_t id) {
    const auto read = [&](sql::Database& database) {
      return database.read([&](sql::Session& session) {
        return Repository(entity, Sight::whole()).get(session, id);
      });
    };
    const auto left = read(*database_);
    const auto right = read(**target);
    ASSERT_TRUE(left.ok() && right.ok());
    for (const auto* field : {"name", "owner", "created_at", "modified_at"}) {
      EXPECT_EQ(left->get(field), right->get(field)) << field;
    }
  };
  same(domain::Entity::kContainer, world.preparation);
  same(domain::Entity::kModel, world.model);
  same(domain::Entity::kBenchmark, world.benchmark);
  same(domain::Entity::kDataset, world.dataset);
  // No row of this hub was removed, so the numbers by time are those that it gave itself.
  const auto participation = [](sql::Database& database) {
    auto rows = database.read([](sql::Session& session) {
      return session.query(
          "SELECT id || ' ' || dataset || ' ' || training_exp || ' ' || approval_status || ' ' || "
          "initiated_by || ' ' || COALESCE(CAST(approved_at AS TEXT), '-') || ' ' || created_at || "
          "' ' || modified_at FROM training_associations ORDER BY id");
    });
    EXPECT_TRUE(rows.ok());
    std::string text;
    for (const auto& row : *rows) {
      text += row.text(0) + "\n";
    }
    return text;
  };
  EXPECT_EQ(participation(*database_), participation(**target));
  EXPECT_EQ(rows("training_associations"), 4);
  auto again = import_hub(**target, **source, clock_);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->refused(), 0) << report_text(*again);
  (*server)->drain(Seconds(1));
}

INSTANTIATE_TEST_SUITE_P(Engines, ApiImportTest,
                         testing::Values(sql::Dialect::kSqlite, sql::Dialect::kPostgres),
                         sql::engine_name);

}  // namespace
}  // namespace medperf::hub
