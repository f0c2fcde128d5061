"""What comes back: plain, immutable, typed."""
from dataclasses import dataclass
from typing import Dict, Optional


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
