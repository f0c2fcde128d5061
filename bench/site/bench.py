#!/usr/bin/env python3
"""Measures the data owner's side, each figure beside its peer in the same run.

hashing   a dataset's files, cached, beside OpenSSL's own speed and Python's hashlib; one large file alone
memory    the real client registers a dataset of 10 GB on a real hub: its highest resident memory
engines   a run of a static program that does nothing: ours beside the engine's bare command line, in turns
commands  the same by a whole `medperf container run`, from the start of the process to its exit

What is made lies in /var/tmp (MEDPERF_BENCH_FOLDER) and is removed. Figures of hashing are the best of the repeats, since
whatever else the machine does only adds time; those of runs are medians. Engines need root; one that is missing is named."""
import argparse, contextlib, hashlib, json, os, pathlib, re, shutil, statistics, subprocess, sys, tempfile, time

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = TOP / "build/release/bench/site"
APPS = TOP / "build/release/src/apps"
sys.path += [str(TOP / "tests/support"), str(TOP / "tests/containers")]
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


def one_file(options, work):
    """A file alone has one core: SHA-256 is sequential."""
    tree = work / "one"
    tree.mkdir()
    size = make_tree(tree, 1024 * MIB, 1)
    openssl, ours, peer = [], [], []
    for _ in range(options.repeats):
        openssl.append(openssl_speed(1))
        ours.append(json.loads(subprocess.run([PROGRAMS / "bench_hashing", tree], check=True, stdout=subprocess.PIPE).stdout)["seconds"])
        begin = time.perf_counter()
        hashlib_way(tree)
        peer.append(time.perf_counter() - begin)
    shutil.rmtree(tree)
    report("one file of 1.07 GB alone", size / min(ours) / 1e9, "GB/s")
    report("  share of OpenSSL's own speed on one core", size / min(ours) / max(openssl) * 100, "%")
    report("  over Python's hashlib", min(peer) / min(ours), "x")


def memory(options, work):
    """`medperf dataset submit` of a large tree, and its highest resident memory as the kernel counts it."""
    import small_study
    raw = work / "raw"
    (raw / "labels").mkdir(parents=True)
    (raw / "images").mkdir()
    size = make_tree(raw / "images", int(options.large_gib * 1024) * MIB, options.large_files)
    (raw / "labels/labels.csv").write_text("name,label\n")
    with small_study.Study(str(APPS), models=1) as study:
        workspace = study.new_workspace("hospital")
        command = study.command(workspace, "dataset", "submit", "--yes", "-b", study.benchmark, "--data-path", raw / "images",
                                "--labels-path", raw / "labels", "--name", "data", "--description", "large", "--location", "here")
        begin = time.perf_counter()
        with open(os.devnull, "r+") as null:
            child = subprocess.Popen(command, stdin=null, stdout=null, env=study.environment())
            _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise SystemExit("bench: medperf dataset submit failed")
    print(f"the client registers {size / 1e9:.2f} GB in {options.large_files} files, by a real hub, in {seconds:.1f} s")
    report("  its highest resident memory", usage.ru_maxrss / 1024, "MiB", 64, least=False)
    shutil.rmtree(raw)


@contextlib.contextmanager
def docker_engine(work):
    """A docker engine of the benchmark's own; gives its socket, or None."""
    script = f". '{TOP}/tests/engine/dockerd.sh'; {{}} '{work}/d'"
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        yield None
        return
    up = subprocess.run(["bash", "-c", script.format("start_dockerd")], stdout=subprocess.DEVNULL).returncode == 0
    try:
        yield f"unix://{work}/d/docker.sock" if up else None
    finally:
        subprocess.run(["bash", "-c", script.format("stop_dockerd")])


def one_engine(kind, options, work, socket, repeats):
    """What bench_engines measured, or None with a word why."""
    environment = {**os.environ, **({"DOCKER_HOST": socket} if socket else {})}
    done = subprocess.run([PROGRAMS / "bench_engines", kind, APPS / "medperf-probe", work / "engines",
                           os.environ.get("MEDPERF_CGROUP", ""), str(repeats)],
                          env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode == 0:
        return json.loads(done.stdout)
    print(f"{kind} is missing: {done.stderr.strip()}")
    return None


def engines(options, work):
    with docker_engine(work) as socket:
        for kind in ("podman", "docker", "builtin"):
            if kind == "docker" and not socket:
                print("docker is missing: needs root and dockerd")
                continue
            found = one_engine(kind, options, work, socket, options.runs)
            if not found:
                continue
            ours, bare = statistics.median(found["ours"]), statistics.median(found["bare"])
            peer = "bubblewrap" if kind == "builtin" else kind
            print(f"{found['about']}: {options.runs} runs each, in turns")
            report(f"  bare {peer}, command to exit, median", bare, "ms")
            report(f"  ours, command to exit, median", ours, "ms", 40 if kind == "builtin" else None, least=False)
            report(f"  ours, worst", max(found["ours"]), "ms")
            report(f"  ours over bare {peer}", ours - bare, "ms", 30, least=False)


def commands(options, work):
    """A container's author tries it with `medperf container run`: the same work as an engine's run, and a whole process."""
    import author
    with docker_engine(work) as socket:
        for kind in ("podman", "docker", "builtin"):
            if kind == "docker" and not socket:
                continue
            folder = work / f"author-{kind}"
            folder.mkdir()
            folder.chmod(0o755)
            own = author.Author(folder)
            with open(own.workspace / "config.yaml", "a") as config:
                config.write(f"engine:\n  kind: {kind}\n")
            if socket:
                os.environ["DOCKER_HOST"] = socket
            whole = []
            for turn in range(options.runs // 2 + 2):  # the first proves the walls
                shutil.rmtree(folder / "out", ignore_errors=True)
                begin = time.perf_counter()
                done = own.run('[exit, "0"]')
                whole.append((time.perf_counter() - begin) * 1000)
                if done.returncode != 0:
                    raise SystemExit(f"bench: {kind}: {done.stderr[-2000:]}")
            bare = one_engine(kind, options, work, socket, options.runs // 2)
            report(f"medperf container run on {kind}, whole process, median", statistics.median(whole[2:]), "ms")
            report(f"  over the bare engine", statistics.median(whole[2:]) - statistics.median(bare["bare"]), "ms")


PARTS = {"hashing": hashing, "one-file": one_file, "memory": memory, "engines": engines, "commands": commands}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default=",".join(PARTS), help="which, by commas")
    parser.add_argument("--gib", type=float, default=2, help="size of the tree that is hashed")
    parser.add_argument("--files", type=int, default=400)
    parser.add_argument("--large-gib", type=float, default=9.4, help="size of the tree of part memory")
    parser.add_argument("--large-files", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=30, help="runs of each engine")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="medperf-bench-", dir=os.environ.get("MEDPERF_BENCH_FOLDER", "/var/tmp")))
    work.chmod(0o755)
    try:
        for part in options.parts.split(","):
            PARTS[part](options, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{missed} targets missed")


if __name__ == "__main__":
    main()
