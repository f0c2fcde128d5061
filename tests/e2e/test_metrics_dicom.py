#!/usr/bin/env python3
"""The program medperf-metrics on DICOM as its user meets it: segmentations (SEG) and series of slices whose values are
labels, in pairs. What the masks are is known by formula, what they must give by counting.
Use: test_metrics_dicom.py [BUILD_DIR]
The last line is "N passed, M failed". Standard library only."""
import csv, io, json, os, pathlib, struct, subprocess, sys, tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "build/release") / "src/apps/medperf-metrics"
ORACLE = TOP / "src/imaging/tests/oracle/dicom"
COLUMNS, ROWS, SLICES = 12, 10, 5  # of the series of oracle/make_dicom.py, which the SEG objects there are of
FIRST_MM, STEP_MM = 40, 3
counts = {True: 0, False: 0}


def expect(what, holds, detail=""):
    counts[bool(holds)] += 1
    if not holds:
        print(f"FAIL: {what} {detail}")


def run(*words):
    done = subprocess.run([str(w) for w in (PROGRAM, *words)], capture_output=True, text=True, timeout=900)
    return done.returncode, done.stdout, done.stderr


def measured(prediction, reference, labels, metrics, *more):
    """What the CSV says of one pair: {(region, metric): value}, the exit code and the messages."""
    code, said, wrong = run("segmentation", prediction, reference, "--labels", labels, "--metric", metrics, "--csv", *more)
    return {(r["region"], r["metric"]): float(r["value"] or "nan") for r in csv.DictReader(io.StringIO(said))}, code, wrong


def element(group, number, vr, value):
    if isinstance(value, int):
        value = struct.pack("<H", value)
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, list):  # of a sequence
        value = b"".join(struct.pack("<HHI", 0xfffe, 0xe000, len(item)) + item for item in value)
    value += (b"\0" if vr in ("UI", "OB") else b" ") * (len(value) % 2)
    if vr in ("OW", "OB", "SQ"):
        return struct.pack("<HH2sHI", group, number, vr.encode(), 0, len(value)) + value
    return struct.pack("<HH2sH", group, number, vr.encode(), len(value)) + value


def dicom_file(path, sop_class, instance, elements):
    meta = element(2, 2, "UI", sop_class) + element(2, 3, "UI", f"1.2.3.{instance}") + element(2, 0x10, "UI", "1.2.840.10008.1.2.1")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(128) + b"DICM" + element(2, 0, "UL", struct.pack("<I", len(meta))) + meta + b"".join(elements))
    return path


def place(z):
    return element(0x20, 0x32, "DS", f"-30.5\\12.25\\{z}")


def dicom_slice(path, instance, z, rows):
    """A CT slice, explicit little-endian, whose values are labels."""
    ct = "1.2.840.10008.5.1.4.1.1.2"
    return dicom_file(path, ct, instance, (
        element(8, 0x16, "UI", ct), element(8, 0x18, "UI", f"1.2.3.{instance}"), element(8, 0x60, "CS", "CT"),
        element(0x18, 0x50, "DS", "3"), element(0x20, 0xd, "UI", "1.2.3.1"), element(0x20, 0xe, "UI", "1.2.3.2"),
        place(z), element(0x20, 0x37, "DS", "1\\0\\0\\0\\1\\0"), element(0x20, 0x52, "UI", "1.2.3.3"),
        element(0x28, 2, "US", 1), element(0x28, 4, "CS", "MONOCHROME2"), element(0x28, 0x10, "US", len(rows)),
        element(0x28, 0x11, "US", len(rows[0])), element(0x28, 0x30, "DS", "0.8\\0.7"), element(0x28, 0x100, "US", 16),
        element(0x28, 0x101, "US", 12), element(0x28, 0x102, "US", 11), element(0x28, 0x103, "US", 0),
        element(0x7fe0, 0x10, "OW", b"".join(struct.pack("<H", v) for row in rows for v in row))))


def series(folder, label, slices=range(SLICES), first_mm=FIRST_MM):
    for k in slices:
        rows = [[label(i, j, k) for i in range(COLUMNS)] for j in range(ROWS)]
        dicom_slice(folder / f"{90 - k}.dcm", 100 + k, first_mm + STEP_MM * k, rows)  # names against the order of slices
    return folder


