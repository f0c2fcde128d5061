#!/usr/bin/env python3
"""The program medperf-metrics as its user meets it: five algorithms on two real patients in, tables out, and clear
refusals. Use: test_metrics_command.py [BUILD_DIR]
The last line is "N passed, M failed". Standard library only."""
import csv, io, json, pathlib, sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from metrics_command import ALGORITHMS, DATA, REGIONS, case_list, expect, png, run, run_parts  # noqa: E402
from report_page import sound_page, table_of  # noqa: E402


def known_figures(work):
    table = case_list(work)
    code, said, wrong = run("segmentation", table, *REGIONS, "--metric", "dice", "--csv")
    expect("a cohort of real patients is measured", code == 0 and wrong == "", (code, wrong))
    known = {(r["site"] + "/" + r["algorithm"], r["region"]): float(r["dice"])
             for r in csv.DictReader((DATA / "dice.csv").open())}
    found = {(r["case_id"], r["region"]): float(r["value"]) for r in csv.DictReader(io.StringIO(said))}
    expect("every Dice is NumPy's, to the last bit", found == known)
    wanted = ("segmentation", table, *REGIONS, "--tau", "1", "--metric", "dice,hd95,nsd,lesion-dice",
              "--lesion-policy", "brats-2023-gli", "--json")
    first = run(*wanted, "--threads", 1)
    expect("JSON for any number of threads is the same", first == run(*wanted, "--threads", 4))
    document = json.loads(first[1])
    expect("no number is NaN", "NaN" not in first[1] and "Infinity" not in first[1])
    undefined = [s for s in document["summaries"] if s["metric"] == "hd95" and s["region"] == "ET"]
    expect("undefined is counted with its reason", undefined[0]["undefined"] == {"ref_empty": 2}, undefined[0])
    expect("patients are the unit", undefined[0]["n_patients"] == 2 and undefined[0]["n"] == 8, undefined[0])
    expect("each group has its rows", {s["group"] for s in document["summaries"]} == {None, *ALGORITHMS})


def one_bad_case(work):
    table = case_list(work, [("gone", work / "gone.nii.gz", DATA / "site-a/scan-20.nii.gz", "c", "")])
    code, said, wrong = run("segmentation", table, "--labels", "1", "--metric", "dice", "--json-file",
                            work / "answer.json")
    expect("a bad case has an exit code of its own", code == 13, code)
    expect("and is named, with the reason", "case gone failed" in wrong and "gone.nii.gz" in wrong and "no such file" in wrong, wrong)
    expect("the others are measured", "1 dice" in said and " 10 " in said, said)
    document = json.loads((work / "answer.json").read_text())
    expect("the file has both", document["n_failed"] == 1 and document["n_cases"] == 11)
    expect("no progress bar without a terminal", "#" not in wrong and "\r" not in wrong, wrong)


def folders_and_plain_images(work):
    square = [[3 if 2 <= x < 6 and 2 <= y < 6 else 0 for x in range(9)] for y in range(8)]
    moved = [[0] * 9] + square[:-1]
    for name, image in (("a", square), ("b", moved)):
        png(work / "p" / f"{name}.png", image)
        png(work / "r" / f"{name}.png", square)
    png(work / "r" / "c.png", square)
    code, said, wrong = run("segmentation", work / "p", work / "r", "--labels", "3", "--metric", "dice", "--csv")
    expect("folders are matched by name", "a,a,,3,dice,,1,ok" in said and "b,b,,3,dice,,0.75,ok" in said, said)
    expect("a case without a prediction fails", code == 13 and "it has no prediction" in wrong, wrong)
    (work / "r/c.png").unlink()
    code, _, wrong = run("segmentation", work / "p", work / "r", "--labels", "3", "--metric", "hd")
    expect("pixels without a size give no distance", code == 13 and "--spacing" in wrong, wrong)
    code, said, _ = run("segmentation", work / "p/b.png", work / "r/b.png", "--labels", "3", "--metric", "hd",
                        "--spacing", "1,0.5", "--csv")
    expect("with a size they do", code == 0 and ",hd,,0.5,ok," in said, said)
    asked = ("segmentation", work / "p/b.png", work / "r/b.png", "--metric", "panoptic-quality", "--csv")
    for words, row in ((("--labels", "3"), ",3,panoptic-quality,,0.6,ok,panoptic-iou-greedy>0.5/components-8"),
                       (("--labels", "3", "--iou-above", "0.7", "--matching", "optimal", "--connectivity", "6"),
                        ",3,panoptic-quality,,0,ok,panoptic-iou-optimal>0.7/components-4"),
                       (("--instance-maps",), ",instances,panoptic-quality,,0.6,ok,panoptic-iou-greedy>0.5/instances")):
        code, said, wrong = run(*asked, *words)
        expect(f"instances by {words}, and the convention says so", code == 0 and row in said, (said, wrong))


