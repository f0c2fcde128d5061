"""What comes back: plain, immutable, typed."""
from dataclasses import dataclass, field
from typing import Dict, Optional

import numpy as np


@dataclass(frozen=True)
class Estimate:
    """A figure. Undefined is None, and `flag` says why; `convention` names the definition."""
    value: Optional[float]
    se: Optional[float]
    low: Optional[float]
    high: Optional[float]
    flag: str
    convention: str


@dataclass(frozen=True)
class VoxelCounts:
    """Voxels of the whole grid: in both masks, in the prediction only, in the reference only, in none."""
    tp: int
    fp: int
    fn: int
    tn: int


@dataclass(frozen=True)
class RegionScores:
    """Figures of one region; distances in mm. Without surfaces those of surfaces have an empty convention."""
    counts: VoxelCounts
    dice: Estimate
    iou: Estimate
    sensitivity: Estimate
    precision: Estimate
    specificity: Estimate
    volume_similarity: Estimate
    relative_volume_difference: Estimate
    hd: Estimate
    hd95: Estimate
    hd95_pooled: Estimate
    assd: Estimate
    masd: Estimate
    nsd: Dict[float, Estimate]


@dataclass(frozen=True)
class SurfelScores:
    """Figures of surfaces made of small pieces; distances in mm."""
    hd: Estimate
    hd95: Estimate
    average_from_reference: Estimate
    average_from_prediction: Estimate
    nsd: Dict[float, Estimate]


@dataclass(frozen=True)
class LesionScores:
    """Scored lesions that were found (tp) or missed (fn), predicted components of no lesion (fp), and the figures."""
    tp: int
    fp: int
    fn: int
    dice: Estimate
    hd95: Estimate
    sensitivity: Estimate
    precision: Estimate
    f1: Estimate
    nsd: Dict[float, Estimate]


@dataclass(frozen=True)
class PanopticScores:
    """Matches (tp), predicted (fp) and reference (fn) instances without one, and the three qualities."""
    tp: int
    fp: int
    fn: int
    segmentation_quality: Estimate
    recognition_quality: Estimate
    panoptic_quality: Estimate


@dataclass(frozen=True)
class CaseCounts:
    """Cases of a decision about one label."""
    tp: int
    fp: int
    fn: int
    tn: int


@dataclass(frozen=True)
class Bootstrap:
    """A figure with the interval of its resamples: `estimate.se` is their standard deviation."""
    estimate: Estimate
    dropped: int  #: resamples without a value
    replicates: np.ndarray = field(compare=False, repr=False)  #: shape (those with a value,), in the figure's unit
