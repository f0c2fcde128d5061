#!/usr/bin/env python3
"""The program medperf-metrics as its user meets it: five algorithms on two real patients in, tables out, and clear
refusals. Use: test_metrics_command.py [BUILD_DIR]
The last line is "N passed, M failed". Standard library only."""
import base64, csv, hashlib, html.parser, io, json, os, pathlib, re, struct, subprocess, sys, tempfile, zlib
import xml.etree.ElementTree

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "build/release") / "src/apps/medperf-metrics"
DATA = TOP / "tests/data/brain-tumour"
ALGORITHMS = ("hnfnetv1-20", "isen-20", "sanet0-20", "scan-20", "yixinmpl-20")
REGIONS = ("--region", "WT=1,2,4", "--region", "TC=1,4", "--region", "ET=4")
counts = {True: 0, False: 0}


def expect(what, holds, detail=""):
    counts[bool(holds)] += 1
    if not holds:
        print(f"FAIL: {what} {detail}")


def run(*words):
    done = subprocess.run([str(w) for w in (PROGRAM, *words)], capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


def png(path, rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    raw = b"".join(b"\0" + bytes(row) for row in rows)
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) +
                     chunk(b"IEND", b""))


def case_list(work, extra=()):
    rows = [("case_id", "prediction", "reference", "patient", "group")]
    for site in ("site-a", "site-b"):
        for algorithm in ALGORITHMS:
            rows.append((f"{site}/{algorithm}", DATA / site / f"{algorithm}.nii.gz",
                         DATA / site / "consensus_simple.nii.gz", site, algorithm))
    table = work / "cases.csv"
    with table.open("w", newline="") as out:
        csv.writer(out).writerows(rows + list(extra))
    return table


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
    expect("and is named, with the reason", "gone.nii.gz" in wrong and "no such file" in wrong, wrong)
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


class Page(html.parser.HTMLParser):
    """What a reader with a screen reader, a keyboard or a strict browser would stumble over."""
    VOID = {"meta", "br", "img", "line", "rect", "circle", "path", "image", "polyline"}

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.wrong, self.levels = [], [], [], []
        self.feed(text)
        self.wrong += [f"<{tag}> stays open" for tag in self.open]

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append((tag, given))
        if tag not in self.VOID:
            self.open.append(tag)
        self.wrong += [f"{tag} {name}" for name in given if name.startswith("on") or name == "style"]
        for name in ("src", "href"):
            if not given.get(name, "data:").startswith("data:"):
                self.wrong.append(f"{tag} {name} leads outside")
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if tag == "th" and "scope" not in given:
            self.wrong.append("th without scope")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in self.VOID and (not self.open or self.open.pop() != tag):
            self.wrong.append(f"</{tag}> closes nothing")

    def count(self, wanted):
        return sum(tag == wanted for tag, _ in self.tags)


