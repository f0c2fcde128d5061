"""Metrics of medical images, each figure with its definition; see docs/metrics of the project for each."""
from ._figures import (Bootstrap, CaseCounts, Estimate, LesionScores, PanopticScores, RegionScores, SurfelScores,
                       VoxelCounts)
from .classification import (BinaryScores, Calibration, CalibrationBin, MultiLabelScores, NetBenefit, OperatingPoints,
                             ProbabilityScores, Recalibration, auprc, auroc, auroc_bootstrap, binary, binary_counts,
                             calibration, decision_curve, multilabel, operating_points, probabilities, recalibration)
from .segmentation import lesions, panoptic, panoptic_instances, segmentation, surfels
from .sites import (Bivariate, MetaAnalysis, OneStage, SiteRow, Studies, areas, bivariate, effects, leave_one_out, means,
                    meta_analysis, one_stage, proportions)

__all__ = ["BinaryScores", "Bivariate", "Bootstrap", "Calibration", "CalibrationBin", "CaseCounts", "Estimate",
           "LesionScores", "MetaAnalysis", "MultiLabelScores", "NetBenefit", "OneStage", "OperatingPoints",
           "PanopticScores", "ProbabilityScores", "Recalibration", "RegionScores", "SiteRow", "Studies",
           "SurfelScores", "VoxelCounts", "areas", "auprc", "auroc", "auroc_bootstrap", "binary", "binary_counts",
           "bivariate", "calibration", "decision_curve", "effects", "leave_one_out", "lesions", "means",
           "meta_analysis", "multilabel", "one_stage", "operating_points", "panoptic", "panoptic_instances",
           "probabilities", "proportions", "recalibration", "segmentation", "surfels"]
