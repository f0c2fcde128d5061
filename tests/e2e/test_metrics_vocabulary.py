#!/usr/bin/env python3
"""Every id of `medperf-metrics list` is given by the commands that the list names, and by no other.
Use: test_metrics_vocabulary.py [BUILD_DIR]. The last line is "N passed, M failed". Standard library only."""
import csv, io, json, math, pathlib, re, struct, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from metrics_command import TOP, expect, run, run_parts  # noqa: E402


def answer(*words):
    code, said, wrong = run(*words, "--json")
    expect(f"{words[0]} is answered", code == 0, (words, code, wrong))
    return json.loads(said) if code == 0 else {}


def nifti(path, sizes, spacing, label_of):
    """A volume of bytes: label_of(x, y, z)."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *sizes, 1, 1, 1, 1)
    struct.pack_into("<hh", header, 70, 2, 8)
    struct.pack_into("<8f", header, 76, 1, *spacing, 1, 1, 1, 1)
    struct.pack_into("<f", header, 108, 352)
    header[344:348] = b"n+1\0"
    x, y, z = sizes
    path.write_bytes(bytes(header) + bytes(label_of(i, j, k) for k in range(z) for j in range(y) for i in range(x)))
    return path


def counted_regions(work):
    """Two cubes in the reference, of which one is found a column too wide; and one invented."""
    def reference(x, y, z):
        return int((2 <= x < 5 or 12 <= x < 15) and 2 <= y < 5 and 2 <= z < 5)

    def prediction(x, y, z):
        return int((2 <= x < 6 and 2 <= y < 5 and 2 <= z < 5) or (x, y, z) == (18, 9, 9))
    pair = [nifti(work / f"{f.__name__}.nii", (20, 11, 11), (1, 2, 5), f) for f in (prediction, reference)]
    code, said, wrong = run("segmentation", *pair, "--labels", "1", "--metric", "volume,voxel-count,component-count,lesion-count",
                            "--lesion-policy", "brats-2023-gli", "--csv")
    found = {(r["metric"], r["part"]): float(r["value"]) for r in csv.DictReader(io.StringIO(said))}
    expect("voxels by counting", code == 0 and [found["voxel-count", p] for p in ("tp", "fp", "fn", "tn")]
           == [27, 10, 27, 20 * 11 * 11 - 64], (found, wrong))
    expect("volumes in ml", [found["volume", p] for p in ("prediction", "reference")] == [37 * 10 / 1000, 54 * 10 / 1000], found)
    expect("components", [found["component-count", p] for p in ("prediction", "reference")] == [2, 2], found)
    # The policy scores lesions above 50 mm3: both cubes.
    expect("lesions", [found["lesion-count", p] for p in ("found", "missed", "invented")] == [1, 1, 1], found)
    document = answer("segmentation", *pair, "--labels", "1", "--metric", "volume,dice")
    expect("the part is in the JSON, null where there is none", [s["part"] for s in document["summaries"]]
           == ["prediction", "reference", None], document)
    code, _, wrong = run("segmentation", work / "prediction.nii", work / "reference.nii", "--labels", "1", "--metric", "volume",
                         "--summary-file", work / "site.json", "--html", work / "r.html")
    pooled = {f["of"] for f in answer("pool", work / "site.json")["figures"] if f["metric"] == "volume"}
    expect("parts stay apart in summaries", code == 0 and pooled == {"1 prediction", "1 reference"}, (pooled, wrong))


def table(path, heads, rows):
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([heads.split(","), *rows])
    return path


def given_by_tables(work):
    """The documents of each command but those of label maps, over inputs of every kind it takes."""
    n, classes = 60, ("u", "v", "w")
    two = [table(work / f"{m}.csv", "case_id,score", [(i, ((i * k) % 59 + 20 * (i % 2)) / 90) for i in range(n)])
           for m, k in (("a", 37), ("b", 23))]
    labels = table(work / "labels.csv", "case_id,label", [(i, i % 2) for i in range(n)])
    rows = [(i, *(round(w / sum(r), 6) for w in r)) for i in range(n) for r in [[1 + (i * (k + 3)) % 7 for k in range(3)]]]
    several = table(work / "several.csv", "case_id,u,v,w", [(i, a, b, round(1 - a - b, 6)) for i, a, b, _ in rows])
    named = table(work / "named.csv", "case_id,label", [(i, classes[i % 3]) for i in range(n)])
    many = table(work / "many.csv", "case_id,u,v,w", [(i, i % 2, i % 3 // 2, i % 5 // 3) for i in range(n)])
    numbers = table(work / "n.csv", "case_id,prediction,reference", [(i, i + (i * 7) % 5 / 3, i) for i in range(n)])
    values = table(work / "v.csv", "case_id,a,b", [(i, (i * 7) % 11 / 11, (i * 5) % 13 / 13) for i in range(n)])
    counts_of_sites = table(work / "s.csv", "site,tp,fn,tn,fp", [(i, 40 + i, 9 - i, 70 + i, 20) for i in range(4)])
    areas = table(work / "s2.csv", "site,estimate,se,n_positive,n_negative", [(i, .8 + i / 50, .03, 50, 60) for i in range(4)])
    for name, predicted, reference in (("two", two[0], labels), ("classes", several, named), ("labels", several, many)):
        yield "classification", answer("classification", predicted, reference, "--summary-file", work / f"{name}.json")
        yield "pool", answer("pool", work / f"{name}.json")
    yield "regression", answer("regression", numbers)
    yield "values", answer("values", values)
    yield "compare", answer("compare", *two, "--labels", labels)
    yield "compare", answer("compare", values)
    yield "rank", answer("rank", *two, "--labels", labels)
    yield "rank", answer("rank", *two, "--labels", labels, "--metric", "accuracy")
    yield "rank", answer("rank", values, "--metric", "dice")
    yield "noise", answer("noise", two[0], labels, "--bootstrap", "50")
    for sites in ((counts_of_sites,), (areas, "--scale", "logit")):
        document = answer("meta", *sites)
        yield "meta", {"figures": [{"metric": one["of"]} for one in document["figures"]]}


def given_by_label_maps(work, ids):
    def ball(x, y, z):
        return int((x - 6) ** 2 + (y - 5) ** 2 + (z - 5) ** 2 < 10)

    def moved(x, y, z):
        return ball(x - 1, y, z)
    pair = [nifti(work / f"{f.__name__}.nii", (14, 11, 11), (1, 1, 1), f) for f in (moved, ball)]
    document = answer("segmentation", *pair, "--labels", "1", "--metric", ",".join(ids), "--tau", "1", "--lesion-policy",
                      "brats-2023-gli", "--summary-file", work / "site.json")
    yield "segmentation", {"figures": document["summaries"]}
    yield "pool", answer("pool", work / "site.json")


def oracle(name):
    with (TOP / f"src/metrics/tests/oracle/{name}.csv").open() as lines:
        return list(csv.DictReader(lines))


def known_values(work):
    """What scikit-learn, pROC, epiR and scipy say of the fixtures, through the command."""
    ours, pairs, numbers = {}, {}, {}
    for row in oracle("classification_binary"):
        pairs.setdefault(row["set"], []).append(row)
    for row in oracle("regression_pairs"):
        numbers.setdefault(row["set"], []).append(row)
    figures = {"auroc": "auroc", "average_precision": "auprc", "auprc_trapezoid": "auprc-trapezoid", "brier": "brier",
               "log_loss": "log-loss", "balanced_accuracy": "balanced-accuracy", "f1": "f1", "mcc": "mcc", "ece": "ece",
               "lr_positive": "lr-positive", "lr_negative": "lr-negative", "lr.pos": "lr-positive", "lr.neg": "lr-negative",
               "auroc_ovr_macro": "auroc-one-vs-rest", "auroc_ovr_weighted": "auroc-one-vs-rest-weighted",
               "auroc_ovo": "auroc-hand-till", "f1_macro": "f1-macro",
               "f1_micro": "f1-micro", "f1_weighted": "f1-weighted", "kappa_none": "kappa", "kappa_linear": "kappa-linear",
               "kappa_quadratic": "kappa-quadratic", "top_2": "top-k-accuracy", "mae": "mae", "rmse": "rmse", "r2": "r2",
               "pearson": "pearson", "spearman": "spearman", "bias": "bias"}

    def keep(name, document):
        found = {}
        for f in document["figures"]:
            found.setdefault(f["metric"], f)
        for theirs, metric in figures.items():
            if metric in found:
                for end, member in (("", "value"), ("_se", "se"), ("_low", "low"), ("_high", "high")):
                    ours[name, theirs + end] = found[metric][member]
    for name, rows in pairs.items():
        labels = table(work / "l.csv", "case_id,label", [(i, r["positive"]) for i, r in enumerate(rows)])
        both = [table(work / f"{m}.csv", "case_id,score", [(i, r[m]) for i, r in enumerate(rows)]) for m in ("first", "second")]
        keep(name, answer("classification", both[0], labels))
        test = next(f for f in answer("compare", *both, "--labels", labels)["figures"] if f["metric"] == "auroc-difference")
        for theirs, member in (("z", "statistic"), ("p", "p_value"), ("low", "low"), ("high", "high")):
            ours[name, f"delong_{theirs}"] = test[member]
    rows = oracle("classification_classes")
    keep("classes", answer("classification", table(work / "p.csv", "case_id,0,1,2,3", [(i, r["p0"], r["p1"], r["p2"], r["p3"])
                                                                                    for i, r in enumerate(rows)]),
                           table(work / "l.csv", "case_id,label", [(i, r["reference"]) for i, r in enumerate(rows)])))
    for name, rows in numbers.items():
        keep(name, answer("regression", table(work / "n.csv", "case_id,prediction,reference",
                                              [(i, r["predicted"], r["reference"]) for i, r in enumerate(rows)])))
    compared = set()
    for row in (*oracle("classification_python"), *oracle("classification_r")):
        value = ours.get((row["set"], row["quantity"]))
        if value is not None:
            compared.add(row["quantity"])
            expect(f"{row['peer']} {row['set']} {row['quantity']}", abs(value - float(row["value"]))
                   <= 1e-9 * max(1, abs(float(row["value"]))), (value, row))
    expect("enough was compared", {"auprc_trapezoid", "lr_positive", "lr.neg_high", "delong_p", "f1_weighted", "kappa_quadratic",
                                   "top_2", "pearson_low"} <= compared, compared)


def intervals_by_choice(work):
    """Ten of ten positives found, nine of ten negatives; each interval under its own name."""
    cases = [(1, .6 + i / 50) for i in range(10)] + [(0, .1 + i / 30) for i in range(9)] + [(0, .65)]
    predictions = table(work / "p.csv", "case_id,score", [(i, s) for i, (_, s) in enumerate(cases)])
    labels = table(work / "l.csv", "case_id,label", [(i, y) for i, (y, _) in enumerate(cases)])

    def figures(*options):
        document = answer("classification", predictions, labels, *options)
        return {(f["metric"], f["of"]): f for f in document["figures"]}, document["options"]
    plain, said = figures()
    expect("the defaults are said", (said["proportion_interval"], said["auroc_interval"], said["bootstrap_interval"])
           == ("wilson", "delong", "percentile"), said)
    other, said = figures("--proportion-interval", "clopper-pearson", "--auroc-interval", "logit", "--bootstrap-interval", "bca")
    one = other["sensitivity", None]
    expect("exact: all of ten", one["convention"] == "clopper-pearson" and one["high"] == 1
           and abs(one["low"] - .025 ** .1) < 1e-12 and plain["sensitivity", None]["convention"] == "wilson", one)
    area, logit = plain["auroc", None], other["auroc", None]
    half = 1.959963984540054 * area["se"] / (area["value"] * (1 - area["value"]))
    centre = math.log(area["value"] / (1 - area["value"]))
    expect("AUROC on the logit scale", logit["value"] == area["value"] and logit["convention"] == "auroc-mann-whitney-delong-logit"
           and abs(logit["low"] - 1 / (1 + math.exp(half - centre))) < 1e-12
           and abs(logit["high"] - 1 / (1 + math.exp(-half - centre))) < 1e-12, (area, logit))
    expect("BCa where figures are resampled", other["f1", None]["convention"].endswith("bootstrap-bca")
           and plain["f1", None]["convention"].endswith("bootstrap-percentile")
           and other["f1", None]["value"] == plain["f1", None]["value"], (plain["f1", None], other["f1", None]))
    code, _, wrong = run("classification", predictions, labels, "--auroc-interval", "exact")
    expect("another is refused", code == 2 and "logit" in wrong, wrong)


# What a document holds beside its figures, by the id of the vocabulary.
MEMBERS = {"case-count": lambda d: "n_cases" in d, "confusion-count": lambda d: set(d.get("counts", ())) == {"tp", "fp", "tn", "fn"},
           "decision-threshold": lambda d: "threshold" in d.get("options", ())}


def every_id_is_given(work):
    entries = {e["id"]: e for e in json.loads(run("list", "--json")[1])}
    said = {(command, e["id"]) for e in entries.values() for command in e["commands"]}
    of_label_maps = sorted(one for command, one in said if command == "segmentation")
    found = set()
    for command, document in (*given_by_tables(work), *given_by_label_maps(work, of_label_maps)):
        found |= {(command, figure["metric"]) for figure in document["figures"]}
        if command == "classification":
            found |= {(command, one) for one, holds in MEMBERS.items() if holds(document)}
    expect("every id is given by a command", set(entries) == {one for _, one in found},
           set(entries) ^ {one for _, one in found})
    expect("by those that the list names", said <= found, sorted(said - found))
    expect("and by no other", found <= said, sorted(found - said))
    code, text, _ = run("list")
    expect("the list shows them", code == 0 and all(", ".join(entries[i]["commands"]) in line for line in text.splitlines()[2:]
                                                    for i in line.split()[:1]), text)
    expect("and what describes each", "given by: segmentation, pool" in run("describe", "hd95")[1])
    commands = {command for command, _ in said}
    for page in {e["page"] for e in entries.values()}:
        of_page = {c for e in entries.values() if e["page"] == page for c in e["commands"]}
        text = (TOP / "docs/metrics" / page).read_text()
        line = next((one for one in text.splitlines() if one.startswith("**Command.**")), "")
        named = set(re.findall(r"`(?:medperf-metrics )?([a-z]+)[` ]", line)) & commands
        # A page may name the command whose output another one reads.
        expect(f"{page} names the commands", of_page <= named <= of_page | {"segmentation", "classification"}, (of_page, named))


run_parts(counted_regions, known_values, intervals_by_choice, every_id_is_given)
