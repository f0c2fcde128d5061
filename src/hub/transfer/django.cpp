#include "hub/transfer/django.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "crypto/sha256.h"
#include "hub/store/tables.h"
#include "hub/transfer/pg_dump.h"

namespace medperf::hub {

using domain::Entity;

namespace {

struct TableName {
  Entity entity;
  std::string_view table;  ///< Django: application and model, in lower case
};
constexpr std::array kTables = {
    TableName{Entity::kUser, "auth_user"},
    TableName{Entity::kContainer, "mlcube_mlcube"},
    TableName{Entity::kAsset, "asset_asset"},
    TableName{Entity::kModel, "model_model"},
    TableName{Entity::kBenchmark, "benchmark_benchmark"},
    TableName{Entity::kDataset, "dataset_dataset"},
    TableName{Entity::kResult, "result_modelresult"},
    TableName{Entity::kDatasetAssociation, "benchmarkdataset_benchmarkdataset"},
    TableName{Entity::kModelAssociation, "benchmarkmodel_benchmarkmodel"},
    TableName{Entity::kCa, "ca_ca"},
    TableName{Entity::kCertificate, "certificate_certificate"},
    TableName{Entity::kEncryptedKey, "encrypted_key_encryptedkey"},
    TableName{Entity::kAggregator, "aggregator_aggregator"},
    TableName{Entity::kTraining, "training_trainingexperiment"},
    TableName{Entity::kTrainingAssociation, "traindataset_association_experimentdataset"},
    TableName{Entity::kTrainingEvent, "trainingevent_trainingevent"},
};
/// The users' metadata lies beside Django's own table of users.
constexpr std::string_view kUserExtension = "user_userextension";
constexpr std::string_view kSqliteMagic = "SQLite format 3";

using ForeignVisit = std::function<Status(const ForeignRow&)>;

/// Rows of tables by column name, from either kind of file.
class Tables {
 public:
  virtual ~Tables() = default;
  virtual bool has(std::string_view table) const = 0;
  virtual Status for_each(std::string_view table, const ForeignVisit& visit) = 0;
  virtual Result<std::int64_t> last_id(std::string_view table) = 0;
  virtual std::string_view kind() const = 0;
};

class SqliteTables final : public Tables {
 public:
  static Result<std::unique_ptr<Tables>> open(const fs::path& file, const fs::path& scratch) {
    const fs::path copy = scratch / "source.db";
    std::error_code error;
    for (const char* suffix : {"", "-wal"}) {
      const fs::path from = file.string() + suffix;
      if (!fs::exists(from, error)) continue;
      fs::copy_file(from, copy.string() + suffix, error);
      if (error) {
        return make_error(ErrorKind::kUnavailable, from.string(), "it cannot be copied",
                          "Check the free space of the temporary folder.", error.message());
      }
    }
    auto tables = std::make_unique<SqliteTables>();
    MEDPERF_TRY(tables->database_, sql::Database::open(sql::SqliteOptions{copy, 1}));
    MEDPERF_CHECK(tables->database_->read([&](sql::Session& session) -> Status {
      MEDPERF_TRY(tables->shapes_, read_foreign_tables(session));
      return {};
    }));
    return std::unique_ptr<Tables>(std::move(tables));
  }

  std::string_view kind() const override { return "sqlite"; }
  bool has(std::string_view table) const override { return find(table) != nullptr; }

  Status for_each(std::string_view table, const ForeignVisit& visit) override {
    const TableShape& shape = *find(table);
    return database_->read([&](sql::Session& session) -> Status {
      return for_each_row(session, shape, [&](const sql::Row& row) -> Status {
        ForeignRow values;
        for (std::size_t i = 0; i < shape.columns.size(); ++i) {
          values[shape.columns[i]] = text_of(row.value(i));
        }
        return visit(values);
      });
    });
  }

  Result<std::int64_t> last_id(std::string_view table) override {
    return database_->read([&](sql::Session& session) -> Result<std::int64_t> {
      MEDPERF_TRY(auto last, last_given_id(session, *find(table)));
      return last.value_or(0);
    });
  }

 private:
  const TableShape* find(std::string_view table) const {
    const auto at = std::find_if(shapes_.begin(), shapes_.end(),
                                 [&](const TableShape& shape) { return shape.name == table; });
    return at == shapes_.end() ? nullptr : &*at;
  }

  static std::optional<std::string> text_of(const sql::Value& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
    if (const auto* number = std::get_if<double>(&value)) return to_text(Json(*number));
    return std::nullopt;
  }

  std::unique_ptr<sql::Database> database_;
  std::vector<TableShape> shapes_;
};

class DumpTables final : public Tables {
 public:
  static Result<std::unique_ptr<Tables>> open(const fs::path& file) {
    auto tables = std::make_unique<DumpTables>();
    tables->file_ = file;
    MEDPERF_TRY(tables->contents_, read_dump_contents(file));
    return std::unique_ptr<Tables>(std::move(tables));
  }

