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
    rules = ("panoptic: {iou_above: 0.25, matching: optimal, connectivity: 18}\n"
             "lesion_policy: {id: ours-2025, growth_voxels: 2, ignored_mm3: 10, missed_mm: 100, invented_mm: 100}\n")
    asked = "kind: segmentation\nregions: {WT: [1, 2, 4]}\nmetrics: [panoptic-quality, lesion-hd95]\nsummary: true\n"
    code, found, wrong = evaluate(home, asked + rules)
    region = found["regions"]["WT"] if found else {}
    expect("instances and lesions by the benchmark's own rules, which the conventions name", code == 0
           and region["panoptic-quality"]["convention"] == "panoptic-iou-optimal>0.25/components-18"
           and region["lesion-hd95"]["convention"] == "ours-2025", (region, wrong))
    expect("and the summary, so that sites of other rules are not merged", found and '"iou_above":0.25' in found["summary"]["rules"]
           and '"growth_voxels":2' in found["summary"]["rules"], found and found["summary"]["rules"])
    code, found, wrong = evaluate(home, "kind: segmentation\nmetrics: [recognition-quality]\npanoptic: {instance_maps: true}\n")
    expect("every label an instance", code == 0 and found["regions"]["instances"]["recognition-quality"]["convention"]
           == "panoptic-iou-greedy>0.5/instances", (found, wrong))
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
    expect("no summary that nobody asked for", found and "summary" not in found)
    code, found, wrong = evaluate(home, "kind: regression\nsummary: true\n")
    parts = [(p["metric"], p["type"], p["n"]) for p in found.get("summary", {}).get("parts", [])] if found else []
    expect("the summary of errors", parts == [("mae", "moments", 2), ("bias", "moments", 2)], (parts, wrong))
    labels = "".join(f"{c},{i}\n" for i, c in enumerate("abcd"))
    (home / "l/labels.csv").write_text("case_id,reference\n" + labels)
    for values in (("1.3e154",) * 4, ("1e308", "-1e308", "1", "2"), ("1e200", "-1e200", "3", "4"), ("1e-200", "2e-200", "0", "0")):
        (home / "p/predictions.csv").write_text("case_id,prediction\n" + "".join(f"{c},{v}\n" for c, v in zip("abcd", values)))
        code, out, wrong = evaluate(home, "kind: regression\n")
        expect(f"predictions {values} end in a document or a sentence", code == 0 and out or code == 1 and out is None and wrong.count("\n") == 1,
               (code, wrong))


def scored(home, n=40):
    (home / "p/predictions.csv").write_text("case_id,score\n" + "".join(f"c{i},{(i * 37 % n + 1) / (n + 2)}\n" for i in range(n)))
    (home / "l/labels.csv").write_text("case_id,label\n" + "".join(f"c{i},{int((i * 37 % n) * 7 % 10 + i % 13 > 11)}\n" for i in range(n)))


def measured(home, n=40):
    (home / "p/predictions.csv").write_text("case_id,prediction\n" + "".join(f"c{i},{i + i * 7 % 5}\n" for i in range(n)))
    (home / "l/labels.csv").write_text("case_id,reference\n" + "".join(f"c{i},{i}\n" for i in range(n)))


def of_patients(home, cases, each=2, more=lambda i: "", head=""):
    (home / "l/patients.csv").write_text(f"case_id,patient{head}\n" + "".join(f"{c},p{i // each}{more(i)}\n" for i, c in enumerate(cases)))


