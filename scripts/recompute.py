#!/usr/bin/env python3
"""Recomputes a benchmark's figures from the sites' private predictions; shares no code with the platform.
recompute.py --benchmark ID --results FILE DATASET=WORKSPACE...   FILE: of `medperf benchmark results --json`
Exit code 1 if a site's row differs by more than 1e-12 (before rounding) or a pooled figure by more than 1e-9."""
import argparse, csv, json, math, pathlib, statistics, sys

Z = statistics.NormalDist().inv_cdf(0.975)

def column(path, name):
    with open(path, newline="") as file:
        return {row["case_id"]: float(row[name]) for row in csv.DictReader(file)}

def site_row(labels, scores):  # by definition: all pairs, sample variances of the placements (DeLong)
    assert labels.keys() == scores.keys(), "predictions and labels are not of the same cases"
    x, y = ([scores[case] for case in labels if labels[case] == label] for label in (1, 0))
    wins = [[(a > b) + (a == b) / 2 for b in y] for a in x]
    v10, v01 = [sum(w) / len(y) for w in wins], [sum(w) / len(x) for w in zip(*wins)]
    auc, se = sum(v10) / len(x), math.sqrt(sum(statistics.variance(v) / len(v) for v in (v10, v01)))
    return {"n": len(labels), "n_positive": len(x), "n_negative": len(y), "auc.value": auc, "auc.se": se,
            "auc.low": max(0, auc - Z * se), "auc.high": min(1, auc + Z * se),
            "sensitivity.value": sum(a >= 0.5 for a in x) / len(x), "specificity.value": sum(b < 0.5 for b in y) / len(y)}

def t975(df):  # Student's quantile by bisection of Abramowitz and Stegun 26.7.3-4, with t = sqrt(df) tan(a)
    def inside(a):
        total, term = 0.0, math.cos(a) if df % 2 else 1.0
        for k in range(2 + df % 2, df + 1, 2):
            total, term = total + term, term * math.cos(a) ** 2 * (k - 1) / k
        return 2 / math.pi * (a + math.sin(a) * total) if df % 2 else math.sin(a) * total
    low, high = 0.0, math.pi / 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if inside(middle) < 0.95 else (low, middle)
    return math.sqrt(df) * math.tan(low)

def study(p, m, se=0):  # logit and its variance; without an SE as a proportion of m cases, 1/2 added if a cell is empty
    if se:
        return math.log(p / (1 - p)), (se / (p * (1 - p))) ** 2
    half = 0.5 if p in (0, 1) else 0
    return math.log((p * m + half) / (m - p * m + half)), 1 / (p * m + half) + 1 / (m - p * m + half)

def pool(studies):  # REML by its fixed-point equation, Hartung-Knapp with q floored at 1
    weigh = lambda t: (w := [1 / (v + t) for _, v in studies], sum(a * y for a, (y, _) in zip(w, studies)) / sum(w))
    k, tau2, last = len(studies), 0.0, -1.0
    while k > 1 and abs(tau2 - last) > 1e-14 * tau2:
        (w, mean), last = weigh(tau2), tau2
        excess = sum(a * a * ((y - mean) ** 2 - v) for a, (y, v) in zip(w, studies)) / sum(a * a for a in w)
        tau2 = max(0.0, excess + 1 / sum(w))
    w, mean = weigh(tau2)
    q = sum(a * (y - mean) ** 2 for a, (y, _) in zip(w, studies)) / max(1, k - 1)
    half = (t975(k - 1) if k > 1 else Z) * math.sqrt(max(1.0, q) / sum(w))
    return {name: 1 / (1 + math.exp(-x)) for name, x in (("value", mean), ("low", mean - half), ("high", mean + half))}

def main(benchmark, results, *sites):
    workspaces = {k: pathlib.Path(v) for k, v in (site.split("=", 1) for site in sites)}
    models, count, site_gap, pooled_gap = json.loads(pathlib.Path(results).read_text())["models"], 0, 0.0, 0.0
    for model in models:
        rows = []
        for sent in model["sites"]:
            home, dataset = workspaces[str(sent["dataset"])], str(sent["dataset"])
            run = home / "runs" / f"{benchmark}-{model['id']}-{dataset}"
            rows.append(site_row(column(home / "datasets" / dataset / "labels" / "labels.csv", "label"),
                                 column(run / "predictions" / "predictions.csv", "score")))
            kept = json.loads((run / "evaluation" / "results" / "results.yaml").read_text())  # unrounded
            for name, value in rows[-1].items():
                key, _, part = name.partition(".")
                for theirs in (kept[key], sent[key]):
                    site_gap = max(site_gap, abs(value - (theirs[part] if part else theirs)))
        count += len(rows)
        figures = {"auc": [study(r["auc.value"], min(r["n_positive"], r["n_negative"]), r["auc.se"]) for r in rows],
                   "sensitivity": [study(r["sensitivity.value"], r["n_positive"]) for r in rows],
                   "specificity": [study(r["specificity.value"], r["n_negative"]) for r in rows]}
        for figure, studies in figures.items():
            for name, value in pool(studies).items():
                pooled_gap = max(pooled_gap, abs(value - model["pooled"][figure][name]))
    print(f"{count} rows of {len(models)} models recomputed: largest difference {site_gap:.1e}; pooled {pooled_gap:.1e}")
    return count == 0 or site_gap > 1e-12 or pooled_gap > 1e-9

if __name__ == "__main__":
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--benchmark", required=True)
    parser.add_argument("--results", required=True)
    parser.add_argument("sites", nargs="+")
    given = parser.parse_args()
    sys.exit(main(given.benchmark, given.results, *given.sites))
