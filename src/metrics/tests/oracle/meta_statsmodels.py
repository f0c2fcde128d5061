#!/usr/bin/env python3
"""Writes meta_statsmodels.csv: what statsmodels says about the sets of meta_inputs.csv.

Left out, because the definition is another: sets where the moment estimate is negative (statsmodels keeps the
negative tau2, we and metafor take 0), and Paule-Mandel where its iteration stops at 0 although Q exceeds its degrees
of freedom (the area under the curve of three chest X-ray sites; metafor finds 1.517, as we do).

Needs numpy and statsmodels (0.15) from PyPI in a virtual environment; run in this folder.
"""
import csv
import math

import numpy
from statsmodels.stats.meta_analysis import combine_effects

rows = []
sets = {}
with open("meta_inputs.csv", encoding="ascii") as file:
    for row in csv.DictReader(file):
        if row["kind"] == "proportion":
            continue
        value, se = float(row["value"]), float(row["se"])
        if row["scale"] == "logit":
            value, se = math.log(value / (1 - value)), se / (value * (1 - value))
        sets.setdefault(row["set"], []).append((value, se**2))

for name, studies in sets.items():
    effect, variance = numpy.array(studies).T
    for estimator, method in (("DL", "chi2"), ("PM", "iterated")):
        extra = {} if method == "chi2" else {"atol": 1e-15, "maxiter": 10000}
        fit = combine_effects(effect, variance, method_re=method, use_t=True, **extra)
        if fit.tau2 < 0 or (fit.tau2 == 0 and fit.q > fit.df_resid):
            print(f"left out: {name} {estimator}: tau2 {fit.tau2}, Q {fit.q:.4f}")
            continue

        def note(quantity, value, interval="-"):
            rows.append(("statsmodels", name, estimator, interval, quantity, 0, repr(float(value))))

        note("tau2", fit.tau2)
        note("q", fit.q)
        note("i2_of_q", max(0.0, fit.i2))
        note("h2_of_q", fit.h2)
        note("mean", fit.mean_effect_re, "z")
        note("se", fit.sd_eff_w_re, "z")
        note("se", fit.sd_eff_w_re_hksj, "knha")
        note("fixed", fit.mean_effect_fe)
        low, high = fit.conf_int(alpha=0.05, use_t=True)[3]
        note("low", low, "knha")
        note("high", high, "knha")

with open("meta_statsmodels.csv", "w", encoding="ascii", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("peer", "set", "estimator", "interval", "quantity", "index", "value"))
    writer.writerows(rows)
