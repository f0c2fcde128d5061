"""Metrics of medical images, each figure with its definition; see docs/metrics of the project for each."""
from ._figures import Estimate, RegionScores, VoxelCounts
from .classification import AurocBootstrap, auroc, auroc_bootstrap
from .segmentation import segmentation

__all__ = ["AurocBootstrap", "Estimate", "RegionScores", "VoxelCounts", "auroc", "auroc_bootstrap", "segmentation"]
