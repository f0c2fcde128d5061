#!/usr/bin/env python3
"""Writes the oracle fixtures of components, surfel distances, lesion-wise and panoptic scores.

  python3 -m venv v && v/bin/pip install numpy scipy surface-distance panoptica connected-components-3d
  v/bin/python make_lesion_fixtures.py            (writes beside itself)

Peers: surface-distance 0.1, panoptica 2.1.7, connected-components-3d 3.29.0, scipy 1.17.1, numpy 2.2.6.
A mask is written as hexadecimal digits of its bits, x fastest, then y, then z; the last byte is padded with zeros.
The peers see arrays indexed [z, y, x], and spacing in the same order.
"""
import contextlib
import csv
import io
import itertools
import pathlib

import cc3d
import numpy as np
from scipy import ndimage

np.Inf = np.inf  # surface-distance 0.1 was written for numpy 1

import surface_distance  # noqa: E402
from surface_distance import lookup_tables  # noqa: E402
import panoptica  # noqa: E402
from panoptica.utils.constants import CCABackend  # noqa: E402

HERE = pathlib.Path(__file__).parent
SPACINGS = [(1.0, 1.0, 1.0), (0.9, 1.3, 2.1), (3.0, 0.7, 0.7), (2.5, 1.0, 5.0)]  # z, y, x


def hex_of(mask):
    return np.packbits(mask.ravel(), bitorder="little").tobytes().hex()


def blobs(rng, shape, count, largest):
    """Union of `count` ellipsoids, anywhere, cut by the grid."""
    grid = np.meshgrid(*[np.arange(n) for n in shape], indexing="ij")
    mask = np.zeros(shape, bool)
    for _ in range(count):
        square = np.zeros(shape)
        for axis, n in enumerate(shape):
            square += ((grid[axis] - rng.uniform(-0.5, n - 0.5)) / rng.uniform(0.6, largest)) ** 2
        mask |= square <= 1
    return mask


def disturbed(rng, mask, furthest=2, speckles=(0, 0.01, 0.05)):
    """A prediction of `mask`: moved, a blob more, speckles less and more."""
    shift = rng.integers(-furthest, furthest + 1, mask.ndim)
    other = np.roll(mask, shift, tuple(range(mask.ndim)))
    if rng.random() < 0.6:
        other = other | blobs(rng, mask.shape, 1, 3)
    return other ^ (rng.random(mask.shape) < rng.choice(speckles))


def pair(rng, shape, count=3, largest=4, furthest=2, speckles=(0, 0.01, 0.05)):
    while True:
        reference = blobs(rng, shape, rng.integers(1, count + 1), largest)
        if rng.random() < 0.2:  # speckle reaches all codes of a neighbourhood
            reference = reference ^ (rng.random(shape) < 0.3)
        prediction = disturbed(rng, reference, furthest, speckles)
        if reference.any() and prediction.any():
            return reference, prediction


def write(name, header, rows):
    with open(HERE / name, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)


def grid_columns(shape, spacing):
    nz, ny, nx = shape if len(shape) == 3 else (1, *shape)
    sz, sy, sx = spacing if len(shape) == 3 else (1.0, *spacing)
    return [len(shape), nx, ny, nz, sx, sy, sz]


GRID = ["dimensions", "nx", "ny", "nz", "sx", "sy", "sz", "reference", "prediction"]


def surfel_areas():
    rows = []
    for spacing in SPACINGS:
        table = lookup_tables.create_table_neighbour_code_to_surface_area(spacing)
        kernel = lookup_tables.ENCODE_NEIGHBOURHOOD_3D_KERNEL
        for corners in itertools.product((0, 1), repeat=8):  # bit x + 2 y + 4 z of our code
            array = np.array(corners).reshape(2, 2, 2)
            code = sum(bit << i for i, bit in enumerate(corners))
            rows.append([3, *reversed(spacing), code, repr(float(table[int((array * kernel).sum())]))])
        spacing = spacing[1:]
        table = lookup_tables.create_table_neighbour_code_to_contour_length(spacing)
        for corners in itertools.product((0, 1), repeat=4):
            array = np.array(corners).reshape(2, 2)
            code = sum(bit << i for i, bit in enumerate(corners))
            index = int((array * lookup_tables.ENCODE_NEIGHBOURHOOD_2D_KERNEL).sum())
            rows.append([2, spacing[1], spacing[0], 1.0, code, repr(float(table[index]))])
    write("surfel_areas.csv", ["dimensions", "sx", "sy", "sz", "code", "area"], rows)