def options_first(work):
    """What an option takes ends with its word, wherever the inputs stand."""
    square = [[3 if 2 <= x < 6 and 2 <= y < 6 else x % 2 for x in range(9)] for y in range(8)]
    png(work / "p.png", square)
    png(work / "r.png", [[1] * 9] + square[:-1])
    inputs = work / "p.png", work / "r.png"
    for options in (("--labels", "1,3"), ("--region", "all=1,3"), ("--region", "a=1", "--region", "b=3"), ("--labels", "3", "--metric", "dice,iou"),
                    ("--labels", "3", "--metric", "nsd", "--spacing", "1,1", "--tau", "1,2"),
                    ("--labels", "3", "--metric", "hd", "--spacing", "1,1,2"), ("--labels", "3", "--metric", "hd", "--spacing", "2,1")):
        options = options if "--metric" in options else (*options, "--metric", "dice")
        last = run("segmentation", *inputs, *options, "--csv")
        # The option under test directly before the inputs, the others after them.
        for i in range(0, len(options), 2):
            first = run("segmentation", *options[:i], *options[i + 2:], *options[i:i + 2], *inputs, "--csv")
            expect(f"{options[i]} before the inputs", last[0] == 0 and sorted(first[1].splitlines()) == sorted(last[1].splitlines()), (first, last))
    for wrong in ("1", "1,2,3,4", "1,x"):
        code, _, said = run("segmentation", "--labels", "3", "--metric", "hd", "--spacing", wrong, *inputs)
        expect(f"--spacing {wrong} is refused", code == 2 and "spacing" in said, (code, said))
    (work / "p.csv").write_text("case_id,score\na,0.9\nb,0.8\nc,0.7\nd,0.1\n")
    (work / "l.csv").write_text("case_id,label\na,1\nb,0\nc,1\nd,0\n")
    code, _, said = run("noise", "--share", "0.1,0.2", work / "p.csv", work / "l.csv")
    expect("--share before the inputs", code == 0, said)
    (work / "v.csv").write_text("case_id,value\na,0.9\nb,0.8\nc,0.7\nd,0.1\n")
    code, _, said = run("values", "--metric", "dice", "--quantile", "0.25,0.75", work / "v.csv")
    expect("--quantile before the inputs", code == 0, said)


def refusals(work):
    table = case_list(work)
    for words, code, said in ((("segmentation", table), 2, "no region is given"),
                              (("segmentation", table, "--labels", "0"), 2, "background"),
                              (("segmentation", table, "--labels", "1", "--metric", "auroc"), 2, "assd, "),
                              (("segmentation", table, "--labels", "1", "--metric", "auroc"), 2, "voxel-sensitivity"),
                              (("segmentation", table, "--labels", "1", "--metric", "nsd"), 2, "--tau"),
                              (("segmentation", table, "--labels", "1", "--metric", "lesion-f1"), 2, "brats-2023-gli"),
                              (("segmentation", table, "--labels", "1", "--resample", "cubic"), 2, "nearest"),
                              (("segmentation", table, "--labels", "1", "--json", "--csv"), 2, "--csv"),
                              (("segmentation", work / "none.csv", "--labels", "1"), 5, "none.csv"),
                              (("segmentation", DATA / "dice.csv", "--labels", "1"), 2, "no column case_id"),
                              (("describe", "dise"), 5, "list"), ((), 2, "--help"), (("make-up",), 2, "--help")):
        got, out, wrong = run(*words)
        expect(f"refused: {words}", got == code and said in wrong and out == "", (got, wrong))


