#!/usr/bin/env python3
"""Recomputes a benchmark's figures from the sites' private predictions; shares no code with the platform.
recompute.py BENCHMARK RESULTS DATASET=WORKSPACE...     RESULTS: of `medperf benchmark results --json`
Exit code 1 if a site's row differs by more than 1e-12 (before rounding) or a pooled figure by more than 1e-9 (1e-6 of
what is pooled in one stage, whose standard error comes from differences there, from second derivatives here)."""
import csv, json, math, pathlib, statistics, sys
from math import cos, exp, fsum, log, log1p, sin, sqrt

NORMAL = statistics.NormalDist().inv_cdf(0.975)

def site_row(labels, scores):  # each case with the finding against each without; variances of DeLong
    assert labels.keys() == scores.keys(), "predictions and labels are not of the same cases"
    sick, well = ([scores[case] for case in labels if labels[case] == label] for label in (1, 0))
    wins = [[(a > b) + (a == b) / 2 for b in well] for a in sick]
    by_sick, by_well = [fsum(row) / len(well) for row in wins], [fsum(row) / len(sick) for row in zip(*wins)]
    auc, se = fsum(by_sick) / len(sick), sqrt(fsum(statistics.variance(v) / len(v) for v in (by_sick, by_well)))
    low, high = (max(0, auc - NORMAL * se), min(1, auc + NORMAL * se)) if se else (None, None)  # no variance, no interval
    return {"n": len(labels), "n_positive": len(sick), "n_negative": len(well),
            "auc": {"value": auc, "se": se, "low": low, "high": high},
            "sensitivity": {"value": sum(a >= 0.5 for a in sick) / len(sick)},
            "specificity": {"value": sum(b < 0.5 for b in well) / len(well)}}

def study(p, cases, se=0):  # logit and its variance; without a standard error p is a share of the cases
    if se: return log(p / (1 - p)), (se / (p * (1 - p))) ** 2
    yes, no = (share * cases + (0.5 if p in (0, 1) else 0) for share in (p, 1 - p))
    return log(yes / no), 1 / yes + 1 / no

def student(df):  # the 0.975 quantile, sqrt(df) tan(a), where a has the density cos(a)^(df - 1)
    def area(n, a): return (a, sin(a))[n] if n < 2 else (cos(a) ** (n - 1) * sin(a) + (n - 1) * area(n - 2, a)) / n
    low, high = 0, math.pi / 2
    while low < (a := (low + high) / 2) < high:
        low, high = (a, high) if area(df - 1, a) < 0.95 * area(df - 1, math.pi / 2) else (low, a)
    return sqrt(df) * math.tan(a)

def pool(studies):  # random effects: REML by its fixed point; Hartung-Knapp interval, q floored at 1
    k, tau2 = len(studies), 0
    for _ in range(5000 if k > 1 else 1):
        weights = [1 / (variance + tau2) for _, variance in studies]
        mean = fsum(w * y for w, (y, _) in zip(weights, studies)) / fsum(weights)
        excess = fsum(w * w * ((y - mean) ** 2 - v) for w, (y, v) in zip(weights, studies))
        tau2 = max(0, excess / fsum(w * w for w in weights) + 1 / fsum(weights))
    q = fsum(w * (y - mean) ** 2 for w, (y, _) in zip(weights, studies)) / max(1, k - 1)
    half = (student(k - 1) if k > 1 else NORMAL) * sqrt(max(1, q) / fsum(weights))
    return {name: 1 / (1 + math.exp(-x)) for name, x in (("value", mean), ("low", mean - half), ("high", mean + half))}

def expit(x): return 1 / (1 + exp(-x))

def likelihood(counts, mu, tau):  # its log, slopes and second derivatives in (mu, tau): sums over z, normal
    value, g, h = 0, [0, 0], [0, 0, 0]
    for x, n in counts:
        step, rows = 0.12 / sqrt(1 + tau * tau * n / 4), []
        for i in range(-int(9 / step), int(9 / step) + 1):
            p = min(max(expit(mu + tau * i * step), 1e-300), 1 - 2 ** -53)
            rows.append((x * log(p) + (n - x) * log1p(-p) - (i * step) ** 2 / 2, x - n * p, n * p * (1 - p), i * step))
        top = max(row[0] for row in rows)
        shares = [exp(row[0] - top) for row in rows]
        def mean(f): return fsum(w * f(r, v, z) for w, (_, r, v, z) in zip(shares, rows)) / fsum(shares)
        a, b = mean(lambda r, v, z: r), mean(lambda r, v, z: r * z)
        value += top + log(fsum(shares) * step)
        g[0], g[1] = g[0] + a, g[1] + b
        for i in range(3): h[i] += mean(lambda r, v, z: (r * r - v) * z ** i) - (a * a, a * b, b * b)[i]
    return value, g, h