def patients_are_the_unit(home):
    """labels/patients.csv counts for every kind."""
    cases = [f"c{i}" for i in range(40)]
    scored(home)
    binary = "kind: binary-classification\nthreshold: 0.5\n"
    alone, of_pairs = evaluate(home, binary)[1], None
    of_patients(home, cases)
    code, of_pairs, wrong = evaluate(home, binary)
    expect("binary classification of pairs: the same keys and figures", code == 0 and set(of_pairs) == set(alone)
           and all(of_pairs[k]["value"] == alone[k]["value"] for k in ("auc", "sensitivity", "specificity", "accuracy")), wrong)
    for name in ("auc", "sensitivity", "specificity", "accuracy"):
        expect(f"{name}: an interval, but not that of independent cases", of_pairs and of_pairs[name]["low"] is not None
               and of_pairs[name]["low"] != alone[name]["low"] and of_pairs[name]["flag"] == "ok", of_pairs and of_pairs[name])
    expect("and the document says which", of_pairs and "patients" in of_pairs["conventions"]["auc"]
           and "patients" in of_pairs["conventions"]["proportions"] and "patients" not in json.dumps(alone), of_pairs)
    of_patients(home, cases, each=1)
    code, single, wrong = evaluate(home, binary)
    expect("one case a patient is as without the table", code == 0 and single == alone, wrong)
    of_patients(home, cases)
    code, found, wrong = evaluate(home, "kind: classification\nthreshold: 0.5\n")
    figures = found["figures"] if found else []
    expect("classification: every figure has the interval of patients", code == 0 and found["n_patients"] == 20 and
           all(f["low"] is not None and "patients" in f["convention"] for f in figures), [f for f in figures if f["low"] is None])
    measured(home)
    code, found, wrong = evaluate(home, "kind: regression\n")
    expect("regression", code == 0 and found["n_patients"] == 20 and found["intervals"] == "bootstrap of patients"
           and all("patients" in f["convention"] for f in found["figures"]), (found, wrong))
    (home / "l/labels.csv").write_text("case_id,reference,patient\nc0,1,p\nc1,2,p\n")
    (home / "p/predictions.csv").write_text("case_id,prediction\nc0,1\nc1,2\n")
    code, found, wrong = evaluate(home, "kind: regression\n")
    expect("a column that is not read is refused, not dropped", code == 1 and "labels.csv: header" in wrong and "patients.csv" in wrong, wrong)
    (home / "l/labels.csv").write_text("case_id,reference\nc0,1\nc1,2\n")
    (home / "p/predictions.csv").write_text("case_id,prediction,patient\nc0,1,p\nc1,2,p\n")
    code, found, wrong = evaluate(home, "kind: regression\n")
    expect("nor one of the model's", code == 1 and "predictions.csv: header" in wrong, wrong)


def patients_of_label_maps(home):
    for case in ("a", "b", "c", "d"):
        shutil.copy(DATA / "site-a/scan-20.nii.gz", home / f"p/{case}.nii.gz")
        shutil.copy(DATA / f"site-a/{'consensus_simple' if case < 'c' else 'scan-20'}.nii.gz", home / f"l/{case}.nii.gz")
    asked = "kind: segmentation\nregions: {WT: [1, 2, 4]}\nmetrics: [dice]\nsummary: true\n"
    code, alone, wrong = evaluate(home, asked)
    expect("without a table every case is a patient", code == 0 and alone["summary"]["n_patients"] == 4, wrong)
    of_patients(home, "abcd", each=4)
    code, found, wrong = evaluate(home, asked)
    expect("label maps: one patient has no interval, whatever the number of cases", code == 0
           and found["summary"]["n_patients"] == 1 and found["regions"]["WT"]["dice"]["low"] is None
           and found["regions"]["WT"]["dice"]["value"] == alone["regions"]["WT"]["dice"]["value"], (found, wrong))
    of_patients(home, "abc")
    code, found, wrong = evaluate(home, asked)
    expect("a case that the table lacks", code == 1 and "patients.csv" in wrong and "1 case" in wrong and "/d" not in wrong, wrong)


def groups(home):
    cases, group = [f"c{i}" for i in range(40)], lambda i: f",{'AB'[i // 20]}"
    scored(home)
    of_patients(home, cases, each=1, more=group, head=",group")
    code, found, wrong = evaluate(home, "kind: classification\nbootstrap: 100\n")
    expect("classification by group", code == 0 and [g["group"] for g in found["groups"]] == ["A", "B"]
           and any(f["of"] == "group A" and f["value"] is not None for f in found["figures"])
           and {w["metric"] for w in found["worst_groups"]} >= {"accuracy", "brier"}, wrong)
    code, found, wrong = evaluate(home, "kind: classification\nbootstrap: 100\nminimum_patients: 21\n")
    expect("the benchmark's minimum", code == 0 and found["worst_groups"] == []
           and all(f["value"] is None for f in found["figures"] if "group" in (f["of"] or "")), wrong)
    code, found, wrong = evaluate(home, "kind: classification\nminimum_patients: 0\n")
    expect("which is at least one", code == 1 and "minimum_patients" in wrong, wrong)
    code, found, wrong = evaluate(home, "kind: binary-classification\nthreshold: 0.5\n")
    expect("the flat document has no place for groups and says so", code == 1 and "patients.csv: header" in wrong, wrong)
    measured(home)
    code, found, wrong = evaluate(home, "kind: regression\nbootstrap: 100\n")
    expect("regression by group", code == 0 and any(f["of"] == "lower, group B" for f in found["figures"])
           and any(w["metric"] == "mae" for w in found["worst_groups"]), wrong)