def contrast(one, other):
    def light(colour):
        parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
        parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def sound_page(name, text):
    page = Page(text)
    expect(f"{name}: markup is sound, nothing leads outside", not page.wrong, page.wrong[:3])
    expect(f"{name}: no script", "<script" not in text.lower() and page.count("script") == 0)
    style = re.search(r"<style>(.*?)</style>", text, re.S).group(1)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    expect(f"{name}: the policy allows its own style and nothing else",
           f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:" in text)
    expect(f"{name}: headings follow each other", page.levels and page.levels[0] == 1 and page.levels.count(1) == 1
           and all(b - a <= 1 for a, b in zip(page.levels, page.levels[1:])), page.levels)
    expect(f"{name}: every table has a caption", page.count("table") == page.count("caption") > 0)
    pictures = re.findall(r"<svg.*?</svg>", text, re.S)
    for picture in pictures:
        root = xml.etree.ElementTree.fromstring(picture)
        expect(f"{name}: a picture says what it shows", root.get("role") == "img"
               and root.find("{http://www.w3.org/2000/svg}title").text)
    expect(f"{name}: for phones and in a language", "width=device-width" in text and '<html lang="en">' in text)
    scrolls = [given for tag, given in page.tags if given.get("class") == "scroll"]
    expect(f"{name}: wide tables scroll by keyboard", scrolls and all(g.get("tabindex") == "0" and g.get("aria-label")
                                                                      for g in scrolls))
    for colour in re.findall(r"(?<![-\w])color:(#[0-9a-f]{6})", style):
        expect(f"{name}: {colour} on white and on heads", min(contrast(colour, "#ffffff"),
                                                              contrast(colour, "#eef1f4")) >= 4.5)
    return pictures


def report(work):
    evil = '<img src=x onerror=alert(1)>"\'&'
    table = case_list(work, [(evil, DATA / "site-b/scan-20.nii.gz", DATA / "site-b/consensus_simple.nii.gz", "b", evil),
                             ("gone", work / "<b>.nii.gz", DATA / "site-b/consensus_simple.nii.gz", "c", "")])
    code, _, wrong = run("segmentation", table, *REGIONS, "--tau", "1", "--html", work / "one.html")
    expect("a report with a failed case", code == 13, (code, wrong))
    text = (work / "one.html").read_text()
    pictures = sound_page("segmentation", text)
    expect("a box plot for each metric, worst cases of each region", len(pictures) == 3 + 9, len(pictures))
    expect("worst cases have pictures", sum("data:image/png;base64," in p for p in pictures) == 9)
    expect("what comes from outside is text", evil not in text and "&lt;img src=x onerror=alert(1)&gt;" in text
           and "&lt;b&gt;.nii.gz" in text)
    run("segmentation", table, *REGIONS, "--tau", "1", "--html", work / "two.html", "--threads", 3)
    expect("the same report again", (work / "two.html").read_text() == text)


def refusals(work):
    table = case_list(work)
    for words, code, said in ((("segmentation", table), 2, "no region is given"),
                              (("segmentation", table, "--labels", "0"), 2, "background"),
                              (("segmentation", table, "--labels", "1", "--metric", "auroc"), 2, "list"),
                              (("segmentation", table, "--labels", "1", "--metric", "nsd"), 2, "--tau"),
                              (("segmentation", table, "--labels", "1", "--metric", "lesion-f1"), 2, "brats-2023-gli"),
                              (("segmentation", table, "--labels", "1", "--resample", "cubic"), 2, "nearest"),
                              (("segmentation", table, "--labels", "1", "--json", "--csv"), 2, "--csv"),
                              (("segmentation", work / "none.csv", "--labels", "1"), 5, "none.csv"),
                              (("segmentation", DATA / "dice.csv", "--labels", "1"), 2, "case_id,prediction"),
                              (("describe", "dise"), 5, "list"), ((), 2, "--help"), (("make-up",), 2, "--help")):
        got, out, wrong = run(*words)
        expect(f"refused: {words}", got == code and said in wrong and out == "", (got, wrong))


def vocabulary():
    code, said, _ = run("list", "--json")
    ids = [one["id"] for one in json.loads(said)]
    expect("the vocabulary is sorted", code == 0 and ids == sorted(ids) and "auroc" in ids)
    for one in ids:
        code, said, wrong = run("describe", one)
        expect(f"the page of {one}", code == 0 and f"`{one}`" in said, (said[:200], wrong))
    for words in ((), ("segmentation",), ("classification",), ("regression",), ("list",), ("describe",)):
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
    expect("ROC curve and reliability diagram", len(sound_page("binary", (work / "r.html").read_text())) == 2)
    patients.write_text("case_id,patient\na,p\nb,p\nc,q\nd,r\ne,r\n")
    code, said, _ = run("classification", predictions, labels, "--patients", patients, "--json")
    expect("several cases of a patient: no interval that takes them as independent",
           ("auroc", None) not in figures_of(said) and json.loads(said)["n_patients"] == 3, said)
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
    sound_page("multi-class", (work / "r.html").read_text())
    labels.write_text("case_id,label\na,red\nb,green\nc,pink\nd,green\n")
    code, _, wrong = run("classification", predictions, labels)
    expect("a label without a column", code == 2 and "row 3" in wrong and "pink" not in wrong, wrong)


def regression(work):
    table = work / "volumes.csv"
    table.write_text("case_id,prediction,reference\na,1,2\nb,4,4\nc,7,5\nd,9,10\n")
    code, said, wrong = run("regression", table, "--json", "--html", work / "r.html")
    found = figures_of(said)
    expect("errors by hand", code == 0 and found["mae", None]["value"] == 1 and found["bias", None]["value"] == 0
           and abs(found["rmse", None]["value"] - 1.5 ** 0.5) < 1e-15, (said, wrong))
    half = (found["limits-of-agreement", "upper"]["value"] - found["limits-of-agreement", "lower"]["value"]) / 2
    expect("limits by hand", abs(half - 1.959963984540054 * 2 ** 0.5) < 1e-12, half)
    expect("Bland-Altman plot", len(sound_page("regression", (work / "r.html").read_text())) == 1)
    table.write_text("case_id,prediction,reference,patient\na,1,2,p\nb,4,4,p\nc,7,5,q\nd,9,10,r\n")
    code, said, _ = run("regression", table, "--json")
    expect("patients are the unit", json.loads(said)["n_patients"] == 3
           and json.loads(said)["intervals"] == "bootstrap of patients", said)
    table.write_text("case_id,prediction,reference\na,1,2\nb,nan,4\n")
    code, _, wrong = run("regression", table)
    expect("a number that is none is refused by row", code == 2 and "row 2" in wrong, wrong)


def main():
    if not os.access(PROGRAM, os.X_OK):
        sys.exit(f"{PROGRAM} is missing: build first (./dev build)")
    for part in (known_figures, one_bad_case, folders_and_plain_images, report, refusals, classification, regression):
        with tempfile.TemporaryDirectory() as folder:
            part(pathlib.Path(folder))
    vocabulary()
    print(f"{counts[True]} passed, {counts[False]} failed")
    sys.exit(counts[False] > 0)


main()
