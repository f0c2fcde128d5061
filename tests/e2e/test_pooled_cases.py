#!/usr/bin/env python3
"""The whole way of a pooled figure: three datasets, one model, the standard evaluator with `summary: true`, results that
leave through the envelope, and on the hub the figures of all cases - which are those of medperf-metrics with all
predictions and labels in one list. No hub, no site sees that list.

test_pooled_cases.py: BUILD names the build. Root, podman, openssl."""
import csv
import json
import os
import pathlib
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/support"))
import small_study  # noqa: E402
import tally  # noqa: E402

PROGRAMS = pathlib.Path(os.environ.get("BUILD", TOP / "build/release")).resolve() / "src/apps"
SITES = 3
counted = tally.Tally()
check = counted.case


class Study(small_study.Study):
    release_policy = {"medperf": "medperf/release/v1", "minimum_sites_for_pooled": SITES,
                      "release": {"benchmark_owner": "pooled", "dataset_owner": "own-row+pooled"}}

    def evaluation_parameters(self):
        return {"kind": "binary-classification", "threshold": 0.5, "summary": True}

    def result_schema(self):
        """The sample benchmark's, and beside its figures the summary as the published example declares it."""
        schema = super().result_schema()
        example = json.loads((TOP / "docs/schemas/examples/result-schema-summary.json").read_text())
        schema["properties"]["summary"] = example["properties"]["summary"]
        return schema

    def site_data(self, number):
        """The demo data without three cases of its own, so that no two datasets are the same."""
        raw = pathlib.Path(self.raw_data())
        site = pathlib.Path(self.folder) / ("raw-%d" % number)
        shutil.copytree(raw, site)
        table = site / "labels/labels.csv"
        lines = table.read_text().splitlines()
        left_out = lines[1 + 3 * number:4 + 3 * number]
        table.write_text("\n".join(line for line in lines if line not in left_out) + "\n")
        for line in left_out:
            (site / "images" / (line.split(",")[0] + ".png")).unlink()
        return site

    def take_part(self, workspace, number):
        """Everything up to the result of one more dataset."""
        raw, name = self.site_data(number), "site-%d" % number
        self.run(workspace, "dataset", "submit", "--yes", "-b", self.benchmark, "--data-path", raw / "images",
                 "--labels-path", raw / "labels", "--name", name, "--description", "test", "--location", "here")
        listed = json.loads(self.run(workspace, "dataset", "ls", "--json").stdout)
        self.dataset = next(row["id"] for row in listed if row["name"] == name)
        self.join(workspace)
        self.run(workspace, "benchmark", "run", "--yes", "-b", self.benchmark, "-d", self.dataset)

    def one_list(self, workspace):
        """What medperf-metrics says of all predictions and labels of the workspaces' model in one list."""
        folder = pathlib.Path(self.folder)
        rows = {"predictions": [], "labels": []}
        for number, run in enumerate(sorted(pathlib.Path(workspace).glob("runs/*"))):
            for kind, pattern in (("predictions", "predictions.csv"), ("labels", "labels.csv")):
                base = run if kind == "predictions" else pathlib.Path(workspace)
                name = run.name.split("-")[-1]
                found = [path for path in base.rglob(pattern)
                         if kind == "predictions" or "/%s/" % name in str(path)]
                found = [path for path in found if "case_id" in path.read_text().split("\n")[0]]
                assert found, (kind, run)
                with open(found[0], newline="") as file:
                    rows[kind] += [{**row, "case_id": "%d-%s" % (number, row["case_id"])} for row in csv.DictReader(file)]
        for kind, cases in rows.items():
            with open(folder / (kind + ".csv"), "w", newline="") as file:
                writer = csv.DictWriter(file, cases[0].keys())
                writer.writeheader()
                writer.writerows(cases)
        done = subprocess.run([PROGRAMS / "medperf-metrics", "classification", folder / "predictions.csv",
                               folder / "labels.csv", "--json"], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return len(rows["labels"]), {figure["metric"]: figure for figure in json.loads(done.stdout)["figures"]}


def main():
    if os.geteuid() != 0 or not all(map(shutil.which, ("podman", "openssl"))):
        print("skipped: needs root, podman and openssl\n0 passed, 0 failed")
        return 0
    with Study(str(PROGRAMS), models=1) as study:
        workspace = study.new_workspace("hospital")
        for number in range(SITES):
            study.take_part(workspace, number)
            if number < SITES - 1:
                check("nothing pooled of %d sites" % (number + 1), study.pooled("group") is None)
        cases, alone = study.one_list(workspace)
        pooled = study.pooled("group")["cases"]
        check("all cases of all sites", pooled["sites"] == SITES and pooled["n_cases"] == cases, pooled)
        figures = {figure["metric"]: figure for figure in pooled["figures"]}
        for metric in ("sensitivity", "specificity", "accuracy", "f1", "brier", "ece"):
            check("%s is that of one list" % metric, abs(figures[metric]["value"] - alone[metric]["value"]) < 1e-15,
                  (figures[metric], alone[metric]))
        for metric in ("auroc", "calibration-slope"):
            check("%s within its bound" % metric, abs(figures[metric]["value"] - alone[metric]["value"])
                  <= figures[metric]["bound"] + 1e-12, (figures[metric], alone[metric]))
            check("%s names its convention" % metric, "histogram" in figures[metric]["convention"], figures[metric])
        said = study.run(workspace, "benchmark", "results", "-b", study.benchmark).stdout
        check("the table shows it", "All cases as if in one list" in said and "auroc-histogram-delong/1" in said, said)
    return counted.finish()


if __name__ == "__main__":
    sys.exit(main())
