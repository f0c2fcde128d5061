#!/usr/bin/env python3
"""The whole way of a pooled Dice: three datasets of label maps, a model, the standard evaluator with `summary: true`, results
that leave through the envelope of the published example, and on the hub the figures of all cases with their intervals - which
are those of medperf-metrics with all label maps in one folder, bit for bit, and those of the voxels counted here.

test_pooled_segmentation.py: BUILD names the build. Root, podman, openssl."""
import gzip
import json
import math
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/support"))
import small_study  # noqa: E402
import tally  # noqa: E402
from small_study import volume  # noqa: E402

PROGRAMS = pathlib.Path(os.environ.get("BUILD", TOP / "build/release")).resolve() / "src/apps"
SITES = 3
CASES = 6  # of each site
REGIONS = {"WT": (1, 2, 4), "ET": (4,)}
SIZE = (20, 18, 12)
STUDENT_95 = {18: 2.1098155778333147}  # 97.5 % quantile of t with n - 1 degrees of freedom, by n
PROGRAM = {"bin/cat": "/usr/bin/cat"}
PREPARE = """case $1 in
prepare) for kind in data labels; do
    from=/v/raw; [ $kind = data ] || from=/v/raw_labels
    for file in $from/*; do /bin/cat "$file" > /v/$kind/${file##*/}; done
  done ;;
statistics) echo 'cases: 6' > /v/statistics.yaml ;;
esac
"""
# The model's data are label maps, and it returns them: a replay of predictions.
INFER = """for file in /v/data/*; do /bin/cat "$file" > /v/predictions/${file##*/}; done
"""
INFER_CONFIG = {"container_type": "DockerArchive", "image": "x", "tasks": {"infer": {
    "input_volumes": {"data_path": volume("data")}, "output_volumes": {"output_path": volume("predictions")}}}}
counted = tally.Tally()
check = counted.case


def label_map(chance, with_core, shift):
    """A ball of label 2 with a core of 4, somewhere; as a list of labels, x fastest."""
    centre = [n / 2 + s + chance.uniform(-1, 1) for n, s in zip(SIZE, shift)]
    labels = bytearray()
    for z in range(SIZE[2]):
        for y in range(SIZE[1]):
            for x in range(SIZE[0]):
                far = math.dist((x, y, z), centre)
                labels.append(0 if far > 4.5 else 4 if with_core and far < 2.5 else 2)
    return labels


def write_nifti(path, labels):
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *SIZE, 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, 2, 8)
    struct.pack_into("<8f", header, 76, 1, 1.5, 1, 2, 1, 1, 1, 1)
    struct.pack_into("<f", header, 108, 352)
    header[344:348] = b"n+1\0"
    path.write_bytes(gzip.compress(bytes(header) + bytes(labels)))


def site_maps(folder, number):
    """Six cases, in three of which neither side has a core, and in none or three of the rest the model finds none."""
    chance = random.Random(number)
    pairs = []
    for case in range(CASES):
        core = case % 2 == 0
        found = core and number != 1
        pairs.append((label_map(chance, found, (1, 0, 0)), label_map(chance, core, (0, 0, 0))))
        for part, labels in zip(("data", "labels"), pairs[-1]):
            (folder / part).mkdir(parents=True, exist_ok=True)
            write_nifti(folder / part / ("case-%d.nii.gz" % case), labels)
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
    return pairs


def counts(pair, region):
    """tp, fp, fn of the voxels of a region."""
    predicted, referenced = ([label in region for label in labels] for labels in pair)
    tp = sum(p and r for p, r in zip(predicted, referenced))
    return tp, sum(predicted) - tp, sum(referenced) - tp


def by_hand(pairs):
    """Mean Dice with its t interval, and Dice of the pooled voxels, of each region."""
    found = {}
    for name, labels in REGIONS.items():
        tables = [counts(pair, labels) for pair in pairs]
        dice = [2 * tp / (2 * tp + fp + fn) if tp + fp + fn else 1.0 for tp, fp, fn in tables]
        mean = math.fsum(dice) / len(dice)
        half = STUDENT_95[len(dice)] * math.sqrt(math.fsum((d - mean) ** 2 for d in dice) / (len(dice) - 1) / len(dice))
        total = [sum(column) for column in zip(*tables)]
        found[name] = (mean, max(0.0, mean - half), min(1.0, mean + half), 2 * total[0] / (2 * total[0] + total[1] + total[2]))
    return found