def one_stage(counts):  # x ~ Bin(n, expit(mu + tau z)): maximum likelihood by Newton, t(k-1) on the logit scale
    events, total = (fsum(part) for part in zip(*counts))
    p, mu, tau = events / total, log(events / (total - events)), 0
    spread = fsum((x - n * p) ** 2 - n * p * (1 - p) for x, n in counts)  # the slope in tau^2 at 0
    if spread <= 0:
        se = 1 / sqrt(total * p * (1 - p))
    else:
        tau = min(2, max(0.05, sqrt(spread / fsum((n * p * (1 - p)) ** 2 for _, n in counts))))
        for _ in range(100):
            value, (a, b), (aa, ab, bb) = likelihood(counts, mu, tau)
            det = aa * bb - ab * ab
            if not (det > 0 and aa < 0): aa, ab, bb, det = aa - abs(b) - 1, 0, -abs(bb) - 1, (abs(b) + 1 - aa) * (abs(bb) + 1)
            move = [-(bb * a - ab * b) / det, -(aa * b - ab * a) / det]
            while tau + move[1] <= 0 or likelihood(counts, mu + move[0], tau + move[1])[0] < value - 1e-12 * abs(value):
                move = [move[0] / 2, move[1] / 2]
            mu, tau = mu + move[0], tau + move[1]
            if abs(move[0]) + abs(move[1]) < 1e-11: break
        _, _, (aa, ab, bb) = likelihood(counts, mu, tau)
        se = sqrt(-bb / (aa * bb - ab * ab))
    half = student(len(counts) - 1) * se
    return {"value": expit(mu), "low": expit(mu - half), "high": expit(mu + half)}

def proportions(counts):  # in one stage where a site has fewer than 20 events or non-events, unless there are none at all
    few = any(min(x, n - x) < 20 for x, n in counts) and 0 < sum(x for x, _ in counts) < sum(n for _, n in counts)
    if few and len(counts) > 1: return "one-stage-binomial-ml-logit-t", one_stage(counts)
    return "random-effects-reml-logit-hksj", pool([study(x / n, n) for x, n in counts])

def column(file, name):
    return {row["case_id"]: float(row[name]) for row in csv.DictReader(file.read_text().splitlines())}

def gap(ours, theirs):
    if isinstance(ours, dict): return max(gap(ours[key], theirs[key]) for key in ours)
    return abs(ours - theirs) if None not in (ours, theirs) else 0 if ours is theirs else math.inf

def main(benchmark, results, *workspaces):
    homes, site_gaps, pooled_gaps = dict(given.split("=", 1) for given in workspaces), [], []
    for model in json.loads(pathlib.Path(results).read_text())["models"]:
        studies = {"auc": [], "sensitivity": [], "specificity": []}
        for sent in model["sites"]:
            home = pathlib.Path(homes[dataset := str(sent["dataset"])])
            run = home / "runs" / f"{benchmark}-{model['id']}-{dataset}"
            row = site_row(column(home / "datasets" / dataset / "labels" / "labels.csv", "label"),
                           column(run / "predictions" / "predictions.csv", "score"))
            unrounded = json.loads((run / "evaluation" / "results" / "results.yaml").read_text())
            shown = {key: row[key] for key in sent["figures"]}
            site_gaps.append(max(gap(row, unrounded), gap(shown, sent["figures"])))
            for name, cases in (("sensitivity", row["n_positive"]), ("specificity", row["n_negative"])):
                studies[name].append((round(row[name]["value"] * cases), cases))
            studies["auc"].append(study(row["auc"]["value"], min(row["n_positive"], row["n_negative"]), row["auc"]["se"]))
        pooled = {"auc": ("random-effects-reml-logit-hksj", pool(studies["auc"])),
                  **{name: proportions(studies[name]) for name in ("sensitivity", "specificity")}}
        for name, (convention, ours) in pooled.items():
            theirs = model["pooled"]["figures"][name]
            assert theirs["convention"] == convention, (name, theirs["convention"], convention)
            pooled_gaps.append(gap(ours, theirs) / (1000 if convention.startswith("one-stage") else 1))
    worst_site, worst_pooled = max(site_gaps, default=math.inf), max(pooled_gaps, default=math.inf)
    print(f"{len(site_gaps)} rows of {len(pooled_gaps) // 3} models recomputed: largest difference {worst_site:.1e}; "
          f"pooled {worst_pooled:.1e}")
    return worst_site > 1e-12 or worst_pooled > 1e-9

if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
