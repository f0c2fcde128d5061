#!/usr/bin/env python3
"""medperf-metrics beyond one model at one site: models compared and ranked, sites pooled, labels doubted. Figures are
those of metafor, scipy and of formulas, through the command. Use: test_metrics_statistics.py [BUILD_DIR]
The last line is "N passed, M failed". Standard library only."""
import csv, io, json, math, pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from metrics_command import TOP, expect, run, run_parts  # noqa: E402

ORACLE = TOP / "src/metrics/tests/oracle"


def answer(*words):
    code, said, wrong = run(*words, "--json")
    expect(f"{words[0]} is answered", code == 0 and wrong == "", (words, code, wrong))
    return json.loads(said) if code == 0 else {"figures": []}


def refused(words, said, code=2):
    got, out, wrong = run(*words)
    expect(f"refused: {said}", got == code and said in wrong and out == "", (words, got, wrong))


def oracle(name):
    with (ORACLE / f"{name}.csv").open() as lines:
        return list(csv.DictReader(lines))


def near(one, other, tolerance):
    return abs(one - other) <= tolerance * max(1.0, abs(other))


def table(path, heads, rows):
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([heads.split(","), *rows])
    return path


def found_in(document):
    """Figures by metric, what they are of and convention."""
    return {(f["metric"], f["of"], f["convention"]): f for f in document["figures"]}


def logit(p):
    return math.log(p / (1 - p))


def site_tables(work):
    """The sets of the metafor fixtures as tables of sites: by name, the file and its options."""
    sets = {}
    for row in oracle("meta_inputs"):
        sets.setdefault(row["set"], []).append(row)
    made = {}
    for name, rows in sets.items():
        if rows[0]["kind"] == "proportion":
            heads, cells = "site,events,n", [(r["events"], r["total"]) for r in rows]
        else:
            heads = "site,estimate,se" + (",n_positive,n_negative" if rows[0]["kind"] == "auc" else "")
            cells = [(r["value"], r["se"], *((10, 10) if rows[0]["kind"] == "auc" else ())) for r in rows]
        file = table(work / f"{name}.csv", heads, [(f"s{i}", *c) for i, c in enumerate(cells)])
        made[name] = (file, rows[0]["scale"])
    return made


def quantity(figure, scale, name, index):
    """One of metafor's figures out of the command's document, on metafor's scale."""
    back = logit if scale == "logit" else float
    many = figure["heterogeneity"]
    read = {"mean": lambda: figure["working_scale"]["effect"], "se": lambda: figure["working_scale"]["se"],
            "low": lambda: back(figure["low"]), "high": lambda: back(figure["high"]),
            "prediction_low": lambda: back(figure["prediction"]["low"]),
            "prediction_high": lambda: back(figure["prediction"]["high"]),
            "weights": lambda: figure["forest"][index]["weight"], "effect": lambda: back(figure["forest"][index]["value"]),
            "leave_one_out": lambda: figure["leave_one_out"][index]["effect"], "tau2": lambda: many["tau2"],
            "tau2_low": lambda: many["tau2_low"], "tau2_high": lambda: many["tau2_high"], "i2": lambda: many["i2_of_tau2"],
            "h2": lambda: many["h2_of_tau2"], "i2_of_q": lambda: many["i2"], "h2_of_q": lambda: many["h2"],
            "q": lambda: many["q"], "q_p": lambda: many["q_p_value"], "fixed": lambda: back(figure["common_effect"])}
    return read[name]() if name in read else None


