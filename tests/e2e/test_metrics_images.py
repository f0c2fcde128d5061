#!/usr/bin/env python3
"""The program medperf-metrics on images as its user meets them: DICOM segmentations (SEG) and series of slices whose
values are labels, NIfTI and PNG, links and strangers. What the masks are is known by formula, what they must give by counting.
Use: test_metrics_images.py [BUILD_DIR]
The last line is "N passed, M failed". Standard library only."""
import csv, gzip, io, pathlib, struct, sys, zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from metrics_command import TOP, expect, run, run_parts  # noqa: E402

ORACLE = TOP / "src/imaging/tests/oracle/dicom"
COLUMNS, ROWS, SLICES = 12, 10, 5  # of the series of oracle/make_dicom.py, which the SEG objects there are of
FIRST_MM, STEP_MM = 40, 3


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
    code, said, wrong = run("segmentation", seg(work / "p.dcm", {1: {1: box, 2: box, 3: box}}, thickness=1.5),
                            seg(work / "r.dcm", {1: {1: box, 2: box}}, thickness=1.5), "--labels", "1", "--json")
    expect("and that is said", code == 0 and "SliceThickness" in said, (said[-600:], wrong))
    found, code, wrong = measured(seg(work / "p.dcm", {1: {1: box, 2: box}}, between=2), seg(work / "r.dcm", {1: {1: box}}, between=2),
                                  "1", "dice")
    expect("a step that contradicts the positions is refused", code == 13 and "SpacingBetweenSlices" in wrong, (code, found, wrong))
    few = seg(work / "p.dcm", {1: {1: box, 9: box}}, thickness=3)
    found, code, wrong = measured(few, few, "1", "dice")
    expect("slices far apart may have others between them", code == 13 and "between them" in wrong, (code, found, wrong))
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
    _, code, said = measured(prediction, reference, "1", "panoptic-quality", "--instance-maps")
    expect("overlapping segments are no instances", code == 13 and "share voxels" in said, (code, said))
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


def nifti(path, size, voxels, slope=0.0, spacing=(1, 1, 1)):
    """Bytes on an upright grid; two or three sizes make so many dimensions."""
    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into("<8h", head, 40, len(size), *size, *[1] * (7 - len(size)))
    struct.pack_into("<2h", head, 70, 2, 8)
    struct.pack_into("<4f", head, 76, 1, *spacing)
    struct.pack_into("<2f", head, 108, 352, slope)
    head[123] = 2
    struct.pack_into("<h", head, 254, 1)
    for row in range(3):
        struct.pack_into("<f", head, 280 + 16 * row + 4 * row, spacing[row])
    head[344:348] = b"n+1\0"
    content = bytes(head) + bytes(voxels)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content, 9, mtime=0) if path.suffix == ".gz" else content)
    return path


