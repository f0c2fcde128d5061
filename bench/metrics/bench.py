#!/usr/bin/env python3
"""./dev bench metrics: the metrics of this project and of its peers, side by side in one run, one thread.

A part is a module of this folder with run(options, report). Ours are small programs of the same name, built by the bench
preset; peers run in this process, each after the other, on the same arrays. Only ratios of times taken in the same run mean
something. The machine may be shared: times of one thread are computing time of the process, not the clock on the wall, and the
median of several repeats; only what compares numbers of threads is by the clock. Prints each figure with its target and
writes build/bench-metrics.json. Never fails because a machine is slow."""
import argparse, importlib, json, os, pathlib, platform, statistics, sys, time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"):
    os.environ[variable] = "1"

TOP = pathlib.Path(__file__).resolve().parents[2]
PARTS = ("segmentation", "lesions", "classification", "files")  # those that are there


class Report:
    def __init__(self):
        self.figures, self.missing, self.times = [], {}, []

    def figure(self, name, value, unit="", least=None, most=None):
        """A figure, with a target when it has one: at least, or at most."""
        target = least if least is not None else most
        met = None if target is None else (value >= least if least is not None else value <= most)
        self.figures.append({"figure": name, "value": value, "unit": unit, "target": target,
                             "bound": "at least" if least is not None else "at most", "met": met})
        bound = "" if target is None else f"  target {'>=' if least is not None else '<='} {target:g} {unit}: {'met' if met else 'MISSED'}"
        print(f"{name:72s} {value:10.4g} {unit:3s}{bound}", flush=True)

    def time(self, job, who, seconds):
        """The median of the seconds of several repeats, which is returned."""
        median = statistics.median(seconds)
        self.times.append({"job": job, "who": who, "median_ms": median * 1000, "best_ms": min(seconds) * 1000, "repeats": len(seconds)})
        print(f"  {job}: {who:32s} {median * 1000:12.3f} ms, best {min(seconds) * 1000:.3f} of {len(seconds)}", flush=True)
        return median

    def lacks(self, peer, why):
        if peer not in self.missing:
            print(f"  peer {peer} is missing: {why}", flush=True)
        self.missing[peer] = str(why)


def repeated(call, repeats):
    """The last answer of a call, and the seconds that this process computed in each repeat, on all its threads."""
    seconds = []
    for _ in range(repeats):
        begin = time.process_time()
        answer = call()
        seconds.append(time.process_time() - begin)
    return answer, seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", default="", help="comma-separated; all that are there")
    parser.add_argument("--repeats", type=int, default=3, help="of each peer; ours is repeated more often")
    parser.add_argument("--data", help="folder with real pairs: SITE/consensus_simple.nii.gz, SITE/segmentations/*.nii.gz")
    parser.add_argument("--build", default=str(TOP / "build/release"), help="where the programs were built")
    parser.add_argument("--peers", default="", help="comma-separated; all that are installed")
    options = parser.parse_args()
    here = pathlib.Path(__file__).parent
    sys.path.insert(0, str(here))
    wanted = options.parts.split(",") if options.parts else [part for part in PARTS if (here / f"{part}.py").exists()]
    report = Report()
    load = os.getloadavg()
    for part in wanted:
        importlib.import_module(part).run(options, report)
    result = {"machine": platform.processor() or platform.machine(), "cores": os.cpu_count(), "python": platform.python_version(),
              "load_before": load, "load_after": os.getloadavg(), "missing_peers": report.missing, "figures": report.figures,
              "times": report.times}
    (TOP / "build").mkdir(exist_ok=True)
    (TOP / "build/bench-metrics.json").write_text(json.dumps(result, indent=1) + "\n")
    met = [f["met"] for f in report.figures if f["met"] is not None]
    print(f"{sum(met)} of {len(met)} targets met; load of the machine {load[0]:.1f} before, {result['load_after'][0]:.1f} after; build/bench-metrics.json")


if __name__ == "__main__":
    main()
