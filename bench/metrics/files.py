"""From .nii.gz files to all metrics of each region: ours against nibabel and scipy, and other readers with other peers.

The target is on processor time, ours and the system's for us: all run one thread and wait for nothing, so on a quiet machine it
is the time that passes, and on a shared one it still means something. The time that passed is printed beside it."""
import json, pathlib, subprocess, tempfile, time

import numpy as np

import masks, segmentation_peers

AGREEMENT = 1e-6
TARGET = 40  # times as fast as nibabel + scipy


def labels_of(voxels):
    """The peers index by label: floats become the whole numbers that they are."""
    return voxels.astype(np.uint8) if voxels.dtype.kind == "f" else voxels


def with_nibabel(evaluate):
    import nibabel

    def read(path):
        image = nibabel.load(path)
        return labels_of(np.asanyarray(image.dataobj).T), image.header.get_zooms()

    def run(prediction, reference, regions):
        (p, _), (r, spacing) = read(prediction), read(reference)
        return evaluate(p, r, spacing, regions)
    return run


def with_simpleitk(evaluate):
    import SimpleITK as sitk
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)

    def run(prediction, reference, regions):
        p, r = sitk.ReadImage(str(prediction)), sitk.ReadImage(str(reference))
        return evaluate(labels_of(sitk.GetArrayViewFromImage(p)), labels_of(sitk.GetArrayViewFromImage(r)), r.GetSpacing(), regions)
    return run


def ways(options, report):
    found = {}
    for name, reader, peer in (("nibabel + scipy", with_nibabel, "scipy"), ("nibabel + edt", with_nibabel, "edt"),
                               ("SimpleITK", with_simpleitk, "SimpleITK")):
        if options.peers and peer not in options.peers.split(","):
            continue
        try:
            found[name] = reader(segmentation_peers.PEERS[peer]())
        except Exception as why:
            report.lacks(name, f"{type(why).__name__}: {why}".splitlines()[0])
    return found


def ours(options, prediction, reference, regions, repeats):
    out = subprocess.run([f"{options.build}/bench/metrics/bench_files", prediction, reference, "1", str(repeats),
                          *(f"{name}={','.join(map(str, labels))}" for name, labels in regions.items())],
                         check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(out)


def save(path, labels, spacing):
    """As nibabel writes it, which packs lightly; tools that pack harder are read faster by all."""
    import nibabel
    nibabel.save(nibabel.Nifti1Image(labels.T, np.diag([*spacing, 1])), path)


def compare(job, who, our_regions, their_regions):
    pairs = [(our_regions[region][metric], value) for region, theirs in their_regions.items() for metric, value in theirs.items()
             if metric in our_regions[region]]
    differ = sum(abs(a - b) > AGREEMENT * max(1, abs(a)) for a, b in pairs)
    print(f"  {job}: {len(pairs) - differ} values equal those of {who}, {differ} differ", flush=True)


def repeated(call, repeats):
    """The last answer of a call, the seconds that passed and those of the processor, of each repeat."""
    passed, used = [], []
    for _ in range(repeats):
        begin, before = time.perf_counter(), time.process_time()
        answer = call()
        passed.append(time.perf_counter() - begin)
        used.append(time.process_time() - before)
    return answer, passed, used


def side_by_side(job, prediction, reference, regions, report, options, repeats, memory=True):
    answer = ours(options, prediction, reference, regions, repeats)
    seconds = report.time(job, "ours", [answer["median_ms"] / 1000, answer["best_ms"] / 1000, answer["median_ms"] / 1000])
    report.time(job, "ours, reading alone", [answer["read_ms"] / 1000])
    used = report.time(job, "ours, processor time", [answer["cpu_ms"] / 1000])
    for who, run in ways(options, report).items():
        theirs, times, theirs_used = repeated(lambda: run(prediction, reference, regions), options.repeats)
        report.figure(f"{job}: time passed, {who} over ours", report.time(job, who, times) / seconds, "x")
        report.figure(f"{job}: processor time, {who} over ours", report.time(job, f"{who}, processor time", theirs_used) / used, "x",
                      least=TARGET if who == "nibabel + scipy" else None)
        compare(job, who, answer["regions"], theirs)
    again = ours(options, prediction, reference, regions, repeats)
    report.time(job, "ours, after the peers", [again["median_ms"] / 1000])
    if memory:
        report.figure(f"{job}: peak memory of the process over the two volumes", answer["peak_bytes"] / answer["volume_bytes"], "x", most=1.5)


def run(options, report):
    with tempfile.TemporaryDirectory() as folder:
        for job, pair, repeats in (("files, tumour 240x240x155, 3 regions", masks.tumour_pair(), 31),
                                   ("files, abdomen 512x512x300, 13 regions", masks.abdomen_pair(), 11)):
            prediction, reference, spacing, regions = pair
            paths = [pathlib.Path(folder) / name for name in ("prediction.nii.gz", "reference.nii.gz")]
            for path, labels in zip(paths, (prediction, reference)):
                save(path, labels, spacing)
            side_by_side(job, *paths, regions, report, options, repeats)
        # As models write them that do not mind the type.
        prediction, reference, spacing, regions = masks.tumour_pair()
        for kind in ("int16", "float32"):
            for path, labels in zip(paths, (prediction, reference)):
                save(path, labels.astype(kind), spacing)
            side_by_side(f"files, tumour as {kind}", *paths, regions, report, options, 31, memory=False)
    # Label maps of real patients, packed as published.
    real = pathlib.Path(__file__).resolve().parents[2] / "tests/data/brain-tumour"
    for site, algorithm in (("site-a", "isen-20"), ("site-b", "hnfnetv1-20")):
        side_by_side(f"files, real pair {site} {algorithm}", real / site / f"{algorithm}.nii.gz", real / site / "consensus_simple.nii.gz",
                     masks.TUMOUR, report, options, 31)
