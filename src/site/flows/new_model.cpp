#include "site/flows/new_model.h"

#include <system_error>

#include <fmt/format.h>
#include "base/encoding.h"
#include "base/yaml.h"
#include "site/dataset/unpack.h"
#include "site/flows/compatibility.h"
#include "wire/spec.h"

namespace medperf::site {
namespace {

constexpr UnpackLimits kSourceLimits{mebibytes(1024), 20'000};

std::optional<wire::SourceArchive> source_of(const Benchmark& benchmark) {
  const Json* document = benchmark.medperf("specification");
  if (document == nullptr) return std::nullopt;
  auto specification = wire::read_benchmark_specification(*document);
  return specification.ok() ? specification->source : std::nullopt;
}

/// Verified before anything is unpacked.
Status fetch_source(Site& site, const wire::SourceArchive& source, const fs::path& folder) {
  MEDPERF_TRY(const Policy* policy, site.policy());
  const fs::path kept = site.workspace().demo_folder(source.digest.hex());
  MEDPERF_CHECK(make_private_folder(kept));
  const fs::path archive = kept / "source.tar.gz";
  auto fetched = fetch_verified(site, source.url, source.digest, archive, policy->archive_limit);
  if (!fetched.ok()) return std::move(fetched).error().at("source of the reference model");
  return unpack(archive, folder, kSourceLimits);
}

/// Copies plain files and folders; everybody may read them, as containers have other users.
Status copy_readable(const fs::path& from, const fs::path& to) {
  std::error_code failure;
  fs::create_directories(to, failure);
  for (fs::recursive_directory_iterator entry(from, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    const fs::path target = to / entry->path().lexically_relative(from);
    if (entry->is_directory(failure)) {
      fs::create_directories(target, failure);
    } else if (entry->is_regular_file(failure) && !entry->is_symlink(failure)) {
      fs::copy_file(entry->path(), target, failure);
      fs::permissions(target,
                      fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read |
                          fs::perms::others_read,
                      failure);
    }
    if (failure) break;
  }
  if (!failure) return {};
  return make_error(ErrorKind::kUnavailable, to.string(), "cannot be written: " + failure.message(),
                    "check the disk");
}

Status write_demo(Site& site, const Benchmark& benchmark, NewModel& model) {
  MEDPERF_TRY(const DemoData raw, fetch_demo_data(site, benchmark));
  const fs::path demo = model.folder / "demo";
  MEDPERF_CHECK(copy_readable(raw.data, demo / "raw" / "data"));
  MEDPERF_CHECK(copy_readable(raw.labels, demo / "raw" / "labels"));
  auto prepared = prepare_demo_data(site, benchmark);
  if (!prepared.ok()) {
    if (prepared.error().kind == ErrorKind::kInterrupted) return std::move(prepared).error();
    model.why_not = prepared.error().text();
    return {};
  }
  for (const DatasetRoot& root : prepared->roots)
    MEDPERF_CHECK(copy_readable(root.folder, demo / root.name));
  model.prepared_demo = true;
  return {};
}

std::string first_lines(const Benchmark& benchmark, const NewModel& model) {
  const std::string name = printable(benchmark.name, 128);
  if (model.from_source) {
    return fmt::format(
        "# A model for benchmark {} '{}'\n\nThis folder is the source of its reference "
        "implementation; its own README says how it is built.\n",
        benchmark.id.value, name);
  }
  return fmt::format(
      "# A model for benchmark {} '{}'\n\nThe benchmark names no source of its reference "
      "implementation. This folder is a small container to\nstart from: its input and output are "
      "those of any model, not yet those of this benchmark. What it says of them:\n",
      benchmark.id.value, name);
}

/// What the group wrote about inputs and outputs, for people.
std::string description(const Benchmark& benchmark) {
  const Json* document = benchmark.medperf("specification");
  std::string out;
  for (const char* section : {"description", "labelling", "metrics", "model", "input", "output",
                              "prepared_data", "predictions", "cases"}) {
    const Json* text = document == nullptr ? nullptr : document->find(section);
    if (text == nullptr) continue;
    const std::string yaml = text->is_string() ? text->as_string() : to_yaml(*text);
    out += fmt::format("\n    {}:\n", section);
    for (const auto line : split(yaml, '\n'))
      if (!line.empty()) out += fmt::format("      {}\n", printable(line, 300));
  }
  return out;
}

std::string next_steps(const Benchmark& benchmark, const NewModel& model) {
  std::string out = first_lines(benchmark, model);
  if (!model.from_source) out += description(benchmark);
  out += "\n`demo/raw` is the benchmark's demo data as a hospital has it";
  out +=
      model.prepared_demo
          ? "; `demo/data` is what its preparation makes of it, which is\nwhat `infer` reads, and "
            "`demo/labels` what the evaluation compares with.\n"
          : fmt::format(".\nIt is not prepared: {}.\n", printable(model.why_not, 400));
  out += fmt::format(R"(
1. Change the model; build its image and save it:

       podman build -t localhost/model:1 .
       podman save --format docker-archive -o image.tar localhost/model:1

2. Check it as a hospital's gate will, and try it behind a hospital's walls and limits:

       medperf container check --config container_config.yaml --archive image.tar
       medperf container run --config container_config.yaml --archive image.tar --task infer \
         --mount data_path=demo/data output_path=predictions

3. Serve `image.tar` over https, register it, test it on the demo data and ask to join:

       medperf model submit --name NAME --config container_config.yaml --archive image.tar \
         --image-url https://YOUR-SERVER/image.tar --operational
       medperf model associate -m ID -b {}
)",
                     benchmark.id.value);
  return out;
}

Status fill(Site& site, const Benchmark& benchmark, const Scaffold& scaffold, NewModel& model) {
  const auto source = source_of(benchmark);
  model.from_source = source.has_value();
  MEDPERF_CHECK(source ? fetch_source(site, *source, model.folder) : scaffold(model.folder));
  if (fs::exists(model.folder / "demo")) {
    return make_error(ErrorKind::kConflict, "source of the reference model",
                      "holds a folder 'demo', where the demo data goes",
                      "ask the benchmark's group to rename it");
  }
  MEDPERF_CHECK(write_demo(site, benchmark, model));
  return write_file_atomically(model.folder / "NEXT-STEPS.md", next_steps(benchmark, model),
                               FileMode::kReadable);
}

}  // namespace

Result<NewModel> start_model(Site& site, BenchmarkId id, const fs::path& folder,
                             const Scaffold& scaffold) {
  if (fs::exists(folder)) {
    return make_error(ErrorKind::kConflict, folder.string(), "is there already",
                      "name a new folder with --output");
  }
  MEDPERF_TRY(Hub * hub, site.hub());
  MEDPERF_TRY(const Benchmark benchmark, hub->benchmark(id));
  NewModel out;
  out.folder = folder;
  const Status filled = fill(site, benchmark, scaffold, out);
  if (!filled.ok()) {
    // Half a folder would look like a whole one. It was not there before.
    (void)remove_tree(folder).ok();
    return Error(filled.error());
  }
  return out;
}

}  // namespace medperf::site
