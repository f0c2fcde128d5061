#!/usr/bin/env python3
"""Measures the hub: lists, paced latency, synced writes, TLS, and large tables; on SQLite and on PostgreSQL.

Load generator (wrk), hub and PostgreSQL share this machine's cores. Every request carries a signed token. Figures are
medians over the repeats; CPU is the hub's own (user and system) per request. Prints figure, target and their ratio, and
writes build/bench-hub.json."""
import argparse, json, os, pathlib, platform, shutil, statistics, subprocess, sys, tempfile, time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import hubs, seed

TOP = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = pathlib.Path(__file__).with_name("request.lua")
LISTS = ("benchmarks", "datasets", "models")
MODELS, BENCHMARKS, DATASETS = 40, 64, 2000  # of the small hub
READERS, WRITERS = 32, 16
LARGE_DATASETS, LARGE_RESULTS = 100_000, 1_000_000
rows = []


def report(figure, value, target, unit, least=True):
    """A figure with its target: at least, or at most."""
    good = target is None or (value >= target if least else value <= target)
    ratio = value / target if target else None
    rows.append({"figure": figure, "value": round(value, 3), "unit": unit, "target": target,
                 "bound": "at least" if least else "at most", "met": good})
    bound = "" if target is None else f"{'>=' if least else '<='} {target:>9,g}  x{ratio:5.2f}  {'ok' if good else 'MISSED'}"
    print(f"{figure:66s} {value:11,.1f} {unit:7s} {bound}", flush=True)


def wrk(hub, user, path, connections, seconds, pause=0, extra=(), threads=2):
    begin = hubs.cpu_seconds(hub.process.pid)
    out = subprocess.run(["wrk", "-t", str(min(threads, connections)), "-c", str(connections), "-d", f"{seconds}s", "--latency",
                          "-s", SCRIPT, hub.url + path, "--", hub.folder / f"{user}.token", str(pause), *map(str, extra)],
                         check=True, stdout=subprocess.PIPE, text=True).stdout
    found = json.loads(out.strip().splitlines()[-1])
    if found["errors"] or found["requests"] == 0:
        raise RuntimeError(f"{path}: {found}")
    if found["refused"]:
        raise RuntimeError(f"{path}: the hub refused {found['refused']} of {found['requests']} requests")
    found["rate"] = found["requests"] / found["seconds"]
    found["cpu_us"] = (hubs.cpu_seconds(hub.process.pid) - begin) / found["requests"] * 1e6
    return found


def repeated(options, measure):
    found = [measure(number) for number in range(options.repeats)]
    return {key: statistics.median(one[key] for one in found) for key in found[0]}


def measure_lists(hub, options, least, how):
    """`how`: "made anew" from the database each time, or "given again" because nothing was committed meanwhile."""
    for name in LISTS:
        path = f"/api/v0/{name}/?limit=32&is_valid=True"
        page = hub.ask("hospital", path)
        if len(page["results"]) != 32:
            raise RuntimeError(f"{name}: {len(page['results'])} rows")
        wrk(hub, "hospital", path, READERS, 1)
        peak = repeated(options, lambda _: wrk(hub, "hospital", path, READERS, options.seconds))
        size = peak["bytes"] / peak["requests"] / 1024
        report(f"{hub.name}: {name}, 32 rows ({size:.0f} KiB), {how}, c={READERS}", peak["rate"], least, "req/s")
        report(f"{hub.name}: {name}, {how}, hub's CPU a request", peak["cpu_us"], 110, "us", least=False)
        if name == "benchmarks":
            measure_paced(hub, path, peak["rate"], options, how)


def measure_paced(hub, path, peak, options, how):
    """wrk cannot keep a rate, but each connection can pause: the mean pause that gives 70 % of the peak is searched."""
    pause = READERS / (0.7 * peak) * 1000
    for _ in range(4):
        found = wrk(hub, "hospital", path, READERS, options.seconds, pause)
        share = found["rate"] / peak
        if abs(share - 0.7) < 0.04:
            break
        pause = max(0.1, pause + (1 / (0.7 * peak) - 1 / found["rate"]) * READERS * 1000)
    found = repeated(options, lambda _: wrk(hub, "hospital", path, READERS, options.seconds, pause))
    report(f"{hub.name}: {how}, p99 at {found['rate'] / peak:.0%} of the peak", found["p99"] / 1000, 5, "ms", least=False)


