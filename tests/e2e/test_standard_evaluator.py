#!/usr/bin/env python3
"""The standard evaluator's program as a site runs it. Use: test_standard_evaluator.py [BUILD_DIR]
The last line is "N passed, M failed". Standard library only."""
import csv, json, pathlib, shutil, subprocess, sys, tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "build/release").resolve()
PROGRAM = BUILD / "benchmarks/standard/evaluation/medperf_evaluate"
DATA = TOP / "tests/data/brain-tumour"
counts = {True: 0, False: 0}


def expect(what, holds, detail=""):
    counts[bool(holds)] += 1
    if not holds:
        print(f"FAIL: {what} {detail}")


def evaluate(home, parameters):
    (home / "parameters.yaml").write_text(parameters)
    (home / "out.yaml").write_text("")
    done = subprocess.run([PROGRAM, "evaluate", f"--predictions={home}/p", f"--labels={home}/l",
                           f"--output_path={home}/out.yaml", f"--parameters_file={home}/parameters.yaml"],
                          capture_output=True, text=True, timeout=600)
    text = (home / "out.yaml").read_text()
    return done.returncode, json.loads(text) if text else None, done.stderr


def segmentation(home):
    for site in ("site-a", "site-b"):
        shutil.copy(DATA / site / "scan-20.nii.gz", home / f"p/patient-{site}.nii.gz")
        shutil.copy(DATA / site / "consensus_simple.nii.gz", home / f"l/patient-{site}.nii.gz")
    parameters = (TOP / "benchmarks/standard/evaluation/parameters.yaml").read_text()
    code, found, wrong = evaluate(home, parameters)
    known = {(r["site"], r["region"]): float(r["dice"]) for r in csv.DictReader((DATA / "dice.csv").open())
             if r["algorithm"] == "scan-20"}
    expect("two patients", code == 0 and found["n_cases"] == 2 and found["n_failed"] == 0, wrong)
    for region in ("WT", "TC", "ET"):
        mean = (known["site-a", region] + known["site-b", region]) / 2
        expect(f"mean Dice of {region}", abs(found["regions"][region]["dice"]["value"] - mean) < 1e-15)
    expect("no case is named", "patient" not in json.dumps(found))
    expect("no summary that nobody asked for", "summary" not in found)
    code, found, wrong = evaluate(home, parameters + "summary: true\n")
    parts = {(p["metric"], p["of"]) for p in found["summary"]["parts"]} if found else set()
    expect("the summary for pooling", ("dice", "WT") in parts and ("dice-micro", "ET") in parts, (parts, wrong))
    (home / "p/patient-site-a.nii.gz").write_bytes(b"no image")
    code, found, wrong = evaluate(home, parameters)
    expect("a case that fails is counted, not named", code == 0 and found["n_failed"] == 1 and "patient" not in wrong
           and "1 cases failed" in wrong, wrong)
    (home / "p/patient-site-b.nii.gz").unlink()
    code, found, wrong = evaluate(home, parameters)
    expect("no case at all is an error", code == 1 and found is None and "patient" not in wrong, wrong)


def tables(home):
    (home / "p/predictions.csv").write_text("case_id,score\na,0.9\nb,0.8\nc,0.8\nd,0.1\n")
    (home / "l/labels.csv").write_text("case_id,label\na,1\nb,1\nc,0\nd,0\n")
    code, found, wrong = evaluate(home, "kind: classification\nthreshold: 0.5\n")
    figures = {f["metric"]: f for f in found["figures"]} if found else {}
    expect("classification", code == 0 and figures["auroc"]["value"] == 0.875, wrong)
    expect("no curve leaves: its points are scores of cases", not {"roc", "reliability"} & set(found))
    code, flat, wrong = evaluate(home, "kind: binary-classification\nthreshold: 0.5\nsummary: true\n")
    expect("binary classification as one flat document", code == 0 and flat["auc"]["value"] == 0.875
           and flat["counts"] == {"tp": 2, "fp": 1, "tn": 1, "fn": 0}, wrong)
    expect("with the summary that is asked for, of every case", flat and flat["summary"]["format"] == "medperf/summary/v1"
           and flat["summary"]["n_cases"] == 4 and "case_id" not in json.dumps(flat), flat)
    (home / "p/predictions.csv").write_text("case_id,prediction\na,1\nb,3\n")
    (home / "l/labels.csv").write_text("case_id,reference\nb,2\na,1\n")
    code, found, wrong = evaluate(home, "kind: regression\n")
    figures = {f["metric"]: f for f in found["figures"]} if found else {}
    expect("regression joins by case", code == 0 and figures["mae"]["value"] == 0.5 and "agreement" not in found, wrong)
    labels = "".join(f"{c},{i}\n" for i, c in enumerate("abcd"))
    (home / "l/labels.csv").write_text("case_id,reference\n" + labels)
    for values in (("1.3e154",) * 4, ("1e308", "-1e308", "1", "2"), ("1e200", "-1e200", "3", "4"), ("1e-200", "2e-200", "0", "0")):
        (home / "p/predictions.csv").write_text("case_id,prediction\n" + "".join(f"{c},{v}\n" for c, v in zip("abcd", values)))
        code, out, wrong = evaluate(home, "kind: regression\n")
        expect(f"predictions {values} end in a document or a sentence", code == 0 and out or code == 1 and out is None and wrong.count("\n") == 1,
               (code, wrong))


def refusals(home):
    for parameters, said in (("kind: guess\n", "kind"), ("kind: segmentation\nmetric: [dice]\n", "unknown"),
                             ("kind: segmentation\nregions: {a: [0]}\n", "background"), ("[1]\n", "table"),
                             ("kind: segmentation\nregions: {a: [x]}\n", "whole number")):
        shutil.copy(DATA / "site-a/scan-20.nii.gz", home / "p/a.nii.gz")
        shutil.copy(DATA / "site-a/scan-20.nii.gz", home / "l/a.nii.gz")
        code, found, wrong = evaluate(home, parameters)
        expect(f"refused: {parameters!r}", code == 1 and found is None and said in wrong, wrong)


def main():
    if not PROGRAM.exists():
        sys.exit(f"{PROGRAM} is missing: build first (./dev build)")
    for part in (segmentation, tables, refusals):
        with tempfile.TemporaryDirectory() as folder:
            home = pathlib.Path(folder)
            (home / "p").mkdir()
            (home / "l").mkdir()
            part(home)
    print(f"{counts[True]} passed, {counts[False]} failed")
    sys.exit(counts[False] > 0)


main()
