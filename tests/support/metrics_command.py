"""The program medperf-metrics for its test scripts: run, counted cases, small images and the real patients' pairs."""
import csv, os, pathlib, struct, subprocess, sys, tempfile, zlib

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
    done = subprocess.run([str(w) for w in (PROGRAM, *words)], capture_output=True, text=True, timeout=900)
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


def run_parts(*parts):
    """Each part in a folder of its own, then the last line; ends the script."""
    if not os.access(PROGRAM, os.X_OK):
        sys.exit(f"{PROGRAM} is missing: build first (./dev build)")
    for part in parts:
        with tempfile.TemporaryDirectory() as folder:
            part(pathlib.Path(folder))
    print(f"{counts[True]} passed, {counts[False]} failed")
    sys.exit(counts[False] > 0)
