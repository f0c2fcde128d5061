#include "wire/spec.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "domain/messages.h"
#include "wire/config_reading.h"

namespace medperf::wire {
namespace {

// Collects problems while a document is read, so that all are reported together.
class Reader {
 public:
  explicit Reader(const Json& document) : document_(document) {}

  void problem(std::string_view path, std::string message) {
    errors_.push_back({std::string(path), std::move(message)});
  }

  void check_format(std::string_view expected) {
    const Json* format = document_.find("medperf");
    if (format == nullptr || !format->is_string() || format->as_string() != expected) {
      problem("medperf", "Expected the format '" + std::string(expected) + "'.");
    }
  }

  // Text of at most `limit` bytes; missing is a problem only if required.
  std::string text(std::initializer_list<std::string_view> keys, std::string_view path,
                   std::size_t limit, bool required) {
    const Json* value = document_.find_path(keys);
    if (value == nullptr || value->is_null()) {
      if (required) problem(path, "This text is required.");
      return {};
    }
    if (!value->is_string() || (required && trim(value->as_string()).empty())) {
      problem(path, "Expected text that is not empty.");
      return {};
    }
    if (value->as_string().size() > limit) {
      problem(path, "The text is longer than " + std::to_string(limit) + " bytes.");
    }
    return std::string(trim(value->as_string()));
  }

  std::optional<std::int64_t> integer(const Json& parent, std::string_view key,
                                      std::string_view path, std::int64_t highest) {
    const Json* value = parent.find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_int() || value->as_int() < 1 || value->as_int() > highest) {
      problem(path, "Expected a whole number from 1 to " + std::to_string(highest) + ".");
      return std::nullopt;
    }
    return value->as_int();
  }

  Status finish() {
    if (errors_.empty()) return {};
    return domain::field_errors(std::move(errors_));
  }

 private:
  const Json& document_;
  std::vector<FieldError> errors_;
};

std::string file_path(Reader& reader, std::string_view key) {
  const std::string where = "files." + std::string(key);
  std::string path = reader.text({"files", key}, where, 200, true);
  const auto parts = split(path, '/');
  const bool climbs = std::find(parts.begin(), parts.end(), "..") != parts.end();
  if (!path.empty() && (path[0] == '/' || climbs)) {
    reader.problem(where, "The path must be relative and stay in the benchmark's folder.");
  }
  return path;
}

void read_limits(Reader& reader, const Json& document, BenchmarkSpecification& specification) {
  constexpr std::int64_t kMostMemory = 1'048'576;  // 1 TiB
  constexpr std::int64_t kMostPids = 100'000;
  constexpr std::int64_t kMostSeconds = 604'800;  // a week
  const Json* limits = document.find("limits");
  if (limits == nullptr) return;
  if (!limits->is_object()) {
    reader.problem("limits", "Expected a map of task names.");
    return;
  }
  for (const auto& [task, entry] : limits->members()) {
    const std::string where = "limits." + task;
    if (!entry.is_object()) {
      reader.problem(where, "Expected a map with memory_mib, pids and seconds.");
      continue;
    }
    for (const auto& [key, value] : entry.members()) {
      if (key != "memory_mib" && key != "pids" && key != "seconds") {
        reader.problem(join_path(where, key),
                       "Unknown limit; known are memory_mib, pids, seconds.");
      }
    }
    TaskLimits& task_limits = specification.limits[task];
    task_limits.memory_mib =
        reader.integer(entry, "memory_mib", where + ".memory_mib", kMostMemory);
    task_limits.pids = reader.integer(entry, "pids", where + ".pids", kMostPids);
    task_limits.seconds = reader.integer(entry, "seconds", where + ".seconds", kMostSeconds);
  }
}

void refuse_unknown_keys(Reader& reader, const Json& object, std::string_view parent,
                         std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : object.members()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    reader.problem(std::string(parent) + key, "Unknown key.");
  }
}

bool stays_inside(std::string_view path) {
  const auto parts = split(path, '/');
  return !path.empty() && std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
    return !part.empty() && part != "." && part != "..";
  });
}

/// A list of relative paths; only `patterns` may hold wildcards.
std::vector<std::string> read_paths(Reader& reader, const Json& parent, std::string_view key,
                                    const std::string& where, bool patterns) {
  std::vector<std::string> out;
  const Json* list = parent.find(key);
  if (list == nullptr) return out;
  if (!list->is_array()) {
    reader.problem(where, "Expected a list of paths.");
    return out;
  }
  for (std::size_t i = 0; i < list->items().size(); ++i) {
    const Json& item = list->items()[i];
    const std::string place = where + "." + std::to_string(i);
    const bool is_path = item.is_string() && stays_inside(item.as_string());
    if (!is_path) {
      reader.problem(place, "Expected a relative path without '..', '//' or a '/' at its ends.");
    } else if (!patterns && item.as_string().find_first_of("*?[") != std::string::npos) {
      reader.problem(place, "A wildcard is accepted in 'files' only.");
    } else {
      out.push_back(item.as_string());
    }
  }
  return out;
}

void read_cases(Reader& reader, const Json& document, BenchmarkSpecification& specification) {
  const Json* cases = document.find("cases");
  if (cases == nullptr) return;
  const Json* share = cases->find("split");
  if (share == nullptr || !share->is_object()) {
    reader.problem("cases.split", "Expected a map with tables, arrays or files.");
    return;
  }
  refuse_unknown_keys(reader, *cases, "cases.", {"split", "merge"});
  refuse_unknown_keys(reader, *share, "cases.split.", {"tables", "arrays", "files"});
  CaseLayout layout;
  layout.tables = read_paths(reader, *share, "tables", "cases.split.tables", false);
  layout.arrays = read_paths(reader, *share, "arrays", "cases.split.arrays", false);
  layout.files = read_paths(reader, *share, "files", "cases.split.files", true);
  if (layout.tables.empty() && layout.arrays.empty() && layout.files.empty()) {
    reader.problem("cases.split", "Name at least one table, array or pattern of files.");
  }
  if (const Json* merge = cases->find("merge"); merge != nullptr) {
    if (merge->is_object()) refuse_unknown_keys(reader, *merge, "cases.merge.", {"tables"});
    layout.merged_tables = read_paths(reader, *merge, "tables", "cases.merge.tables", false);
  }
  specification.cases = std::move(layout);
}

