"""What the package gives is what the program medperf-metrics gives, to the last bit; layouts of arrays; the lock.
Use: program_cases.py PROGRAM TABLE_OF_CASES"""
import csv, dataclasses, gzip, inspect, io, json, pathlib, subprocess, sys, threading, time
import numpy as np
import medperf_metrics as mm
from checks import done as finished, expect

program, table = sys.argv[1:]


def refused(what, kind, f):
    try:
        f()
    except kind as error:
        return expect(what, str(error))
    expect(what, False)


def nifti(path):
    raw = gzip.decompress(path.read_bytes())
    size = np.frombuffer(raw, "<i2", 4, 40)[1:]
    kind = {2: "u1", 4: "<i2", 8: "<i4", 512: "<u2"}[int(np.frombuffer(raw, "<i2", 1, 70)[0])]
    start = int(np.frombuffer(raw, "<f4", 1, 108)[0])
    return (np.frombuffer(raw, kind, int(np.prod(size)), start).reshape(size, order="F"),
            np.frombuffer(raw, "<f4", 3, 80).astype(float))


IDS = {"dice": "dice", "iou": "iou", "voxel-sensitivity": "sensitivity", "voxel-precision": "precision",
       "voxel-specificity": "specificity", "volume-similarity": "volume_similarity",
       "relative-volume-difference": "relative_volume_difference", "hd": "hd", "hd95": "hd95",
       "hd95-pooled": "hd95_pooled", "assd": "assd", "masd": "masd"}
regions = {"WT": [1, 2, 4], "TC": [1, 4], "ET": 4}
said = subprocess.run([program, "segmentation", table, "--region", "WT=1,2,4", "--region", "TC=1,4", "--region", "ET=4",
                       "--metric", ",".join([*IDS, "nsd"]), "--tau", "1,2.5", "--csv"], capture_output=True, text=True,
                      check=True).stdout
rows = list(csv.DictReader(io.StringIO(said)))
scores = {}
for case in csv.DictReader(open(table)):
    (p, spacing), (r, _) = nifti(pathlib.Path(case["prediction"])), nifti(pathlib.Path(case["reference"]))
    scores[case["case_id"]] = mm.segmentation(p, r, spacing_mm=spacing, regions=regions, tau_mm=[1, 2.5])
wrong = []
for row in rows:
    one = scores[row["case_id"]][row["region"]]
    found = one.nsd[float(row["tau_mm"])] if row["metric"] == "nsd" else getattr(one, IDS[row["metric"]])
    same = (found.value is None if row["value"] == "" else found.value == float(row["value"]))
    if not (same and (found.flag or "ok") == row["flag"] and found.convention == row["convention"]):
        wrong.append((row, found))
expect(f"{len(rows)} figures of two patients equal the program's, to the last bit", len(rows) == 420 and not wrong, wrong[:2])

OTHERS = {"surfel-hd": ("surfels", "hd"), "surfel-hd95": ("surfels", "hd95"), "surfel-nsd": ("surfels", "nsd"),
          "surfel-asd-reference": ("surfels", "average_from_reference"),
          "surfel-asd-prediction": ("surfels", "average_from_prediction"), "lesion-dice": ("lesions", "dice"),
          "lesion-hd95": ("lesions", "hd95"), "lesion-nsd": ("lesions", "nsd"), "lesion-f1": ("lesions", "f1"),
          "lesion-sensitivity": ("lesions", "sensitivity"), "lesion-precision": ("lesions", "precision"),
          "segmentation-quality": ("panoptic", "segmentation_quality"),
          "recognition-quality": ("panoptic", "recognition_quality"),
          "panoptic-quality": ("panoptic", "panoptic_quality")}
said = subprocess.run([program, "segmentation", table, "--region", "WT=1,2,4", "--region", "ET=4", "--metric",
                       ",".join(OTHERS), "--tau", "2", "--lesion-policy", "brats-2023-gli", "--csv"],
                      capture_output=True, text=True, check=True).stdout