def measure_writes(hub, options, least):
    first = [int(hub.sql(f"SELECT MIN(id) FROM {table}")) for table in ("benchmarks", "models", "datasets")]
    used = 0

    def once(_):
        nonlocal used
        rows_before, syncs = int(hub.sql("SELECT COUNT(*) FROM results")), hub.syncs()
        found = wrk(hub, "hospital", "/api/v0/results/", WRITERS, options.seconds,
                    extra=(BENCHMARKS, MODELS, DATASETS, *first, used))
        used += int(found["requests"] * 2.5) + 1000
        found["syncs"] = hub.syncs() - syncs
        stored = int(hub.sql("SELECT COUNT(*) FROM results")) - rows_before
        # Requests on their way when wrk stops are stored but not counted by it.
        if not found["requests"] <= stored <= found["requests"] + 2 * WRITERS:
            raise RuntimeError(f"{hub.name}: {found['requests']} answers, {stored} rows")
        return found

    found = repeated(options, once)
    report(f"{hub.name}: POST of a result, synced commit, {WRITERS} writers", found["rate"], least, "req/s")
    report(f"{hub.name}: hub's CPU a POST", found["cpu_us"], None, "us")
    report(f"{hub.name}: POSTs for each sync of the disk ({found['syncs']:.0f} syncs counted)",
           found["requests"] / max(found["syncs"], 1), None, "")
    report(f"{hub.name}: p99 of a POST", found["p99"] / 1000, None, "ms")
    return found["rate"]


def small(folder, options, postgres):
    for name, database, reads, writes in (("sqlite", None, 12_000, 6_000), ("postgresql", postgres, 6_000, 1_500)):
        if name not in options.databases:
            continue
        plain = hubs.Hub(folder, name, database)
        plain.sql(seed.registered(MODELS, BENCHMARKS, DATASETS) + seed.associated(("dataset", "model")))
        if database:
            plain.sql("ANALYZE")
        if "lists" in options.parts:
            for how in ("made anew", "given again"):
                plain.start(remembers=how == "given again")
                measure_lists(plain, options, reads, how)
                plain.stop()
        plain.start(remembers=True)
        if "writes" in options.parts:
            measure_writes(plain, options, writes)
        plain.stop()
        if "tls" in options.parts:
            tls = hubs.Hub(folder, name + "_tls", database, tls=True)
            tls.sql(seed.registered(MODELS, BENCHMARKS, DATASETS) + seed.associated(("dataset", "model")))
            path = "/api/v0/benchmarks/?limit=32&is_valid=True"
            for how in ("made anew", "given again"):
                tls.start(remembers=how == "given again")
                found = repeated(options, lambda _: wrk(tls, "hospital", path, READERS, options.seconds))
                report(f"{name}, TLS kept alive: benchmarks, 32 rows, {how}", found["rate"], 0.8 * reads, "req/s")
                tls.stop()
            tls.start(remembers=True)
            measure_writes(tls, options, 0.8 * writes)
            tls.stop()


def large(folder, options, postgres):
    for name, database, most in (("sqlite", None, 10), ("postgresql", postgres, 25)):
        if name not in options.databases:
            continue
        hub = hubs.Hub(folder, name + "_large", database)
        begin = time.monotonic()
        hub.sql(seed.registered(MODELS, BENCHMARKS, LARGE_DATASETS)
                + seed.results(LARGE_RESULTS, MODELS, BENCHMARKS, LARGE_DATASETS))
        if database:
            hub.sql("VACUUM ANALYZE datasets, results")
        print(f"{name}: {LARGE_DATASETS:,} datasets and {LARGE_RESULTS:,} results made in {time.monotonic() - begin:.0f} s", flush=True)
        report(f"{name}, large: start until it answers", hub.start(), 2, "s", least=False)
        settle(hub)
        benchmark = int(hub.sql("SELECT MIN(id) FROM benchmarks")) + 7
        for user, entity, count in (("hospital", "datasets", LARGE_DATASETS), ("chief", "results", LARGE_RESULTS)):
            pages = [("first", "limit=32"), ("middle", f"limit=32&offset={count // 2}"), ("last", f"limit=32&offset={count - 32}"),
                     ("first valid", "limit=32&is_valid=True"), ("middle valid", f"limit=32&is_valid=True&offset={count // 2}")]
            if entity == "results":
                pages += [("of a benchmark", f"benchmark={benchmark}&is_valid=True&limit=32"),
                          ("of a benchmark, middle", f"benchmark={benchmark}&limit=32&offset={count // BENCHMARKS // 2}"),
                          ("by approval", "approval_status=APPROVED&limit=32")]
            for page, query in pages:
                measure_page(hub, user, entity, page, query, most, options)
        report(f"{name}, large: resident memory, highest", hub.memory_mib(), 200, "MiB", least=False)
        hub.stop()


