"""One label map: volumes of regions and their connected components."""
from dataclasses import dataclass, field
from typing import Dict, Mapping, Sequence, Tuple

import numpy as np

from ._native import answer_as, figures
from .segmentation import Labels, _labels


@dataclass(frozen=True)
class RegionVolume:
    """docs/metrics: volume."""
    voxels: int
    ml: float  #: voxels times the volume of one, in millilitres


@dataclass(frozen=True)
class Components:
    """Connected components of a region, in order of their boxes. docs/metrics: components."""
    voxels: np.ndarray = field(compare=False)  #: shape (components,)
    ml: np.ndarray = field(compare=False)  #: shape (components,), millilitres
    first: np.ndarray = field(compare=False)  #: shape (components, axes): each one's box, by the axes of the array ...
    last: np.ndarray = field(compare=False)  #: ... from the first index to before this one
    neighbours: int  #: that touch a voxel: 6, 18, 26; in a plane 4 or 8

    @property
    def count(self) -> int:
        return int(self.voxels.size)


@dataclass(frozen=True)
class _Region:
    voxels: np.ndarray
    boxes: np.ndarray  # shape (components, 6): first x, y, z, last x, y, z


@dataclass(frozen=True)
class _Components:
    neighbours: int
    voxel_ml: float
    regions: Tuple[_Region, ...]


def _arguments(label_map: np.ndarray, spacing_mm: Sequence[float],
               regions: Mapping[str, Labels]) -> Tuple[Dict[str, np.ndarray], Sequence[int], int]:
    """The arrays of the library; by axis of x, y, z the axis of the array; the array's axes."""
    array = _labels(label_map, "label_map")
    try:
        spacing = np.array([float(one) for one in spacing_mm])
    except (TypeError, ValueError):
        raise ValueError("spacing_mm: it is no list of numbers") from None
    if spacing.size != array.ndim:
        raise ValueError(f"spacing_mm: {array.ndim} axes need as many numbers, not {spacing.size}")
    axes = list(range(array.ndim))
    if not (array.flags.f_contiguous and not array.flags.c_contiguous):
        axes.reverse()  # the last axis is the fastest
        array = np.ascontiguousarray(array)
    # A single slice is a plane whichever axis it lies across: axes of length 1 come last.
    axes.sort(key=lambda axis: array.shape[axis] == 1)
    fill = 3 - array.ndim
    try:
        sets = [np.atleast_1d(np.asarray(labels, dtype=np.int64)) for labels in regions.values()]
    except (TypeError, ValueError, OverflowError):
        raise ValueError("regions: a label is not a whole number") from None
    return {"labels": array, "size": np.array([array.shape[axis] for axis in axes] + [1] * fill, dtype=np.int64),
            "spacing": np.array([spacing[axis] for axis in axes] + [1.0] * fill),
            "region_labels": np.concatenate(sets) if sets else np.zeros(0, np.int64),
            "region_sizes": np.array([one.size for one in sets], dtype=np.int64)}, axes, array.ndim


def volumes(label_map: np.ndarray, *, spacing_mm: Sequence[float], regions: Mapping[str, Labels]) -> Dict[str, RegionVolume]:
    """Voxels and millilitres of each region, a union of labels. label_map: 2 or 3 axes, whole numbers; spacing_mm: size
    of a voxel along each axis (of a plane: its thickness counts as 1 mm)."""
    arrays, _, _ = _arguments(label_map, spacing_mm, regions)
    found = answer_as(Tuple[RegionVolume, ...], "volumes", arrays)
    return dict(zip(regions, found))


def components(label_map: np.ndarray, *, spacing_mm: Sequence[float], regions: Mapping[str, Labels],
               neighbours: int = 26) -> Dict[str, Components]:
    """Connected components of each region. neighbours: which voxels touch, 26 (corners too), 18 (edges), 6 (faces)."""
    arrays, axes, count = _arguments(label_map, spacing_mm, regions)
    found = figures(_Components, "components", arrays, neighbours=neighbours)
    back = [axes.index(axis) for axis in range(count)]
    answer = {}
    for name, one in zip(regions, found.regions):
        boxes = one.boxes.astype(np.int64).reshape(-1, 2, 3)[:, :, back]
        # By all that is told of them, so that the order does not depend on the array's memory.
        order = np.lexsort([one.voxels, *boxes.reshape(-1, 2 * count).T[::-1]])
        columns = [one.voxels[order].astype(np.int64), one.voxels[order] * found.voxel_ml, boxes[order, 0], boxes[order, 1]]
        for column in columns:
            column.flags.writeable = False
        answer[name] = Components(columns[0], columns[1], columns[2], columns[3], found.neighbours)
    return answer