others, wrong = {}, []
for case in csv.DictReader(open(table)):
    (p, spacing), (r, _) = nifti(pathlib.Path(case["prediction"])), nifti(pathlib.Path(case["reference"]))
    two = {"WT": [1, 2, 4], "ET": 4}
    others[case["case_id"]] = {
        "surfels": mm.surfels(p, r, spacing_mm=spacing, regions=two, tau_mm=[2]),
        "lesions": mm.lesions(p, r, spacing_mm=spacing, regions=two, tau_mm=[2], policy="brats-2023-gli"),
        "panoptic": mm.panoptic(p, r, regions=two)}
rows = list(csv.DictReader(io.StringIO(said)))
for row in rows:
    kind, name = OTHERS[row["metric"]]
    found = getattr(others[row["case_id"]][kind][row["region"]], name)
    found = found[2.0] if isinstance(found, dict) else found
    same = (found.value is None if row["value"] == "" else found.value == float(row["value"]))
    if not (same and (found.flag or "ok") == row["flag"] and found.convention == row["convention"]):
        wrong.append((row, found))
expect(f"{len(rows)} figures by surfel, lesion and instance equal the program's", len(rows) == 280 and not wrong, wrong[:2])

a, b = np.zeros((6, 7, 8), np.uint8), np.zeros((6, 7, 8), np.uint8)
a[2:4, 2:5, 2:6] = 1
b[2:4, 2:5, 3:7] = 1
want = mm.segmentation(a, b, spacing_mm=(3, 2, 0.5), regions={"x": 1}, tau_mm=[0.4])
expect("spacing follows the axes", want["x"].hd.value == 0.5, want)
expect("Fortran order is the same", mm.segmentation(np.asfortranarray(a), np.asfortranarray(b), spacing_mm=(3, 2, 0.5),
                                                    regions={"x": 1}, tau_mm=[0.4]) == want)
expect("mixed orders, types and views too", mm.segmentation(np.asfortranarray(a).astype(np.int64), b[::-1][::-1] == 1,
                                                            spacing_mm=(3, 2, 0.5), regions={"x": 1}, tau_mm=[0.4]) == want)
expect("any number of threads", mm.segmentation(a, b, spacing_mm=(3, 2, 0.5), regions={"x": 1}, tau_mm=[0.4], threads=3) == want)
flat = mm.segmentation(a[2], b[2], spacing_mm=(2, 0.5), regions={"x": 1})["x"]
expect("planes have two axes", flat.hd.value == 0.5 and flat.counts == mm.VoxelCounts(9, 3, 3, 41), flat)
wide, tall = np.zeros((20, 24), np.uint8), np.zeros((20, 24), np.uint8)
wide[4:15, 4:14], tall[6:17, 4:14] = 1, 1
plane = mm.segmentation(wide, tall, spacing_mm=(1.5, 0.5), regions={"x": 1}, tau_mm=[1])["x"]
for axis in range(3):
    one, other = np.expand_dims(wide, axis), np.expand_dims(tall, axis)
    spacing = list(np.insert([1.5, 0.5], axis, 4.0))
    for name, order in (("C", np.ascontiguousarray), ("Fortran", np.asfortranarray)):
        lying = mm.segmentation(order(one), order(other), spacing_mm=spacing, regions={"x": 1}, tau_mm=[1])["x"]
        expect(f"a single slice across axis {axis} in {name} order is a plane",
               (lying.hd.value, lying.nsd[1.0].value) == (plane.hd.value, plane.nsd[1.0].value)
               and abs(lying.assd.value - plane.assd.value) < 1e-12, (lying, plane))
expect("a set is a region", mm.segmentation(a, b, spacing_mm=(1, 1, 1), regions={"x": {1, 4}})["x"].dice
       == mm.segmentation(a, b, spacing_mm=(1, 1, 1), regions={"x": [4, 1]})["x"].dice)
empty = mm.segmentation(a, a * 0, spacing_mm=(1, 1, 1), regions={"x": 1})["x"]
two, moved = np.zeros((1, 9, 9), np.int32), np.zeros((1, 9, 9), np.int32)
two[0, 1:3, 1:3], two[0, 6:8, 6:8], moved[0, 1:3, 1:3], moved[0, 6, 6] = 5, 7, 2, 9
instances = mm.panoptic_instances(moved, two)
expect("every label an instance", (instances.tp, instances.fp, instances.fn) == (1, 1, 1)
       and instances.panoptic_quality.value == 0.5, instances)
