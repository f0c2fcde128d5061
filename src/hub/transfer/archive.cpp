#include "hub/transfer/archive.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/encoding.h"
#include "hub/transfer/lines.h"

namespace medperf::hub {

namespace {

constexpr std::size_t kBuffer = 1U << 20U;

Error file_error(const fs::path& file, std::string_view doing) {
  return make_error(ErrorKind::kUnavailable, file.string(),
                    "cannot " + std::string(doing) + ": " + std::strerror(errno),
                    "Check the folder, its free space and that this user may write there.");
}

Result<Json> value_of(const sql::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (!is_valid_utf8(*text)) {
      return make_error(ErrorKind::kCorrupt, "database", "a text is not UTF-8",
                        "Run medperf-hub check.");
    }
    return Json(*text);
  }
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return Json(*integer);
  if (const auto* number = std::get_if<double>(&value)) return Json(*number);
  if (const auto* flag = std::get_if<bool>(&value)) return Json(*flag ? 1 : 0);
  return Json();
}

Result<sql::Value> value_from(const Json& value) {
  if (value.is_null()) return sql::Value(nullptr);
  if (value.is_int()) return sql::Value(value.as_int());
  if (value.is_double()) return sql::Value(value.as_double());
  if (value.is_string()) return sql::Value(value.as_string());
  return make_error(ErrorKind::kCorrupt, "", "a row holds something that is no column's value");
}

}  // namespace

Result<ArchiveWriter> ArchiveWriter::create(const fs::path& file, const ArchiveHead& head) {
  std::error_code ignored;
  if (fs::exists(file, ignored)) {
    return make_error(ErrorKind::kConflict, file.string(), "there is a file of this name already",
                      "Choose a new name for each backup.");
  }
  const fs::path partial = file.string() + ".partial-" + std::to_string(::getpid());
  fs::remove(partial, ignored);  // of a process that died and had this number
  FileHandle handle(::open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                           S_IRUSR | S_IWUSR));
  if (!handle.is_open() || ::fchmod(handle.get(), S_IRUSR | S_IWUSR) != 0) {
    return file_error(partial, "make the file");
  }
  ArchiveWriter writer(file, partial, std::move(handle));
  MEDPERF_CHECK(writer.write_line(Json::object({{"v", kArchiveVersion},
                                                {"software", head.software},
                                                {"schema", head.schema},
                                                {"schema_name", head.schema_name},
                                                {"database", head.database},
                                                {"time", head.time}})));
  return writer;
}

ArchiveWriter::~ArchiveWriter() {
  std::error_code ignored;
  if (handle_.is_open() && !partial_.empty()) fs::remove(partial_, ignored);
}

Status ArchiveWriter::write_line(const Json& line) {
  const std::string text = to_text(line) + "\n";
  whole_.update(text);
  buffer_ += text;
  return buffer_.size() < kBuffer ? Status() : flush();
}

Status ArchiveWriter::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = ::write(handle_.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_error(partial_, "write");
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
  return {};
}

Status ArchiveWriter::begin_table(const TableShape& table, std::optional<std::int64_t> last_id) {
  Json columns = Json::array();
  for (const auto& column : table.columns) columns.push(column);
  table_ = table.name;
  table_rows_ = 0;
  table_digest_ = crypto::Sha256();
  return write_line(Json::object({{"table", table.name},
                                  {"columns", std::move(columns)},
                                  {"last_id", last_id ? Json(*last_id) : Json()}}));
}

Status ArchiveWriter::add_row(const sql::Row& row) {
  Json values = Json::array();
  for (std::size_t i = 0; i < row.size(); ++i) {
    auto value = value_of(row.value(i));
    if (!value.ok()) return std::move(value).error().at("table " + table_);
    values.push(std::move(*value));
  }
  table_digest_.update(to_text(values) + "\n");
  ++table_rows_;
  return write_line(values);
}

Status ArchiveWriter::end_table() {
  totals_.tables += 1;
  totals_.rows += table_rows_;
  return write_line(Json::object(
      {{"end", table_}, {"rows", table_rows_}, {"sha256", table_digest_.finish_hex()}}));
}

Result<ArchiveTotals> ArchiveWriter::finish() {
  totals_.digest = whole_.finish_hex();
  buffer_ += to_text(Json::object(
                 {{"complete", Json::object({{"tables", totals_.tables}, {"rows", totals_.rows}})},
                  {"sha256", totals_.digest}})) +
             "\n";
  MEDPERF_CHECK(flush());
  if (::fsync(handle_.get()) != 0) return file_error(partial_, "sync the file");
  // A hard link does not replace a file that came to be meanwhile; a rename would.
  if (::link(partial_.c_str(), file_.c_str()) != 0) return file_error(file_, "name the file");
  ::unlink(partial_.c_str());
  partial_.clear();
  const fs::path folder = file_.has_parent_path() ? file_.parent_path() : fs::path(".");
  const FileHandle directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open() || ::fsync(directory.get()) != 0) {
    return file_error(folder, "sync the folder");
  }
  return totals_;
}