def vocabulary(_):
    code, said, _ = run("list", "--json")
    ids = [one["id"] for one in json.loads(said)]
    expect("the vocabulary is sorted", code == 0 and ids == sorted(ids) and "auroc" in ids)
    for one in ids:
        code, said, wrong = run("describe", one)
        expect(f"the page of {one}", code == 0 and f"`{one}`" in said, (said[:200], wrong))
    for words in ((), ("segmentation",), ("classification",), ("regression",), ("pool",), ("list",), ("describe",)):
        code, said, _ = run(*words, "--help")
        expect(f"help of {words} has an example", code == 0 and "Example" in said, said)


def figures_of(said):
    return {(f["metric"], f["of"]): f for f in json.loads(said)["figures"]}


def classification(work):
    predictions, labels, patients = work / "predictions.csv", work / "labels.csv", work / "patients.csv"
    predictions.write_text("case_id,score\na,0.9\nb,0.8\nc,0.8\nd,0.1\ne,0.3\n")
    labels.write_text("case_id,label\na,1\nb,1\nc,0\nd,0\ne,0\n")
    code, said, wrong = run("classification", predictions, labels, "--json", "--html", work / "r.html")
    found = figures_of(said)
    expect("AUROC of five cases, one tie", code == 0 and found["auroc", None]["value"] == 5.5 / 6, (said, wrong))
    expect("Brier by hand", abs(found["brier", None]["value"] - (0.01 + 0.04 + 0.64 + 0.01 + 0.09) / 5) < 1e-15)
    text = (work / "r.html").read_text()
    expect("ROC curve, reliability diagram, decision curve", len(sound_page("binary", text)) == 3)
    expect("the worst case lies farthest on the wrong side", table_of(text, "worst of 5")[0] == ["c", "0", "0.8", "1", "false alarm"], table_of(text, "worst of 5"))
    expect("net benefit by hand", found["net-benefit", None]["value"] == 2 / 5 - 1 / 5
           and found["net-benefit", "everybody treated"]["value"] == 2 / 5 - 3 / 5
           and len(json.loads(said)["decision_curve"]) == 99, found)
    patients.write_text("case_id,patient\na,p\nb,p\nc,q\nd,r\ne,r\n")
    code, said, _ = run("classification", predictions, labels, "--patients", patients, "--json")
    expect("several cases of a patient: no interval that takes them as independent",
           ("auroc", None) not in figures_of(said) and json.loads(said)["n_patients"] == 3
           and all("of patients" in f["convention"] for f in figures_of(said).values()), said)
    labels.write_text("case_id,label\na,1\nb,1\nc,0\n")
    code, _, wrong = run("classification", predictions, labels)
    expect("a case without a label is refused by row", code == 2 and "row 4" in wrong, wrong)
    predictions.write_text("case_id,red,green,blue\na,0.6,0.3,0.1\nb,0.2,0.5,0.3\nc,0.1,0.2,0.7\nd,0.5,0.3,0.2\n")
    labels.write_text("case_id,label\na,red\nb,green\nc,blue\nd,green\n")
    code, said, wrong = run("classification", predictions, labels, "--json", "--html", work / "r.html")
    found = figures_of(said)
    expect("three classes", code == 0 and found["accuracy", None]["value"] == 0.75
           and found["sensitivity", "class green"]["value"] == 0.5
           and json.loads(said)["confusion"] == [[1, 0, 0], [1, 1, 0], [0, 0, 1]], (said, wrong))
    text = (work / "r.html").read_text()
    pictures = sound_page("multi-class", text)
    expect("the confusion matrix as a picture and a ROC curve of each class", len(pictures) == 4 and "Confusion matrix" in pictures[0]
           and sorted(json.loads(said)["roc_of_each"]) == ["blue", "green", "red"], len(pictures))
    expect("the matrix as a table too", "called green" in text)
    expect("the worst case is that with the least probability of its class", table_of(text, "worst of 4")[0][:3] == ["d", "green", "0.3"], text[-3000:])
    labels.write_text("case_id,label\na,red\nb,green\nc,red\n")
    tied = []
    for first, second in (("red", "green"), ("green", "red")):
        predictions.write_text(f"case_id,{first},{second}\na,0.5,0.5\nb,0.5,0.5\nc,0.5,0.5\n")
        code, said, wrong = run("classification", predictions, labels, "--json")
        tied.append([figures_of(said)[m, None]["value"] for m in ("accuracy", "f1-macro", "kappa")])
    expect("a constant answer gains nothing, in any order of columns", tied[0] == tied[1] and tied[0][0] == 0
           and figures_of(said)["accuracy", None]["tied"] == 3, tied)
    labels.write_text("case_id,label\na,red\nb,green\nc,pink\nd,green\n")
    code, _, wrong = run("classification", predictions, labels)
    expect("a label without a column", code == 2 and "row 3" in wrong and "pink" not in wrong, wrong)


