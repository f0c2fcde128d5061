#include "cli/commands/container_scaffold.h"

#include <algorithm>
#include <array>
#include <string>
#include <system_error>

namespace medperf::cli {
namespace {

struct Scaffold {
  std::string_view role;
  std::string_view config;
  std::string_view program;
  std::string_view example;  ///< arguments of `container run`
};

constexpr std::string_view kContainerfile =
    R"(# Base images change: name one by its digest when you publish.
FROM docker.io/library/python:3.12-slim
COPY main.py /app/main.py
# Containers run as an ordinary user, without network, on a read-only root with a private /tmp.
USER 1000
ENV PYTHONDONTWRITEBYTECODE=1
ENTRYPOINT ["python3", "/app/main.py"]
)";

constexpr std::array kScaffolds = {
    Scaffold{
        "model", R"(# Put in when you register: the address where you serve the image archive.
container_type: DockerArchive
image: image.tar
tasks:
  infer:
    input_volumes:
      data_path: {mount_path: /mlcommons/volumes/data, type: directory}
    output_volumes:
      output_path: {mount_path: /mlcommons/volumes/predictions, type: directory}
)",
        R"("""A model: reads prepared data, writes one prediction a case. It never sees labels."""
import csv
import pathlib
import sys

VOLUMES = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "/mlcommons/volumes")


def predict(case):
    """Put your model here: a score from 0 to 1."""
    return 0.5


def main():
    cases = sorted(path for path in (VOLUMES / "data").iterdir() if path.is_file())
    with open(VOLUMES / "predictions" / "predictions.csv", "w", newline="") as out:
        table = csv.writer(out)
        table.writerow(["case_id", "score"])
        for case in cases:
            table.writerow([case.stem, predict(case)])


main()
)",
        "--task infer --mount data_path=DATA --mount output_path=PREDICTIONS"},
    Scaffold{
        "preparator", R"(# Put in when you register: the address where you serve the image archive.
container_type: DockerArchive
image: image.tar
tasks:
  prepare:
    run_args: {command: [prepare]}
    input_volumes:
      data_path: {mount_path: /mlcommons/volumes/raw_data, type: directory}
      labels_path: {mount_path: /mlcommons/volumes/raw_labels, type: directory}
    output_volumes:
      output_path: {mount_path: /mlcommons/volumes/data, type: directory}
      output_labels_path: {mount_path: /mlcommons/volumes/labels, type: directory}
  sanity_check:
    run_args: {command: [sanity_check]}
    input_volumes:
      data_path: {mount_path: /mlcommons/volumes/data, type: directory}
      labels_path: {mount_path: /mlcommons/volumes/labels, type: directory}
  statistics:
    run_args: {command: [statistics]}
    input_volumes:
      data_path: {mount_path: /mlcommons/volumes/data, type: directory}
      labels_path: {mount_path: /mlcommons/volumes/labels, type: directory}
    output_volumes:
      output_path: {mount_path: /mlcommons/volumes/statistics/statistics.yaml, type: file}
)",
        R"("""Data preparation: raw data into what models read, a check of it, and counts that may leave the site."""
import pathlib
import shutil
import sys

VOLUMES = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "/mlcommons/volumes")


def files(name):
    return sorted(path for path in (VOLUMES / name).rglob("*") if path.is_file())


def prepare():
    """Put your preparation here; this one copies."""
    for source, target in (("raw_data", "data"), ("raw_labels", "labels")):
        for path in files(source):
            shutil.copyfile(path, VOLUMES / target / path.name)


def sanity_check():
    """Ends with an error, and says why, when the prepared data is not as it should be."""
    if not files("data"):
        sys.exit("there is no prepared data")


def statistics():
    """Only what may leave the site: no names, no values of a case."""
    (VOLUMES / "statistics" / "statistics.yaml").write_text(f"cases: {len(files('data'))}\n")


{"prepare": prepare, "sanity_check": sanity_check, "statistics": statistics}[sys.argv[1]]()
)",
        "--task prepare --mount data_path=RAW --mount labels_path=RAW_LABELS "
        "--mount output_path=DATA --mount output_labels_path=LABELS"},
    Scaffold{
        "evaluator", R"(# Put in when you register: the address where you serve the image archive.
container_type: DockerArchive
image: image.tar
tasks:
  evaluate:
    input_volumes:
      predictions: {mount_path: /mlcommons/volumes/predictions, type: directory}
      labels: {mount_path: /mlcommons/volumes/labels, type: directory}
    output_volumes:
      output_path: {mount_path: /mlcommons/volumes/results/results.yaml, type: file}
)",
        R"("""Evaluation: predictions against labels. Only declared metrics may leave a site."""
import csv
import pathlib
import sys

VOLUMES = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "/mlcommons/volumes")


def table(path, value):
    with open(path, newline="") as file:
        return {row["case_id"]: float(row[value]) for row in csv.DictReader(file)}


def main():
    scores = table(VOLUMES / "predictions" / "predictions.csv", "score")
    labels = table(VOLUMES / "labels" / "labels.csv", "label")
    if set(scores) != set(labels):
        sys.exit("predictions and labels are not of the same cases")
    right = sum((scores[case] >= 0.5) == (labels[case] >= 0.5) for case in labels)
    (VOLUMES / "results" / "results.yaml").write_text(f"accuracy: {right / len(labels)}\n")


main()
)",
        "--task evaluate --mount predictions=PREDICTIONS --mount labels=LABELS "
        "--mount output_path=results.yaml"},
    Scaffold{
        "script",
        R"(# An evaluation container for models that are given as files (`medperf model submit_files`).
# Put in when you register: the address where you serve the image archive.
container_type: DockerArchive
image: image.tar
tasks:
  # Inference sees no labels, and a site may share its cases out among several runs. A script that cannot be
  # taken apart leaves `infer` and `evaluate` out.
  infer:
    run_args: {command: [infer]}
    input_volumes:
      data_path: {mount_path: /mlcommons/volumes/data, type: directory}
      model_files: {mount_path: /mlcommons/volumes/model, type: directory}
    output_volumes:
      output_path: {mount_path: /mlcommons/volumes/predictions, type: directory}
  evaluate:
    run_args: {command: [evaluate]}
    input_volumes:
      predictions: {mount_path: /mlcommons/volumes/predictions, type: directory}
      labels: {mount_path: /mlcommons/volumes/labels, type: directory}
    output_volumes:
      output_path: {mount_path: /mlcommons/volumes/results/results.yaml, type: file}
  # The same in one run, for existing clients.
  run_script:
    run_args: {command: [run_script]}
    input_volumes:
      data_path: {mount_path: /mlcommons/volumes/data, type: directory}
      labels_path: {mount_path: /mlcommons/volumes/labels, type: directory}
      model_files: {mount_path: /mlcommons/volumes/model, type: directory}
    output_volumes:
      results_path: {mount_path: /mlcommons/volumes/results, type: directory}
)",
        R"("""A script: the files of a model come from outside, the code that runs them is the benchmark's.

The model here is one file, threshold.txt. Read yours in a form that holds no programs: ONNX or safetensors, not pickles."""
import csv
import pathlib
import sys
import tempfile

VOLUMES = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "/mlcommons/volumes")


def infer(predictions):
    """Put your inference here: a score from 0 to 1 for each case."""
    threshold = float((VOLUMES / "model" / "threshold.txt").read_text())
    cases = sorted(path for path in (VOLUMES / "data").iterdir() if path.is_file())
    with open(predictions / "predictions.csv", "w", newline="") as out:
        table = csv.writer(out)
        table.writerow(["case_id", "score"])
        for case in cases:
            table.writerow([case.stem, float(case.stat().st_size >= threshold)])


def table(path, value):
    with open(path, newline="") as file:
        return {row["case_id"]: float(row[value]) for row in csv.DictReader(file)}


def evaluate(predictions):
    scores = table(predictions / "predictions.csv", "score")
    labels = table(VOLUMES / "labels" / "labels.csv", "label")
    if set(scores) != set(labels):
        sys.exit("predictions and labels are not of the same cases")
    right = sum((scores[case] >= 0.5) == (labels[case] >= 0.5) for case in labels)
    (VOLUMES / "results" / "results.yaml").write_text(f"accuracy: {right / len(labels)}\n")


def run_script():
    with tempfile.TemporaryDirectory() as folder:
        infer(pathlib.Path(folder))
        evaluate(pathlib.Path(folder))


if sys.argv[1] == "run_script":
    run_script()
else:
    {"infer": infer, "evaluate": evaluate}[sys.argv[1]](VOLUMES / "predictions")
)",
        "--task run_script --mount data_path=DATA --mount labels_path=LABELS "
        "--mount model_files=MODEL --mount results_path=RESULTS"},
};

std::string readme(const Scaffold& scaffold) {
  std::string title(scaffold.role);
  return "# A " + title + R"( for MedPerf

Change `main.py`; then build, save, check and try the container as a hospital will, without network and behind its walls:

```
podman build -t localhost/)" +
         title + R"(:1 .
podman save --format docker-archive -o image.tar localhost/)" +
         title + R"(:1
medperf container check --config container_config.yaml --archive image.tar
medperf container run --config container_config.yaml --archive image.tar )" +
         std::string(scaffold.example) + R"(
```

When it works, serve `image.tar` over https and register it: `medperf container submit --help`.
)";
}

}  // namespace

Status scaffold_container(std::string_view role, const fs::path& folder) {
  const auto* found = std::find_if(kScaffolds.begin(), kScaffolds.end(),
                                   [&](const Scaffold& scaffold) { return scaffold.role == role; });
  if (found == kScaffolds.end()) {
    return make_error(ErrorKind::kInvalid, std::string(role), "is no role of a container",
                      "use model, preparator, evaluator or script");
  }
  std::error_code failure;
  if (!fs::create_directory(folder, failure)) {
    return make_error(failure ? ErrorKind::kUnavailable : ErrorKind::kConflict, folder.string(),
                      failure ? failure.message() : "is there already",
                      "name a new folder in one that exists");
  }
  const auto put = [&](const char* name, std::string_view text) {
    return write_file_atomically(folder / name, text, FileMode::kReadable);
  };
  MEDPERF_CHECK(put("container_config.yaml", found->config));
  MEDPERF_CHECK(put("Containerfile", kContainerfile));
  MEDPERF_CHECK(put("main.py", found->program));
  return put("README.md", readme(*found));
}

}  // namespace medperf::cli
