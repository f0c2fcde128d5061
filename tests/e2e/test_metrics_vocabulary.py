#!/usr/bin/env python3
"""Every id of `medperf-metrics list` is given by the commands that the list names, and by no other.
Use: test_metrics_vocabulary.py [BUILD_DIR]. The last line is "N passed, M failed". Standard library only."""
import csv, io, json, os, pathlib, struct, subprocess, sys, tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "build/release") / "src/apps/medperf-metrics"
counts = {True: 0, False: 0}


def expect(what, holds, detail=""):
    counts[bool(holds)] += 1
    if not holds:
        print(f"FAIL: {what} {detail}")


def run(*words):
    done = subprocess.run([str(w) for w in (PROGRAM, *words)], capture_output=True, text=True, timeout=900)
    return done.returncode, done.stdout, done.stderr


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


def main():
    if not os.access(PROGRAM, os.X_OK):
        sys.exit(f"{PROGRAM} is missing: build first (./dev build)")
    for part in (counted_regions,):
        with tempfile.TemporaryDirectory() as folder:
            part(pathlib.Path(folder))
    print(f"{counts[True]} passed, {counts[False]} failed")
    sys.exit(counts[False] > 0)


main()