def groups_of_label_maps(home):
    for i, case in enumerate("abcd"):
        shutil.copy(DATA / "site-a/scan-20.nii.gz", home / f"p/{case}.nii.gz")
        shutil.copy(DATA / f"site-a/{'consensus_simple' if i < 2 else 'scan-20'}.nii.gz", home / f"l/{case}.nii.gz")
    asked = "kind: segmentation\nregions: {WT: [1, 2, 4]}\nmetrics: [dice]\n"
    code, alone, wrong = evaluate(home, asked)
    of_patients(home, "abcd", each=1, more=lambda i: f",{'xy'[i // 2]}", head=",group")
    code, found, wrong = evaluate(home, asked)
    expect("label maps: the whole is that of all cases", code == 0 and found["regions"]["WT"]["dice"]["value"]
           == alone["regions"]["WT"]["dice"]["value"] and found["regions"]["WT"]["dice"]["n"] == 4, (found, wrong))
    small = found["groups"]["x"]["WT"]["dice"] if found and "groups" in found else {}
    expect("a small group has no figure", small.get("value") is None and small.get("flag") == "group_too_small" and small["n"] == 2
           and small["median"] is None and found["regions"]["WT"]["dice"]["worst_group"] is None, small)
    code, found, wrong = evaluate(home, asked + "minimum_patients: 2\n")
    expect("one that is large enough has", code == 0 and found["groups"]["y"]["WT"]["dice"]["value"] == 1
           and found["regions"]["WT"]["dice"]["worst_group"] == "x" and found["regions"]["WT"]["dice"]["gap"] > 0, (found, wrong))
    expect("without groups nothing is said of them", alone and "groups" not in alone and "worst_group" not in alone["regions"]["WT"]["dice"])


def tables_of_patients_that_are_none(home):
    for kind, write in (("binary-classification\nthreshold: 0.5", scored), ("classification", scored), ("regression", measured),
                        ("segmentation\nregions: {WT: [1]}\nmetrics: [dice]", lambda home, n: shutil.copy(
                            DATA / "site-a/scan-20.nii.gz", shutil.copy(DATA / "site-a/scan-20.nii.gz", home / "p/c0.nii.gz")
                            .parent.parent / "l/c0.nii.gz"))):
        write(home, 8)
        for text, said in (("case_id,patient\n" + "".join(f"c{i},{'' if i == 3 else 'p'}\n" for i in range(8)), "patients.csv: row 4"),
                           ("case_id,patient\n" + "".join(f"c{i},{' ' if i == 3 else 'p'}\n" for i in range(8)), "patients.csv: row 4"),
                           ("case_id,patient,age\n" + "".join(f"c{i},p,1\n" for i in range(8)), "patients.csv: header"),
                           ("case_id\n" + "".join(f"c{i}\n" for i in range(8)), "patients.csv: header"), ("", "patients.csv")):
            (home / "l/patients.csv").write_text(text)
            code, found, wrong = evaluate(home, f"kind: {kind}\n")
            expect(f"{kind.split()[0]}: refused {text[:30]!r}", code == 1 and found is None and said in wrong, wrong)
        (home / "l/patients.csv").unlink()
        (home / "l/patients.csv").mkdir()
        code, found, wrong = evaluate(home, f"kind: {kind}\n")
        expect(f"{kind.split()[0]}: a table that cannot be read is not none", code == 1 and "patients.csv" in wrong, wrong)
        (home / "l/patients.csv").rmdir()


def refusals(home):
    for parameters, said in (("kind: guess\n", "kind"), ("kind: segmentation\nmetric: [dice]\n", "unknown"),
                             ("kind: segmentation\nregions: {a: [0]}\n", "background"), ("[1]\n", "table"),
                             ("kind: segmentation\nregions: {a: [x]}\n", "whole number"),
                             ("kind: segmentation\npanoptic: {iou: 0.5}\n", "unknown"),
                             ("kind: segmentation\nlesion_policy: {id: brats-2023-gli}\n", "exists")):
        shutil.copy(DATA / "site-a/scan-20.nii.gz", home / "p/a.nii.gz")
        shutil.copy(DATA / "site-a/scan-20.nii.gz", home / "l/a.nii.gz")
        code, found, wrong = evaluate(home, parameters)
        expect(f"refused: {parameters!r}", code == 1 and found is None and said in wrong, wrong)


def main():
    if not PROGRAM.exists():
        sys.exit(f"{PROGRAM} is missing: build first (./dev build)")
    for part in (segmentation, tables, patients_are_the_unit, patients_of_label_maps, groups, groups_of_label_maps, tables_of_patients_that_are_none, refusals):
        with tempfile.TemporaryDirectory() as folder:
            home = pathlib.Path(folder)
            (home / "p").mkdir()
            (home / "l").mkdir()
            part(home)
    print(f"{counts[True]} passed, {counts[False]} failed")
    sys.exit(counts[False] > 0)


main()
