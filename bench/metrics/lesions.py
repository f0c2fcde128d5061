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


def oracle():
    sys.path.insert(0, str(TOP / "src/metrics/tests/oracle"))
    import make_lesion_fixtures
    return make_lesion_fixtures


def lean(_report):
    """The rules as the fixtures' generator states them: less work than the organisers' script does."""
    scores = oracle().lesion_scores
    return lambda prediction, reference, spacing, regions: {
        name: scores(np.isin(reference, labels), np.isin(prediction, labels), spacing[::-1], 3, 50.0) for name, labels in regions.items()}


def whole_volumes(reference, prediction, spacing, iterations, ignored_mm3):
    """The same rules with the work that the organisers' script does: whole volumes for every lesion, and the figures of the case."""
    import cc3d, surface_distance
    from scipy import ndimage
    ball = ndimage.generate_binary_structure(3, 2)
    if reference.any() and prediction.any():
        surface_distance.compute_robust_hausdorff(surface_distance.compute_surface_distances(reference, prediction, spacing), 95)
    parts, found = (cc3d.connected_components(mask, connectivity=26) for mask in (reference, prediction))
    zones = cc3d.connected_components(ndimage.binary_dilation(reference, ball, iterations=iterations), connectivity=26)
    merged = np.zeros_like(zones)
    for zone in range(1, int(zones.max()) + 1):
        merged[(zones == zone) & (parts > 0)] = zone
    touched, scores = set(), []
    for zone in range(1, int(merged.max()) + 1):
        lesion = merged == zone
        met = np.unique(found * ndimage.binary_dilation(lesion, ball, iterations=iterations))
        met = met[met != 0]
        touched.update(met.tolist())
        chosen = np.isin(found, met)
        dice = 2.0 * (chosen & lesion).sum() / (chosen.sum() + lesion.sum())
        hd95 = surface_distance.compute_robust_hausdorff(surface_distance.compute_surface_distances(lesion, chosen, spacing), 95)
        if lesion.sum() * np.prod(spacing) > ignored_mm3:
            scores.append((len(met) > 0, dice, min(hd95, 374.0) if np.isinf(hd95) else hd95))
    fp = len(set(np.unique(found[~np.isin(found, [0, *touched])]).tolist()))
    tp = sum(was_found for was_found, _, _ in scores)
    n = len(scores) + fp
    return [tp, fp, len(scores) - tp, sum(s[1] for s in scores) / n if n else 1.0, (sum(s[2] for s in scores) + 374.0 * fp) / n if n else 0.0]


def published(report):
    report.lacks("BraTS-2023-Metrics", "not on PyPI; its rules and its work are restated with its libraries (scipy, cc3d, surface-distance)")
    oracle()  # brings surface-distance to terms with today's numpy
    return lambda prediction, reference, spacing, regions: {
        name: whole_volumes(np.isin(reference, labels), np.isin(prediction, labels), spacing[::-1], 3, 50.0) for name, labels in regions.items()}


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
    peers = (("lesions", "lesion-wise", "the way of the BraTS 2023 script", published, 150),
             ("lesions", "lesion-wise", "its rules with less work", lean, None),
             ("panoptic", "panoptic quality", "panoptica", panoptica, None), ("components", "components", "connected-components-3d", cc3d, None))
    for key, what, who, make, target in peers:
        median, best = (milliseconds / 1000 for milliseconds in answer[f"{key}_ms"])
        report.time(f"{job}: {what}", "ours", [median, best, median])
        if target is not None:
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
