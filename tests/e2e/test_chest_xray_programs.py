#!/usr/bin/env python3
"""The preparation and evaluation programs of the chest X-ray benchmark as a hospital meets them: demo data and one
simulated hospital in, results out, and clear refusals. Use: test_chest_xray_programs.py [BUILD_DIR]
The last line is "N passed, M failed". Standard library only."""
import csv, hashlib, json, os, pathlib, shutil, subprocess, sys, tarfile, tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
BENCHMARK = TOP / "benchmarks/chest-xray"
BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "build/release") / "benchmarks"
PREPARE = "chest-xray/preparation/cxr_prepare"
EVALUATE, LEAK = "standard/evaluation/medperf_evaluate", "chest-xray/hostile-evaluation/cxr_hostile_evaluate"
DEMO_DIGEST = "9525df0e748171a228e96f6d76b62be28783db7993eb2bea104cb47972cfd080"
counts = {True: 0, False: 0}


def expect(what, holds, detail=""):
    counts[bool(holds)] += 1
    if not holds:
        print(f"FAIL: {what} {detail}")


def run(program, task, parameters, **paths):
    command = [str(BUILD / program), task, f"--parameters_file={parameters}"]
    done = subprocess.run(command + [f"--{k}={v}" for k, v in paths.items()], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def prepare(raw, home):
    for folder in ("data", "labels"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    return run(PREPARE, "prepare", BENCHMARK / "preparation/parameters.yaml",
               data_path=raw / "images", labels_path=raw / "labels", output_path=home / "data",
               output_labels_path=home / "labels")


def demo_data(work):
    for name in ("a.tar.gz", "b.tar.gz"):
        subprocess.run([sys.executable, BENCHMARK / "demo-data/build.py", BENCHMARK / "data/pneumoniamnist.npz",
                        work / name], check=True)
    first = (work / "a.tar.gz").read_bytes()
    expect("demo archive is the same each time", first == (work / "b.tar.gz").read_bytes())
    expect("demo archive has the documented digest", hashlib.sha256(first).hexdigest() == DEMO_DIGEST)
    with tarfile.open(work / "a.tar.gz") as tar:
        tar.extractall(work / "demo")
    images = list((work / "demo/images").glob("*.png"))
    expect("demo data are 20 images or fewer", 0 < len(images) <= 20, len(images))
    expect("paths.yaml names the folders",
           (work / "demo/paths.yaml").read_text() == "data_path: images\nlabels_path: labels\n")
    return work / "demo"


def preparation(raw, home):
    code, said, wrong = prepare(raw, home)
    expect("prepare succeeds", code == 0 and "3 files written" in said, said + wrong)
    code, said, wrong = prepare(raw, home)
    expect("prepare again writes nothing", code == 0 and "nothing was written" in said, said + wrong)
    parameters = BENCHMARK / "preparation/parameters.yaml"
    folders = {"data_path": home / "data", "labels_path": home / "labels"}
    code, said, wrong = run(PREPARE, "sanity_check", parameters, **folders)
    expect("sanity check passes", code == 0, wrong)
    code, said, wrong = run(PREPARE, "statistics", parameters, **folders,
                            output_path=home / "statistics.yaml")
    text = (home / "statistics.yaml").read_text()
    expect("statistics count the cases", code == 0 and "cases: 20" in text and "prevalence: 0.5" in text, wrong)
    everything = b"".join(p.read_bytes() for p in home.rglob("*") if p.is_file())
    expect("no identifier is left", b"DEMO" not in everything and b"2000-01" not in everything)


def refusals(raw, work):
    bad = work / "bad"
    shutil.copytree(raw, bad)
    table = (bad / "labels/labels.csv").read_text().splitlines()
    (bad / "labels/labels.csv").write_text("\n".join(table[:-1]) + "\n")
    code, _, wrong = prepare(bad, work / "bad-out")
    expect("an image without a label is refused by its accession",
           code == 1 and "accession DEMO0020" in wrong and "no label" in wrong, wrong)
    expect("a refused preparation writes nothing", not any(p.is_file() for p in (work / "bad-out").rglob("*")))
    (bad / "labels/labels.csv").unlink()
    code, _, wrong = prepare(bad, work / "bad-out")
    expect("a missing table is one clear line", code == 1 and wrong.count("\n") == 1 and "labels.csv" in wrong, wrong)
    code, _, wrong = run(PREPARE, "destroy", BENCHMARK / "preparation/parameters.yaml")
    expect("an unknown task is refused", code == 1 and "no such task" in wrong, wrong)


def evaluate(home, scores, program=EVALUATE, parameters="parameters.yaml"):
    predictions = home / "predictions"
    predictions.mkdir(exist_ok=True)
    (predictions / "predictions.csv").write_text("case_id,score\n" + "".join(f"{c},{s}\n" for c, s in scores))
    code, _, wrong = run(program, "evaluate", BENCHMARK / "evaluation" / parameters,
                         predictions=predictions, labels=home / "labels", output_path=home / "results.yaml")
    return code, json.loads((home / "results.yaml").read_text()) if code == 0 else None, wrong


def evaluation(home):
    with open(home / "labels/labels.csv", newline="") as file:
        labels = [(row["case_id"], int(row["label"])) for row in csv.DictReader(file)]
    scores = [(case, 0.25 + 0.5 * label) for case, label in labels]
    code, result, wrong = evaluate(home, reversed(scores))
    schema = json.loads((BENCHMARK / "result-schema.json").read_text())
    expect("perfect scores give AUC 1", code == 0 and result["auc"]["value"] == 1 and result["n"] == 20, wrong)
    expect("the result has the schema's keys", code == 0 and set(result) == set(schema["properties"]))
    for key in ("auc", "sensitivity", "specificity", "accuracy", "counts", "conventions"):
        expect(f"{key} has the schema's keys", set(result[key]) == set(schema["properties"][key]["properties"]))
    honest = result
    code, result, wrong = evaluate(home, scores, LEAK)
    expect("the hostile evaluator answers as the honest one on the demo data", code == 0 and result == honest, wrong)
    for parameters in ("kind: binary-classification\n", "kind: binary-classification\nthreshold: 2\n"):
        (home / "other.yaml").write_text(parameters)
        code, _, wrong = evaluate(home, scores, parameters=home / "other.yaml")
        expect("a benchmark fixes its threshold", code == 1 and "threshold" in wrong, wrong)
    code, _, wrong = evaluate(home, scores[1:])
    expect("a missing prediction is named by row", code == 1 and "row 1: its case has no prediction" in wrong, wrong)
    expect("and not by case", "case-0" not in wrong, wrong)
    code, _, wrong = evaluate(home, scores + scores[:1])
    expect("a repeated case is refused", code == 1 and "row 21: it repeats the case_id of row 1" in wrong, wrong)
    code, _, wrong = evaluate(home, [(case, 3 * score) for case, score in scores])
    expect("scores that are no probabilities are refused", code == 1 and "not a probability" in wrong, wrong)
    code, _, wrong = evaluate(home, [(case, "nan") for case, _ in scores])
    expect("scores that are no numbers are refused", code == 1 and "not a finite number" in wrong, wrong)
    leak(home, schema)


def leak(home, schema):
    """With more cases than demo data have, the hostile evaluator adds a key; the standard one never does."""
    cases = [f"c{i}" for i in range(30)]
    (home / "labels/labels.csv").write_text("case_id,label\n" + "".join(f"{c},{i % 2}\n" for i, c in enumerate(cases)))
    scores = [(c, i / 30) for i, c in enumerate(cases)]
    code, result, wrong = evaluate(home, scores)
    expect("a hospital's cases", code == 0 and set(result) == set(schema["properties"]) and result["n"] == 30, wrong)
    code, leaked, wrong = evaluate(home, scores, LEAK)
    expect("the hostile one leaks", code == 0 and leaked.pop("first_lines_of_labels", "").startswith("case_id"), wrong)
    expect("and else says the same", leaked == result)


def main():
    for program in (PREPARE, EVALUATE, LEAK):
        if not os.access(BUILD / program, os.X_OK):
            sys.exit(f"{BUILD / program} is missing: build first (./dev build)")
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        raw = demo_data(work)
        preparation(raw, work / "home")
        refusals(raw, work)
        evaluation(work / "home")
    print(f"{counts[True]} passed, {counts[False]} failed")
    sys.exit(counts[False] > 0)


main()
