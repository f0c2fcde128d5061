"""Two classes: figures against scikit-learn, statsmodels and pROC (committed values), and edge cases."""
import dataclasses

import medperf_metrics as mm
import numpy as np
from checks import done, expect, near, refused, rows

FIGURES = {"f1": "f1", "mcc": "mcc", "balanced_accuracy": "balanced_accuracy", "lr_positive": "lr_positive", "lr.pos": "lr_positive",
           "lr.neg": "lr_negative", "lr_negative": "lr_negative", "youden": "youden"}
for name in ("distinct", "tied", "rare"):
    cases = rows("classification_binary", set=name)
    first, second, labels = (np.array([float(row[c]) for row in cases]) for c in ("first", "second", "positive"))
    table = mm.binary(first, labels)
    ours = {key: getattr(table, member) for key, member in FIGURES.items()}
    ours.update(auroc=mm.auroc(first, labels), auroc_second=mm.auroc(second, labels), average_precision=mm.auprc(first, labels),
                auprc_trapezoid=mm.auprc(first, labels, interpolation="trapezoid"),
                ece=mm.calibration(first, labels).expected_error)
    proper = mm.probabilities(first, labels)
    ours.update(brier=proper.brier, log_loss=proper.log_loss)
    again = mm.recalibration(first, labels)
    ours.update(slope=again.slope, intercept=again.intercept, in_the_large=again.in_the_large)
    points = mm.operating_points(first, labels, collapsed=True)
    best = mm.binary(first, labels, threshold=points.largest_youden)
    near(f"{name}: the curve's best point is that of its threshold", best.youden.value,
         float((points.sensitivity + points.specificity - 1).max()))
    compared = 0
    for row in rows("classification_python", set=name) + rows("classification_r", set=name):
        quantity, member = row["quantity"], "value"
        for ending in ("se", "low", "high"):
            if quantity.endswith("_" + ending):
                quantity, member = quantity[:-len(ending) - 1], ending
        if quantity == "largest_youden":
            found = best.youden.value
        elif quantity in ours:
            found = getattr(ours[quantity], member)
        else:
            continue  # of two models: comparison_cases.py
        compared += 1
        near(f"{name}: {row['quantity']} of {row['peer']}", found, float(row["value"]))
    expect(f"{name}: all values were compared", compared >= 30, compared)

labels, scores = np.array([0, 0, 1, 1, 1, 0]), np.array([0.1, 0.7, 0.6, 0.8, 0.4, 0.2])
base = mm.binary(scores, labels)
expect("counts by hand", base.counts == mm.CaseCounts(2, 1, 1, 2), base.counts)
expect("counts alone give the same", mm.binary_counts(2, 1, 1, 2) == base)
expect("a figure has value, interval and definition", base.sensitivity.value == 2 / 3 and base.sensitivity.convention == "wilson"
       and base.sensitivity.low < 2 / 3 < base.sensitivity.high, base.sensitivity)
strided = np.zeros((6, 2))
strided[:, 1] = scores
for what, same in (("a column of a table", strided[:, 1]), ("Fortran order", np.asfortranarray(strided)[:, 1]), ("a list", scores.tolist()),
                   ("a reversed view", scores[::-1].copy()[::-1]), ("objects", scores.astype(object))):
    expect(f"{what} is the same", mm.binary(same, labels) == base)
for kind in (bool, np.int8, np.uint16, np.int64, np.float32, object):
    expect(f"labels of {kind.__name__}", mm.binary(scores, labels.astype(kind)) == base)
expect("float32 scores are their doubles", mm.binary(scores.astype(np.float32), labels).counts == base.counts)
repeat = mm.binary(scores, labels, patients=["a", "a", "b", "c", "d", "e"])
expect("no interval where patients repeat", repeat.sensitivity.value == 2 / 3 and repeat.sensitivity.low is None
       and repeat.sensitivity.flag == "patients_repeat", repeat.sensitivity)
expect("patients with one case each change nothing", mm.binary(scores, labels, patients=range(6)) == base)

one = mm.binary([0.9], [1])
expect("one case", one.sensitivity.value == 1 and one.specificity.value is None and one.specificity.flag == "no_negatives", one)
expect("one class", mm.auroc([0.1, 0.2], [1, 1]).flag == "one_class" and mm.auprc([0.1, 0.2], [0, 0]).value is None)
none = mm.binary([], [])
expect("no case is undefined, not 0", none.counts == mm.CaseCounts(0, 0, 0, 0) and all(
    getattr(none, f.name).value is None and getattr(none, f.name).flag for f in dataclasses.fields(none)[1:]), none)
expect("no case: areas and probabilities", mm.auroc([], []).flag == mm.auprc([], []).flag == "no_cases"
       and mm.probabilities([], []).brier.value is None and mm.calibration([], []).bins == ())
expect("no case: an empty curve", mm.operating_points([], []).tp.shape == (0,) and mm.operating_points([], []).largest_youden is None)
perfect = mm.operating_points([0.1, 0.9], [0, 1])
expect("a curve by hand", perfect.thresholds.tolist() == [0.9, 0.1] and perfect.tp.tolist() == [0, 1, 1]
       and perfect.fp.tolist() == [0, 0, 1] and perfect.largest_youden == 0.9, perfect)