def probabilities_at_the_ends(work):
    """What is said of cases whose probability is 0, 1 or next to it, alone and pooled; the reliability table."""
    predictions, labels, patients = work / "predictions.csv", work / "labels.csv", work / "patients.csv"
    scores = [0, 1, 1e-80, *(i / 25 for i in range(1, 24))]
    predictions.write_text("case_id,score\n" + "".join(f"c{i},{s!r}\n" for i, s in enumerate(scores)))
    labels.write_text("case_id,label\n" + "".join(f"c{i},{int(i % 3 == 0)}\n" for i in range(len(scores))))
    code, said, wrong = run("classification", predictions, labels, "--json", "--summary-file", work / "ends.json")
    expect("a probability of 1e-80 has a summary", code == 0, wrong)
    found = figures_of(said) if code == 0 else {}
    expect("certain and wrong cases are counted beside the log loss",
           found.get(("log-loss", None), {}).get("floored") == 2, found)
    bins = json.loads(said)["reliability"] if code == 0 else []
    first = bins[0] if bins and isinstance(bins[0], dict) else {}
    expect("a bin has its edges, cases and Wilson's interval",
           {k: first.get(k) for k in ("low", "n", "n_positive")} == {"low": 0, "n": 3, "n_positive": 2}
           and sum(bin["n"] for bin in bins) == len(scores)
           and abs(first["event_rate_low"] - 0.2077) < 1e-4 and abs(first["event_rate_high"] - 0.9385) < 1e-4, bins)
    code, said, wrong = run("pool", work / "ends.json", "--json")
    pooled = figures_of(said) if code == 0 else {}
    for metric in ("calibration-slope", "calibration-in-the-large"):
        expect(f"{metric}: none, alone or pooled", found.get((metric, None), {}).get("flag") == "probability_0_or_1"
               and [pooled.get((metric, None), {}).get(k, "") for k in ("value", "flag", "clipped")] == [None, "clipped", 3],
               (found, pooled))
    code, said, wrong = run("pool", work / "ends.json")
    expect("a person reads how many", "clipped (3 cases)" in said, said)
    patients.write_text("case_id,patient\n" + "".join(f"c{i},p{i // 2}\n" for i in range(len(scores))))
    code, said, wrong = run("classification", predictions, labels, "--patients", patients, "--json")
    expect("several cases of a patient: no interval of a bin", code == 0
           and isinstance(json.loads(said)["reliability"][0], dict)
           and json.loads(said)["reliability"][0]["event_rate_low"] is None, (said, wrong))


def blank_patients(work):
    """One rule in every table: a blank patient is an error that names file and row."""
    predictions, labels, patients = work / "predictions.csv", work / "labels.csv", work / "patients.csv"
    labels.write_text("case_id,label\na,1\nb,0\n")
    patients.write_text("case_id,patient\na,p\nb,\n")
    table = work / "cases.csv"
    for said in ("case_id,score\na,0.9\nb,0.8\n", "case_id,0,1\na,0.9,0.1\nb,0.8,0.2\n"):
        predictions.write_text(said)
        code, _, wrong = run("classification", predictions, labels, "--patients", patients)
        expect("classification: a blank patient", code == 2 and "patients.csv: row 2" in wrong and "whole column" in wrong, wrong)
    table.write_text("case_id,prediction,reference,patient\na,1,2,p\nb,4,4,\n")
    code, _, wrong = run("regression", table)
    expect("regression: a blank patient", code == 2 and "row 2" in wrong and "whole column" in wrong, wrong)
    code, _, wrong = run("segmentation", table, "--labels", "1")
    expect("segmentation: a blank patient", code == 2 and "row 2" in wrong and "cases.csv" in wrong and "whole column" in wrong, wrong)
    patients.write_text("")
    code, _, wrong = run("classification", predictions, labels, "--patients", patients)
    expect("an empty table of patients is not none", code == 2 and "patients.csv" in wrong, wrong)


