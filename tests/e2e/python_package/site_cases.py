"""Several sites: meta-analyses against metafor and statsmodels, one-stage and bivariate models (committed values)."""
import math

import medperf_metrics as mm
from checks import done, expect, near, refused, rows

ESTIMATORS = {"REML": "reml", "DL": "dl", "PM": "pm"}


def studies_of(cases):
    value, se = [float(row["value"]) for row in cases], [float(row["se"]) for row in cases]
    if cases[0]["kind"] == "auc":
        return mm.areas(value, se, [10] * len(cases), [10] * len(cases))
    if cases[0]["kind"] == "mean":
        return mm.means(value, se)
    return mm.proportions([int(row["events"]) for row in cases], [int(row["total"]) for row in cases])


def options_of(row, scale):
    options = {"scale": scale, "prediction": "interval", "interval": "wald" if row["interval"] == "z" else "hksj-unfloored"}
    if row["estimator"] == "EE":
        return {**options, "model": "common"}
    return {**options, "tau2": ESTIMATORS[row["estimator"]]}


for name in ("chest-3", "dice-5", "dice-5-logit", "sensitivity-7", "twelve", "agree-6"):
    cases = rows("meta_inputs", set=name)
    scale = cases[0]["scale"]
    studies = studies_of(cases)
    on_scale = (lambda x: math.log(x / (1 - x))) if scale == "logit" else (lambda x: x)
    compared, analyses = 0, {}
    for row in rows("meta_metafor", set=name) + rows("meta_statsmodels", set=name):
        if row["estimator"] == "-" or (row["peer"] == "statsmodels" and row["interval"] == "-"):
            continue
        options = options_of(row, scale)
        key = tuple(sorted(options.items()))
        if key not in analyses:
            analyses[key] = mm.meta_analysis(studies, **options), mm.leave_one_out(studies, **options)
        found, without = analyses[key]
        index, quantity = int(row["index"]), row["quantity"]
        read = {"mean": lambda: found.effect, "se": lambda: found.se, "low": lambda: on_scale(found.interval[0]),
                "high": lambda: on_scale(found.interval[1]), "prediction_low": lambda: on_scale(found.prediction[0]),
                "prediction_high": lambda: on_scale(found.prediction[1]), "weights": lambda: found.sites[index].weight,
                "tau2": lambda: found.tau2, "tau2_low": lambda: found.tau2_interval[0], "tau2_high": lambda: found.tau2_interval[1],
                "i2": lambda: found.i2_of_tau2, "h2": lambda: found.h2_of_tau2, "q": lambda: found.q, "i2_of_q": lambda: found.i2,
                "leave_one_out": lambda: without[index].effect}
        if quantity not in read:
            continue
        compared += 1
        near(f"{name}: {quantity} of {row['peer']} {row['estimator']} {row['interval']}", read[quantity](), float(row["value"]), 1e-5)
    expect(f"{name}: many values were compared", compared > 50, compared)

for row in rows("binomial_scipy"):
    sites = rows("binomial_inputs", set=row["set"])
    found = mm.one_stage([int(s["events"]) for s in sites], [int(s["total"]) for s in sites])
    if row["quantity"] in ("effect", "tau2", "log_likelihood"):
        near(f"one stage, {row['set']}: {row['quantity']} of scipy", getattr(found, row["quantity"]), float(row["value"]), 1e-3)
for row in rows("bivariate_metafor"):
    sites = rows("bivariate_inputs", set=row["set"])
    found = mm.bivariate(*([int(s[c]) for s in sites] for c in ("tp", "fp", "fn", "tn")))
    quantity = row["quantity"]
    if quantity in ("sensitivity", "specificity"):
        value = getattr(found, quantity).value
        near(f"bivariate, {row['set']}: {quantity} of metafor", math.log(value / (1 - value)), float(row["value"]), 1e-4)
    elif quantity.startswith("se_"):
        near(f"bivariate, {row['set']}: {quantity} of metafor", getattr(found, quantity[3:]).se, float(row["value"]), 1e-4)

default = mm.meta_analysis(mm.proportions([45, 88, 30, 61], [50, 110, 30, 75]))
expect("by default REML, logit, Hartung-Knapp", default.convention == "random-effects-reml-logit-hksj" and default.k == 4, default)
expect("the continuity rule is said", "continuity_correction" in default.warnings and [s.corrected for s in default.sites]
       == [False, False, True, False], default)
near("weights add up", sum(site.weight for site in default.sites), 1, 1e-12)
alone = mm.meta_analysis(mm.means([0.8], [0.02]), scale="identity")
expect("one site is itself", alone.value == 0.8 and alone.prediction is None and "one_site" in alone.warnings, alone)
near("effects are on the scale already", mm.meta_analysis(mm.effects([1.0, 2.0], [0.1, 0.1]), scale="identity").value, 1.5, 1e-12)
expect("nothing but events has no logit", mm.one_stage([5, 7], [5, 7]).estimate.flag == "all_or_nothing")
expect("leave one out has a site fewer", [len(a.sites) for a in mm.leave_one_out(mm.proportions([5, 6, 7], [9, 9, 9]))] == [2, 2, 2])

for what, argument, f in (
        ("sites of other numbers", "totals", lambda: mm.proportions([1, 2], [3])),
        ("half an event", "events", lambda: mm.proportions([1.5], [3])),
        ("more events than cases", "events", lambda: mm.meta_analysis(mm.proportions([4, 1], [3, 3]))),
        ("a negative count", "events", lambda: mm.meta_analysis(mm.proportions([-1, 1], [3, 3]))),
        ("a site without cases", "events", lambda: mm.meta_analysis(mm.proportions([0, 1], [0, 3]))),
        ("an area above 1", "values", lambda: mm.meta_analysis(mm.areas([1.2], [0.1], [5], [5]))),
        ("an area that is no number", "values", lambda: mm.meta_analysis(mm.areas([float("nan")], [0.1], [5], [5]))),
        ("a standard error of 0", "values", lambda: mm.meta_analysis(mm.means([0.5], [0]))),
        ("a mean of 20 on the logit scale", "values", lambda: mm.meta_analysis(mm.means([20.0], [1.0]))),
        ("a variance of 0", "variances", lambda: mm.meta_analysis(mm.effects([1.0], [0.0]))),
        ("an unknown estimator", "tau2", lambda: mm.meta_analysis(mm.effects([1.0], [1.0]), tau2="eb")),
        ("an unknown scale", "scale", lambda: mm.meta_analysis(mm.effects([1.0], [1.0]), scale="log")),
        ("a level of 1", "level", lambda: mm.one_stage([1, 2], [3, 3], level=1)),
        ("no site", "", lambda: mm.meta_analysis(mm.effects([], []))),
        ("no site to leave out", "", lambda: mm.leave_one_out(mm.effects([1.0], [1.0]))),
        ("two sites for a pair", "tp", lambda: mm.bivariate([1, 2], [1, 2], [1, 2], [1, 2])),
        ("columns of other lengths", "fn", lambda: mm.bivariate([1, 2, 3], [1, 2, 3], [1, 2], [1, 2, 3]))):
    refused(what, argument, f)
done()