def seg(path, masks, first_mm=FIRST_MM, step_mm=STEP_MM, thickness=None, between=None, names=None):
    """A SEG object: masks is {segment: {k: f(i, j)}}, a frame for each slice k that is named."""
    frames = [(number, k, inside) for number, slices in masks.items() for k, inside in slices.items()]
    bits = [inside(i, j) for _, _, inside in frames for j in range(ROWS) for i in range(COLUMNS)]
    packed = bytes(sum(bool(bit) << n for n, bit in enumerate(bits[at:at + 8])) for at in range(0, len(bits), 8))
    measures = b"".join(([element(0x18, 0x50, "DS", str(thickness))] if thickness else []) +
                        ([element(0x18, 0x88, "DS", str(between))] if between else []) +
                        [element(0x28, 0x30, "DS", "0.8\\0.7")])
    storage = "1.2.840.10008.5.1.4.1.1.66.4"
    return dicom_file(path, storage, 500, (
        element(8, 0x16, "UI", storage), element(8, 0x18, "UI", "1.2.3.500"), element(8, 0x60, "CS", "SEG"),
        element(0x20, 0xd, "UI", "1.2.3.1"), element(0x20, 0xe, "UI", "1.2.3.4"), element(0x20, 0x52, "UI", "1.2.3.3"),
        element(0x28, 2, "US", 1), element(0x28, 4, "CS", "MONOCHROME2"), element(0x28, 8, "IS", str(len(frames))),
        element(0x28, 0x10, "US", ROWS), element(0x28, 0x11, "US", COLUMNS), element(0x28, 0x100, "US", 1),
        element(0x28, 0x101, "US", 1), element(0x28, 0x102, "US", 0), element(0x28, 0x103, "US", 0),
        element(0x62, 1, "CS", "BINARY"),
        element(0x62, 2, "SQ", [element(0x62, 4, "US", n) + element(0x62, 5, "LO", (names or {}).get(n, f"part {n}"))
                                for n in masks]),
        element(0x5200, 0x9229, "SQ", [element(0x20, 0x9116, "SQ", [element(0x20, 0x37, "DS", "1\\0\\0\\0\\1\\0")]) +
                                       element(0x28, 0x9110, "SQ", [measures])]),
        element(0x5200, 0x9230, "SQ", [element(0x20, 0x9113, "SQ", [place(first_mm + step_mm * k)]) +
                                       element(0x62, 0xa, "SQ", [element(0x62, 0xb, "US", number)])
                                       for number, k, _ in frames]),
        element(0x7fe0, 0x10, "OB", packed)))


def dice(mine, theirs):
    return 2 * len(mine & theirs) / (len(mine) + len(theirs))


def voxels(masks):
    return {n: {(i, j, k) for k, inside in slices.items() for i in range(COLUMNS) for j in range(ROWS) if inside(i, j)}
            for n, slices in masks.items()}


def oracle_label(i, j, k):
    return 2 if i > 8 and k in (1, 4) else 1 if i + j < 7 and 1 <= k <= 3 else 0


def segmentation_against_its_series(work):
    """The SEG begins at the second of five slices; its series has all of them, and more before and after."""
    moved = lambda i, j, k: oracle_label(i - 1, j, k) if i else 0
    series(work / "r/same", oracle_label)
    series(work / "r/longer", oracle_label, range(-3, SLICES + 2))
    series(work / "r/shifted", moved)
    series(work / "r/elsewhere", oracle_label, first_mm=41)
    (work / "p").mkdir()
    for name in ("same", "longer", "shifted", "elsewhere"):
        (work / f"p/{name}.dcm").write_bytes((ORACLE / "seg.dcm").read_bytes())
    code, said, wrong = run("segmentation", work / "p", work / "r", "--labels", "1,2", "--metric", "dice,hd", "--csv")
    found = {(r["case_id"], r["region"], r["metric"]): r["value"] for r in csv.DictReader(io.StringIO(said))}
    for one in ("1", "2"):
        for case in ("same", "longer"):
            expect(f"a SEG and a series of the same label {one}, {case}", found.get((case, one, "dice")) == "1"
                   and found.get((case, one, "hd")) == "0", (found, wrong))
        every = [(i, j, k) for i in range(COLUMNS) for j in range(ROWS) for k in range(SLICES)]
        mine = {at for at in every if oracle_label(*at) == int(one)}
        theirs = {at for at in every if moved(*at) == int(one)}
        expect(f"Dice of shifted label {one} by counting", mine and
               float(found.get(("shifted", one, "dice")) or "nan") == dice(mine, theirs), found.get(("shifted", one, "dice")))
        expect(f"a shift by one column of 0.7 mm, label {one}", abs(float(found.get(("shifted", one, "hd")) or "nan") - 0.7) < 1e-12,
               found.get(("shifted", one, "hd")))
    expect("a series on another grid is refused, the others are measured", code == 13 and "elsewhere" in wrong
           and "grid" in wrong and "same" not in wrong, (code, wrong))
    code, said, wrong = run("segmentation", ORACLE / "seg.dcm", work / "r/same", "--labels", "1", "--metric", "dice", "--csv",
                            "--html", work / "one.html")
    expect("a file and a folder are one case, with a picture", code == 0 and ",dice,,1,ok," in said
           and "data:image/png" in (work / "one.html").read_text(), (said, wrong))
    found, code, wrong = measured(work / "r/same", ORACLE / "seg.dcm", "1,2", "dice")
    expect("the other way round too", code == 0 and found == {("1", "dice"): 1, ("2", "dice"): 1}, (found, wrong))
    cut = work / "r/same" / "86.dcm"
    cut.write_bytes(cut.read_bytes()[:-40])
    code, _, wrong = run("segmentation", ORACLE / "seg.dcm", work / "r/same", "--labels", "1", "--metric", "dice")
    expect("a slice cut short is an error that names it", code == 13 and "86.dcm" in wrong, (code, wrong))