def groups(work):
    """Each group of enough patients has its figures, and the worst is named, whatever the task."""
    predictions, labels, patients = work / "predictions.csv", work / "labels.csv", work / "patients.csv"
    group = lambda i: "A" if i < 24 else "B" if i < 44 else "C" if i < 49 else ""
    cases = range(52)
    patients.write_text("case_id,patient,group\n" + "".join(f"c{i},p{i},{group(i)}\n" for i in cases))
    wrong_ones = {0, 1, 2, 30, 50}          # 3 of 24 in A, 1 of 20 in B
    labels.write_text("case_id,label\n" + "".join(f"c{i},{i % 2}\n" for i in cases))
    predictions.write_text("case_id,score\n" + "".join(f"c{i},{0.9 - i / 1000 if (i % 2) != (i in wrong_ones) else 0.1 + i / 1000}\n" for i in cases))
    words = ("classification", predictions, labels, "--patients", patients)
    code, said, wrong = run(*words, "--json")
    found = figures_of(said) if code == 0 else {}
    document = json.loads(said) if code == 0 else {}
    expect("groups by hand, those without one in none", found.get(("accuracy", "group A"), {}).get("value") == 21 / 24
           and found["accuracy", "group B"]["value"] == 19 / 20 and ("accuracy", "group ") not in found
           and found["accuracy", None]["value"] == 47 / 52, (sorted(map(str, found)), wrong))
    expect("with the intervals of the whole", all(found["accuracy", f"group {g}"]["convention"] == "wilson"
           and found["f1", f"group {g}"]["low"] is not None for g in "AB") if found else False, found)
    few = found.get(("accuracy", "group C"), {})
    expect("a small group has no figure", few.get("value") is None and few.get("flag") == "group_too_small", few)
    expect("but its size is told", document.get("groups") == [{"group": "A", "n_cases": 24, "n_patients": 24},
           {"group": "B", "n_cases": 20, "n_patients": 20}, {"group": "C", "n_cases": 5, "n_patients": 5}], document.get("groups"))
    worst = {(w["metric"], w["of"]): w for w in document.get("worst_groups", [])}
    expect("the worst group and the gap", worst.get(("accuracy", None), {}).get("group") == "A"
           and abs(worst["accuracy", None]["gap"] - (19 / 20 - 21 / 24)) < 1e-15 and worst["brier", None]["group"] == "A"
           and ("calibration-slope", None) not in worst, worst)
    code, said, wrong = run(*words, "--json", "--minimum-patients", 5)
    expect("a smaller minimum, if one asks for it", code == 0 and figures_of(said)["accuracy", "group C"]["value"] == 1, wrong)
    code, said, wrong = run(*words, "--csv", "--html", work / "r.html")
    expect("groups are in the table of figures and on the page", ",group A," in said
           and "group A" in (work / "r.html").read_text(), (said[:300], wrong))
    code, said, wrong = run(*words)
    expect("a person reads the worst group", "Worst group" in said, said[-400:])
    predictions.write_text("case_id,0,1\n" + "".join(f"c{i},{0.2 if (i % 2) != (i in wrong_ones) else 0.8},{0.8 if (i % 2) != (i in wrong_ones) else 0.2}\n" for i in cases))
    code, said, wrong = run(*words, "--json", "--bootstrap", 100)
    expect("of several classes", code == 0 and figures_of(said).get(("accuracy", "group A"), {}).get("value") == 21 / 24
           and ("sensitivity", "class 1, group B") in figures_of(said), wrong)
    labels.write_text("case_id,0,1\n" + "".join(f"c{i},{1 - i % 2},{i % 2}\n" for i in cases))
    code, said, wrong = run(*words, "--json", "--bootstrap", 100)
    expect("of several labels", code == 0 and figures_of(said).get(("subset-accuracy", "group A"), {}).get("value") == 21 / 24
           and ("f1", "label 1, group B") in figures_of(said), wrong)
    table = work / "numbers.csv"
    table.write_text("case_id,prediction,reference,group\n" + "".join(f"c{i},{i + (2 if group(i) == 'A' else 1)},{i},{group(i)}\n" for i in cases))
    code, said, wrong = run("regression", table, "--json", "--bootstrap", 100)
    found = figures_of(said) if code == 0 else {}
    worst = {(w["metric"], w["of"]): w for w in json.loads(said).get("worst_groups", [])} if code == 0 else {}
    expect("of numbers: large errors are worse", found.get(("mae", "group A"), {}).get("value") == 2
           and found["mae", "group B"]["value"] == 1 and worst["mae", None]["group"] == "A" and worst["mae", None]["gap"] == 1
           and ("bias", None) not in worst, (worst, wrong))


