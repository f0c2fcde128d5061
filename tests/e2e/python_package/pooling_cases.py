"""Summaries of sites: what is pooled is what one list of all cases has; with the program's documents too."""
import json, pathlib, subprocess, sys

import medperf_metrics as mm
import numpy as np
from checks import done, expect, near, refused

program = sys.argv[1]
rng = np.random.default_rng(6)
labels = (rng.random(300) < 0.3).astype(int)
scores = np.clip(rng.normal(0.3 + 0.3 * labels, 0.2), 0.001, 0.999)
parts = [slice(0, 100), slice(100, 110), slice(110, 300)]
texts = [mm.summarise_scores(scores[p], labels[p], threshold=0.25) for p in parts]
pooled = mm.pool(texts)
figures = {one.metric: one for one in pooled.figures}
expect("sites and cases", (pooled.kind, pooled.sites, pooled.cases, pooled.patients, pooled.failed)
       == ("binary classification", 3, 300, 300, 0), pooled)
table, proper, line = mm.binary(scores, labels, threshold=0.25), mm.probabilities(scores, labels), mm.recalibration(scores, labels)
for metric, ours in (("sensitivity", table.sensitivity), ("specificity", table.specificity)):
    expect(f"{metric} is that of one list", figures[metric].estimate == ours and figures[metric].bound == 0, figures[metric])
near("the Brier score too", figures["brier"].estimate.value, proper.brier.value, 1e-15)
for metric, value in (("auroc", mm.auroc(scores, labels).value), ("calibration-slope", line.slope.value)):
    one = figures[metric]
    expect(f"{metric} within its bound", abs(one.estimate.value - value) <= one.bound + 1e-12 and one.bound > 0, (one, value))
expect("the order of sites does not matter", mm.pool(texts[::-1]).figures == pooled.figures)
expect("nor in which steps they are pooled", mm.pool([mm.pool(texts[:2]).summary, texts[2]]) == pooled)
repeat = mm.pool([mm.summarise_scores(scores, labels, patients=np.arange(300) // 2)])
expect("patients with several cases", repeat.patients == 150 and repeat.figures[0].estimate.low is None, repeat.figures[0])

work = pathlib.Path.cwd()
(work / "scores.csv").write_text("case_id,score\n" + "".join(f"{i},{s!r}\n" for i, s in enumerate(scores.tolist())))
(work / "labels.csv").write_text("case_id,label\n" + "".join(f"{i},{y}\n" for i, y in enumerate(labels)))
subprocess.run([program, "classification", "scores.csv", "labels.csv", "--threshold", "0.25", "--summary-file", "site.json"],
               cwd=work, check=True, capture_output=True)
ours, theirs = json.loads(mm.summarise_scores(scores, labels, threshold=0.25)), json.loads((work / "site.json").read_text())
ours.pop("program"), theirs.pop("program")
expect("the document is the program's", ours == theirs, (ours.keys(), theirs.keys()))
expect("and is pooled with it", mm.pool([(work / "site.json").read_text(), texts[0]]).cases == 400)

called, truth = rng.integers(0, 3, 90), rng.integers(0, 3, 90)
names = ["normal", "mild", "severe"]
classes = mm.pool([mm.summarise_classes(called[:40], truth[:40], names), mm.summarise_classes(called[40:], truth[40:], names)])
expect("classes are those of one list", {f.metric: f.estimate.value for f in classes.figures}["accuracy"]
       == mm.classes(called, truth).accuracy.value, classes)
many, present = rng.random((50, 2)), rng.integers(0, 2, (50, 2))
of_labels = mm.pool([mm.summarise_labels(np.asfortranarray(many), present, ["a", "b"])])
expect("each label as two classes", {f.of: f.estimate.value for f in of_labels.figures if f.metric == "sensitivity"}
       == {n: mm.binary(many[:, k], present[:, k]).sensitivity.value for k, n in enumerate("ab")}, of_labels)
expect("a site without cases adds nothing", mm.pool([*texts, mm.summarise_scores([], [], threshold=0.25)]).cases == 300)

for what, argument, f in (
        ("a score above 1", "scores", lambda: mm.summarise_scores([1.5], [1])),
        ("fewer labels", "labels", lambda: mm.summarise_scores([0.5, 0.6], [1])),
        ("names of other columns", "names", lambda: mm.summarise_labels(many, present, ["a"])),
        ("a name twice", "names", lambda: mm.summarise_labels(many, present, ["a", "a"])),
        ("a text for names", "names", lambda: mm.summarise_labels(many, present, "ab")),
        ("one class", "names", lambda: mm.summarise_classes([0], [0], ["a"])),
        ("a class without a name", "predicted", lambda: mm.summarise_classes([2], [0], ["a", "b"])),
        ("nothing to pool", "summaries", lambda: mm.pool([])),
        ("a summary alone, not in a list", "summaries", lambda: mm.pool(texts[0])),
        ("what is no summary", "summaries", lambda: mm.pool(["{}"])),
        ("what is no JSON", "summaries", lambda: mm.pool([texts[0], "summary"])),
        ("sites with other thresholds", "summaries", lambda: mm.pool([texts[0], mm.summarise_scores(scores, labels)])),
        ("sites with other tasks", "summaries", lambda: mm.pool([texts[0], mm.summarise_classes(called, truth, names)])),
        ("a count that no cases have", "summaries", lambda: mm.pool([texts[0].replace('"n_cases":100', '"n_cases":99')])),
        ("a level of 95", "level", lambda: mm.pool(texts, level=95))):
    refused(what, argument, f)
done()
