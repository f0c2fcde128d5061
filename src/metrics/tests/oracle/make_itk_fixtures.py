#!/usr/bin/env python3
"""Writes itk_cases.csv: pairs of masks and the figures that ITK has for them.

Needs numpy and SimpleITK from PyPI; the tests read the CSV only.
dice, jaccard, volume_similarity, false_negative_rate, false_discovery_rate: LabelOverlapMeasuresImageFilter.
hd_sets, average_hd_sets: HausdorffDistanceImageFilter, which measures all voxels of a mask and not its surface.
hd, hd95, hd95_pooled, assd, masd: of the voxels of LabelContourImageFilter (neighbours by faces; in 2-D by edges), the image padded by
one voxel first, for else the edge of the image has no contour; distances from SignedMaurerDistanceMapImageFilter.
components_faces, components_corners: ConnectedComponentImageFilter on the reference.
A mask is its voxels with x fastest, lowest bit first in each byte, in hexadecimal digits."""
import csv, pathlib, sys

import numpy as np
import SimpleITK as sitk


def blobs(rng, shape):
    """A few boxes and ellipsoids; some reach over the edge of the image."""
    at = np.indices(shape, dtype=float)
    mask = np.zeros(shape, bool)
    for number in range(rng.integers(1, 5)):
        centre, half = (np.array([rng.uniform(low * n, high * n) for n in shape]) for low, high in ((0, 1), (0.08, 0.35)))
        away = [(at[d] - centre[d]) / half[d] for d in range(len(shape))]
        mask |= (sum(a * a for a in away) if number % 2 == 0 else np.max(np.abs(away), axis=0)) <= 1
    return mask


def moved(rng, mask):
    """The same shape some voxels further, with an end cut off: what a prediction gets wrong."""
    result = np.zeros_like(mask)
    shift = [int(rng.integers(-2, 3)) for _ in mask.shape]
    ours = tuple(slice(max(0, s), n + min(0, s)) for s, n in zip(shift, mask.shape))
    theirs = tuple(slice(max(0, -s), n + min(0, -s)) for s, n in zip(shift, mask.shape))
    result[ours] = mask[theirs]
    result[..., : int(rng.integers(0, mask.shape[-1] // 4))] = False
    return result


def to_hex(mask):
    return np.packbits(mask.ravel(), bitorder="little").tobytes().hex()


def image(mask, spacing):  # spacing as the array: the last axis is ITK's first
    result = sitk.GetImageFromArray(mask.astype(np.uint8))
    result.SetSpacing([float(one) for one in spacing[::-1]])
    return result


def overlap(p, r):
    measure = sitk.LabelOverlapMeasuresImageFilter()
    measure.Execute(p, r)  # source, target
    return {"dice": measure.GetDiceCoefficient(1), "jaccard": measure.GetJaccardCoefficient(1),
            "volume_similarity": measure.GetVolumeSimilarity(1), "false_negative_rate": measure.GetFalseNegativeError(1),
            "false_discovery_rate": measure.GetFalseDiscoveryRate(1)}


def of_sets(p, r):
    measure = sitk.HausdorffDistanceImageFilter()
    measure.Execute(p, r)
    return {"hd_sets": measure.GetHausdorffDistance(), "average_hd_sets": measure.GetAverageHausdorffDistance()}


def of_contours(p, r):
    size = p.GetDimension() * [1]
    contours = [sitk.LabelContour(sitk.ConstantPad(one, size, size, 0), fullyConnected=False) for one in (p, r)]
    away = [np.abs(sitk.GetArrayFromImage(sitk.SignedMaurerDistanceMap(c, squaredDistance=False, useImageSpacing=True))) for c in contours]
    there, back = (away[1 - i][sitk.GetArrayFromImage(contours[i]) > 0].astype(float) for i in (0, 1))
    both = np.concatenate((there, back))
    return {"hd": both.max(), "hd95": max(np.percentile(there, 95), np.percentile(back, 95)), "hd95_pooled": np.percentile(both, 95),
            "assd": both.mean(), "masd": (there.mean() + back.mean()) / 2}


def components(r):
    count = lambda corners: int(sitk.GetArrayFromImage(sitk.ConnectedComponent(r, corners)).max())
    return {"components_faces": count(False), "components_corners": count(True)}


def main():
    rng = np.random.default_rng(41)
    rows = []
    while len(rows) < 24:
        planar = len(rows) % 4 == 3
        shape = (24, 30) if planar else (14, 18, 22)
        spacing = [(1.0, 1.0, 1.0), (5.0, 0.7, 0.7), (1.1, 0.4, 3.0)][len(rows) % 3][-len(shape):]
        r = blobs(rng, shape)
        p = moved(rng, r) if len(rows) % 2 else blobs(rng, shape)
        if not (p & r).any():
            continue
        size, mm = (shape[::-1] + (1,))[:3], (spacing[::-1] + (1.0,))[:3]
        images = image(p, spacing), image(r, spacing)
        row = {"dimensions": len(shape), "nx": size[0], "ny": size[1], "nz": size[2], "sx": mm[0], "sy": mm[1], "sz": mm[2],
               "prediction": to_hex(p), "reference": to_hex(r)}
        row |= overlap(*images) | of_sets(*images) | of_contours(*images) | components(images[1])
        rows.append({name: value if isinstance(value, (str, int)) else repr(float(value)) for name, value in row.items()})
    with open(pathlib.Path(__file__).with_name("itk_cases.csv"), "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    sys.exit(main())