expect("or components", mm.panoptic(moved > 0, two > 0, regions={"x": 1}, iou_above=0.2)["x"].tp == 2)
corner = np.zeros((4, 4, 4), np.uint8)
corner[0, 0, 0] = corner[1, 1, 1] = corner[1, 1, 2] = 1
touching = {n: mm.panoptic(corner, corner, regions={"x": 1}, connectivity=np.int64(n))["x"] for n in (6, 18, 26)}
expect("corners touch or do not", [touching[n].tp for n in (6, 18, 26)] == [2, 2, 1], touching)
expect("which stands in the convention", touching[6].panoptic_quality.convention.endswith("components-6"), touching[6])
ours = mm.LesionPolicy("ours", growth_voxels=0, ignored_mm3=0, missed_mm=np.float32(50), invented_mm=40, missed_overlap=0.25)
found = mm.lesions(corner * 0, corner, spacing_mm=(1, 1, 1), regions={"x": 1}, policy=ours)["x"]
expect("a policy of one's own", (found.fn, found.dice.value, found.hd95.value, found.dice.convention) == (1, 0.25, 50, "ours"), found)
apart = mm.lesions(corner * 0, corner, spacing_mm=(1, 1, 1), regions={"x": 1}, policy=dataclasses.replace(ours, connectivity=6))["x"]
expect("and its connectivity", apart.fn == 2, apart)
expect("undefined is None with a reason", empty.hd95.value is None and empty.hd95.flag == "ref_empty", empty.hd95)
expect("results do not change", dataclasses.is_dataclass(empty) and empty.__dataclass_params__.frozen)
for what, kind, f in (
        ("other shapes", ValueError, lambda: mm.segmentation(a, b[1:], spacing_mm=(1, 1, 1), regions={"x": 1})),
        ("floats", TypeError, lambda: mm.segmentation(a * 0.5, b, spacing_mm=(1, 1, 1), regions={"x": 1})),
        ("too few spacings", ValueError, lambda: mm.segmentation(a, b, spacing_mm=(1, 1), regions={"x": 1})),
        ("a spacing of 0", ValueError, lambda: mm.segmentation(a, b, spacing_mm=(1, 1, 0), regions={"x": 1})),
        ("background as a region", ValueError, lambda: mm.segmentation(a, b, spacing_mm=(1, 1, 1), regions={"x": 0})),
        ("a broken label of a region", TypeError, lambda: mm.segmentation(a, b, spacing_mm=(1, 1, 1), regions={"x": [1.9]})),
        ("a label that is no number", TypeError, lambda: mm.segmentation(a, b, spacing_mm=(1, 1, 1), regions={"x": "1"})),
        ("true as a label", TypeError, lambda: mm.segmentation(a, b, spacing_mm=(1, 1, 1), regions={"x": [True]})),
        ("a region without a label", ValueError, lambda: mm.segmentation(a, b, spacing_mm=(1, 1, 1), regions={"x": []})),
        ("a label beyond 32 bits", ValueError, lambda: mm.segmentation(a, b, spacing_mm=(1, 1, 1), regions={"x": 2**31})),
        ("a label beyond 64 bits", ValueError, lambda: mm.segmentation(a, b, spacing_mm=(1, 1, 1), regions={"x": [2**70, 1]})),
        ("a tolerance of 0", ValueError, lambda: mm.segmentation(a, b, spacing_mm=(1, 1, 1), regions={"x": 1}, tau_mm=[0])),
        ("an unknown policy", ValueError, lambda: mm.lesions(a, b, spacing_mm=(1, 1, 1), regions={"x": 1}, policy="none")),
        ("the name of a known policy for one's own", ValueError, lambda: mm.lesions(
            a, b, spacing_mm=(1, 1, 1), regions={"x": 1}, policy=dataclasses.replace(ours, id="brats-2023-gli"))),
        ("a policy's cost below 0", ValueError, lambda: mm.lesions(
            a, b, spacing_mm=(1, 1, 1), regions={"x": 1}, policy=dataclasses.replace(ours, missed_mm=-1))),
        ("a connectivity of 8", ValueError, lambda: mm.panoptic(a, b, regions={"x": 1}, connectivity=8)),
        ("an IoU of 1", ValueError, lambda: mm.panoptic(a, b, regions={"x": 1}, iou_above=1)),
        ("an IoU that is no number", ValueError, lambda: mm.panoptic(a, b, regions={"x": 1}, iou_above=float("nan"))),
        ("a threshold of 1 in a decision curve", ValueError, lambda: mm.decision_curve([0.1, 0.2], [0, 1], [1])),
        ("tables of other shapes", ValueError, lambda: mm.multilabel([[0.1, 0.2]], [[0, 1, 1]])),
        ("labels that are not 0 or 1", ValueError, lambda: mm.auroc([0.1, 0.2], [0, 2])),
        ("scores that are no numbers", ValueError, lambda: mm.auroc([0.1, float("nan")], [0, 1])),
        ("fewer patients than cases", ValueError, lambda: mm.auroc_bootstrap([0.1, 0.2], [0, 1], patients=["a"]))):
    refused(f"refused: {what}", kind, f)