def groups_of_label_maps(work):
    table = case_list(work)
    words = ("segmentation", table, *REGIONS, "--metric", "dice,hd95", "--json")
    code, said, wrong = run(*words)
    rows = json.loads(said)["summaries"]
    of_groups = [r for r in rows if r["group"]]
    expect("groups of two patients have no figure", all(r["mean"]["value"] is None and r["mean"]["flag"] == "group_too_small"
           and r["median"] is None and r["n_cases"] == 2 for r in of_groups), of_groups[0])
    expect("and none is the worst", all(r["worst_group"] is None and r["gap"] is None for r in rows if not r["group"]), rows[0])
    code, said, wrong = run(*words, "--minimum-patients", 2)
    rows = json.loads(said)["summaries"]
    whole = {(r["metric"], r["region"]): r for r in rows if not r["group"]}
    for metric, better in (("dice", max), ("hd95", min)):
        means = {r["group"]: r["mean"]["value"] for r in rows if r["group"] and r["metric"] == metric and r["region"] == "WT"}
        worst = (min if better is max else max)(means, key=means.get)
        expect(f"the worst group by {metric}", whole[metric, "WT"]["worst_group"] == worst and abs(
            whole[metric, "WT"]["gap"] - abs(max(means.values()) - min(means.values()))) < 1e-15, (means, whole[metric, "WT"]))
    code, said, wrong = run(*words[:-1], "--minimum-patients", 2)
    expect("a person reads the worst group", "Worst group" in said and "WT dice" in said, said)


def several_labels(work):
    predictions, labels, patients = work / "predictions.csv", work / "labels.csv", work / "patients.csv"
    predictions.write_text("case_id,mass,fluid\na,0.9,0.2\nb,0.4,0.7\nc,0.6,0.8\n")
    labels.write_text("case_id,fluid,mass\nc,0,0\na,0,1\nb,1,0\n")
    code, said, wrong = run("classification", predictions, labels, "--json", "--html", work / "r.html")
    found = figures_of(said) if code == 0 else {}
    expect("several labels by hand, whatever the order of columns and rows", code == 0
           and found["subset-accuracy", None]["value"] == 2 / 3 and found["hamming-loss", None]["value"] == 2 / 6
           and found["f1-micro-labels", None]["value"] == 4 / 6 and found["auroc-macro-labels", None]["value"] == 0.75
           and json.loads(said)["labels"]["fluid"] == {"tp": 1, "fp": 1, "tn": 1, "fn": 0}, (said, wrong))
    expect("common figures have the bootstrap's interval", found["hamming-loss", None]["low"] is not None, found)
    text = (work / "r.html").read_text()
    expect("a ROC curve of each label", len(sound_page("multi-label", text)) == 2)
    expect("the worst case has the most wrong labels", table_of(text, "worst of 3")[0] == ["c", "-", "mass, fluid", "2"], table_of(text, "worst of 3"))
    patients.write_text("case_id,patient\na,p\nb,p\nc,q\n")
    code, said, _ = run("classification", predictions, labels, "--patients", patients, "--json")
    expect("several cases of a patient: the interval of a label is that of patients",
           figures_of(said)["specificity", "label mass"]["convention"] == "bootstrap-percentile of patients"
           and figures_of(said)["specificity", "label mass"]["low"] is not None, said)
    labels.write_text("case_id,fluid,mass\nc,0,2\na,0,1\nb,1,0\n")
    code, _, wrong = run("classification", predictions, labels)
    expect("a label that is neither 0 nor 1", code == 2 and "row 1" in wrong, wrong)
    labels.write_text("case_id,fluid,bone\nc,0,0\na,0,1\nb,1,0\n")
    code, _, wrong = run("classification", predictions, labels)
    expect("labels without a column", code == 2 and "columns" in wrong and "bone" not in wrong, wrong)