void read_source(Reader& reader, const Json& document, BenchmarkSpecification& specification) {
  constexpr std::size_t kLongestUrl = 256;
  const Json* source = document.find("source");
  if (source == nullptr) return;
  if (!source->is_object()) {
    reader.problem("source", "Expected a map with url and hash.");
    return;
  }
  refuse_unknown_keys(reader, *source, "source.", {"url", "hash"});
  SourceArchive out;
  out.url = source->get_string("url");
  if (!out.url.starts_with("https://") || out.url.size() > kLongestUrl)
    reader.problem("source.url", "Expected an https address of at most 256 characters.");
  auto digest = FileDigest::parse(source->get_string("hash"));
  if (digest.ok()) {
    out.digest = *digest;
    specification.source = std::move(out);
  } else {
    reader.problem("source.hash", "Expected the SHA-256 of the tar.gz, 64 hexadecimal digits.");
  }
}

bool is_empty(const Json& value) {
  return value.is_null() || (value.is_string() && trim(value.as_string()).empty()) ||
         (value.is_array() && value.items().empty()) ||
         (value.is_object() && value.members().empty());
}

Release read_release(Reader& reader, const Json& value, const std::string& where) {
  Release release;
  if (!value.is_string()) {
    reader.problem(where, "Expected text such as 'own-row+pooled'.");
    return release;
  }
  if (value.as_string() == "none") return release;
  for (const std::string_view part : split(value.as_string(), '+')) {
    const std::string_view grant = trim(part);
    if (grant == "full") {
      release.everything = true;
    } else if (grant == "own-row") {
      release.own_rows = true;
    } else if (grant == "own-model-sites") {
      release.own_model_sites = true;
    } else if (grant == "pooled") {
      release.pooled = true;
    } else {
      reader.problem(where, "Unknown grant '" + printable(grant, 40) +
                                "'; known are full, own-row, own-model-sites, pooled and none.");
    }
  }
  return release;
}

}  // namespace

Result<BenchmarkSpecification> read_benchmark_specification(const Json& document) {
  if (!document.is_object()) {
    return make_error(ErrorKind::kInvalid, "", "The benchmark specification is not a map");
  }
  Reader reader(document);
  BenchmarkSpecification specification;
  reader.check_format(kBenchmarkFormat);
  specification.name = reader.text({"name"}, "name", 128, true);
  specification.description = reader.text({"description"}, "description", 256, true);
  specification.docs_url = reader.text({"docs_url"}, "docs_url", 100, false);
  specification.result_schema = file_path(reader, "result_schema");
  specification.release_policy = file_path(reader, "release_policy");
  for (const std::string_view section :
       {"clinical_question", "population", "labelling", "metrics"}) {
    const Json* value = document.find(section);
    if (value == nullptr || is_empty(*value)) reader.problem(section, "This section is required.");
  }
  read_limits(reader, document, specification);
  read_cases(reader, document, specification);
  read_source(reader, document, specification);
  if (const Json* simulated = document.find("simulated"); simulated != nullptr) {
    if (simulated->is_bool()) {
      specification.simulated = simulated->as_bool();
    } else {
      reader.problem("simulated", "Expected true or false.");
    }
  }
  MEDPERF_CHECK(reader.finish());
  specification.document = document;
  return specification;
}

Result<ReleasePolicy> read_release_policy(const Json& document) {
  ReleasePolicy policy;
  if (document.is_null()) return policy;
  if (!document.is_object()) {
    return make_error(ErrorKind::kInvalid, "", "The release policy is not a map");
  }
  constexpr std::int64_t kMostSites = 10'000;
  Reader reader(document);
  reader.check_format(kReleaseFormat);
  refuse_unknown_keys(
      reader, document, "",
      {"medperf", "release", "minimum_sites_for_pooled", "minimum_sites_for_statement", "note"});
  if (const Json* release = document.find("release"); release != nullptr) {
    if (release->is_object()) {
      refuse_unknown_keys(reader, *release, "release.",
                          {"benchmark_owner", "dataset_owner", "model_owner"});
    } else {
      reader.problem("release", "Expected a map of roles.");
    }
    const std::array<std::pair<std::string_view, Release*>, 3> roles = {{
        {"benchmark_owner", &policy.benchmark_owner},
        {"dataset_owner", &policy.dataset_owner},
        {"model_owner", &policy.model_owner},
    }};
    for (const auto& [role, target] : roles) {
      const Json* value = release->find(role);
      if (value != nullptr) {
        *target = read_release(reader, *value, "release." + std::string(role));
      }
    }
  }
  policy.minimum_sites_for_pooled =
      reader.integer(document, "minimum_sites_for_pooled", "minimum_sites_for_pooled", kMostSites)
          .value_or(policy.minimum_sites_for_pooled);
  policy.minimum_sites_for_statement = reader
                                           .integer(document, "minimum_sites_for_statement",
                                                    "minimum_sites_for_statement", kMostSites)
                                           .value_or(policy.minimum_sites_for_statement);
  MEDPERF_CHECK(reader.finish());
  return policy;
}

}  // namespace medperf::wire