def meta_equals_metafor(work):
    tables, asked, compared = site_tables(work), {}, 0
    estimators = {"REML": "reml", "DL": "dl", "PM": "pm", "EE": "none", "-": "reml"}
    for row in oracle("meta_metafor"):
        key = (row["set"], row["estimator"], row["interval"])
        file, scale = tables[row["set"]]
        if key not in asked:
            asked[key] = answer("meta", file, "--scale", scale, "--tau2", estimators[row["estimator"]], "--prediction",
                                "interval", "--interval", "wald" if row["interval"] == "z" else "hksj-unfloored")
        ours = quantity(asked[key]["figures"][0], scale, row["quantity"], int(row["index"]))
        if ours is None:
            continue
        compared += 1
        expect(f"metafor's {key} {row['quantity']}", near(ours, float(row["value"]), 1e-6), (ours, row))
    expect("metafor was compared", compared > 700, compared)


def meta_models(work):
    """Counts in one stage and as a pair; the default interval is floored."""
    events, tables = {}, {}
    for row in oracle("binomial_inputs"):
        events.setdefault(row["set"], []).append((row["events"], row["total"]))
    for row in oracle("bivariate_inputs"):
        tables.setdefault(row["set"], []).append((row["tp"], row["fn"], row["tn"], row["fp"]))
    asked = {name: answer("meta", table(work / "e.csv", "site,events,n", [(i, *r) for i, r in enumerate(rows)]))
             for name, rows in events.items()}
    for row in oracle("binomial_scipy"):
        one = asked[row["set"]]["figures"][0]["one_stage"]
        ours = logit(one["value"]) if row["quantity"] == "effect" else one.get(row["quantity"])
        if ours is not None:
            expect(f"scipy's one stage {row['set']} {row['quantity']}", near(ours, float(row["value"]), 1e-5), (one, row))
    asked = {name: answer("meta", table(work / "t.csv", "site,tp,fn,tn,fp", [(i, *r) for i, r in enumerate(rows)]))
             for name, rows in tables.items()}
    for row in oracle("bivariate_metafor"):
        pair, name = asked[row["set"]]["pair"], row["quantity"]
        ours = (logit(pair[name]["value"]) if name in ("sensitivity", "specificity")
                else pair[name[3:]]["se_logit"] if name.startswith("se_")
                else pair["restricted_log_likelihood" if name == "likelihood" else name])
        expect(f"metafor's pair {row['set']} {name}", near(ours, float(row["value"]), 1e-6), (ours, row))
    first = asked[next(iter(tables))]
    expect("few misses are said", "few_events" in first["figures"][0]["warnings"], first["figures"][0]["warnings"])
    agree = table(work / "agree.csv", "site,estimate,se", [("a", 1, 0.1), ("b", 1.01, 0.1), ("c", 0.99, 0.1)])
    plain, bare = (answer("meta", agree, "--scale", "identity", *more)["figures"][0]
                   for more in ((), ("--interval", "hksj-unfloored")))
    expect("floored: sites that agree by luck do not narrow it",
           near(plain["working_scale"]["se"], 0.1 / 3 ** 0.5, 1e-12) and bare["working_scale"]["se"] < 0.01, (plain, bare))
    code, said, _ = run("meta", work / "t.csv", "--csv")
    rows = list(csv.DictReader(io.StringIO(said)))
    sites = len(list(tables.values())[-1])
    expect("CSV has a row a site, and one without each", code == 0
           and sum(r["row"] == "site" for r in rows) == sum(r["row"] == "without" for r in rows) == 2 * sites, said)
    code, said, _ = run("meta", work / "t.csv", "--html", work / "r.html")
    expect("text names model and pair", code == 0 and "random-effects-reml-logit-hksj" in said and "as a pair" in said, said)
    expect("the page has the forest", "Without it" in (work / "r.html").read_text())
    one = answer("meta", table(work / "one.csv", "site,events,n", [("a", 3, 4)]))["figures"][0]
    expect("one site is no pool", one["warnings"][0] == "one_site" and one["leave_one_out"] == []
           and near(one["value"], 0.75, 1e-15), one)