class Study(small_study.Study):
    release_policy = {"medperf": "medperf/release/v1", "minimum_sites_for_pooled": SITES,
                      "release": {"benchmark_owner": "pooled", "dataset_owner": "own-row+pooled"}}

    def evaluation_parameters(self):
        return {"kind": "segmentation", "regions": {name: list(labels) for name, labels in REGIONS.items()},
                "metrics": ["dice", "hd95"], "summary": True}

    def result_schema(self):
        return json.loads((TOP / "docs/schemas/examples/result-schema-segmentation.json").read_text())

    def specification(self):
        return {**super().specification(), "name": "label-maps", "cases": {"split": {}, "merge": {}}}

    def script_image(self, name, script):
        archive = os.path.join(self.files, name + ".tar")
        return archive, small_study.write_script_image(archive, name + ".sh", script, PROGRAM)

    def preparation_container(self):
        return (*self.script_image("preparation", PREPARE), small_study.script_preparation_config(), {})

    def _model(self, name, config, seed):
        archive, image = self.script_image(name, INFER)
        return self.must("group", "POST", "models/", {"name": name, "type": "CONTAINER", "state": "OPERATION", "container":
                                                      self._container(name, INFER_CONFIG, archive, image)}, 201)["id"]

    def take_part(self, workspace, number):
        """Everything up to the result of one more dataset; its pairs of label maps."""
        raw, name = pathlib.Path(self.folder) / ("raw-%d" % number), "site-%d" % number
        pairs = site_maps(raw, number)
        self.run(workspace, "dataset", "submit", "--yes", "-b", self.benchmark, "--data-path", raw / "data", "--labels-path",
                 raw / "labels", "--name", name, "--description", "test", "--location", "here")
        listed = json.loads(self.run(workspace, "dataset", "ls", "--json").stdout)
        self.dataset = next(row["id"] for row in listed if row["name"] == name)
        self.join(workspace)
        self.run(workspace, "benchmark", "run", "--yes", "-b", self.benchmark, "-d", self.dataset)
        return pairs

    def one_folder(self):
        """What medperf-metrics pools of one summary of all label maps in one folder."""
        folder = pathlib.Path(self.folder) / "all"
        for part in ("data", "labels"):
            (folder / part).mkdir(parents=True)
            for number in range(SITES):
                for path in (pathlib.Path(self.folder) / ("raw-%d" % number) / part).iterdir():
                    shutil.copy(path, folder / part / ("%d-%s" % (number, path.name)))
        regions = [word for name, labels in REGIONS.items() for word in ("--region", "%s=%s" % (name, ",".join(map(str, labels))))]
        for words in (["segmentation", folder / "data", folder / "labels", *regions, "--metric", "dice,hd95", "--summary-file",
                       folder / "summary.json"], ["pool", folder / "summary.json", "--json"]):
            done = subprocess.run([PROGRAMS / "medperf-metrics", *words], capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, (words, done.stderr)
        return json.loads(done.stdout)


def by_figure(figures):
    return {(figure["metric"], figure["of"]): figure for figure in figures}


def compare(pooled, alone, pairs):
    check("all cases of all sites", (pooled["sites"], pooled["n_cases"], pooled["n_failed"]) == (SITES, SITES * CASES, 0), pooled)
    figures, single = by_figure(pooled["figures"]), by_figure(alone["figures"])
    check("every region has its figures", set(figures) == set(single) and len(figures) == 3 * len(REGIONS), (figures, single))
    for name, figure in figures.items():
        for key in ("value", "low", "high", "convention"):
            check("%s %s: %s is that of one folder" % (*name, key), figure[key] == single[name][key] and figure[key] is not None,
                  (figure, single[name]))
    for region, (mean, low, high, micro) in by_hand(pairs).items():
        found = figures["dice", region]
        check("%s: mean Dice and its interval, by hand" % region, all(abs(found[key] - value) < 1e-12 for key, value in
              (("value", mean), ("low", low), ("high", high))), (found, mean, low, high))
        check("%s: Dice of the pooled voxels, by hand" % region, abs(figures["dice-micro", region]["value"] - micro) < 1e-15, micro)
    check("cases without a value are counted by reason", pooled["undefined"].get("hd95 ET") == {"pred_empty": 3}, pooled["undefined"])


def main():
    if os.geteuid() != 0 or not all(map(shutil.which, ("podman", "openssl"))):
        print("skipped: needs root, podman and openssl\n0 passed, 0 failed")
        return 0
    with Study(str(PROGRAMS), models=1) as study:
        workspace = study.new_workspace("hospital")
        pairs = []
        for number in range(SITES):
            pairs += study.take_part(workspace, number)
            if number < SITES - 1:
                check("nothing pooled of %d sites" % (number + 1), study.pooled("group") is None)
        compare(study.pooled("group")["cases"], study.one_folder(), pairs)
        said = study.run(workspace, "benchmark", "results", "-b", study.benchmark).stdout
        check("the table shows it", "All cases as if in one list" in said and "ratio-of-sums-logit-t/1" in said, said)
    return counted.finish()


if __name__ == "__main__":
    sys.exit(main())
