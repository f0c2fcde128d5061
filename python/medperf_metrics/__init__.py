"""Metrics of medical images, each figure with its definition; see docs/metrics of the project for each."""
from ._figures import (CaseCounts, Estimate, LesionScores, MultiLabelScores, NetBenefit, PanopticScores, RegionScores,
                       SurfelScores, VoxelCounts)
from .classification import AurocBootstrap, auroc, auroc_bootstrap, decision_curve, multilabel
from .segmentation import lesions, panoptic, panoptic_instances, segmentation, surfels

__all__ = ["AurocBootstrap", "CaseCounts", "Estimate", "LesionScores", "MultiLabelScores", "NetBenefit", "PanopticScores",
           "RegionScores", "SurfelScores", "VoxelCounts", "auroc", "auroc_bootstrap", "decision_curve", "lesions",
           "multilabel", "panoptic", "panoptic_instances", "segmentation", "surfels"]
