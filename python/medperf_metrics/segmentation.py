"""Overlap and surface metrics of a pair of label maps."""
import ctypes
from typing import Dict, Mapping, Sequence, Tuple, Union

import numpy as np

from ._figures import RegionScores, VoxelCounts
from ._native import NativeEstimate, NativePair, call

_TYPES = {np.dtype(np.uint8): 0, np.dtype(np.uint16): 1, np.dtype(np.int16): 2, np.dtype(np.int32): 3}
_FIGURES = ("dice", "iou", "sensitivity", "precision", "specificity", "volume_similarity",
            "relative_volume_difference", "hd", "hd95", "hd95_pooled", "assd", "masd")


def _labels(array: np.ndarray, name: str) -> np.ndarray:
    array = np.asarray(array)
    if array.ndim not in (2, 3):
        raise ValueError(f"{name}: a label map has 2 or 3 axes, not {array.ndim}")
    if array.dtype == np.bool_:
        return array.view(np.uint8)
    if array.dtype in _TYPES:
        return array
    if not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"{name}: labels are whole numbers, not {array.dtype}; convert them first")
    if array.size and (array.min() < -2**31 or array.max() >= 2**31):
        raise ValueError(f"{name}: a label does not fit 32 bits")
    return array.astype(np.int32)


def _on_one_layout(prediction: np.ndarray, reference: np.ndarray) -> Tuple[np.ndarray, np.ndarray, bool]:
    """Both arrays with their last axis fastest, turned around (not copied) when they are in Fortran order."""
    if prediction.dtype != reference.dtype:
        prediction, reference = prediction.astype(np.int32), reference.astype(np.int32)
    turned = all(a.flags.f_contiguous and not a.flags.c_contiguous for a in (prediction, reference))
    if turned:
        prediction, reference = prediction.T, reference.T
    return np.ascontiguousarray(prediction), np.ascontiguousarray(reference), turned


def segmentation(prediction: np.ndarray, reference: np.ndarray, *, spacing_mm: Sequence[float],
                 regions: Mapping[str, Union[int, Sequence[int]]], tau_mm: Sequence[float] = (),
                 surfaces: bool = True, threads: int = 1) -> Dict[str, RegionScores]:
    """Scores of each region, a union of labels.

    spacing_mm: size of a voxel along each axis of the arrays. tau_mm: tolerances of NSD, above 0. surfaces=False
    leaves out distances. The result does not depend on threads. ValueError for what cannot be compared."""
    prediction, reference = _labels(prediction, "prediction"), _labels(reference, "reference")
    if prediction.shape != reference.shape:
        raise ValueError(f"the shapes differ: {prediction.shape} and {reference.shape}")
    spacing = [float(s) for s in spacing_mm]
    if len(spacing) != prediction.ndim:
        raise ValueError(f"{prediction.ndim} axes need as many numbers in spacing_mm, not {len(spacing)}")
    prediction, reference, turned = _on_one_layout(prediction, reference)
    if turned:
        spacing.reverse()
    fill = [1] * (3 - prediction.ndim)
    sets = [np.atleast_1d(np.asarray(labels, dtype=np.int32)) for labels in regions.values()]
    labels = np.concatenate(sets) if sets else np.zeros(0, np.int32)
    sizes = np.array([s.size for s in sets], dtype=np.int32)
    taus = np.array(list(tau_mm), dtype=np.float64)
    pair = NativePair(prediction.ctypes.data, reference.ctypes.data, _TYPES[prediction.dtype],
                      (ctypes.c_int32 * 3)(*prediction.shape[::-1], *fill),
                      (ctypes.c_double * 3)(*spacing[::-1], *map(float, fill)), labels.ctypes.data, sizes.ctypes.data,
                      len(sets), taus.ctypes.data, taus.size, int(surfaces), threads)
    width = len(_FIGURES) + taus.size
    figures = (NativeEstimate * (width * max(len(sets), 1)))()
    counts = (ctypes.c_int64 * (4 * max(len(sets), 1)))()
    call("medperf_segmentation", ctypes.byref(pair), figures, counts)
    result = {}
    for i, name in enumerate(regions):
        row = [f.estimate() for f in figures[i * width:(i + 1) * width]]
        result[name] = RegionScores(VoxelCounts(*counts[4 * i:4 * i + 4]), **dict(zip(_FIGURES, row)),
                                    nsd=dict(zip(taus.tolist(), row[len(_FIGURES):])))
    return result