def false_positives_count(work):
    """Whatever a prediction has in slices that the reference does not have."""
    box = lambda i, j: 2 <= i < 9 and 3 <= j < 7  # 28 voxels
    truth = {1: {k: box for k in (1, 2)}}
    for name, slices in (("after", (1, 2, 3)), ("before", (0, 1, 2)), ("far", (1, 2, 9))):
        more = {1: {k: box for k in slices}}
        for resample in ("refuse", "nearest"):
            wanted = dice(voxels(more)[1], voxels(truth)[1])
            found, code, wrong = measured(seg(work / "p.dcm", more), seg(work / "r.dcm", truth), "1", "dice,voxel-precision",
                                          "--resample", resample)
            expect(f"two SEGs, a slice {name}, {resample}", code == 0 and found.get(("1", "dice")) == wanted
                   and found.get(("1", "voxel-precision")) == 2 / 3, (found, wrong))
            found, code, wrong = measured(seg(work / "p.dcm", more), series(work / name, lambda i, j, k: int(k < 3 and box(i, j)),
                                                                            (1, 2)), "1", "dice,hd", "--resample", resample)
            expect(f"a SEG and a series, a slice {name}, {resample}", code == 0 and found.get(("1", "dice")) == wanted,
                   (found, wrong))
    found, code, wrong = measured(series(work / "all", lambda i, j, k: int(box(i, j))), seg(work / "r.dcm", truth), "1", "dice")
    expect("a series against a SEG", code == 0 and found.get(("1", "dice")) == 2 * 2 / (2 + SLICES), (found, wrong))
    half = seg(work / "half.dcm", {1: {k: box for k in (1, 2, 3)}}, first_mm=FIRST_MM + 1)
    found, code, wrong = measured(half, series(work / "short", lambda i, j, k: int(box(i, j)), (1, 2)), "1", "dice",
                                  "--resample", "nearest")
    expect("resampled, what lies outside fails the case", code == 13 and "28 labelled voxels" in wrong, (code, found, wrong))


def positions_decide_the_step(work):
    box = lambda i, j: 2 <= i < 9 and 3 <= j < 7
    corner = lambda i, j: i < 3 and j < 3
    reference = series(work / "series", lambda i, j, k: int(box(i, j)) if 1 <= k <= 3 else 0)
    for thickness in (1.5, 1.25, None):
        mask = seg(work / "p.dcm", {1: {k: box for k in (1, 2, 3)}}, thickness=thickness)
        other = seg(work / "r.dcm", {1: {k: box for k in (1, 2)}}, thickness=thickness)
        found, code, wrong = measured(mask, other, "1", "hd,panoptic-quality,dice")
        expect(f"thickness {thickness} is no step", code == 0 and found.get(("1", "hd")) == 3
               and abs(found.get(("1", "panoptic-quality"), 0) - 2 / 3) < 1e-12, (found, wrong))
        found, code, wrong = measured(mask, reference, "1", "dice,hd")
        expect(f"on a series with thickness {thickness}", code == 0 and found == {("1", "dice"): 1, ("1", "hd"): 0}, (found, wrong))
    code, said, wrong = run("segmentation", seg(work / "p.dcm", {1: {1: box, 2: box}}, thickness=1.5),
                            seg(work / "r.dcm", {1: {1: box, 2: box}}, thickness=1.5), "--labels", "1", "--json")
    expect("and that is said", code == 0 and "SliceThickness" in said, (said[-600:], wrong))
    found, code, wrong = measured(seg(work / "p.dcm", {1: {1: box, 2: box}}, between=2), seg(work / "r.dcm", {1: {1: box}}, between=2),
                                  "1", "dice")
    expect("a step that contradicts the positions is refused", code == 13 and "SpacingBetweenSlices" in wrong, (code, found, wrong))
    # Slices 0 and 2 of one, 1 and 3 of the other: a grid that has them all.
    found, code, wrong = measured(seg(work / "p.dcm", {1: {0: corner, 2: corner}}), seg(work / "r.dcm", {1: {1: corner, 3: corner}}),
                                  "1", "hd")
    expect("the slices of both decide", code == 0 and found.get(("1", "hd")) == STEP_MM, (found, wrong))


