"""Metrics of a pair of label maps."""
import ctypes
import json
from dataclasses import asdict, dataclass
from typing import AbstractSet, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from ._figures import Estimate, LesionScores, PanopticScores, RegionScores, SurfelScores, VoxelCounts
from ._native import NativeEstimate, NativePair, call

_TYPES = {np.dtype(np.uint8): 0, np.dtype(np.uint16): 1, np.dtype(np.int16): 2, np.dtype(np.int32): 3}
_FIGURES = ("dice", "iou", "sensitivity", "precision", "specificity", "volume_similarity",
            "relative_volume_difference", "hd", "hd95", "hd95_pooled", "assd", "masd")
_SURFELS = ("hd", "hd95", "average_from_reference", "average_from_prediction")
_LESIONS = ("dice", "hd95", "sensitivity", "precision", "f1")
_PANOPTIC = ("segmentation_quality", "recognition_quality", "panoptic_quality")
Labels = Union[int, Sequence[int], AbstractSet[int]]


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


def _region_labels(name: str, labels: Labels) -> np.ndarray:
    """The labels of a region as the library takes them. Nothing is rounded: 1.9 is no label."""
    array = np.atleast_1d(np.asarray(list(labels) if isinstance(labels, (set, frozenset)) else labels))
    if array.size == 0:
        raise ValueError(f"region {name!r} has no label")
    if array.dtype == object and all(isinstance(label, int) for label in array.flat):
        raise ValueError(f"region {name!r}: a label does not fit 32 bits")
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"region {name!r}: labels are whole numbers, one or a list or set of them, not {labels!r:.100}")
    if array.min() < -2**31 or array.max() >= 2**31:
        raise ValueError(f"region {name!r}: a label does not fit 32 bits")
    if 0 in array:
        raise ValueError(f"region {name!r}: label 0 is the background")
    return array.astype(np.int32)


def _on_one_layout(prediction: np.ndarray, reference: np.ndarray) -> Tuple[np.ndarray, np.ndarray, bool]:
    """Both arrays with their last axis fastest, turned around (not copied) when they are in Fortran order."""
    if prediction.dtype != reference.dtype:
        prediction, reference = prediction.astype(np.int32), reference.astype(np.int32)
    turned = all(a.flags.f_contiguous and not a.flags.c_contiguous for a in (prediction, reference))
    if turned:
        prediction, reference = prediction.T, reference.T
    return np.ascontiguousarray(prediction), np.ascontiguousarray(reference), turned


class _Pair:
    """Two label maps on one layout, with their regions, as the library takes them. Keeps the arrays alive."""

    def __init__(self, prediction: np.ndarray, reference: np.ndarray, spacing_mm: Optional[Sequence[float]],
                 regions: Mapping[str, Labels], tau_mm: Sequence[float] = (), surfaces: bool = True,
                 threads: int = 1) -> None:
        prediction, reference = _labels(prediction, "prediction"), _labels(reference, "reference")
        if prediction.shape != reference.shape:
            raise ValueError(f"the shapes differ: {prediction.shape} and {reference.shape}")
        spacing = [1.0] * prediction.ndim if spacing_mm is None else [float(s) for s in spacing_mm]
        if len(spacing) != prediction.ndim:
            raise ValueError(f"{prediction.ndim} axes need as many numbers in spacing_mm, not {len(spacing)}")
        self._prediction, self._reference, turned = _on_one_layout(prediction, reference)
        if turned:
            spacing.reverse()
        fill = [1] * (3 - self._prediction.ndim)
        sets = [_region_labels(name, labels) for name, labels in regions.items()]
        self._labels = np.concatenate(sets) if sets else np.zeros(0, np.int32)
        self._sizes = np.array([s.size for s in sets], dtype=np.int32)
        self._taus = np.array(list(tau_mm), dtype=np.float64)
        self.names, self.taus = list(regions), self._taus.tolist()
        self.native = NativePair(self._prediction.ctypes.data, self._reference.ctypes.data,
                                 _TYPES[self._prediction.dtype], (ctypes.c_int32 * 3)(*self._prediction.shape[::-1], *fill),
                                 (ctypes.c_double * 3)(*spacing[::-1], *map(float, fill)), self._labels.ctypes.data,
                                 self._sizes.ctypes.data, len(sets), self._taus.ctypes.data, self._taus.size,
                                 int(surfaces), threads)

    def rows(self, function: str, figures: int, counts: int, *arguments: object,
             rows: Optional[int] = None) -> List[Tuple[List[Estimate], List[int]]]:
        """Calls a function that gives figures and counts, so many of each for each region."""
        rows = len(self.names) if rows is None else rows
        found = (NativeEstimate * max(figures * rows, 1))()
        numbers = (ctypes.c_int64 * max(counts * rows, 1))()
        call(function, ctypes.byref(self.native), *arguments, found, *([numbers] if counts else []))
        return [([f.estimate() for f in found[i * figures:(i + 1) * figures]], numbers[i * counts:(i + 1) * counts])
                for i in range(rows)]


