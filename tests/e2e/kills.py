#!/usr/bin/env python3
"""Kills the demo's client or hub (-9), or interrupts the whole demo (Ctrl-C), at random moments; the next run must
end with the same table, exactly one finalised result per model and site, and no container left. After a Ctrl-C
nothing of the demo's users runs on.

Moments are spread over the whole demo: each round starts afresh, is struck several times, each time resumed from
where it stood, and then runs to its end. What did not hit anything is tried again in a later round."""
import argparse, json, os, pathlib, pwd, random, signal, sqlite3, subprocess, sys, time

TOP = pathlib.Path(__file__).resolve().parents[2]
STATE = pathlib.Path(os.environ.get("MEDPERF_DEMO_STATE", "/var/lib/medperf-demo"))
PREFIX = os.environ.get("MEDPERF_DEMO_PREFIX", "/opt/medperf-demo")
USERS = os.environ.get("MEDPERF_DEMO_USERS", "medperf-demo-")
SITES, MODELS = 5, 4
passed = failed = 0


def report(name, good, detail=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(f"{'ok  ' if good else 'FAIL'} {name} {detail}", flush=True)


def processes(program):
    """Pids whose executable is the demo's `program`."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.readlink(entry / "exe").split(" ")[0] == f"{PREFIX}/bin/{program}":
                    found.append(int(entry.name))
            except OSError:
                pass
    return found


def left_running(besides=(), seconds=180):
    """What the demo's users still run: programs, containers, the engine's own; but not the programs in `besides`. A guard
    outlives its command by what it takes to clean up, so it is looked again for up to `seconds`."""
    until = time.monotonic() + seconds
    while running(besides) and time.monotonic() < until:
        time.sleep(0.05)
    return running(besides)


def running(besides):
    users = {user.pw_uid for user in pwd.getpwall() if user.pw_name.startswith(USERS)}
    left = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state = (entry / "stat").read_text().rpartition(") ")[2][0]
                program = (entry / "comm").read_text().strip()
                if entry.stat().st_uid in users and state != "Z" and program not in besides:
                    left.append((entry.name, (entry / "cmdline").read_text().replace("\0", " ")[:120]))
            except OSError:
                pass
    return left


def table():
    """The figures without ids, times and the like."""
    def keep(value):
        if isinstance(value, dict):
            return {k: keep(v) for k, v in sorted(value.items())
                    if k not in ("result", "created_at", "finalized_at", "id", "approved_at")}
        return [keep(v) for v in value] if isinstance(value, list) else value
    return keep(json.loads((STATE / "results.json").read_text()))


def differences(one, other, where="$"):
    """The places at which two documents differ, each with both values."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return [found for key in one for found in differences(one[key], other[key], f"{where}.{key}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [found for i, pair in enumerate(zip(one, other)) for found in differences(*pair, f"{where}[{i}]")]
    return [] if one == other else [f"{where}: {one!r} became {other!r}"[:300]]


def results_on_hub():
    """Finalised results by (benchmark, model, dataset), read from the hub's database."""
    copy = sqlite3.connect(f"file:{STATE}/accounts/hub/hub/hub.db?mode=ro", uri=True)
    rows = copy.execute("select benchmark, model, dataset, count(*) from results where finalized = 1 "
                        "group by benchmark, model, dataset").fetchall()
    copy.close()
    return rows


def start(*options):
    return subprocess.Popen([TOP / "demo/run.sh", *options], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                            stdin=subprocess.DEVNULL, start_new_session=True)


def finish():
    for _ in range(3):
        run = subprocess.run([TOP / "demo/run.sh"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             stdin=subprocess.DEVNULL, start_new_session=True)
        if run.returncode == 0:
            return True
        print(f"  exit {run.returncode}: {run.stdout.decode(errors='replace')[-1500:]}")
    return False


def strike(kind, run):
    """Kills one process of the kind, waiting for one to appear, or all of the demo as a terminal does; True when
    something was hit before the demo was over."""
    while run.poll() is None:
        if kind == "interrupt":
            os.killpg(run.pid, signal.SIGINT)
            return True
        victims = processes("medperf" if kind == "client" else "medperf-hub")
        if victims:
            os.kill(random.choice(victims), signal.SIGKILL)
            return True
        time.sleep(0.002)
    return False


def round_of(kinds, length, baseline, number):
    """One demo with a strike of each kind in turn; the kinds that hit nothing, and how long it really takes: less than
    `length`, where a demo was over before its strike."""
    moments = sorted(random.uniform(0.03, 0.97) * length for _ in kinds)
    previous, missed = 0.0, []
    name = f"round {number} ({', '.join(f'{k} at {m:.1f} s' for k, m in zip(kinds, moments))})"
    for i, (kind, moment) in enumerate(zip(kinds, moments)):
        run = start(*(["--fresh"] if i == 0 else []))
        begin = time.time()
        # A resumed demo needs about four seconds to come back to where it was.
        while time.time() - begin < moment - previous + (0 if i == 0 else 4) and run.poll() is None:
            time.sleep(0.01)
        hit = strike(kind, run)
        run.communicate()
        if kind == "interrupt" and run.returncode == 0:
            hit = False  # it was over in that instant
        if not hit:
            missed.append(kind)
            length = min(length, previous + max(time.time() - begin - (0 if i == 0 else 4), 1))
        elif kind == "interrupt":
            left = left_running()
            # Before the demo has its handler, Ctrl-C ends it as any program.
            report(f"{name}: nothing runs on after Ctrl-C", run.returncode in (130, -signal.SIGINT) and not left,
                   f"(exit code {run.returncode}) {left if left else ''}")
        previous = moment
    if not finish():
        report(f"{name}: ends", False)
        return missed, length
    changed = differences(baseline, table())
    report(f"{name}: same table", not changed, "; ".join(changed[:8]))
    rows = results_on_hub()
    report(f"{name}: one result per model and site",
           len(rows) == SITES * MODELS and all(r[3] == 1 for r in rows), f"({len(rows)} pairs)")
    # Rootless podman keeps a catatonit per user, which holds its namespace.
    left = left_running(besides=("catatonit",))
    report(f"{name}: no container left", not left, str(left) if left else "")
    return missed, length


def undisturbed():
    """The table and the duration of a demo that nothing happened to; that of an earlier run, if there is one."""
    seconds = STATE / "demo-seconds"
    if not seconds.exists():
        run = start("--fresh")
        errors = run.communicate()[1].decode(errors="replace")
        if run.returncode != 0:
            print(errors[-2000:])
            sys.exit("the demo fails even when nothing is killed")
    return table(), float(seconds.read_text())


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--client", type=int, default=2)
    arguments.add_argument("--hub", type=int, default=1)
    arguments.add_argument("--interrupt", type=int, default=1)
    arguments.add_argument("--per-round", type=int, default=5)
    arguments.add_argument("--seed", type=int, default=None)
    options = arguments.parse_args()
    # Started in the background, this would ignore Ctrl-C, and so would the demo.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    seed = options.seed if options.seed is not None else random.randrange(1 << 30)
    random.seed(seed)
    print(f"seed {seed}", flush=True)
    baseline, length = undisturbed()
    waiting = ["client"] * options.client + ["hub"] * options.hub + ["interrupt"] * options.interrupt
    random.shuffle(waiting)
    number, rounds = 0, -(-len(waiting) // options.per_round) + 3
    while waiting and number < rounds:
        number += 1
        now, waiting = waiting[:options.per_round], waiting[options.per_round:]
        # One that was measured on a busier machine takes longer than it will.
        missed, length = round_of(now, length, baseline, number)
        waiting += missed
    report(f"every strike hit, in {number} rounds", not waiting, str(waiting) if waiting else "")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0)


main()
