#!/usr/bin/env python3
"""Writes paired_scipy.csv: what scipy says of paired differences.

Needs numpy and scipy (1.17) from PyPI in a virtual environment; run in this folder. A row holds the
pair's differences, separated by blanks, and the answers of ttest_1samp and wilcoxon (exact up to 50
differences without ties; normal approximation without continuity correction above 100).
"""
import csv

import numpy
from scipy import stats

random = numpy.random.default_rng(20261126)
sets = {
    "ten": random.normal(0.3, 1, 10),
    "forty": random.normal(0.2, 1, 40),
    "opposite": -random.normal(0.8, 1, 25),
    "two-hundred": random.normal(0.05, 1, 200),
    "tied-150": numpy.round(random.normal(0.1, 0.4, 150), 1),
}
with open("paired_scipy.csv", "w", encoding="ascii", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("set", "index", "difference", "t", "t_p", "sum_positive", "wilcoxon_p", "low", "high"))
    for name, values in sets.items():
        values = numpy.round(values, 6)
        student = stats.ttest_1samp(values, 0)
        low, high = student.confidence_interval(0.95)
        method = "exact" if len(values) <= 50 else "asymptotic"
        kept = values[values != 0]
        test = stats.wilcoxon(values, method=method, correction=False, zero_method="wilcox", alternative="two-sided")
        ranks = stats.rankdata(abs(kept))
        for index, value in enumerate(values):
            answers = (student.statistic, student.pvalue, ranks[kept > 0].sum(), test.pvalue, low, high)
            writer.writerow((name, index, repr(float(value)), *[repr(float(a)) for a in answers]))