def png(path, bits, rows):
    """Grey of few bits: each row packed, the first pixel in the highest bits."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    packed = b""
    for row in rows:
        line = "".join(format(value, f"0{bits}b") for value in row)
        packed += b"\0" + bytes(int(line[at:at + 8].ljust(8, "0"), 2) for at in range(0, len(line), 8))
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), bits, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(packed)) + chunk(b"IEND", b""))
    return path


def plain_files(work):
    square = [1 if 2 <= x < 6 and 2 <= y < 6 else 0 for y in range(8) for x in range(9)]
    flat, slice_ = nifti(work / "flat.nii", (9, 8), square), nifti(work / "slice.nii", (9, 8, 1), square, spacing=(1, 1, 5))
    for resample in ("refuse", "nearest"):
        for pair in ((flat, slice_), (slice_, flat)):
            found, code, wrong = measured(*pair, "1", "dice,hd", "--resample", resample)
            expect(f"(nx, ny) and (nx, ny, 1) are one grid, {resample}", code == 0 and found == {("1", "dice"): 1, ("1", "hd"): 0},
                   (found, wrong))
    rows = [square[9 * y:9 * y + 9] for y in range(8)]
    for bits in (1, 2, 4):
        mask = png(work / f"mask{bits}.png", bits, rows)
        found, code, wrong = measured(mask, png(work / "bytes.png", 8, rows), "1", "dice")
        expect(f"a PNG mask of {bits} bits has its own numbers", code == 0 and found == {("1", "dice"): 1}, (found, wrong))
    for name in ("mask.PNG", "mask.mha", "mask.nrrd"):
        (work / name).write_bytes((work / "bytes.png").read_bytes())
        _, code, wrong = measured(work / name, work / "bytes.png", "1", "dice")
        expect(f"{name}: the endings that are read are named", code == 13 and name in wrong and ".nii.gz" in wrong
               and ".png" in wrong, wrong)
    tiny = [nifti(work / f"um{step}.nii", (9, 8, 2), square * 2, spacing=(step, step, step)) for step in (0.00025, 0.0003)]
    _, code, wrong = measured(*tiny, "1", "dice")
    expect("a quarter of a micrometre is not 0.3", code == 13 and "spacing" in wrong, (code, wrong))
    lost = nifti(work / "lost.nii", (9, 8, 3), [0] * 144 + square)
    found, code, wrong = measured(lost, nifti(work / "two.nii", (9, 8, 2), square * 2), "1", "dice", "--resample", "nearest")
    expect("what lies outside of the reference's grid is not left out", code == 13 and "16 labelled voxels" in wrong, (found, wrong))


def links(work):
    """As datalad and others keep files: names that lead to a store."""
    square = [1 if 2 <= x < 6 else 0 for y in range(8) for x in range(9)]
    store = work / "store"
    nifti(store / "a", (9, 8, 1), square)
    series(store / "s", lambda i, j, k: int(i < 5))
    for side in ("p", "r"):
        (work / side / "series").mkdir(parents=True)
        (work / side / "case.nii").symlink_to("../store/a")
        for file in (store / "s").iterdir():
            (work / side / "series" / file.name).symlink_to(file)
        (work / side / "series" / ".DS_Store").write_text("left behind")
    (work / "table.csv").write_text("case_id,prediction,reference\na,p/case.nii,r/case.nii\nb,p/series,r/series\n")
    (work / "link.csv").symlink_to("table.csv")
    code, said, wrong = run("segmentation", work / "p", work / "r", "--labels", "1", "--metric", "dice", "--json")
    expect("links are followed", code == 0 and said.count('"value": 1.0') >= 2 and "left behind" not in said, (code, wrong))
    expect("what was passed over is said", ".DS_Store is hidden" in said, said[-800:])
    code, _, wrong = run("segmentation", work / "link.csv", "--labels", "1", "--metric", "dice")
    expect("a table too", code == 0, (code, wrong))
    (work / "r/case.nii").unlink()
    (work / "r/case.nii").symlink_to("../store/gone")
    code, _, wrong = run("segmentation", work / "p", work / "r", "--labels", "1", "--metric", "dice")
    expect("a link to nothing says so", code == 13 and "link to what is not there" in wrong, (code, wrong))
    (work / "p/series/README").write_text("no image")
    code, _, wrong = run("segmentation", work / "table.csv", "--labels", "1", "--metric", "dice")
    expect("a stranger in a series is named", code == 13 and "README" in wrong, (code, wrong))


def large_files(work):
    """What a file of kilobytes may cost."""
    voxels = bytes(200 * 200 * 100)
    for name, slope in (("plain", 0.0), ("scaled", 2.0)):
        path = nifti(work / f"{name}.nii.gz", (200, 200, 100), voxels, slope)
        code, said, wrong = run("segmentation", path, path, "--labels", "1", "--metric", "dice", "--largest-map", "4")
        expect(f"4 MB fit 4 MiB, {name}", code == 0, (code, wrong))
        code, said, wrong = run("segmentation", path, path, "--labels", "1", "--metric", "dice", "--largest-map", "3")
        expect(f"and not 3, {name}", code == 13 and "--largest-map" in wrong, (code, wrong))
    small = nifti(work / "small.nii", (9, 8, 1), [1] * 72)
    code, said, wrong = run("segmentation", work / "plain.nii.gz", small, "--labels", "1", "--metric", "dice")
    expect("another grid is found by the header", code == 13 and "different grids" in wrong, (code, wrong))
    box = lambda i, j: i < 5
    far = seg(work / "far.dcm", {1: {0: box, 4_000_000: box}}, between=3)
    code, said, wrong = run("segmentation", far, seg(work / "near.dcm", {1: {0: box}}, between=3), "--labels", "1", "--metric", "dice",
                            "--largest-map", "400")
    expect("frames that lie far apart are held against the limit", code == 13 and "--largest-map" in wrong, (code, wrong))


run_parts(segmentation_against_its_series, false_positives_count, positions_decide_the_step, overlapping_segments,
          names_of_segments_are_foreign, plain_files, links, large_files)