  std::string_view kind() const override { return "postgres dump"; }
  bool has(std::string_view table) const override {
    return std::find(contents_.tables.begin(), contents_.tables.end(), table) !=
           contents_.tables.end();
  }
  Status for_each(std::string_view table, const ForeignVisit& visit) override {
    return for_each_dumped_row(
        file_, table, [&](const std::vector<std::string>& columns, const DumpValues& values) {
          ForeignRow row;
          for (std::size_t i = 0; i < columns.size(); ++i) row[columns[i]] = values[i];
          return visit(row);
        });
  }
  Result<std::int64_t> last_id(std::string_view table) override {
    const auto found = contents_.sequences.find(std::string(table) + "_id_seq");
    return found == contents_.sequences.end() ? 0 : found->second;
  }

 private:
  fs::path file_;
  DumpContents contents_;
};

/// Columns under the names of our fields: Django ends those of references in "_id".
ForeignRow with_field_names(Entity entity, const ForeignRow& columns) {
  ForeignRow row;
  for (const auto& field : domain::table_of(entity).fields) {
    std::string column(field.name);
    if (field.type == domain::FieldType::kReference) column += "_id";
    const auto found = columns.find(column);
    if (found != columns.end()) row[std::string(field.name)] = found->second;
  }
  return row;
}

class DjangoSource final : public ImportSource {
 public:
  DjangoSource(std::unique_ptr<Tables> tables, std::string digest)
      : tables_(std::move(tables)), digest_(std::move(digest)) {}

  Json description() const override {
    return Json::object({{"kind", tables_->kind()}, {"sha256", digest_}});
  }

  Status for_each(Entity entity, const ForeignVisit& visit) override {
    const std::string_view table = django_table(entity);
    if (table.empty() || !tables_->has(table)) return {};
    if (entity == Entity::kUser) return for_each_user(visit);
    return tables_->for_each(
        table, [&](const ForeignRow& columns) { return visit(with_field_names(entity, columns)); });
  }

  Result<std::int64_t> last_id(Entity entity) override {
    const std::string_view table = django_table(entity);
    if (table.empty() || !tables_->has(table)) return std::int64_t{0};
    return tables_->last_id(table);
  }

  std::vector<std::string> limits() const override {
    return {"passwords of the admin site are not taken: their form is Django's"};
  }

 private:
  Status for_each_user(const ForeignVisit& visit) {
    ForeignRow metadata;
    if (tables_->has(kUserExtension)) {
      MEDPERF_CHECK(tables_->for_each(kUserExtension, [&](const ForeignRow& columns) -> Status {
        const auto user = columns.find("user_id");
        const auto value = columns.find("metadata");
        if (user == columns.end() || value == columns.end() || !user->second) return {};
        metadata[*user->second] = value->second;
        return {};
      }));
    }
    return tables_->for_each(django_table(Entity::kUser), [&](const ForeignRow& columns) {
      ForeignRow row = columns;
      row.erase("password");
      const auto id = columns.find("id");
      if (id != columns.end() && id->second) {
        const auto found = metadata.find(*id->second);
        if (found != metadata.end()) row["metadata"] = found->second;
      }
      return visit(row);
    });
  }

  std::unique_ptr<Tables> tables_;
  std::string digest_;
};

}  // namespace

std::string_view django_table(Entity entity) {
  for (const auto& name : kTables) {
    if (name.entity == entity) return name.table;
  }
  return {};
}

Result<std::unique_ptr<ImportSource>> open_django_database(const fs::path& file,
                                                           const fs::path& scratch) {
  MEDPERF_TRY(auto handle, open_file(file));
  MEDPERF_TRY(auto digest, crypto::digest_file(handle));
  std::string magic(kSqliteMagic.size(), '\0');
  const bool sqlite =
      ::pread(handle.get(), magic.data(), magic.size(), 0) == static_cast<ssize_t>(magic.size()) &&
      magic == kSqliteMagic;
  std::unique_ptr<Tables> tables;
  if (sqlite) {
    MEDPERF_TRY(tables, SqliteTables::open(file, scratch));
  } else {
    MEDPERF_TRY(tables, DumpTables::open(file));
  }
  if (!tables->has(django_table(Entity::kUser)) || !tables->has(django_table(Entity::kContainer))) {
    return make_error(ErrorKind::kInvalid, file.string(),
                      "it holds no tables of an existing MedPerf hub",
                      "Give the hub's SQLite file, or what pg_dump --format=plain wrote.");
  }
  return std::unique_ptr<ImportSource>(
      std::make_unique<DjangoSource>(std::move(tables), digest.hex()));
}

}  // namespace medperf::hub
