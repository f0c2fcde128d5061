#!/usr/bin/env python3
"""The pages that medperf-metrics writes: whole, bounded, legible, and saying what they leave out.
Use: test_metrics_report.py [BUILD_DIR]
The last line is "N passed, M failed". Standard library only."""
import pathlib, re, sys, zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from metrics_command import DATA, REGIONS, case_list, expect, png, run, run_parts  # noqa: E402
from report_page import sound_page  # noqa: E402


def many_classes(work):
    """Of fifty classes the page shows as many as have room, and says so."""
    classes = [f"class-{i}" for i in range(50)]
    rows = [(f"c{i}", i % 50, i * 7 % 50 if i % 3 else i % 50) for i in range(400)]
    (work / "p.csv").write_text("case_id," + ",".join(classes) + "\n" + "".join(
        f"{c}," + ",".join("0.51" if k == called else "0.01" for k in range(50)) + "\n" for c, _, called in rows))
    (work / "l.csv").write_text("case_id,label\n" + "".join(f"{c},class-{truth}\n" for c, truth, _ in rows))
    code, _, wrong = run("classification", work / "p.csv", work / "l.csv", "--html", work / "r.html", "--bootstrap", "20")
    text = (work / "r.html").read_text() if code == 0 else ""
    pictures = sound_page("fifty classes", text) if text else []
    expect("nine curves and a map of forty", len(pictures) == 10 and "9 of 50" in text and "40 classes with the most cases of 50" in text, (len(pictures), wrong))


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


def worst_cases(work):
    """Cases without a value are the worst, of a signed metric those farthest from its ideal; the page stays small and says what it leaves out."""
    def square(side):
        return [[3 if x < side and y < side else 0 for x in range(30)] for y in range(30)]
    for name, side in (("exact", 10), ("empty", 0), ("small", 9), ("large", 25), ("fair", 11)):
        png(work / "p" / f"{name}.png", square(side))
        png(work / "r" / f"{name}.png", square(10))

    def shown(*metric):
        code, _, wrong = run("segmentation", work / "p", work / "r", "--labels", "3", "--spacing", "1,1", *metric, "--html", work / "w.html")
        expect(f"a page by {metric}", code == 0, wrong)
        text = (work / "w.html").read_text()
        return text, re.findall("<title>([a-z]+): region", text)
    text, cases = shown("--metric", "hd95")
    expect("the empty prediction is the worst case by HD95", cases == ["empty", "large", "fair", "small"] or cases[:2] == ["empty", "large"], cases)
    expect("and it is said that it has no value", "1 case is without a value" in text, cases)
    _, cases = shown("--metric", "relative-volume-difference")
    expect("too large a volume is as bad as too small a one", cases[:2] == ["large", "empty"], cases)
    text, cases = shown("--metric", "volume")
    expect("no volume is worse than another", not cases and "None of its metrics" in text, cases)
    for path in [*(work / "p").iterdir(), *(work / "r").iterdir()]:
        path.unlink()
    noise = [zlib.crc32(bytes([i % 251, i // 251 % 251, i // 63001])) for i in range(1000 * 1000)]
    for side, bit in (("p", 7), ("r", 13)):
        png(work / side / "noise.png", [[noise[y * 1000 + x] >> bit & 1 for x in range(1000)] for y in range(1000)])
    code, _, wrong = run("segmentation", work / "p", work / "r", "--labels", "1", "--metric", "dice", "--html", work / "w.html")
    text = (work / "w.html").read_text()
    expect("a noisy case is a small picture, and the page says so", len(text) < 400_000 and "3 x 3 voxels" in text and "too ragged" in text, len(text))
    rows = "".join(f"c{i},{work}/p/gone{i}.png,{work}/r/noise.png\n" for i in range(210))
    (work / "many.csv").write_text("case_id,prediction,reference\n" + rows)
    run("segmentation", work / "many.csv", "--labels", "1", "--metric", "dice", "--html", work / "w.html")
    expect("failures beyond those shown are said", "first 200 of 210 cases" in (work / "w.html").read_text())
    png(work / "s/one.png", square(10))
    rows = "".join(f"c{i},{work}/s/one.png,{work}/s/one.png\n" for i in range(510))
    (work / "many.csv").write_text("case_id,prediction,reference\n" + rows)
    run("segmentation", work / "many.csv", "--labels", "3", "--metric", "dice", "--html", work / "w.html")
    expect("dots beyond those drawn are said", "only the first 500 of up to 510" in (work / "w.html").read_text())


run_parts(report, worst_cases, many_classes)
