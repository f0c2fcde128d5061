#!/usr/bin/env python3
"""Writes binomial_scipy.csv: the one-stage model with each integral by scipy's adaptive quadrature.

Independent of any quadrature rule of ours or lme4's. Needs numpy and scipy (1.17) from PyPI in a
virtual environment; run in this folder.
"""
import csv
import math

import numpy
from scipy import integrate, optimize, special, stats

sets = {}
with open("binomial_inputs.csv", encoding="ascii") as file:
    for row in csv.DictReader(file):
        sets.setdefault(row["set"], []).append((int(row["events"]), int(row["total"])))


def log_likelihood(mu, tau, counts):
    total = 0.0
    for x, n in counts:
        def log_integrand(z):
            return stats.binom.logpmf(x, n, special.expit(mu + tau * z)) - z * z / 2
        peak = optimize.minimize_scalar(lambda z: -log_integrand(z), bounds=(-30, 30), method="bounded").x
        top = log_integrand(peak)
        value, _ = integrate.quad(lambda z: math.exp(log_integrand(z) - top), peak - 12, peak + 12,
                                  points=[peak], epsabs=0, epsrel=1e-12, limit=400)
        total += top + math.log(value / math.sqrt(2 * math.pi))
    return total


with open("binomial_scipy.csv", "w", encoding="ascii", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("peer", "set", "quantity", "value"))
    for name, counts in sets.items():
        start = numpy.array([math.log(sum(x for x, _ in counts) / sum(n - x for x, n in counts)), 0.5])
        fit = optimize.minimize(lambda v: -log_likelihood(v[0], abs(v[1]), counts), start, method="Nelder-Mead",
                                options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 2000})
        writer.writerow(("scipy", name, "effect", repr(float(fit.x[0]))))
        writer.writerow(("scipy", name, "tau2", repr(float(fit.x[1] ** 2))))
        writer.writerow(("scipy", name, "log_likelihood", repr(float(-fit.fun))))
