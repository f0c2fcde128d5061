"""Lesion-wise scores, panoptic quality and components: ours against the libraries that others make them with."""
import contextlib, importlib.metadata, io, json, pathlib, subprocess, sys, tempfile

import numpy as np

import masks
from bench import TOP, repeated

OUR_REPEATS = 31
POLICY = "brats-2023-gli"


def ours(options, pair):
    prediction, reference, spacing, regions = pair
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder) / name for name in ("prediction", "reference")]
        for path, labels in zip(paths, (prediction, reference)):
            labels.astype("u1").tofile(path)
        out = subprocess.run([f"{options.build}/bench/metrics/bench_lesions", *paths, *map(str, reversed(reference.shape)), *map(str, spacing),
                              POLICY, str(OUR_REPEATS), *(f"{name}={','.join(map(str, labels))}" for name, labels in regions.items())],
                             check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(out)


def rules_of_brats(report):
    """The rules as the fixtures' generator states them: leaner than the organisers' script, so the ratio is a lower bound."""
    report.lacks("BraTS-2023-Metrics", "not on PyPI; its rules are restated with the same libraries (scipy, cc3d, surface-distance)")
    sys.path.insert(0, str(TOP / "src/metrics/tests/oracle"))
    from make_lesion_fixtures import lesion_scores

    def scores(prediction, reference, spacing, regions):
        return {name: lesion_scores(np.isin(reference, labels), np.isin(prediction, labels), spacing[::-1], 3, 50.0)
                for name, labels in regions.items()}
    return scores


def panoptica(_report):
    import panoptica
    from panoptica.utils.constants import CCABackend
    evaluator = panoptica.Panoptica_Evaluator(
        expected_input=panoptica.InputType.SEMANTIC,
        instance_approximator=panoptica.ConnectedComponentsInstanceApproximator(cca_backend=CCABackend.cc3d),
        instance_matcher=panoptica.NaiveThresholdMatching(matching_threshold=0.5, strict_threshold=True),
        instance_metrics=[panoptica.Metric.IOU], global_metrics=[])

    def quality(prediction, reference, _spacing, regions):
        found = {}
        for name, labels in regions.items():
            with contextlib.redirect_stdout(io.StringIO()):
                result = evaluator.evaluate(np.isin(prediction, labels).astype("u1"), np.isin(reference, labels).astype("u1"),
                                            verbose=False)["ungrouped"]
                found[name] = float(result.pq) if result.tp else 0.0
        return found
    return quality


def cc3d(_report):
    import cc3d

    def components(_prediction, reference, _spacing, regions):
        return {name: int(cc3d.connected_components(np.isin(reference, labels), connectivity=26).max()) for name, labels in regions.items()}
    return components


def side_by_side(job, pair, options, report):
    answer = ours(options, pair)
    peers = (("lesions", "lesion-wise", "rules of BraTS 2023 (scipy, cc3d, surface-distance)", rules_of_brats, 150),
             ("panoptic", "panoptic quality", "panoptica", panoptica, None), ("components", "components", "connected-components-3d", cc3d, None))
    for key, what, who, make, target in peers:
        median, best = (milliseconds / 1000 for milliseconds in answer[f"{key}_ms"])
        report.time(f"{job}: {what}", "ours", [median, best, median])
        if key == "lesions":
            report.figure(f"{job}: {what}", median * 1000, "ms", most=40)
        try:
            evaluate = make(report)
            theirs, times = repeated(lambda: evaluate(*pair), options.repeats)
        except Exception as why:
            report.lacks(who, f"{type(why).__name__}: {why}".splitlines()[0])
            continue
        version = "" if key == "lesions" else f" {importlib.metadata.version(who)}"
        report.figure(f"{job}: {what}: {who}{version} takes so many times as long", report.time(f"{job}: {what}", who, times) / median, "x", least=target)
        if key == "components":
            continue
        for name, values in theirs.items():
            our = answer["regions"][name]
            mine = [our[k] for k in ("tp", "fp", "fn", "dice", "hd95")] if key == "lesions" else [our["pq"]]
            values = [float(v) for v in values] if key == "lesions" else [values]
            same = all(abs(a - b) <= 1e-9 * max(1, abs(b)) for a, b in zip(mine, values))
            print(f"  {job}: {what} {name}: {'equal' if same else f'ours {mine}, theirs {values}'}", flush=True)


def run(options, report):
    side_by_side("tumour 240x240x155, 3 regions", masks.tumour_pair(), options, report)
    if options.data:
        for name, pair in masks.real_pairs(options.data):
            side_by_side(f"real pair {name}", pair, options, report)
