"""Bootstrap, comparison of models, ranks, subgroups and label noise: against scipy, statsmodels and pROC (committed
values), against the figures themselves, and edge cases."""
import medperf_metrics as mm
import numpy as np
from checks import done, expect, near, refused, rows

for name in ("distinct", "tied", "rare"):
    cases = rows("classification_binary", set=name)
    first, second, labels = (np.array([float(row[c]) for row in cases]) for c in ("first", "second", "positive"))
    both = mm.compare_auroc(first, second, labels)
    right = (first >= 0.5) == labels, (second >= 0.5) == labels
    ours = {"delong_z": both.z, "delong_p": both.p_value, "delong_low": both.difference.low, "delong_high": both.difference.high,
            "mcnemar_exact": mm.mcnemar(*right).exact_p_value}
    compared = 0
    for row in rows("classification_python", set=name) + rows("classification_r", set=name):
        if row["quantity"] in ours:
            near(f"{name}: {row['quantity']} of {row['peer']}", ours[row["quantity"]], float(row["value"]))
            compared += 1
    expect(f"{name}: all were compared", compared == 5, compared)
pairs = {}
for row in rows("paired_scipy"):
    pairs.setdefault(row["set"], ([], row))[0].append(float(row["difference"]))
for name, (differences, row) in pairs.items():
    found = mm.compare_values(differences, np.zeros(len(differences)), replicates=50)
    near(f"{name}: t of scipy", found.t.statistic, float(row["t"]))
    near(f"{name}: its p", found.t.p_value, float(row["t_p"]))
    near(f"{name}: ranks of scipy", found.wilcoxon.statistic, float(row["sum_positive"]))
    near(f"{name}: their p", found.wilcoxon.p_value, float(row["wilcoxon_p"]))
    near(f"{name}: interval of scipy", found.mean_difference.low, float(row["low"]))

rng = np.random.default_rng(11)
labels = (rng.random(120) < 0.4).astype(int)
scores = np.clip(rng.normal(0.4 + 0.25 * labels, 0.2), 0.01, 0.99)
worse = np.clip(scores + rng.normal(0, 0.3, 120), 0.01, 0.99)
table, proper, line = mm.binary(scores, labels), mm.probabilities(scores, labels), mm.recalibration(scores, labels)
known = {**{name: getattr(table, name) for name in ("sensitivity", "specificity", "precision", "npv", "accuracy", "balanced_accuracy",
                                                   "youden", "f1", "mcc", "kappa", "lr_positive", "lr_negative")},
         "auroc": mm.auroc(scores, labels), "auprc": mm.auprc(scores, labels), "brier": proper.brier, "log_loss": proper.log_loss,
         "ece": mm.calibration(scores, labels).expected_error, "mce": mm.calibration(scores, labels).maximum_error,
         "ece-equal-mass": mm.calibration(scores, labels, binning="mass").expected_error, "calibration_slope": line.slope,
         "calibration_in_the_large": line.in_the_large}
for figure, figures in known.items():
    drawn = mm.bootstrap(figure, scores, labels, replicates=200, seed=3)
    expect(f"bootstrap of {figure}: the figure itself, with an interval around it", drawn.estimate.value == figures.value
           and drawn.estimate.low <= figures.value <= drawn.estimate.high and drawn.replicates.size + drawn.dropped == 200, drawn)
drawn = mm.bootstrap("net_benefit", scores, labels, threshold=0.2, replicates=100)
near("net benefit", drawn.estimate.value, mm.decision_curve(scores, labels, [0.2])[0].model, 1e-15)
lengths, measured = rng.lognormal(2, 1, 60), rng.normal(0, 1, 60)
measured += lengths
numbers, limits = mm.regression(measured, lengths), mm.icc(np.column_stack([measured, lengths]))
for figure, wanted in {**vars(numbers), "icc-1-1": limits.one_way, "icc-a-1": limits.agreement,
                       "icc-c-1": limits.consistency}.items():
    near(f"bootstrap of {figure}", mm.bootstrap(figure, measured, lengths, replicates=20).estimate.value, wanted.value, 1e-12)
called, truth = rng.integers(0, 3, 80), rng.integers(0, 3, 80)
for figure in ("accuracy", "balanced_accuracy", "f1_macro", "f1_micro", "f1_weighted", "mcc", "kappa", "kappa_linear", "kappa_quadratic"):
    by_name = mm.bootstrap({"mcc": "mcc-multiclass"}.get(figure, figure), called, truth, classes=3, replicates=20)
    expect(f"bootstrap of {figure} of classes", by_name.estimate.value == getattr(mm.classes(called, truth, classes=3), figure).value)