def overlapping_segments(work):
    """A voxel may be of several segments: each region is measured by its own."""
    whole, core, spot = (lambda i, j: i < 8), (lambda i, j: 2 <= i < 10), (lambda i, j: i == 5 or j == 2)
    truth = {1: {1: whole, 2: whole}, 2: {2: core, 3: core}, 7: {k: spot for k in (1, 2, 3)}}
    guess = {1: {1: core, 2: whole}, 2: {2: spot, 3: core}, 7: {k: whole for k in (2, 3)}}
    t, g = voxels(truth), voxels(guess)
    wanted = {"1": dice(g[1], t[1]), "2": dice(g[2], t[2]), "7": dice(g[7], t[7]), "ANY": dice(g[2] | g[7], t[2] | t[7])}
    prediction, reference = seg(work / "p.dcm", guess), seg(work / "r.dcm", truth)
    found, code, wrong = measured(prediction, reference, "1,2,7", "dice", "--region", "ANY=2,7", "--html", work / "a.html")
    expect("regions of overlapping segments by counting", code == 0 and
           found == {(name, "dice"): value for name, value in wanted.items()}, (found, wanted, wrong))
    page = (work / "a.html").read_text() if code == 0 else ""
    expect("pictures of them", page.count("data:image/png") == 4, page.count("data:image/png"))
    flat = {(i, j, k): 1 if whole(i, j) else 0 for i in range(COLUMNS) for j in range(ROWS) for k in range(SLICES)}
    folder = series(work / "series", lambda i, j, k: flat[i, j, k])
    found, code, wrong = measured(folder, reference, "1,2", "dice")
    ones = {at for at, value in flat.items() if value}
    expect("against a map without overlaps", code == 0 and found == {("1", "dice"): dice(ones, t[1]), ("2", "dice"): 0}, (found, wrong))
    found, code, wrong = measured(ORACLE / "seg_overlap.dcm", ORACLE / "seg_overlap.dcm", "1,2", "dice,hd95,panoptic-quality")
    expect("highdicom's own", code == 0 and set(found.values()) == {0, 1}, (found, wrong))


def names_of_segments_are_foreign(work):
    box = lambda i, j: 2 <= i < 9
    mask = seg(work / "\x1b[31mred.dcm", {1: {1: box}, 2: {1: box}}, names={1: "\x1b]0;owned\x07", 2: "plain"}, between=2)
    (work / "\x1b[31mbad.npy").write_bytes(b"\x93NUMPY\x01\0" + struct.pack("<H", 70) +
                                           b"{'descr': '\x1b[2J', 'fortran_order': False, 'shape': (2, 2), }".ljust(69) + b"\n")
    for one in (mask, work / "\x1b[31mbad.npy", work / "\x1b[31mgone.png"):
        code, said, wrong = run("segmentation", one, work / "\x1b[31mgone.dcm", "--labels", "1", "--metric", "dice")
        code, more, worse = run("segmentation", one, one, "--labels", "1", "--metric", "dice", "--spacing", "1,1")
        expect("no escape sequence reaches the terminal", "\x1b" not in said + wrong + more + worse and code in (0, 13), (wrong, worse))


def main():
    if not os.access(PROGRAM, os.X_OK):
        sys.exit(f"{PROGRAM} is missing: build first (./dev build)")
    for part in (segmentation_against_its_series, false_positives_count, positions_decide_the_step, overlapping_segments,
                 names_of_segments_are_foreign):
        with tempfile.TemporaryDirectory() as folder:
            part(pathlib.Path(folder))
    print(f"{counts[True]} passed, {counts[False]} failed")
    sys.exit(counts[False] > 0)


main()