namespace {

Error corrupt(std::string what) {
  return make_error(ErrorKind::kCorrupt, "", std::move(what), "Use another backup.");
}

/// Takes the lines of an archive one by one.
class ArchiveReader {
 public:
  explicit ArchiveReader(const ArchiveReading& reading) : reading_(reading) {}

  Status take(const std::string& text) {
    if (complete_) return corrupt("something follows the end of the archive");
    JsonLimits limits;
    limits.bytes = kLineLimit.value;
    auto parsed = parse_json(text, limits);
    if (!parsed.ok()) return corrupt("the line is not JSON");
    const Json& line = *parsed;
    if (!begun_) return take_head(line, text);
    if (line.is_array()) return take_row(line, text);
    if (line.contains("table")) return take_table(line, text);
    if (line.contains("end")) return take_end(line, text);
    if (line.contains("complete")) return take_complete(line);
    return corrupt("the line is none that a backup has");
  }

  Result<ArchiveTotals> totals() const {
    if (!complete_) return corrupt("the archive has no end: it was cut off");
    return totals_;
  }

 private:
  Status take_head(const Json& line, const std::string& text) {
    const std::string version = line.get_string("v");
    if (version != kArchiveVersion) {
      return make_error(ErrorKind::kInvalid, "",
                        version.empty() ? "this is no backup of a hub"
                                        : "this program does not read " + printable(version, 60),
                        "Give a file that medperf-hub backup wrote, and a program as new as it.");
    }
    begun_ = true;
    whole_.update(text + "\n");
    if (!reading_.head) return {};
    return reading_.head({line.get_string("software"), static_cast<int>(line.get_int("schema")),
                          line.get_string("schema_name"), line.get_string("database"),
                          line.get_string("time")});
  }

  Status take_table(const Json& line, const std::string& text) {
    if (in_table_) return corrupt("a table begins inside another");
    const Json* columns = line.find("columns");
    table_ = TableShape();
    table_.name = line.get_string("table");
    if (columns == nullptr || !columns->is_array()) return corrupt("a table has no columns");
    for (const auto& column : columns->items()) {
      if (!column.is_string()) return corrupt("a column has no name");
      table_.columns.push_back(column.as_string());
    }
    in_table_ = true;
    rows_ = 0;
    digest_ = crypto::Sha256();
    whole_.update(text + "\n");
    const Json* last = line.find("last_id");
    std::optional<std::int64_t> last_id;
    if (last != nullptr && last->is_int()) last_id = last->as_int();
    return reading_.table ? reading_.table(table_, last_id) : Status();
  }

  Status take_row(const Json& line, const std::string& text) {
    if (!in_table_ || line.items().size() != table_.columns.size()) {
      return corrupt("a row does not fit its table");
    }
    whole_.update(text + "\n");
    digest_.update(text + "\n");
    ++rows_;
    if (!reading_.row) return {};
    sql::Params values;
    values.reserve(line.items().size());
    for (const auto& item : line.items()) {
      MEDPERF_TRY(auto value, value_from(item));
      values.push_back(std::move(value));
    }
    return reading_.row(values);
  }

  Status take_end(const Json& line, const std::string& text) {
    if (!in_table_ || line.get_string("end") != table_.name || line.get_int("rows", -1) != rows_) {
      return corrupt("rows of table " + table_.name + " are missing");
    }
    if (line.get_string("sha256") != digest_.finish_hex()) {
      return corrupt("the rows of table " + table_.name + " do not match their digest");
    }
    in_table_ = false;
    totals_.tables += 1;
    totals_.rows += rows_;
    whole_.update(text + "\n");
    return {};
  }

  Status take_complete(const Json& line) {
    const Json* counts = line.find("complete");
    totals_.digest = whole_.finish_hex();
    if (in_table_ || counts->get_int("tables", -1) != totals_.tables ||
        counts->get_int("rows", -1) != totals_.rows) {
      return corrupt("tables are missing");
    }
    if (line.get_string("sha256") != totals_.digest) {
      return corrupt("the archive does not match its digest");
    }
    complete_ = true;
    return {};
  }

  const ArchiveReading& reading_;
  crypto::Sha256 whole_;
  crypto::Sha256 digest_;
  TableShape table_;
  std::int64_t rows_ = 0;
  ArchiveTotals totals_;
  bool begun_ = false;
  bool in_table_ = false;
  bool complete_ = false;
};

}  // namespace

Result<ArchiveTotals> read_archive(const fs::path& file, const ArchiveReading& reading) {
  MEDPERF_TRY(auto handle, open_file(file));
  LineSource lines(std::move(handle));
  ArchiveReader reader(reading);
  for (std::int64_t number = 1;; ++number) {
    const std::string place = file.string() + ", line " + std::to_string(number);
    auto line = lines.next();
    if (!line.ok()) return std::move(line).error().at(place);
    if (!line->has_value()) break;
    if (Status taken = reader.take(**line); !taken.ok()) {
      return std::move(taken).error().at(place);
    }
  }
  auto totals = reader.totals();
  if (!totals.ok()) return std::move(totals).error().at(file.string());
  return totals;
}

}  // namespace medperf::hub