shares = rng.dirichlet(np.ones(3), 80)
for figure, member in (("auroc-one-vs-rest", "auroc_macro"), ("auroc-one-vs-rest-weighted", "auroc_weighted"),
                       ("auroc-hand-till", "auroc_hand_till"), ("brier-multiclass", "brier"), ("log-loss", "log_loss")):
    expect(f"bootstrap of {figure} of class probabilities", mm.bootstrap(figure, shares, truth, replicates=20).estimate.value
           == getattr(mm.multiclass(shares, truth), member).value)
expect("bootstrap of a median", mm.bootstrap("median", lengths, replicates=20).estimate.value == np.median(lengths))

patients = [f"p{i // 3}" for i in range(120)]
one = mm.bootstrap("f1", scores, labels, patients=patients, replicates=300, seed=5)
expect("patients are drawn, whatever their names", mm.bootstrap("f1", scores, labels, patients=np.arange(120) // 3, replicates=300, seed=5)
       == one != mm.bootstrap("f1", scores, labels, replicates=300, seed=5))
expect("threads change nothing", mm.bootstrap("f1", scores, labels, patients=patients, replicates=300, seed=5, threads=3) == one)
expect("the same seed, the same replicates", (mm.bootstrap("f1", scores, labels, replicates=50).replicates
                                             == mm.bootstrap("f1", scores, labels, replicates=50).replicates).all())
strata = mm.bootstrap("accuracy", labels.astype(float), labels, strata=labels, replicates=50)
expect("a perfect model is right in every resample", set(strata.replicates) == {1.0}, strata)
expect("BCa by name", mm.bootstrap("auprc", scores, labels, interval="bca", replicates=100).estimate.convention == "bootstrap-bca")
alone = mm.bootstrap("brier", [0.3], [1])
expect("one case cannot be drawn", alone.estimate.low is None and alone.estimate.flag == "too_few_units", alone)
expect("nor none", mm.bootstrap("brier", [], []).estimate.value is None)
expect("one class has no area", mm.bootstrap("auroc", [0.1, 0.2], [1, 1]).estimate.flag)

pair = mm.paired_bootstrap("auroc", scores, worse, labels, replicates=300, seed=1)
near("the difference of a pair", pair.difference.estimate.value, mm.auroc(scores, labels).value - mm.auroc(worse, labels).value, 1e-15)
expect("the better model is better", pair.difference.estimate.low > 0 and pair.p_value < 0.05, pair)
same = mm.paired_bootstrap("auroc", scores, scores, labels, replicates=100)
expect("a model is no better than itself", same.difference.estimate.value == 0 and same.p_value == 1, same)
ranked = mm.ranks("auroc", {"worse": worse, "good": scores, "chance": rng.random(120)}, labels, replicates=300)
expect("ranks by name", [ranked.models[m].rank for m in ("good", "worse", "chance")] == [1, 2, 3] and ranked.models["good"].low == 1
       and ranked.convention == "rank-pairwise-max-t", ranked)
low = mm.ranks("brier", {"a": scores, "b": worse}, labels, replicates=100)
expect("of errors the lowest is first", low.models["a"].rank == 1, low)
expect("values need to be told", mm.ranks("mean", {"a": [1, 2, 3], "b": [2, 3, 4]}, better="higher", replicates=50).models["b"].rank == 1)
expect("one patient has no rank", mm.ranks("brier", {"a": [0.5]}, [1]).flag)
groups = np.where(np.arange(120) < 5, "few", np.where(np.arange(120) < 60, "x", "y"))
split = mm.subgroups("sensitivity", scores, labels, groups=groups)
expect("groups by name", list(split.groups) == ["few", "x", "y"] and split.groups["few"].estimate.flag == "group_too_small"
       and split.groups["x"].estimate == mm.binary(scores[5:60], labels[5:60]).sensitivity, split)
expect("the worst and the gap", split.worst == min(("x", "y"), key=lambda g: split.groups[g].estimate.value)
       and split.gap == abs(split.groups["x"].estimate.value - split.groups["y"].estimate.value), split)
expect("patients with several cases", mm.subgroups("f1", scores, labels, groups=[1] * 120, patients=patients).groups[1].patients == 40)
expect("no case, no group", mm.subgroups("f1", [], [], groups=[]).groups == {})
noise = mm.label_noise(scores, labels, share=0.05)
expect("as given", noise.sensitivity.as_given == table.sensitivity.value and noise.auroc.as_given == known["auroc"].value
       and noise.auroc.flips == 6, noise)
counts = table.counts
near("expected by hand", noise.sensitivity.expected, (counts.tp * 0.95 + counts.fp * 0.05)
     / ((counts.tp + counts.fn) * 0.95 + (counts.fp + counts.tn) * 0.05), 1e-15)
expect("extremes around it", noise.auroc.extremes[0] < noise.auroc.expected < noise.auroc.extremes[1])
simulated = mm.simulate_label_noise("auroc", scores, labels, share=0.05, replicates=2000)
near("simulated as expected", simulated.estimate.value, noise.auroc.expected, 0.01)
expect("no noise changes nothing", set(mm.simulate_label_noise("f1", scores, labels, share=0, replicates=10).replicates) == {table.f1.value})

two = ([0.1, 0.9], [0, 1])
for what, argument, f in (
        ("an unknown figure", "figure", lambda: mm.bootstrap("dice", *two)),
        ("a figure of another kind of cases", "figure", lambda: mm.bootstrap("f1-macro", *two)),
        ("a figure that is no text", "figure", lambda: mm.bootstrap(1, *two)),
        ("no reference", "reference", lambda: mm.bootstrap("f1", [0.1, 0.9])),
        ("a reference for a mean", "reference", lambda: mm.bootstrap("mean", *two)),
        ("a shorter reference", "reference", lambda: mm.bootstrap("f1", [0.1, 0.9], [1])),
        ("a reference of 2", "reference", lambda: mm.bootstrap("f1", [0.1, 0.9], [0, 2])),
        ("a prediction of NaN", "predicted", lambda: mm.bootstrap("mae", [float("nan"), 1], [1, 2])),
        ("a probability above 1", "predicted", lambda: mm.bootstrap("brier", [0.1, 1.5], [0, 1])),
        ("a class beyond", "predicted", lambda: mm.bootstrap("accuracy", [0, 5], [0, 1], classes=2)),
        ("rows that do not add up", "predicted", lambda: mm.bootstrap("brier-multiclass", [[0.5, 0.7]], [0])),
        ("classes that are not the columns", "classes", lambda: mm.bootstrap("brier-multiclass", [[0.5, 0.5]], [0], classes=3)),
        ("a patient in two strata", "strata", lambda: mm.bootstrap("f1", *two, patients=["a", "a"], strata=[0, 1])),
        ("fewer strata than cases", "strata", lambda: mm.bootstrap("f1", *two, strata=[0])),
        ("fewer patients than cases", "patients", lambda: mm.bootstrap("f1", *two, patients=["a"])),
        ("no bin", "bins", lambda: mm.bootstrap("ece", *two, bins=0)),
        ("too many replicates", "replicates", lambda: mm.bootstrap("f1", *two, replicates=10**9)),
        ("models of other lengths", "b", lambda: mm.ranks("f1", {"a": [0.1, 0.9], "b": [0.1]}, [0, 1])),
        ("no model", "models", lambda: mm.ranks("f1", {}, [0, 1])),
        ("neither way better", "better", lambda: mm.ranks("bias", {"a": [1, 2]}, [1, 2])),
        ("better than best", "better", lambda: mm.ranks("mean", {"a": [1, 2]}, better="best")),
        ("an unknown interval of ranks", "rank_interval", lambda: mm.ranks("f1", {"a": [0.1, 0.9]}, [0, 1], interval="t")),
        ("fewer groups than cases", "groups", lambda: mm.subgroups("f1", *two, groups=["a"])),
        ("a blank group", "groups", lambda: mm.subgroups("f1", *two, groups=["a", None])),
        ("groups of nobody", "minimum_patients", lambda: mm.subgroups("f1", *two, groups=["a", "b"], minimum_patients=0)),
        ("more than half of the labels", "share", lambda: mm.label_noise(*two, share=0.6)),
        ("a second model of another length", "second", lambda: mm.compare_auroc([0.1, 0.9], [0.1], [0, 1])),
        ("right by half", "second_right", lambda: mm.mcnemar([1, 0], [1, 0.5])),
        ("a value of NaN", "second", lambda: mm.compare_values([1.0, 2.0], [1.0, float("nan")]))):
    refused(what, argument, f)
done()
