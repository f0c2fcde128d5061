#!/usr/bin/env python3
"""kill -9 of the client at random points of prepare, infer and evaluate, with real containers: the outputs are always
those of an undisturbed run, no work is repeated beyond the step that was struck, nothing half-written is taken for
whole, and no container is left.

client_kills.py [FOLDER] [--times N] [--seed S]: the folder with medperf and medperf-hub. Root, podman."""
import argparse
import os
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import real_hub  # noqa: E402
import small_study  # noqa: E402
import strikes  # noqa: E402

MODELS, SHARDS = 2, 2
passed = failed = 0


def case(name, good, detail=""):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print("FAIL %s: %s" % (name, detail), flush=True)
    return good


def undisturbed(work):
    workspace = work.fresh("undisturbed")
    began = time.monotonic()
    client = work.start(workspace)
    said = client.communicate(timeout=900)[0]
    case("undisturbed: %s" % work.words[1], client.returncode == work.code, said[-2000:])
    seconds = time.monotonic() - began
    truth = work.outputs(workspace), work.steps(workspace), len(strikes.log_lines(workspace, "run"))
    strikes.tidy(workspace)
    print("undisturbed %s: %.1f s" % (work.words[1], seconds))
    return truth, seconds


def struck(work, number, moment, truth):
    """One strike after `moment` seconds; then the command again, to its end. Gives None, or how long the command had taken
    when it was over before the strike."""
    expected, steps, runs = truth
    workspace = work.fresh("strike")
    name = "%s, strike %d at %.2f s" % (work.words[1], number, moment)
    client = work.start(workspace)
    begin = time.monotonic()
    while client.poll() is None and time.monotonic() - begin < moment:
        time.sleep(0.002)
    took = None if client.poll() is None else time.monotonic() - begin
    client.kill()
    client.communicate()
    client = work.start(workspace)
    said = client.communicate(timeout=900)[0]
    case("%s: ends" % name, client.returncode == work.code, said[-2000:])
    found = work.outputs(workspace)
    case("%s: same outputs" % name, found == expected, [k for k in expected if found[k] != expected[k]])
    noted = work.steps(workspace)
    case("%s: the same steps, each once" % name, noted == steps, set(noted.items()) ^ set(steps.items()))
    again = len(strikes.log_lines(workspace, "run"))
    case("%s: what ended is not run again" % name, again <= runs + 1, (again, runs))
    case("%s: nothing half-written stays" % name, not work.left_over(workspace), work.left_over(workspace))
    left = small_study.left_running(workspace)
    case("%s: no container left" % name, not left, left)
    strikes.tidy(workspace)
    return took


def strike_all(work, times, chance):
    """Spread over the whole, so that every phase is struck. Gives the share that hit."""
    truth, seconds = undisturbed(work)
    hits = 0
    for number in range(times):
        for _ in range(strikes.TRIES):
            took = struck(work, number + 1, seconds * (number + chance.random()) / times, truth)
            hits += took is None
            if took is None:
                break
            seconds = min(seconds, took)  # it was measured on a busier machine
    return hits


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", nargs="*")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    if os.geteuid() != 0 or not shutil.which("podman"):
        print("skipped: needs root and podman")
        print("0 passed, 0 failed")
        return 0
    seed = options.seed if options.seed is not None else random.randrange(2**31)
    print("seed %d" % seed)
    chance = random.Random(seed)
    with small_study.Study(real_hub.programs(options.programs), MODELS) as study:
        base = study.new_workspace("base", {"scheduler": {"shards": SHARDS}})
        dataset = study.submit_dataset(base)

        def prepared(workspace):
            return strikes.digests(os.path.join(workspace, "datasets/%d" % dataset), ("data", "labels", "statistics.yaml"))

        def evaluated(workspace):
            return {model: study.outputs(workspace, model) for model in study.models}
        parts = max(1, options.times // 4)
        hits = strike_all(strikes.Work(study, base, ["dataset", "prepare", "--yes", "-d", dataset], 0, prepared), parts, chance)
        study.join(base)
        # Back to where nothing was run; the verified images stay.
        shutil.rmtree(os.path.join(base, "runs"))
        for name in os.listdir(os.path.join(base, "journal")):
            if name.startswith("b"):
                os.remove(os.path.join(base, "journal", name))
        run = ["benchmark", "run", "--no-input", "-b", study.benchmark, "-d", dataset]
        hits += strike_all(strikes.Work(study, base, run, 20, evaluated), options.times - parts, chance)
        case("most strikes hit", hits >= options.times * 0.7, (hits, options.times))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