def meta_refusals(work):
    sites = work / "s.csv"
    for heads, row, said in (("site,value,se", ("a", 1, 2), "site,events,n"), ("name,events,n", ("a", 1, 2), "no column site"),
                             ("site,events,n", ("a", 3, 2), "row 1"), ("site,events,n", ("a", "x", 2), "row 1"),
                             ("site,events,n", ("a", 1.5, 2), "row 1"), ("site,events,n", ("", 1, 2), "the site is empty"),
                             ("site,estimate,se", ("a", 1, 2), "--scale"), ("site,tp,fn,tn,fp", ("a", 0, 0, 1, 1), "row 1")):
        refused(("meta", table(sites, heads, [row])), said)
    refused(("meta", table(sites, "site,estimate,se", [("secret", 1, 0.1)]), "--scale", "logit"), "row 1")
    expect("no site is named", "secret" not in run("meta", sites, "--scale", "logit")[2])
    refused(("meta", table(sites, "site,events,n", [("a", 1, 2), ("a", 1, 2)])), "row 2")
    refused(("meta", table(sites, "site,events,n", [])), "no site")
    refused(("meta", work / "none.csv"), "none.csv", 5)
    refused(("meta", sites, "--tau2", "ml"), "reml")


def scores(work, name, values):
    return table(work / f"{name}.csv", "case_id,score", [(f"c{i}", v) for i, v in enumerate(values)])


def delong(first, second, positive):
    """Difference of two areas and its standard error, from the definition."""
    def placed(values, i, kind):
        others = [j for j in range(len(values)) if positive[j] != kind]
        sign = 1 if kind else -1
        return sum(1 if sign * (values[i] - values[j]) > 0 else 0.5 if values[i] == values[j] else 0 for j in others) / len(others)
    variance, mean = 0, 0
    for kind in (1, 0):
        apart = [placed(first, i, kind) - placed(second, i, kind) for i in range(len(first)) if positive[i] == kind]
        mean = sum(apart) / len(apart)
        variance += sum((a - mean) ** 2 for a in apart) / (len(apart) - 1) / len(apart)
    return mean, variance ** 0.5


