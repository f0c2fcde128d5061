#!/usr/bin/env python3
"""Measures the data owner's side. Part `hashing`: a dataset's files, cached, beside OpenSSL's own speed and Python's hashlib.

The tree is made of random bytes in /var/tmp (MEDPERF_BENCH_FOLDER) and removed. Figures are the best of the repeats, since
whatever else the machine does only adds time; the peers run in between, so that all meet the same machine."""
import argparse, hashlib, json, os, pathlib, re, shutil, subprocess, tempfile, time

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = TOP / "build/bench/bench/site"
MIB = 1 << 20
missed = 0


def report(figure, value, unit, target=None, least=True):
    global missed
    verdict = ""
    if target is not None:
        good = value >= target if least else value <= target
        missed += not good
        verdict = f"{'>=' if least else '<='} {target:g}  {'ok' if good else 'MISSED'}"
    print(f"{figure:72s} {value:10.2f} {unit:6s} {verdict}", flush=True)


def make_tree(folder, size, files):
    """`files` files of about the same size in ten folders, `size` bytes in all."""
    each = size // files
    block = os.urandom(4 * MIB)
    for number in range(files):
        place = folder / f"case-{number % 10}"
        place.mkdir(exist_ok=True)
        with open(place / f"image-{number}.bin", "wb") as out:
            out.write(number.to_bytes(8, "big"))
            left = each - 8
            while left > 0:
                left -= out.write(block[:left])
    return each * files


def openssl_speed(cores):
    """Bytes a second that OpenSSL's own benchmark hashes on so many cores at once."""
    text = subprocess.run(["openssl", "speed", "-seconds", "2", "-bytes", "16384", "-multi", str(cores), "-evp", "sha256"],
                          check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return float(re.findall(r"([\d.]+)k\s*$", text, re.M)[-1]) * 1000


def hashlib_way(folder):
    """The folder's uid with Python's hashlib, one file after another in pieces of 64 KiB."""
    found = []
    for place, _, names in os.walk(folder):
        for name in names:
            one = hashlib.sha256()
            with open(os.path.join(place, name), "rb") as file:
                while piece := file.read(65536):
                    one.update(piece)
            found.append(one.hexdigest())
    whole = hashlib.sha256()
    for digest in sorted(found):
        whole.update(digest.encode())
    return whole.hexdigest()


def hashing(options, work):
    tree = work / "tree"
    tree.mkdir()
    size = make_tree(tree, int(options.gib * 1024) * MIB, options.files)
    cores = os.cpu_count()
    ours, peer, openssl, single = [], [], [], []
    for _ in range(options.repeats):
        openssl.append(openssl_speed(cores))
        ours.append(json.loads(subprocess.run([PROGRAMS / "bench_hashing", tree], check=True, stdout=subprocess.PIPE).stdout))
        single.append(json.loads(subprocess.run([PROGRAMS / "bench_hashing", tree, "1"], check=True, stdout=subprocess.PIPE).stdout))
        begin = time.perf_counter()
        uid = hashlib_way(tree)
        peer.append(time.perf_counter() - begin)
        if uid != ours[-1]["uid"]:
            raise SystemExit("bench: the two uids differ")
    best = min(one["seconds"] for one in ours)
    print(f"hashing {size / 1e9:.2f} GB in {options.files} files, {cores} cores")
    report("OpenSSL's own speed on all cores", max(openssl) / 1e9, "GB/s")
    report("a dataset, all cores", size / best / 1e9, "GB/s")
    report("  share of OpenSSL's own speed", size / best / max(openssl) * 100, "%", 95)
    report("  one thread", size / min(one["seconds"] for one in single) / 1e9, "GB/s")
    report("Python's hashlib, one file after another", size / min(peer) / 1e9, "GB/s")
    report("  ratio", min(peer) / best, "x", 2)
    report("again, nothing touched", min(one["unchanged_seconds"] for one in ours) * 1000, "ms")
    report("peak memory", max(one["peak_kib"] for one in ours) / 1024, "MiB", 64, least=False)


PARTS = {"hashing": hashing}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", default=",".join(PARTS), help="which, by commas")
    parser.add_argument("--gib", type=float, default=2, help="size of the tree that is hashed")
    parser.add_argument("--files", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="medperf-bench-", dir=os.environ.get("MEDPERF_BENCH_FOLDER", "/var/tmp")))
    try:
        for part in options.parts.split(","):
            PARTS[part](options, work)
    finally:
        shutil.rmtree(work)
    print(f"{missed} targets missed")


if __name__ == "__main__":
    main()
