"""AUROC with 2,000 bootstrap replicates of 100,000 cases: ours against scikit-learn's roc_auc_score, and the two distributions."""
import importlib.metadata, json, statistics, subprocess, tempfile, time

N = 100_000
REPLICATES = 2_000
PEER_REPLICATES = 400  # measured, and then multiplied: each costs the same, and 2,000 take minutes
OUR_REPEATS = 15
ROUNDS = 5
TARGETS = {"distinct scores": (75, 0.45), "tied scores": (150, 0.2)}


def ours(options, scores, classes, threads=1, repeats=OUR_REPEATS):
    with tempfile.NamedTemporaryFile() as file:
        file.write(scores.tobytes() + classes.astype("u1").tobytes())
        file.flush()
        out = subprocess.run([f"{options.build}/bench/metrics/bench_classification", file.name, str(len(scores)), str(threads), str(repeats)],
                             check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(out)


def theirs(scores, classes, random):
    """The replicates' areas and the seconds spent in roc_auc_score alone, for all replicates: drawing is not counted against the peer."""
    import numpy
    from sklearn.metrics import roc_auc_score
    strata = [numpy.flatnonzero(classes == c) for c in (0, 1)]
    areas, seconds = [], 0.0
    for _ in range(PEER_REPLICATES):
        drawn = numpy.concatenate([s[random.integers(0, len(s), len(s))] for s in strata])
        y, x = classes[drawn], scores[drawn]
        begin = time.perf_counter()
        areas.append(roc_auc_score(y, x))
        seconds += time.perf_counter() - begin
    return numpy.array(areas), seconds * REPLICATES / PEER_REPLICATES


def two_threads(job, answer, options, scores, classes, report):
    """Alternating, so that other work on the machine meets both alike."""
    times = {1: [], 2: []}
    for _ in range(ROUNDS):
        for threads, measured in times.items():
            seen = ours(options, scores, classes, threads, 3)
            measured.append(seen["bootstrap_median_ms"])
            assert seen["low"] == answer["low"] and seen["high"] == answer["high"], "threads changed the answer"
    report.figure(f"{job}: two threads over one", statistics.median(times[1]) / statistics.median(times[2]), "x", least=1.7)


def run(options, report):
    try:
        import numpy
        from sklearn.metrics import roc_auc_score
        version = importlib.metadata.version("scikit-learn")
    except ImportError as why:
        report.lacks("scikit-learn", why)
        return
    random = numpy.random.default_rng(1)
    classes = random.integers(0, 2, N)
    distinct = random.normal(classes * 1.0, 1)
    levels = numpy.round(255 / (1 + numpy.exp(-distinct))) / 255  # what an 8-bit output holds
    for name, scores in (("distinct scores", distinct), ("tied scores", levels)):
        job = f"AUROC, {REPLICATES} replicates of {N}, {name}"
        answer = ours(options, scores, classes)
        seconds = report.time(job, "ours", [answer["bootstrap_median_ms"] / 1000, answer["bootstrap_best_ms"] / 1000, answer["bootstrap_median_ms"] / 1000])
        areas, peer_seconds = theirs(scores, classes, random)
        report.time(job, f"scikit-learn {version}, {PEER_REPLICATES} of them x {REPLICATES // PEER_REPLICATES}", [peer_seconds])
        least, most = TARGETS[name]
        report.figure(f"{job}: times as fast as scikit-learn", peer_seconds / seconds, "x", least=least)
        report.figure(f"{job}: seconds", seconds, "s", most=most)
        report.figure(f"{job}: difference of the areas", abs(answer["auroc"] - roc_auc_score(classes, scores)), "", most=1e-12)
        report.figure(f"{job}: our standard error over theirs", answer["se"] / areas.std(ddof=1), "")
        low, high = numpy.quantile(areas, [0.025, 0.975])
        print(f"  intervals: ours {answer['low']:.6f} to {answer['high']:.6f}, scikit-learn's {low:.6f} to {high:.6f}")
        report.time(f"AUROC with DeLong's interval, {N}, {name}", "ours", [answer["delong_median_ms"] / 1000])
        two_threads(job, answer, options, scores, classes, report)
