#include "site/cases/shards.h"

#include <fnmatch.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>
#include "base/csv.h"
#include "imaging/npy.h"

namespace medperf::site {
namespace {

constexpr fs::perms kFolderMode = fs::perms::owner_all | fs::perms::group_read |
                                  fs::perms::group_exec | fs::perms::others_read |
                                  fs::perms::others_exec;
constexpr fs::perms kFileMode =
    fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read | fs::perms::others_read;
constexpr Bytes kMostTable = mebibytes(64);
constexpr Bytes kMostArray = mebibytes(1024 + 1);

Error disk_error(const fs::path& path, const std::error_code& failure) {
  return make_error(ErrorKind::kUnavailable, path.native(),
                    "cannot be written: " + failure.message(),
                    "check the disk's space and the folder");
}

/// Makes the folders below `root` that lead to `file`, all readable.
Status make_folders(const fs::path& root, const fs::path& relative) {
  std::error_code failure;
  fs::path folder = root;
  const fs::path parent = relative.parent_path();
  for (auto part = parent.begin();; ++part) {
    fs::create_directories(folder, failure);
    if (!failure) fs::permissions(folder, kFolderMode, failure);
    if (failure) return disk_error(folder, failure);
    if (part == parent.end()) return {};
    folder /= *part;
  }
}

Status write_readable(const fs::path& root, const fs::path& relative, std::string_view content) {
  MEDPERF_CHECK(make_folders(root, relative));
  return write_file_atomically(root / relative, content, FileMode::kReadable);
}

Status copy_readable(const fs::path& from, const fs::path& root, const fs::path& relative) {
  MEDPERF_CHECK(make_folders(root, relative));
  std::error_code failure;
  fs::copy_file(from / relative, root / relative, fs::copy_options::overwrite_existing, failure);
  if (!failure) fs::permissions(root / relative, kFileMode, failure);
  if (failure) return disk_error(root / relative, failure);
  return {};
}

/// A table's lines as they are; each keeps its end.
struct Lines {
  std::string text;
  std::vector<std::size_t> starts;  ///< of the header, of each row, and the text's size
  std::size_t rows() const { return starts.size() - 2; }
  std::string_view header() const { return line(0); }
  std::string_view line(std::size_t i) const {
    return std::string_view(text).substr(starts[i], starts[i + 1] - starts[i]);
  }
  /// Rows [begin, end) with their ends.
  std::string_view rows_between(std::size_t begin, std::size_t end) const {
    return std::string_view(text).substr(starts[begin + 1], starts[end + 1] - starts[begin + 1]);
  }
};

Result<Lines> read_table(const fs::path& folder, const fs::path& name) {
  Lines out;
  MEDPERF_TRY(out.text, read_file_beneath(folder, name, kMostTable));
  // Fields hold no line ends (the reader refuses control characters), so a line is a row.
  if (auto table = parse_csv(out.text); !table.ok()) {
    return std::move(table).error().at(name.native());
  }
  for (std::size_t at = 0; at < out.text.size();) {
    out.starts.push_back(at);
    const std::size_t end = out.text.find('\n', at);
    at = end == std::string::npos ? out.text.size() : end + 1;
  }
  out.starts.push_back(out.text.size());
  return out;
}

Result<imaging::NpyArray> read_array(const fs::path& folder, const fs::path& name) {
  MEDPERF_TRY(const std::string bytes, read_file_beneath(folder, name, kMostArray));
  auto array = imaging::parse_npy(bytes);
  if (!array.ok()) return std::move(array).error().at(name.native());
  if (array->shape.empty()) {
    return make_error(ErrorKind::kInvalid, name.native(), "is a single value, not one a case",
                      "ask the benchmark's group to correct 'cases' of its specification");
  }
  return array;
}

imaging::NpyArray slice(const imaging::NpyArray& array, const CaseRange& range) {
  imaging::NpyArray out;
  out.type = array.type;
  out.shape = array.shape;
  out.shape[0] = range.end - range.begin;
  const std::size_t one = array.shape[0] == 0 ? 0 : array.data.size() / array.shape[0];
  out.data = array.data.substr(range.begin * one, (range.end - range.begin) * one);
  return out;
}

/// The part of `path` that `pattern` matches, which is a case; empty: none.
std::string case_of(const fs::path& path, const std::string& pattern) {
  const fs::path parts(pattern);
  auto depth = std::distance(parts.begin(), parts.end());
  fs::path head;
  for (auto part = path.begin(); part != path.end() && depth > 0; ++part, --depth) head /= *part;
  const bool matches =
      depth == 0 && ::fnmatch(pattern.c_str(), head.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
  return matches ? head.native() : std::string();
}

/// What lies in a data folder: cases by pattern, and what belongs to every run.
struct Contents {
  std::vector<std::map<std::string, std::vector<fs::path>>> cases;  ///< one map a pattern
  std::vector<fs::path> shared;
};

Result<Contents> look_into(const wire::CaseLayout& layout, const fs::path& data) {
  MEDPERF_TRY(const std::vector<fs::path> files, list_files(data));
  std::set<std::string> named(layout.tables.begin(), layout.tables.end());
  named.insert(layout.arrays.begin(), layout.arrays.end());
  Contents out;
  out.cases.resize(layout.files.size());
  for (const fs::path& file : files) {
    if (named.contains(file.native())) continue;
    bool taken = false;
    for (std::size_t i = 0; i < layout.files.size() && !taken; ++i) {
      const std::string name = case_of(file, layout.files[i]);
      if (!name.empty()) out.cases[i][name].push_back(file);
      taken = !name.empty();
    }
    if (!taken) out.shared.push_back(file);
  }
  return out;
}

/// Counts must agree over all parts.
class Count {
 public:
  Status add(const std::string& part, std::size_t cases) {
    if (!cases_) {
      cases_ = cases;
      first_ = part;
    }
    if (*cases_ == cases) return {};
    return make_error(ErrorKind::kInvalid, part,
                      fmt::format("has {} cases, but '{}' has {}", cases, first_, *cases_),
                      "ask the benchmark's group to correct 'cases' of its specification");
  }
  std::size_t cases() const { return cases_.value_or(0); }

 private:
  std::optional<std::size_t> cases_;
  std::string first_;
};

Status write_cases(const std::map<std::string, std::vector<fs::path>>& cases, const fs::path& data,
                   const std::vector<CaseRange>& ranges, const std::vector<fs::path>& targets) {
  std::size_t number = 0;
  std::size_t shard = 0;
  for (const auto& [name, files] : cases) {
    while (number >= ranges[shard].end) ++shard;
    for (const fs::path& file : files) MEDPERF_CHECK(copy_readable(data, targets[shard], file));
    ++number;
  }
  return {};
}

Status merge_table(const std::string& name, const std::vector<fs::path>& parts,
                   const fs::path& target) {
  std::string merged;
  std::string header;
  for (const fs::path& part : parts) {
    MEDPERF_TRY(const Lines lines, read_table(part, name));
    if (header.empty()) merged = header = lines.header();
    if (lines.header() != header) {
      return make_error(ErrorKind::kInvalid, name, "its header is not the same in each shard",
                        "the model's owner must correct it, or run without shards");
    }
    if (!merged.ends_with('\n')) merged += '\n';
    merged += lines.rows_between(0, lines.rows());
  }
  return write_readable(target, name, merged);
}

}  // namespace

std::vector<CaseRange> share_out(std::size_t cases, std::size_t shards) {
  const std::size_t count = std::max<std::size_t>(1, std::min(cases, shards));
  std::vector<CaseRange> out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back({i * cases / count, (i + 1) * cases / count});
  }
  return out;
}

Result<std::size_t> count_cases(const wire::CaseLayout& layout, const fs::path& data) {
  Count count;
  for (const std::string& name : layout.tables) {
    MEDPERF_TRY(const Lines lines, read_table(data, name));
    MEDPERF_CHECK(count.add(name, lines.rows()));
  }
  for (const std::string& name : layout.arrays) {
    MEDPERF_TRY(const imaging::NpyArray array, read_array(data, name));
    MEDPERF_CHECK(count.add(name, array.shape[0]));
  }
  MEDPERF_TRY(const Contents contents, look_into(layout, data));
  for (std::size_t i = 0; i < layout.files.size(); ++i) {
    MEDPERF_CHECK(count.add(layout.files[i], contents.cases[i].size()));
  }
  return count.cases();
}

std::size_t count_outputs(const wire::CaseLayout& layout, const fs::path& output) {
  constexpr std::size_t kMostNames = 1'000'000;
  for (const std::string& name : layout.merged_tables) {
    const auto text = read_file_beneath(output, name, mebibytes(64));
    if (!text.ok()) continue;
    // The last row counts when it is whole; the first is the header.
    const auto lines = std::count(text->begin(), text->end(), '\n');
    return lines > 0 ? static_cast<std::size_t>(lines - 1) : 0;
  }
  std::size_t names = 0;
  std::error_code failure;
  for (fs::directory_iterator entry(output, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    if (++names == kMostNames) break;
  }
  return names;
}

Status write_shards(const wire::CaseLayout& layout, const fs::path& data,
                    const std::vector<CaseRange>& ranges, const std::vector<fs::path>& targets) {
  for (const std::string& name : layout.tables) {
    MEDPERF_TRY(const Lines lines, read_table(data, name));
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      std::string text(lines.header());
      text += lines.rows_between(ranges[i].begin, ranges[i].end);
      MEDPERF_CHECK(write_readable(targets[i], name, text));
    }
  }
  for (const std::string& name : layout.arrays) {
    MEDPERF_TRY(const imaging::NpyArray array, read_array(data, name));
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      MEDPERF_CHECK(write_readable(targets[i], name, imaging::write_npy(slice(array, ranges[i]))));
    }
  }
  MEDPERF_TRY(const Contents contents, look_into(layout, data));
  for (const auto& cases : contents.cases) {
    MEDPERF_CHECK(write_cases(cases, data, ranges, targets));
  }
  for (const fs::path& target : targets) {
    MEDPERF_CHECK(make_folders(target, "x"));
    for (const fs::path& file : contents.shared) MEDPERF_CHECK(copy_readable(data, target, file));
  }
  return {};
}

Status merge_predictions(const wire::CaseLayout& layout, const std::vector<fs::path>& parts,
                         const fs::path& target) {
  MEDPERF_CHECK(make_folders(target, "x"));
  std::map<std::string, std::vector<fs::path>> holders;
  for (const fs::path& part : parts) {
    MEDPERF_TRY(const std::vector<fs::path> files, list_files(part));
    for (const fs::path& file : files) holders[file.native()].push_back(part);
  }
  for (const auto& [name, in] : holders) {
    const bool table = std::find(layout.merged_tables.begin(), layout.merged_tables.end(), name) !=
                       layout.merged_tables.end();
    if (table) {
      MEDPERF_CHECK(merge_table(name, in, target));
    } else if (in.size() == 1) {
      MEDPERF_CHECK(copy_readable(in.front(), target, name));
    } else {
      return make_error(ErrorKind::kInvalid, "predictions",
                        "several shards wrote a file of the same name, and the benchmark's "
                        "specification does not say how to put them together",
                        "run without shards, or ask the benchmark's group to name it in "
                        "cases.merge of its specification");
    }
  }
  return {};
}

}  // namespace medperf::site
