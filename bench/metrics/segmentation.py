"""Overlap and surface metrics of label volumes: ours against every peer, time, memory and values."""
import importlib.metadata, json, pathlib, subprocess, tempfile

import masks, segmentation_peers
from bench import repeated

OUR_REPEATS = 31
AGREEMENT = 1e-6  # relative: some peers take distances in 32 bits


def ours(options, pair, threads=1, repeats=OUR_REPEATS):
    """Runs our program on a pair; its answer as a dictionary."""
    prediction, reference, spacing, regions = pair
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder) / name for name in ("prediction", "reference")]
        for path, labels in zip(paths, (prediction, reference)):
            labels.tofile(path)
        size = [str(n) for n in reversed(reference.shape)]
        kind = {"uint8": "u8", "uint16": "u16", "int16": "i16", "int32": "i32"}[str(reference.dtype)]
        out = subprocess.run([f"{options.build}/bench/metrics/bench_segmentation", *paths, kind, *size, *map(str, spacing), str(threads),
                              str(repeats), *(f"{name}={','.join(map(str, labels))}" for name, labels in regions.items())],
                             check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(out)


def peers(options, report):
    """The peers that can be had, as functions by name with their version."""
    found = {}
    for name, make in segmentation_peers.PEERS.items():
        if options.peers and name not in options.peers.split(","):
            continue
        try:
            evaluate = make()
            found[f"{name} {importlib.metadata.version(name)}"] = evaluate
        except Exception as why:
            report.lacks(name, f"{type(why).__name__}: {why}".splitlines()[0])
    return found


def compare(job, who, report, our_regions, their_regions):
    """Counts the values that agree, for metrics whose convention is the same."""
    same, different = 0, []
    for region, theirs in their_regions.items():
        for metric, value in theirs.items():
            our = our_regions[region].get(metric)
            if our is None:
                continue
            if abs(our - value) <= AGREEMENT * max(1, abs(our)):
                same += 1
            else:
                different.append(f"{region} {metric}: ours {our:.9g}, theirs {value:.9g}")
    print(f"  {job}: {same} values equal {who}'s" + (f", {len(different)} differ: " + "; ".join(different[:3]) if different else ""), flush=True)


def side_by_side(job, pair, evaluators, options, report, target):
    """Ours and all peers on one pair; returns our median in seconds."""
    prediction, reference, spacing, regions = pair
    answer = ours(options, pair)
    seconds = report.time(job, f"ours ({answer['simd']})", [answer["cpu_ms"] / 1000, answer["best_cpu_ms"] / 1000, answer["cpu_ms"] / 1000])
    ratios = {}
    for who, evaluate in evaluators.items():
        theirs, times = repeated(lambda: evaluate(prediction, reference, spacing, regions), options.repeats)
        ratios[who] = report.time(job, who, times) / seconds
        compare(job, who, report, answer["regions"], theirs)
    # Ours again, so that a machine that became slower or faster in between shows.
    again = ours(options, pair)["cpu_ms"] / 1000
    report.time(job, "ours, after the peers", [again])
    for who, ratio in sorted(ratios.items(), key=lambda item: item[1]):
        report.figure(f"{job}: {who} takes so many times as long as ours", ratio, "x", least=target if ratio == min(ratios.values()) else None)
    report.figure(f"{job}: peak memory of the process over the two volumes", answer["peak_bytes"] / answer["volume_bytes"], "x", most=1.5 if target and target > 1 else None)
    return min(seconds, again)


def two_threads(job, pair, options, report):
    """By the clock, alternating, so that other work on the machine meets both alike; and only when both cores were free."""
    one, two = [], []
    for _ in range(7):
        one.append(ours(options, pair, 1, 11))
        two.append(ours(options, pair, 2, 11))
    alone, shared = (min(answers, key=lambda answer: answer["best_wall_ms"]) for answers in (one, two))
    name = f"{job}: two threads against one"
    if alone["best_wall_ms"] > 1.1 * alone["best_cpu_ms"] or 2.1 * shared["best_wall_ms"] < alone["best_wall_ms"]:
        print(f"{name}: not measured, the machine is busy: {alone['best_wall_ms']:.1f} ms by the clock for {alone['best_cpu_ms']:.1f} ms of computing", flush=True)
        return
    report.figure(name, alone["best_wall_ms"] / shared["best_wall_ms"], "x", least=1.7)


def run(options, report):
    evaluators = peers(options, report)
    tumour = masks.tumour_pair()
    side_by_side("tumour 240x240x155, 3 regions", tumour, evaluators, options, report, 20)
    two_threads("tumour 240x240x155, 3 regions", tumour, options, report)
    # The libraries that are far slower need not show it for minutes on the large jobs.
    fast = {who: evaluate for who, evaluate in evaluators.items() if who.split()[0] in ("edt", "scipy", "SimpleITK")}
    for name, pair in (("far balls", masks.far_balls()), ("far noise", masks.far_noise()), ("far plates", masks.far_plates())):
        side_by_side(name, pair, fast, options, report, 1)
    abdomen = masks.abdomen_pair()
    side_by_side("abdomen 512x512x300, 13 regions", abdomen, fast, options, report, 20)
    two_threads("abdomen 512x512x300, 13 regions", abdomen, options, report)
    if options.data:
        for name, pair in masks.real_pairs(options.data):
            side_by_side(f"real pair {name}", pair, fast, options, report, 20)
