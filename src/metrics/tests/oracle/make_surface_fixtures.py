#!/usr/bin/env python3
"""Writes surface_cases.csv: pairs of masks and the figures that scipy, MONAI and panoptica have for them.

Needs numpy, scipy, monai and panoptica from PyPI; the tests read the CSV only.
Columns *_scipy: scipy.ndimage's erosion and distance transform and numpy's percentile, all in 64 bits.
Columns *_monai: monai.metrics, in 32 bits. Columns *_panoptica: panoptica.metrics (its HD95 is of both directions together,
and its ASSD the mean of the two directed means).
A mask is its voxels with x fastest, lowest bit first in each byte, in hexadecimal digits."""
import csv, pathlib, sys

import numpy as np
import torch
from monai.metrics import compute_average_surface_distance, compute_dice, compute_hausdorff_distance, compute_iou, compute_surface_dice
from panoptica.metrics import assd, hausdorff_distance
from scipy import ndimage

TAU, SLACK = 2.0, 1 + 1e-6


def blobs(rng, shape):
    field = ndimage.gaussian_filter(rng.standard_normal(shape), 2.2)
    return field > np.quantile(field, rng.uniform(0.7, 0.95))


def to_hex(mask):
    return np.packbits(mask.ravel(), bitorder="little").tobytes().hex()


def by_scipy(p, r, spacing):
    surfaces = [m & ~ndimage.binary_erosion(m) for m in (p, r)]
    away = [ndimage.distance_transform_edt(~s, sampling=spacing) for s in surfaces]
    there, back = away[1][surfaces[0]], away[0][surfaces[1]]
    both = np.concatenate((there, back))
    return {"hd_scipy": both.max(), "hd95_scipy": max(np.percentile(there, 95), np.percentile(back, 95)),
            "hd95_pooled_scipy": np.percentile(both, 95), "assd_scipy": both.mean(), "masd_scipy": (there.mean() + back.mean()) / 2,
            "nsd_scipy": np.count_nonzero(both <= TAU * SLACK) / both.size}


def by_monai(p, r, spacing):
    a, b = (torch.from_numpy(m[None, None].astype("f4")) for m in (p, r))
    return {"dice_monai": compute_dice(a, b), "iou_monai": compute_iou(a, b),
            "hd_monai": compute_hausdorff_distance(a, b, include_background=True, spacing=spacing),
            "hd95_monai": compute_hausdorff_distance(a, b, include_background=True, percentile=95, spacing=spacing),
            "assd_monai": compute_average_surface_distance(a, b, include_background=True, symmetric=True, spacing=spacing),
            "nsd_monai": compute_surface_dice(a, b, [TAU * SLACK], include_background=True, spacing=spacing)}


def main():
    rng = np.random.default_rng(20)
    rows = []
    for number in range(24):
        planar = number % 4 == 3
        shape = (24, 30) if planar else (14, 18, 22)
        spacing = [(1.0, 1.0, 1.0), (5.0, 0.7, 0.7), (1.1, 0.4, 3.0)][number % 3][-len(shape):]
        p, r = blobs(rng, shape), blobs(rng, shape)
        size, mm = (shape[::-1] + (1,))[:3], (spacing[::-1] + (1.0,))[:3]
        row = {"dimensions": len(shape), "nx": size[0], "ny": size[1], "nz": size[2], "sx": mm[0], "sy": mm[1], "sz": mm[2],
               "prediction": to_hex(p), "reference": to_hex(r), "tau": TAU}
        row |= by_scipy(p, r, spacing) | by_monai(p, r, spacing)
        row["hd95_pooled_panoptica"] = hausdorff_distance._compute_hausdorff_distance95(r, p, voxelspacing=spacing)
        row["masd_panoptica"] = assd._average_symmetric_surface_distance(r, p, voxelspacing=spacing)
        rows.append({name: value if isinstance(value, (str, int)) else repr(float(value)) for name, value in row.items()})
    with open(pathlib.Path(__file__).with_name("surface_cases.csv"), "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    sys.exit(main())