def settle(hub):
    """A hub counts what was stored behind its back in the background; PostgreSQL's autovacuum would come a minute later."""
    for _ in range(600):
        waiting = hub.sql("SELECT COUNT(*) FROM list_changes")
        if int(waiting) == 0:
            break
        time.sleep(0.1)
    if hub.postgres:
        hub.sql("VACUUM ANALYZE")


def measure_page(hub, user, entity, page, query, most, options):
    path = f"/api/v0/{entity}/?{query}"
    where = " AND ".join(f"{key} = {value}" if key == "benchmark" else
                         ("is_valid = 1" if key == "is_valid" else f"{key} = '{value}'")
                         for key, value in (pair.split("=") for pair in query.split("&"))
                         if key not in ("limit", "offset")) or "1 = 1"
    offset = next((pair.split("=")[1] for pair in query.split("&") if pair.startswith("offset")), "0")
    wanted = hub.sql(f"SELECT id FROM {entity} WHERE {where} ORDER BY modified_at, id LIMIT 32 OFFSET {offset}").split()
    answer = hub.ask(user, path)
    exact = int(hub.sql(f"SELECT COUNT(*) FROM {entity} WHERE {where}"))
    if "is_valid" in query and answer["count"] == int(hub.sql(f"SELECT COUNT(*) FROM {entity}")):
        print(f"{hub.name}: {entity}: is_valid is not a filter of this list")
        return
    if answer["count"] != exact or [str(one["id"]) for one in answer["results"]] != wanted:
        raise RuntimeError(f"{path}: count {answer['count']}, not {exact}, or other rows")
    found = repeated(options, lambda _: wrk(hub, user, path, 2, options.seconds))
    report(f"{hub.name}: {entity}, {page}, p99 (exact count {exact:,})", found["p99"] / 1000, most, "ms", least=False)


def hashing_speed():
    """GB of SHA-256 a second on one core: what this machine gives at this moment."""
    out = subprocess.run(["openssl", "speed", "-seconds", "1", "-bytes", "16384", "-evp", "sha256"], check=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return float(out.split()[-1].rstrip("k")) / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", default="lists,writes,tls,large", type=lambda text: text.split(","))
    parser.add_argument("--databases", default="sqlite,postgresql", type=lambda text: text.split(","))
    parser.add_argument("--seconds", default=3, type=int, help="of each run")
    parser.add_argument("--repeats", default=5, type=int)
    options = parser.parse_args()
    processor = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    print(f"Machine: {os.cpu_count()} cores, {processor}, Linux {platform.release()}")
    speed = hashing_speed()
    print(f"One core hashes {speed:.2f} GB/s (SHA-256); a core of this kind that nobody shares about 2. The existing hub: not measured here.")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="medperf-bench-", dir=os.environ.get("MEDPERF_BENCH_FOLDER", "/var/tmp")))
    folder.chmod(0o755)
    postgres = None
    try:
        hubs.build_counter(folder)
        if "postgresql" in options.databases:
            postgres = hubs.Postgres(folder)
        small(folder, options, postgres)
        if "large" in options.parts:
            large(folder, options, postgres)
    finally:
        if postgres:
            postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
    target = TOP / "build/bench-hub.json"
    target.write_text(json.dumps({"cores": os.cpu_count(), "processor": processor, "sha256_gb_s": [speed, hashing_speed()], "figures": rows}, indent=1) + "\n")
    missed = sum(not row["met"] for row in rows)
    print(f"{len(rows)} figures, {missed} targets missed; written to {target.relative_to(TOP)}")


if __name__ == "__main__":
    main()