def pooling(work):
    """Three sites' summaries pooled in any order and grouping are one machine's."""
    cases = [(f"c{i}", (i * 37 % 101 + 1) / 103, int((i * 53 + i * i) % 7 < 3)) for i in range(90)]

    def summary(name, part):
        (work / "p.csv").write_text("case_id,score\n" + "".join(f"{c},{s!r}\n" for c, s, _ in part))
        (work / "l.csv").write_text("case_id,label\n" + "".join(f"{c},{y}\n" for c, _, y in part))
        code, said, wrong = run("classification", work / "p.csv", work / "l.csv", "--json", "--summary-file", work / name)
        expect(f"{name} is written", code == 0, wrong)
        return said
    summary("a.json", cases[:20]), summary("b.json", cases[20:65]), summary("c.json", cases[65:])
    alone = figures_of(summary("all.json", cases))
    text = (work / "a.json").read_text()
    expect("no case is in a summary", '"c1' not in text and "case_id" not in text)
    code, said, wrong = run("pool", work / "a.json", work / "b.json", work / "c.json", "--json", "--html", work / "r.html")
    pooled = figures_of(said) if code == 0 else {}
    expect("three sites", code == 0 and json.loads(said)["n_sites"] == 3 and json.loads(said)["n_cases"] == 90, wrong)
    for (metric, of), figure in pooled.items():
        same = alone.get((metric, of))
        if same:
            expect(f"{metric}: that of all cases", abs(figure["value"] - same["value"]) <= figure["bound"] + 1e-13,
                   (figure, same))
            expect(f"{metric}: has an interval if that has one by formula", same["low"] is None
                   or "bootstrap" in same["convention"] or figure["low"] is not None)
    expect("among them AUROC, Dice's kin and calibration", {("auroc", None), ("brier", None), ("ece", None),
           ("calibration-slope", None), ("sensitivity", None)} <= set(pooled), pooled)
    code, other, _ = run("pool", work / "all.json", "--json")
    expect("equal to one machine's summary but for the number of sites", json.loads(other)["figures"]
           == json.loads(said)["figures"])
    run("pool", work / "c.json", work / "a.json", "--summary-file", work / "ca.json")
    code, grouped, wrong = run("pool", work / "b.json", work / "ca.json", "--json")
    expect("in another order and grouping the same", code == 0 and grouped == said, wrong)
    sound_page("pooled", (work / "r.html").read_text())
    code, _, wrong = run("pool", work / "a.json", work / "b.json", work / "a.json")
    expect("a site counts once", code == 2 and "each site once" in wrong, (code, wrong))
    code, _, wrong = run("pool", work / "a.json", work / "r.html")
    expect("what is no summary is named", code == 2 and "r.html" in wrong, wrong)
    (work / "b.json").write_text((work / "b.json").read_text().replace('"n_cases":45', '"n_cases":44'))
    code, _, wrong = run("pool", work / "a.json", work / "b.json")
    expect("a summary that does not add up is refused", code == 2 and "b.json" in wrong, wrong)
    table = case_list(work)
    for site, rows in (("one", 6), ("two", 11)):
        lines = table.read_text().splitlines()
        (work / f"{site}.csv").write_text("\n".join([lines[0], *lines[rows - 5:rows]]) + "\n")
        code, _, wrong = run("segmentation", work / f"{site}.csv", *REGIONS, "--metric", "dice", "--summary-file",
                             work / f"{site}.json")
        expect(f"label maps of site {site}", code == 0, wrong)
    code, said, wrong = run("pool", work / "one.json", work / "two.json", "--json")
    code, all_cases, _ = run("segmentation", table, *REGIONS, "--metric", "dice", "--json")
    means = {s["region"]: s["mean"]["value"] for s in json.loads(all_cases)["summaries"] if s["group"] is None}
    found = figures_of(said)
    expect("pooled Dice is that of all cases", all(abs(found["dice", r]["value"] - m) < 1e-14 for r, m in means.items()),
           (found, means))
    expect("one patient, five cases: no interval", found["dice", "WT"]["low"] is None
           and found["dice", "WT"]["flag"] == "patients_repeat" and found["dice-micro", "WT"]["value"] > 0.5, found)
    code, _, wrong = run("pool", work / "one.json", work / "a.json")
    expect("other kinds are a conflict", code == 6 and "rules" in wrong, (code, wrong))