def compare_scores(work):
    n = 60
    positive = [int((i * i + 3 * i) % 7 < 3) for i in range(n)]
    a = [((i * 37) % 61 + 12 * positive[i]) / 80 for i in range(n)]
    b = [round(((i * 23) % 59 + 25 * positive[i]) / 90, 1) for i in range(n)]
    labels = table(work / "labels.csv", "case_id,label", [(f"c{i}", p) for i, p in enumerate(positive)])
    words = ("compare", scores(work, "a", a), scores(work, "b", b), "--labels", labels)
    document = answer(*words, "--html", work / "r.html")
    found = found_in(document)
    difference, se = delong(a, b, positive)
    area = found["auroc-difference", "a - b", "auroc-difference-delong"]
    expect("DeLong from the definition", near(area["value"], difference, 1e-13) and near(area["se"], se, 1e-13)
           and near(area["statistic"], difference / se, 1e-12)
           and near(area["p_value"], math.erfc(abs(difference / se) / 2 ** 0.5), 1e-12), (area, difference, se))
    expect("its interval", near(area["high"] - difference, 1.959963984540054 * se, 1e-12), area)
    right = [[(s >= 0.5) == bool(p) for s, p in zip(scores_of, positive)] for scores_of in (a, b)]
    only = sorted(sum(x and not y for x, y in zip(*pair)) for pair in (right, right[::-1]))
    point = [math.comb(sum(only), k) / 2 ** sum(only) for k in range(only[0] + 1)]
    exact = found["accuracy-difference", "a - b", "mcnemar-exact"]
    mid = found["accuracy-difference", "a - b", "mcnemar-mid-p"]
    expect("McNemar by counting", only[0] != only[1] and near(exact["p_value"], 2 * sum(point), 1e-12)
           and near(mid["p_value"], 2 * sum(point) - point[-1], 1e-12)
           and near(mid["value"], (sum(right[0]) - sum(right[1])) / n, 1e-15), (exact, mid, only))
    drawn = found["accuracy-difference", "a - b", "paired-bootstrap-percentile"]
    expect("the bootstrap has the interval", drawn["low"] < drawn["value"] < drawn["high"] and drawn["p_value"] > 0, drawn)
    expect("each model beside it", found["auroc", "a", "auroc-mann-whitney-delong"]["value"]
           - found["auroc", "b", "auroc-mann-whitney-delong"]["value"] == area["value"], found.keys())
    expect("any number of threads", answer(*words, "--threads", 1) == answer(*words, "--threads", 3))
    code, said, _ = run(*words, "--csv")
    expect("p values in the CSV", said.startswith("metric,of,value,se,low,high,flag,convention,statistic,p_value\n")
           and len(said.splitlines()) == 1 + len(found), said)
    expect("and on the page", "mcnemar-mid-p" in (work / "r.html").read_text())
    patients = table(work / "patients.csv", "case_id,patient", [(f"c{i}", i // 2) for i in range(n)])
    document = answer(*words, "--patients", patients)
    kinds = {(m, c) for m, of, c in found_in(document) if of == "a - b"}
    expect("repeated patients: drawn, and no test that takes cases as independent", document["n_patients"] == n // 2
           and kinds == {("auroc-difference", "paired-bootstrap-percentile"),
                         ("accuracy-difference", "paired-bootstrap-percentile")}, kinds)
    expect("BCa by name", any(c == "bootstrap-bca" for _, _, c in found_in(answer(*words, "--bootstrap-interval", "bca"))))
    refused(("compare", work / "a.csv", "--labels", labels), "only one")
    refused(("compare", work / "a.csv", work / "b.csv"), "no --metric")
    refused(("compare", work / "a.csv", work / "a.csv", "--labels", labels), "this name")
    scores(work, "b", b[:-1])
    refused(words, "b: labels.csv: row 60")


def compare_classes(work):
    labels = table(work / "labels.csv", "case_id,label", [("x", "u"), ("y", "v"), ("z", "w")])
    for name, rows in (("a", ((8, 1, 1), (1, 8, 1), (8, 1, 1))), ("b", ((8, 1, 1), (8, 1, 1), (8, 1, 1)))):
        table(work / f"{name}.csv", "case_id,u,v,w", [(c, *(v / 10 for v in r)) for c, r in zip("xyz", rows)])
    found = found_in(answer("compare", work / "a.csv", work / "b.csv", "--labels", labels))
    one = found["accuracy-difference", "a - b", "mcnemar-exact"]
    expect("several classes: accuracies", near(one["value"], 1 / 3, 1e-15) and one["p_value"] == 1
           and not any(metric.startswith("auroc") for metric, _, _ in found), one)


def compare_values(work):
    sets = {}
    for row in oracle("paired_scipy"):
        sets.setdefault(row["set"], []).append(row)
    for name, rows in sets.items():
        cases = table(work / "v.csv", "case_id,a,b", [(i, r["difference"], 0) for i, r in enumerate(rows)])
        found = {c: f for (m, _, c), f in found_in(answer("compare", cases, "--metric", "dice")).items()
                 if m == "mean-difference"}
        t, theirs = found["paired-t"], rows[0]
        wilcoxon = next(f for c, f in found.items() if c.startswith("wilcoxon-signed-rank"))
        expect(f"scipy's t and Wilcoxon, {name}", near(t["statistic"], float(theirs["t"]), 1e-9)
               and near(t["p_value"], float(theirs["t_p"]), 1e-9) and near(t["low"], float(theirs["low"]), 1e-9)
               and wilcoxon["statistic"] == float(theirs["sum_positive"])
               and near(wilcoxon["p_value"], float(theirs["wilcoxon_p"]), 1e-9), (found, theirs))
        drawn = found["paired-bootstrap-percentile"]
        expect(f"the bootstrap of {name} is of the same mean", near(drawn["value"], t["value"], 1e-12)
               and 0.75 < drawn["se"] / t["se"] < 1.25, drawn)
    cases = table(work / "v.csv", "case_id,patient,a,b,c", [("1", "p", .9, .8, .7), ("2", "p", .8, "", .6), ("3", "q", .7, .75, .5)])
    refused(("compare", cases), "row 2: a model has no value")
    document = answer("compare", cases, "--missing", "0")
    expect("a penalty stands in, and is counted", document["values"] == {"metric": None, "missing": {"b": 1}, "n_left_out": 0}
           and near(found_in(document)["mean", "b", "mean-t"]["value"], 1.55 / 3, 1e-15), document)
    expect("three pairs, patients drawn", document["n_pairs"] == 3 and document["n_patients"] == 2
           and {c for m, _, c in found_in(document) if m == "mean-difference"} == {"paired-bootstrap-percentile"})
    document = answer("compare", cases, "--missing", "leave-out")
    expect("or the case is left out for all", document["n_cases"] == 2 and document["values"]["n_left_out"] == 1, document)
    refused(("compare", cases, "--missing", "none"), "--missing")
    refused(("compare", cases, "--missing", "0", "--metric", "dise"), "list")
    refused(("compare", table(cases, "case_id,a", [("1", 2)])), "2 are needed")
    refused(("compare", table(cases, "case_id,patient,a,b", [("1", "", 2, 3)])), "row 1: the patient is blank")
    refused(("compare", table(cases, "case_id,a,b", [("1", "nan", 3)])), "row 1")


def compare_label_maps(work):
    """What segmentation wrote of two models, compared and ranked without a table in between."""
    data = TOP / "tests/data/brain-tumour"
    for model in ("scan-20", "isen-20"):
        cases = table(work / "cases.csv", "case_id,prediction,reference,patient",
                      [(site, data / site / f"{model}.nii.gz", data / site / "consensus_simple.nii.gz", site)
                       for site in ("site-a", "site-b")])
        code, _, wrong = run("segmentation", cases, "--region", "WT=1,2,4", "--region", "ET=4", "--metric", "dice,nsd", "--tau", "1,2",
                             "--csv-file", work / f"{model}.csv")
        expect("segmentation writes its cases", code == 0, wrong)
    files = [work / "scan-20.csv", work / "isen-20.csv"]
    known = {(r["site"], r["algorithm"]): float(r["dice"]) for r in csv.DictReader((data / "dice.csv").open()) if r["region"] == "WT"}
    apart = [known[site, "scan-20"] - known[site, "isen-20"] for site in ("site-a", "site-b")]
    found = found_in(answer("compare", *files, "--metric", "dice", "--region", "WT"))
    expect("the mean difference of Dice", near(found["mean-difference", "scan-20 - isen-20", "paired-t"]["value"],
                                               sum(apart) / 2, 1e-14), (found, apart))
    found = answer("rank", *files, "--metric", "nsd", "--region", "WT", "--tau", "2")
    expect("and ranks by another", {one["model"] for one in found["ranks"]} == {"scan-20", "isen-20"}, found)
    refused(("compare", *files, "--metric", "dice"), "--region")
    refused(("compare", *files, "--metric", "nsd", "--region", "WT"), "--tau")
    refused(("compare", *files, "--metric", "hd95", "--region", "WT"), "no case has this figure")
    refused(("compare", *files), "no --metric")
    lines = files[1].read_text().splitlines()
    files[1].write_text("\n".join(line for line in lines if not line.startswith("site-b")) + "\n")
    refused(("compare", *files, "--metric", "dice", "--region", "WT"), "isen-20: its cases")


def ranks(work):
    """Three models far apart, then one of them twice: ties share places and their intervals hold both."""
    wave = [math.sin(7 * i) for i in range(40)]
    rows = [(i, w + 5, w + math.cos(i) / 9, w + math.cos(i) / 9, w - 5) for i, w in enumerate(wave)]
    cases = table(work / "v.csv", "case_id,good,twin,same,bad", rows)
    document = answer("rank", cases, "--better", "higher")
    places = {one["model"]: one for one in document["ranks"]}
    expect("ties share the mean of their places", [places[m]["rank"] for m in ("good", "twin", "same", "bad")] == [1, 2.5, 2.5, 4],
           places)
    expect("intervals are whole places", [(places[m]["low"], places[m]["high"]) for m in ("good", "twin", "bad")]
           == [(1, 1), (2, 3), (4, 4)], places)
    expect("who is first in all resamples", places["good"]["first"] == 1 and places["bad"]["first"] == 0, places)
    found = found_in(document)
    expect("as figures of the vocabulary", found["rank", "twin", "rank-pairwise-max-t"]["low"] == 2
           and near(found["mean", "good", "mean-t"]["value"], sum(wave) / 40 + 5, 1e-13), found)
    lower = {one["model"]: one["rank"] for one in answer("rank", cases, "--metric", "hd95")["ranks"]}
    expect("lower is better for a distance", lower == {"good": 4, "twin": 2.5, "same": 2.5, "bad": 1}, lower)
    for kind in ("percentile", "simultaneous"):
        expect(f"{kind} by name", ("rank", "bad", f"rank-bootstrap-{kind}")
               in found_in(answer("rank", cases, "--metric", "dice", "--interval", kind)))
    expect("any number of threads", run("rank", cases, "--metric", "dice", "--threads", 1)
           == run("rank", cases, "--metric", "dice", "--threads", 3))
    labels = table(work / "labels.csv", "case_id,label", [(f"c{i}", i % 2) for i in range(40)])
    words = ("rank", scores(work, "sure", [i % 2 + i / 100 for i in range(40)]),
             scores(work, "coin", [math.sin(11 * i) for i in range(40)]), "--labels", labels)
    first = {one["model"]: one for one in answer(*words)["ranks"]}
    expect("by AUROC", first["sure"]["value"] == 1 and first["sure"]["rank"] == first["sure"]["high"] == 1, first)
    expect("by accuracy", answer(*words, "--metric", "accuracy")["by"] == "accuracy")
    refused((*words, "--metric", "dice"), "accuracy")
    refused(("rank", cases), "--better")
    refused(("rank", cases, "--metric", "bias"), "--better")


def values(work):
    rows = [(i, "a" if i < 12 else "b" if i < 24 else "c", v) for i, v in enumerate((*range(12), *range(50, 62), 100, 101))]
    cases = table(work / "v.csv", "case_id,group,dice", rows)
    numbers = [r[2] for r in rows]
    mean = sum(numbers) / 26
    se = (sum((v - mean) ** 2 for v in numbers) / 25 / 26) ** 0.5
    document = answer("values", cases, "--metric", "dice", "--quantile", "0.5,0.25")
    found = found_in(document)
    one = found["mean", "dice", "mean-t"]
    expect("Student's interval", near(one["value"], mean, 1e-13) and near(one["se"], se, 1e-13)
           and near(one["high"] - mean, 2.0595385527532946 * se, 1e-9), one)
    median = found["quantile", "dice, 0.5", "quantile-type-7-order-statistics"]
    # P(Bin(26, 1/2) < l) <= 0.025: l = 8, and its mirror: the 8th and the 19th of the sorted values.
    expect("the median between order statistics", median["value"] == 50.5 and (median["low"], median["high"])
           == (sorted(numbers)[7], sorted(numbers)[18]), median)
    groups = {of: f for (m, of, _), f in found.items() if "group" in of}
    expect("each group of enough patients has its mean", groups["dice, group a"]["value"] == 5.5
           and groups["dice, group b"]["value"] == 55.5 and groups["dice, group c"]["flag"] == "group_too_small"
           and groups["dice, group c"]["value"] is None, groups)
    expect("the worst and the gap", document["worst_groups"] == [{"column": "dice", "group": "a", "gap": 50}], document)
    expect("sizes stand beside", document["groups"][2] == {"column": "dice", "group": "c", "n_cases": 2, "n_patients": 2})
    few = answer("values", cases, "--minimum-patients", 2)
    expect("no worst group when no side is better", few["worst_groups"] == []
           and found_in(few)["mean", "dice, group c", "mean-t"]["value"] == 100.5, few)
    for kind in ("percentile", "bca"):
        drawn = found_in(answer("values", cases, "--interval", "bootstrap", "--bootstrap-interval", kind))["mean", "dice", f"bootstrap-{kind}"]
        expect(f"{kind} by name", near(drawn["value"], one["value"], 1e-15) and 0.8 < drawn["se"] / se < 1.2, drawn)
    table(cases, "case_id,patient,dice", [(i, i // 2, v) for i, v in enumerate(numbers)])
    found = found_in(answer("values", cases))
    expect("repeated patients: drawn; no interval that takes cases as independent",
           ("mean", "dice", "bootstrap-percentile") in found
           and found["quantile", "dice, 0.5", "quantile-type-7-order-statistics"]["flag"] == "patients_repeat", found)
    refused(("values", cases, "--quantile", "1.5"), "--quantile")
    refused(("values", table(cases, "case_id,patient", [("1", "p")])), "1 are needed")


def noise(work):
    """80 of 100 positives found, 20 of 200 negatives called; a tenth of the labels wrong."""
    counted = [(1, 0.9)] * 80 + [(1, 0.1)] * 20 + [(0, 0.9)] * 20 + [(0, 0.1)] * 180
    labels = table(work / "labels.csv", "case_id,label", [(f"c{i}", y) for i, (y, _) in enumerate(counted)])
    words = ("noise", scores(work, "p", [s for _, s in counted]), labels, "--share", "0.1", "--bootstrap", "400")
    document = answer(*words)
    found = {(f["metric"], f["of"]): f for f in document["figures"]}
    sensitivity = found["sensitivity", "10 % of labels wrong"]
    expect("sensitivity by hand", near(sensitivity["value"], (80 * .9 + 20 * .1) / (100 * .9 + 200 * .1), 1e-15)
           and near(sensitivity["low"], 80 / 130, 1e-15) and sensitivity["high"] == 1
           and sensitivity["convention"] == "label-noise-flips", sensitivity)
    area = found["auroc", "as given"]["value"]
    alpha, beta = 200 * .1 / (100 * .9 + 200 * .1), 100 * .1 / (200 * .9 + 100 * .1)
    expect("AUROC by formula", near(area, .8 * .9 + .5 * (.8 * .1 + .2 * .9), 1e-13)
           and near(found["auroc", "10 % of labels wrong"]["value"], .5 + (1 - alpha - beta) * (area - .5), 1e-13), found)
    accuracy = found["accuracy", "10 % of labels wrong, simulated"]
    expect("accuracy tends to its formula", abs(accuracy["value"] - (260 / 300 * .9 + 40 / 300 * .1)) < 5 * accuracy["se"] / 20,
           accuracy)
    expect("how many labels that is", document["shares"] == [{"share": 0.1, "flips": 30}], document["shares"])
    expect("any number of threads", answer(*words, "--threads", 1) == answer(*words, "--threads", 3))
    refused(("noise", work / "p.csv", labels, "--share", "0.7"), "--share")


def helps(_):
    for command in ("values", "compare", "rank", "noise", "meta"):
        code, said, _ = run(command, "--help")
        expect(f"help of {command} has an example", code == 0 and f"medperf-metrics {command}" in said, said)


run_parts(meta_equals_metafor, meta_models, meta_refusals, compare_scores, compare_classes, compare_values, compare_label_maps, ranks,
          values, noise, helps)