rng = np.random.default_rng(1)
labels = rng.random(400) < 0.4
numbers = np.round(np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1), 2)
work = pathlib.Path(table).parent
(work / "p.csv").write_text("case_id,score\n" + "".join(f"{i},{s!r}\n" for i, s in enumerate(numbers.tolist())))
(work / "l.csv").write_text("case_id,label\n" + "".join(f"{i},{int(y)}\n" for i, y in enumerate(labels)))
answer = json.loads(subprocess.run([program, "classification", work / "p.csv", work / "l.csv", "--json", "--seed", "7"],
                                   capture_output=True, text=True, check=True).stdout)["figures"]
figures = {f["of"]: f for f in answer if f["metric"] == "auroc"}
for of, found in ((None, mm.auroc(numbers, labels)), ("bootstrap", mm.auroc_bootstrap(numbers, labels, seed=7).estimate)):
    known = figures[of]
    expect(f"AUROC ({found.convention}) equals the program's", (found.value, found.se, found.low, found.high)
           == (known["value"], known["se"], known["low"], known["high"]), (found, known))
pairs = np.arange(400) // 2
expect("patients widen or narrow the interval, and the threads do not",
       mm.auroc_bootstrap(numbers, labels, patients=pairs) == mm.auroc_bootstrap(numbers, labels, patients=[f"p{i}" for i in pairs],
                                                                                threads=2)
       != mm.auroc_bootstrap(numbers, labels))
curve = mm.decision_curve([0.9, 0.6, 0.6, 0.1], [1, 1, 0, 0], [0.5, 0.75])
expect("net benefit by hand", [(p.model, p.treat_all) for p in curve] == [(0.25, 0.0), (0.25, -1.0)], curve)
many = mm.multilabel([[0.9, 0.2], [0.4, 0.7], [0.6, 0.8]], [[1, 0], [0, 1], [0, 0]])
expect("several labels by hand", many.subset_accuracy.value == 2 / 3 and many.hamming_loss.value == 2 / 6
       and many.f1_micro.value == 4 / 6 and many.labels[1] == mm.CaseCounts(1, 1, 0, 1), many)
expect("every argument has a type", all(p.annotation is not inspect.Parameter.empty for f in (mm.segmentation, mm.auroc,
       mm.auroc_bootstrap, mm.surfels, mm.lesions, mm.panoptic, mm.panoptic_instances, mm.multilabel, mm.decision_curve)
       for p in inspect.signature(f).parameters.values()))

ticks, done = [], threading.Event()
counter = threading.Thread(target=lambda: [ticks.append(time.sleep(0.001)) for _ in iter(lambda: not done.is_set(), False)])
counter.start()
time.sleep(0.05)
before = len(ticks)
mm.auroc_bootstrap(rng.random(200_000), rng.random(200_000) < 0.5, replicates=300)
during = len(ticks) - before
done.set()
counter.join()
expect("other threads run meanwhile", during > 5, during)
finished()