def regression(work):
    table = work / "volumes.csv"
    table.write_text("case_id,prediction,reference\na,1,2\nb,4,4\nc,7,5\nd,9,10\n")
    code, said, wrong = run("regression", table, "--json", "--html", work / "r.html")
    found = figures_of(said)
    expect("errors by hand", code == 0 and found["mae", None]["value"] == 1 and found["bias", None]["value"] == 0
           and abs(found["rmse", None]["value"] - 1.5 ** 0.5) < 1e-15, (said, wrong))
    half = (found["limits-of-agreement", "upper"]["value"] - found["limits-of-agreement", "lower"]["value"]) / 2
    expect("limits by hand", abs(half - 1.959963984540054 * 2 ** 0.5) < 1e-12, half)
    text = (work / "r.html").read_text()
    expect("Bland-Altman plot", len(sound_page("regression", text)) == 1)
    expect("the worst case differs the most, to either side", table_of(text, "worst of 4")[0] == ["c", "7", "5", "2"]
           and [r[0] for r in table_of(text, "All 4 cases")] == ["a", "b", "c", "d"], table_of(text, "worst of 4"))
    many = work / "many.csv"
    many.write_text("case_id,prediction,reference\n" + "".join(f"c{i},{i * 37 % 101},{i * 53 % 97}\n" for i in range(5100)))
    code, _, wrong = run("regression", many, "--html", work / "r.html", "--bootstrap", "50")
    text = (work / "r.html").read_text()
    expect("what is left out is said", "first 5000 of 5100 cases are drawn" in text and "The first 2000 of 5100 cases" in text, (code, wrong))
    table.write_text("case_id,prediction,reference,patient\na,1,2,p\nb,4,4,p\nc,7,5,q\nd,9,10,r\n")
    code, said, _ = run("regression", table, "--json")
    expect("patients are the unit", json.loads(said)["n_patients"] == 3
           and json.loads(said)["intervals"] == "bootstrap of patients", said)
    # Sites' summaries, pooled: as one machine.
    rows = [f"c{i},{i * 37 % 23 / 8},{i * 29 % 19 / 8}" for i in range(40)]
    for name, part in (("a", rows[:13]), ("b", rows[13:]), ("all", rows)):
        table.write_text("case_id,prediction,reference\n" + "\n".join(part) + "\n")
        code, said, wrong = run("regression", table, "--json", "--summary-file", work / f"{name}.json")
        expect(f"the summary of {name}", code == 0 and "c1" not in (work / f"{name}.json").read_text(), wrong)
    alone = figures_of(said) if code == 0 else {}
    code, said, wrong = run("pool", work / "a.json", work / "b.json", "--json")
    pooled = figures_of(said) if code == 0 else {}
    expect("pooled errors are those of one list", {m for m, _ in pooled} == {"mae", "bias", "rmse"} and all(
        abs(f["value"] - alone[key]["value"]) < 1e-14 for key, f in pooled.items()), (pooled, alone, wrong))
    expect("with the same intervals", pooled and all(
        abs(pooled[m, None][k] - alone[m, None][k]) < 1e-13 for m in ("mae", "bias") for k in ("low", "high")), pooled)
    # Their means differ by one bit, or by as little as doubles of this size can: the plot's axis must end all the same.
    for name, rows in (("a bit", "a,0.1,0.5\nb,0.2,0.4\nc,0.4,0.2\nd,0.5,0.1\n"), ("2 in 1e16", "a,1e16,1e16\nb,10000000000000002,10000000000000002\n")):
        table.write_text("case_id,prediction,reference\n" + rows)
        code, _, wrong = run("regression", table, "--html", work / "r.html")
        expect(f"means that differ by {name} are a page", code == 0 and len(sound_page("narrow", (work / "r.html").read_text())) == 1, wrong)
    table.write_text("case_id,prediction,reference\na,1,2\nb,nan,4\n")
    code, _, wrong = run("regression", table)
    expect("a number that is none is refused by row", code == 2 and "row 2" in wrong, wrong)


run_parts(known_figures, one_bad_case, folders_and_plain_images, options_first, refusals, classification, blank_patients, groups,
          groups_of_label_maps, probabilities_at_the_ends, several_labels, pooling, regression, vocabulary)