def surfel_cases():
    rng = np.random.default_rng(20260101)
    rows = []
    for case in range(120):
        flat = case % 4 == 3
        shape = tuple(int(n) for n in (rng.integers(3, 25, 2) if flat else rng.integers(2, 15, 3)))
        spacing = SPACINGS[case % 16 // 4][1 if flat else 0:]
        reference, prediction = pair(rng, shape)
        distances = surface_distance.compute_surface_distances(reference, prediction, spacing)
        average = surface_distance.compute_average_surface_distance(distances)
        row = grid_columns(shape, spacing) + [hex_of(reference), hex_of(prediction)]
        row += [repr(float(v)) for v in average]
        row += [repr(float(surface_distance.compute_robust_hausdorff(distances, p))) for p in (100, 95, 71.3)]
        for tau in (0.55, 1.61, 3.33):
            row.append(repr(float(surface_distance.compute_surface_dice_at_tolerance(distances, tau))))
        rows.append(row)
    write("surfel_cases.csv", GRID + ["asd_ref", "asd_pred", "hd100", "hd95", "hd71.3", "nsd0.55", "nsd1.61", "nsd3.33"], rows)


def sizes(labels):
    return " ".join(str(n) for n in sorted(np.bincount(labels.ravel())[1:].tolist()))


def component_cases():
    rng = np.random.default_rng(20260102)
    rows = []
    for case in range(60):
        flat = case % 3 == 2
        shape = tuple(int(n) for n in (rng.integers(1, 90, 2) if flat else rng.integers(1, 12, 3)))
        if case % 12 == 1:
            shape = (4, 3, 200)
        mask = rng.random(shape) < rng.choice([0.1, 0.3, 0.5, 0.7])
        row = grid_columns(shape, (1.0,) * len(shape))[:4] + [hex_of(mask)]
        if flat:
            few = ndimage.label(mask, ndimage.generate_binary_structure(2, 1))[0]
            many = ndimage.label(mask, ndimage.generate_binary_structure(2, 2))[0]
            row += [sizes(few), "", sizes(many)]
        else:
            row += [sizes(cc3d.connected_components(mask, connectivity=n)) for n in (6, 18, 26)]
        rows.append(row)
    write("component_cases.csv", ["dimensions", "nx", "ny", "nz", "mask", "faces", "faces_edges", "all"], rows)


def lesion_scores(reference, prediction, spacing, iterations, threshold_mm3):
    """The rules of the BraTS 2023 evaluation, stated with scipy, cc3d and surface-distance."""
    ball = ndimage.generate_binary_structure(3, 2)
    zones = cc3d.connected_components(
        ndimage.binary_dilation(reference, ball, iterations=iterations), connectivity=26)
    components = cc3d.connected_components(prediction, connectivity=26)
    touched = set()
    dices, distances, tp, fn = [], [], 0, 0
    for zone in range(1, int(zones.max()) + 1):
        lesion = reference & (zones == zone)
        met = set(np.unique(components[zones == zone]).tolist()) - {0}
        touched |= met
        if lesion.sum() * np.prod(spacing) <= threshold_mm3:
            continue
        if not met:
            fn += 1
            dices.append(0.0)
            distances.append(374.0)
            continue
        tp += 1
        found = np.isin(components, sorted(met))
        dices.append(2.0 * (found & lesion).sum() / (found.sum() + lesion.sum()))
        table = surface_distance.compute_surface_distances(lesion, found, spacing)
        distances.append(surface_distance.compute_robust_hausdorff(table, 95))
    fp = int(components.max()) - len(touched)
    scored = tp + fn + fp
    dice = sum(dices) / scored if scored else 1.0
    hd95 = (sum(distances) + 374.0 * fp) / scored if scored else 0.0
    return [tp, fp, fn, repr(float(dice)), repr(float(hd95))]


def lesion_cases():
    rng = np.random.default_rng(20260103)
    rows = []
    for case in range(60):
        shape = tuple(int(n) for n in rng.integers(12, 27, 3))
        reference = blobs(rng, shape, rng.integers(0, 6), 4) if case % 10 else np.zeros(shape, bool)
        prediction = disturbed(rng, reference, 2, (0, 0, 0.001)) if case % 10 != 5 else np.zeros(shape, bool)
        for _ in range(rng.integers(0, 3)):
            prediction = prediction | blobs(rng, shape, 1, 2)
        spacing = (1.0, 1.0, 1.0) if case % 4 else (1.5, 0.8, 0.8)
        iterations, threshold = [(3, 50.0), (1, 50.0), (1, 2.0)][case % 3]
        rows.append(grid_columns(shape, spacing) + [hex_of(reference), hex_of(prediction), iterations, threshold]
                    + lesion_scores(reference, prediction, spacing, iterations, threshold))
    write("lesion_cases.csv", GRID + ["iterations", "threshold_mm3", "tp", "fp", "fn", "dice", "hd95"], rows)


def panoptic_cases():
    rng = np.random.default_rng(20260104)
    rows = []
    for case in range(60):
        flat = case % 3 == 2
        shape = tuple(int(n) for n in (rng.integers(12, 30, 2) if flat else rng.integers(8, 14, 3)))
        reference, prediction = pair(rng, shape, 6, 3.5, 1, (0, 0.005, 0.01))
        kind = ["greedy", "optimal"][case % 2]
        threshold = [0.5, 0.25, 0.1][case // 2 % 3]
        matcher = {"greedy": panoptica.NaiveThresholdMatching, "optimal": panoptica.MaxBipartiteMatching}[kind]
        evaluator = panoptica.Panoptica_Evaluator(
            expected_input=panoptica.InputType.SEMANTIC,
            instance_approximator=panoptica.ConnectedComponentsInstanceApproximator(
                cca_backend=CCABackend.scipy if flat else CCABackend.cc3d),
            instance_matcher=matcher(matching_threshold=threshold, strict_threshold=True))
        with contextlib.redirect_stdout(io.StringIO()):
            result = evaluator.evaluate(prediction.astype(np.uint8), reference.astype(np.uint8), verbose=False)["ungrouped"]
            figures = [result.tp, result.fp, result.fn] + [
                repr(float(v)) if result.tp else "" for v in (result.sq, result.rq, result.pq)]
        neighbours = 4 if flat else 26
        rows.append(grid_columns(shape, (1.0,) * len(shape)) + [hex_of(reference), hex_of(prediction), kind, threshold, neighbours]
                    + figures)
    write("panoptic_cases.csv", GRID + ["matching", "threshold", "neighbours", "tp", "fp", "fn", "sq", "rq", "pq"], rows)


def cells(rng, shape, seeds):
    """An instance map: pixels near a seed have its label; neighbours touch. Labels are in no order."""
    grid = np.stack(np.meshgrid(*[np.arange(n) for n in shape], indexing="ij"), axis=-1)
    distance = np.linalg.norm(grid[None] - seeds[:, None, None, :], axis=-1)
    labels = rng.permutation(len(seeds)) + 1
    return np.where(distance.min(0) < 4.5, labels[distance.argmin(0)], 0)


def instance_cases():
    rng = np.random.default_rng(20260105)
    rows = []
    for case in range(40):
        shape = tuple(int(n) for n in rng.integers(14, 26, 2))
        seeds = rng.uniform(0, 1, (int(rng.integers(2, 9)), 2)) * shape
        reference = cells(rng, shape, seeds)
        moved = seeds + rng.normal(0, 1.2, seeds.shape)
        prediction = cells(rng, shape, moved[rng.random(len(moved)) < 0.9]) if len(moved) > 2 else cells(rng, shape, moved)
        kind = ["greedy", "optimal"][case % 2]
        threshold = [0.5, 0.3][case // 2 % 2]
        matcher = {"greedy": panoptica.NaiveThresholdMatching, "optimal": panoptica.MaxBipartiteMatching}[kind]
        evaluator = panoptica.Panoptica_Evaluator(
            expected_input=panoptica.InputType.UNMATCHED_INSTANCE,
            instance_matcher=matcher(matching_threshold=threshold, strict_threshold=True))
        with contextlib.redirect_stdout(io.StringIO()):
            result = evaluator.evaluate(prediction.astype(np.uint8), reference.astype(np.uint8), verbose=False)["ungrouped"]
            figures = [result.tp, result.fp, result.fn] + [
                repr(float(v)) if result.tp else "" for v in (result.sq, result.rq, result.pq)]
        digits = ["".join(str(int(v)) for v in labels.ravel()) for labels in (reference, prediction)]
        rows.append([*grid_columns(shape, (1.0, 1.0)), *digits, kind, threshold, *figures])
    write("instance_cases.csv", GRID + ["matching", "threshold", "tp", "fp", "fn", "sq", "rq", "pq"], rows)


if __name__ == "__main__":
    surfel_areas()
    surfel_cases()
    component_cases()
    lesion_cases()
    panoptic_cases()
    instance_cases()
