"""Regression, agreement and intervals against scikit-learn, scipy, epiR and pingouin (committed values), and edge cases."""
import math

import medperf_metrics as mm
import numpy as np
from checks import done, expect, near, refused, rows

for name in ("volumes", "counts"):
    pairs = rows("regression_pairs", set=name)
    reference, predicted = (np.array([float(row[c]) for row in pairs]) for c in ("reference", "predicted"))
    found, compared = mm.regression(predicted, reference), 0
    for row in rows("classification_python", set=name) + rows("classification_r", set=name):
        quantity, _, member = row["quantity"].partition("_")
        near(f"{name}: {row['quantity']} of {row['peer']}", getattr(getattr(found, quantity), member or "value"), float(row["value"]))
        compared += 1
    expect(f"{name}: all were compared", compared >= 11, compared)
    limits = mm.limits_of_agreement(predicted, reference)
    difference = predicted - reference
    near(f"{name}: limits by hand", limits.upper.value, difference.mean() + 1.959963984540054 * difference.std(ddof=1), 1e-12)
    expect(f"{name}: the bias is that of the limits", limits.bias.value == found.bias.value)
ratings = np.array([[float(row[f"r{k}"]) for k in range(4)] for row in rows("regression_ratings")])
forms = mm.icc(ratings)
for row in rows("classification_python", set="ratings"):
    form, _, member = row["quantity"].partition("_")
    ours = {"ICC(1,1)": forms.one_way, "ICC(A,1)": forms.agreement, "ICC(C,1)": forms.consistency}[form]
    near(f"{row['quantity']} of pingouin", getattr(ours, member or "value"), float(row["value"]), 1e-6)
expect("ratings in Fortran order and as a view are the same", mm.icc(np.asfortranarray(ratings)) == forms
       and mm.icc(np.hstack([ratings, ratings])[:, :4]) == forms)

expect("one case has errors and no spread", mm.regression([2], [1]).mae.value == 1 and mm.regression([2], [1]).mae.low is None
       and mm.regression([2], [1]).r2.flag == "constant_reference")
expect("no case", mm.regression([], []).rmse.flag == "no_cases" and mm.limits_of_agreement([], []).lower.value is None)
expect("a single subject", mm.icc([[1.0, 2.0]]).agreement.flag == "too_few_subjects", mm.icc([[1.0, 2.0]]))
for n in (2, 5, 7, 9, 20):
    # Equal rows with values that are not dyadic: rounding must not make a spread of them.
    equal = mm.icc(np.tile([5.1, 2.3], (n, 1)))
    expect(f"{n} equal rows have figures or a reason", all(one.value is None or math.isfinite(one.value)
                                                          for one in (equal.one_way, equal.agreement, equal.consistency)), equal)
expect("patients with several cases: no interval", mm.regression([1, 2, 4], [1, 3, 3], patients=[1, 1, 2]).mae.flag == "patients_repeat")
wilson, exact = mm.proportion_interval(45, 50), mm.proportion_interval(45, 50, method="clopper-pearson")
near("Wilson by hand", wilson.low, (0.9 + 1.959963984540054**2 / 100 - 1.959963984540054 * math.sqrt(0.09 / 50 + 1.959963984540054**2 / 10000))
     / (1 + 1.959963984540054**2 / 50), 1e-12)
near("Clopper-Pearson is where the tail is 2.5 %", sum(math.comb(50, k) * exact.low**k * (1 - exact.low)**(50 - k) for k in range(45, 51)), 0.025, 1e-9)
expect("by their names", (wilson.convention, exact.convention) == ("wilson", "clopper-pearson"))
expect("of nothing", mm.proportion_interval(0, 0).flag == "no_cases")
near("Student's interval of two", mm.mean_interval([1.0, 3.0]).high, 2 + 12.706204736174698, 1e-9)
median = mm.quantile_interval([3, 1, 2, 6, 5, 4, 7], 0.5)
expect("a median between order statistics", (median.value, median.low, median.high) == (4, 1, 7), median)
expect("too few for a median's interval", mm.quantile_interval([1, 2]).low is None and mm.mean_interval([]).value is None)
low, high = mm.logit_interval(0.98, 0.01)
expect("within 0 and 1, and leaning", 0 < low < 0.98 < high < 1 and 0.98 - low > high - 0.98 and mm.logit_interval(1.0, 0.01) is None)
for what, argument, f in (
        ("a missing value", "predicted", lambda: mm.regression([float("nan")], [1.0])),
        ("an infinite reference", "reference", lambda: mm.regression([1.0], [float("inf")])),
        ("other lengths", "reference", lambda: mm.regression([1.0, 2.0], [1.0])),
        ("a table", "predicted", lambda: mm.regression([[1.0]], [1.0])),
        ("dates", "predicted", lambda: mm.regression(np.array(["2020-01-01"], "datetime64[D]"), [1.0])),
        ("a coverage of 1", "coverage", lambda: mm.limits_of_agreement([1.0, 2.0], [1.0, 2.0], coverage=1)),
        ("one rater", "raters", lambda: mm.icc([[1.0], [2.0]])),
        ("a list of ratings", "ratings", lambda: mm.icc([1.0, 2.0])),
        ("a rating of NaN", "ratings", lambda: mm.icc([[1.0, float("nan")], [1.0, 2.0]])),
        ("more events than cases", "events", lambda: mm.proportion_interval(3, 2)),
        ("events below 0", "events", lambda: mm.proportion_interval(-1, 2)),
        ("half an event", "events", lambda: mm.proportion_interval(0.5, 2)),
        ("an unknown method", "method", lambda: mm.proportion_interval(1, 2, method="wald")),
        ("a quantile of 95", "p", lambda: mm.quantile_interval([1.0], 95)),
        ("a level of 0", "level", lambda: mm.mean_interval([1.0, 2.0], level=0)),
        ("a value above 1", "value", lambda: mm.logit_interval(1.5, 0.1)),
        ("a standard error below 0", "se", lambda: mm.logit_interval(0.5, -0.1))):
    refused(what, argument, f)
done()