def segmentation(prediction: np.ndarray, reference: np.ndarray, *, spacing_mm: Sequence[float],
                 regions: Mapping[str, Labels], tau_mm: Sequence[float] = (),
                 surfaces: bool = True, threads: int = 1) -> Dict[str, RegionScores]:
    """Scores of each region, a union of labels.

    spacing_mm: size of a voxel along each axis of the arrays. tau_mm: tolerances of NSD, above 0. surfaces=False
    leaves out distances. The result does not depend on threads. ValueError for what cannot be compared."""
    pair = _Pair(prediction, reference, spacing_mm, regions, tau_mm, surfaces, threads)
    width = len(_FIGURES)
    rows = pair.rows("medperf_segmentation", width + len(pair.taus), 4)
    return {name: RegionScores(VoxelCounts(*counts), **dict(zip(_FIGURES, row)), nsd=dict(zip(pair.taus, row[width:])))
            for name, (row, counts) in zip(pair.names, rows)}


def surfels(prediction: np.ndarray, reference: np.ndarray, *, spacing_mm: Sequence[float],
            regions: Mapping[str, Labels], tau_mm: Sequence[float] = ()) -> Dict[str, SurfelScores]:
    """Distances of surfaces made of small pieces weighted by their areas: the named alternative to voxel centres."""
    pair = _Pair(prediction, reference, spacing_mm, regions, tau_mm)
    if any(not (tau >= 0 and np.isfinite(tau)) for tau in pair.taus):
        raise ValueError("a tolerance is not a finite number of at least 0")
    width = len(_SURFELS)
    rows = pair.rows("medperf_surfels", width + len(pair.taus), 0)
    return {name: SurfelScores(**dict(zip(_SURFELS, row)), nsd=dict(zip(pair.taus, row[width:])))
            for name, (row, _) in zip(pair.names, rows)}


@dataclass(frozen=True)
class LesionPolicy:
    """What a benchmark of one's own decides about lesions. docs/metrics: lesion-wise."""
    id: str  #: stands beside every figure made with it: a-z, 0-9, - and .
    growth_voxels: int  #: reference components that touch when grown so far are one lesion
    ignored_mm3: float  #: lesions of at most this volume are not scored
    missed_mm: float  #: HD95 of a missed lesion
    invented_mm: float  #: of a predicted component that belongs to no lesion
    connectivity: int = 26  #: 6, 18 or 26: neighbours of predicted components and of grown lesions
    growth: int = 18  #: 6, 18 or 26: into which neighbours lesions grow
    missed_overlap: float = 0  #: Dice and surface Dice of a missed lesion
    invented_overlap: float = 0
    nothing_overlap: float = 1  #: nothing to find, nothing invented
    nothing_mm: float = 0


def _document(rules: Mapping[str, object]) -> ctypes.c_char_p:
    """As the library takes rules; numbers of NumPy too."""
    return ctypes.c_char_p(json.dumps(rules, default=lambda number: number.item()).encode())


def lesions(prediction: np.ndarray, reference: np.ndarray, *, spacing_mm: Sequence[float], regions: Mapping[str, Labels],
            policy: Union[str, LesionPolicy], tau_mm: Sequence[float] = ()) -> Dict[str, LesionScores]:
    """Scores by lesion under the rules and penalties of a benchmark, such as brats-2023-gli, or one's own."""
    pair = _Pair(prediction, reference, spacing_mm, regions, tau_mm)
    width = len(_LESIONS)
    text = ctypes.c_char_p(policy.encode()) if isinstance(policy, str) else _document(asdict(policy))
    rows = pair.rows("medperf_lesions", width + len(pair.taus), 3, text)
    return {name: LesionScores(counts[0], counts[1], counts[2], *row[:width], nsd=dict(zip(pair.taus, row[width:])))
            for name, (row, counts) in zip(pair.names, rows)}


def _panoptic(pair: _Pair, count: int, optimal: bool, **rules: object) -> List[PanopticScores]:
    text = _document({"matching": "optimal" if optimal else "greedy", **rules})
    found = pair.rows("medperf_panoptic", len(_PANOPTIC), 3, text, rows=count)
    return [PanopticScores(counts[0], counts[1], counts[2], *row) for row, counts in found]


def panoptic(prediction: np.ndarray, reference: np.ndarray, *, regions: Mapping[str, Labels], iou_above: float = 0.5,
             optimal: bool = False, connectivity: int = 26) -> Dict[str, PanopticScores]:
    """Panoptic quality; instances are the connected components of each region. connectivity: 6 (faces touch), 18
    (edges too) or 26 (corners too)."""
    pair = _Pair(prediction, reference, None, regions)
    return dict(zip(pair.names, _panoptic(pair, len(pair.names), optimal, iou_above=iou_above, connectivity=connectivity)))


def panoptic_instances(prediction: np.ndarray, reference: np.ndarray, *, iou_above: float = 0.5,
                       optimal: bool = False) -> PanopticScores:
    """The same where every label but 0 is one instance, connected or not."""
    return _panoptic(_Pair(prediction, reference, None, {}), 1, optimal, iou_above=iou_above, instance_maps=True)[0]