expect("what nobody called has no precision", np.isnan(perfect.precision[0]) and perfect.precision[1] == 1)
expect("arrays of results cannot be changed", not perfect.tp.flags.writeable)
expect("certain and wrong is floored and counted", mm.probabilities([0.0, 1.0, 0.5], [1, 1, 0]).floored == 1)
mass = mm.calibration([0.1, 0.2, 0.3, 0.9], [0, 0, 1, 1], bins=2, binning="mass")
expect("bins of equal mass by hand", [(b.low, b.high, b.cases, b.positives) for b in mass.bins] == [(0.1, 0.2, 2, 0), (0.3, 0.9, 2, 2)]
       and mass.expected_error.convention == "ece-equal-mass", mass)
near("their error", mass.expected_error.value, (0.15 + 0.4) / 2, 1e-15)
plain, logit = mm.auroc(scores, labels), mm.auroc(scores, labels, interval="logit")
expect("the logit interval is another one, by name", logit.value == plain.value and logit.high < plain.high
       and logit.convention == "auroc-mann-whitney-delong-logit", logit)
bca = mm.auroc_bootstrap(scores, labels, interval="bca", replicates=500)
expect("BCa by name, with its replicates", bca.estimate.convention == "bootstrap-bca" and bca.replicates.size + bca.dropped == 500, bca)
expect("results do not change", base.__dataclass_params__.frozen)

for what, argument, f in (
        ("a score that is no number", "scores", lambda: mm.binary([0.1, float("nan")], [0, 1])),
        ("an infinite score", "scores", lambda: mm.auprc([0.1, float("inf")], [0, 1])),
        ("scores as text", "scores", lambda: mm.binary(["0.1", "0.2"], [0, 1])),
        ("complex scores", "scores", lambda: mm.binary(np.array([1j, 2]), [0, 1])),
        ("a missing score", "scores", lambda: mm.binary([0.1, None, "x"], [0, 1, 0])),
        ("masked scores", "scores", lambda: mm.binary(np.ma.array([0.1, 0.2], mask=[0, 1]), [0, 1])),
        ("ragged scores", "scores", lambda: mm.binary([[0.1], [0.2, 0.3]], [0, 1])),
        ("a table of scores", "scores", lambda: mm.binary([[0.1, 0.2]], [[0, 1]])),
        ("a single number", "scores", lambda: mm.binary(0.1, 1)),
        ("more labels than scores", "labels", lambda: mm.binary([0.1, 0.2], [0, 1, 1])),
        ("a label of 2", "labels", lambda: mm.binary([0.1, 0.2], [0, 2])),
        ("a label of 0.5", "labels", lambda: mm.auroc([0.1, 0.2], [0, 0.5])),
        ("labels as text", "labels", lambda: mm.auroc([0.1, 0.2], ["0", "1"])),
        ("a probability above 1", "scores", lambda: mm.probabilities([0.1, 1.2], [0, 1])),
        ("a probability below 0 in a table", "scores", lambda: mm.calibration([0.1, -0.2], [0, 1])),
        ("no bin", "bins", lambda: mm.calibration([0.1, 0.2], [0, 1], bins=0)),
        ("half a bin", "bins", lambda: mm.calibration([0.1, 0.2], [0, 1], bins=2.5)),
        ("an unknown binning", "binning", lambda: mm.calibration([0.1, 0.2], [0, 1], binning="log")),
        ("a level of 95", "level", lambda: mm.binary([0.1, 0.2], [0, 1], level=95)),
        ("a level that is no number", "level", lambda: mm.auroc([0.1, 0.2], [0, 1], level=float("nan"))),
        ("a threshold as text", "threshold", lambda: mm.binary([0.1, 0.2], [0, 1], threshold="half")),
        ("fewer patients than cases", "patients", lambda: mm.binary([0.1, 0.2], [0, 1], patients=["a"])),
        ("a blank patient", "patients", lambda: mm.binary([0.1, 0.2], [0, 1], patients=["a", ""])),
        ("a patient that is None", "patients", lambda: mm.binary([0.1, 0.2], [0, 1], patients=["a", None])),
        ("a patient that is NaN", "patients", lambda: mm.binary([0.1, 0.2], [0, 1], patients=[1.0, float("nan")])),
        ("a negative count", "counts", lambda: mm.binary_counts(1, -1, 0, 0)),
        ("a count that no cohort has", "counts", lambda: mm.binary_counts(2**62, 2**62, 2**62, 0)),
        ("half a count", "counts", lambda: mm.binary_counts(1, 0.5, 0, 0)),
        ("one replicate", "replicates", lambda: mm.auroc_bootstrap([0.1, 0.2], [0, 1], replicates=1)),
        ("a negative seed", "seed", lambda: mm.auroc_bootstrap([0.1, 0.2], [0, 1], seed=-1)),
        ("a seed of 80 bits", "seed", lambda: mm.auroc_bootstrap([0.1, 0.2], [0, 1], seed=2**80)),
        ("no thread", "threads", lambda: mm.auroc_bootstrap([0.1, 0.2], [0, 1], threads=0)),
        ("an unknown interval", "interval", lambda: mm.auroc([0.1, 0.2], [0, 1], interval="t")),
        ("a decision at 1", "thresholds", lambda: mm.decision_curve([0.1, 0.2], [0, 1], [1])),
        ("a decision about nobody", "scores", lambda: mm.decision_curve([], [], [0.5]))):
    refused(what, argument, f)
done()
