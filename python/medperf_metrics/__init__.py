"""Metrics of medical images, each figure with its definition; see docs/metrics of the project for each."""
from ._figures import (Bootstrap, CaseCounts, Estimate, LesionScores, PanopticScores, RegionScores, SurfelScores,
                       VoxelCounts)
from .classification import (BinaryScores, Calibration, CalibrationBin, MultiLabelScores, NetBenefit, OperatingPoints,
                             ProbabilityScores, Recalibration, auprc, auroc, auroc_bootstrap, binary, binary_counts,
                             calibration, decision_curve, multilabel, operating_points, probabilities, recalibration)
from .label_maps import Components, RegionVolume, components, volumes
from .measurements import (IntraclassCorrelations, LimitsOfAgreement, RegressionScores, icc, limits_of_agreement,
                           logit_interval, mean_interval, proportion_interval, quantile_interval, regression)
from .multiclass import ClassScores, MulticlassScores, classes, multiclass
from .pooling import PooledFigure, PooledSummaries, pool, summarise_classes, summarise_labels, summarise_scores
from .segmentation import LesionPolicy, lesions, panoptic, panoptic_instances, segmentation, surfels
from .sites import (Bivariate, MetaAnalysis, OneStage, SiteRow, Studies, areas, bivariate, effects, leave_one_out,
                    means, meta_analysis, one_stage, proportions)
from .statistics import (LabelNoise, McNemar, ModelRank, NoisyFigure, PairedAuroc, PairedBootstrap, PairedValues,
                         RankTable, Subgroup, SubgroupTable, TestResult, bootstrap, compare_auroc, compare_values,
                         label_noise, mcnemar, paired_bootstrap, ranks, simulate_label_noise, subgroups)

__all__ = ["BinaryScores", "Bivariate", "Bootstrap", "Calibration", "CalibrationBin", "CaseCounts", "ClassScores",
           "Components", "Estimate", "IntraclassCorrelations", "LabelNoise", "LesionPolicy", "LesionScores",
           "LimitsOfAgreement", "McNemar", "MetaAnalysis", "ModelRank", "MultiLabelScores", "MulticlassScores",
           "NetBenefit", "NoisyFigure", "OneStage", "OperatingPoints", "PairedAuroc", "PairedBootstrap",
           "PairedValues", "PanopticScores", "PooledFigure", "PooledSummaries", "ProbabilityScores", "RankTable",
           "Recalibration", "RegionScores", "RegionVolume", "RegressionScores", "SiteRow", "Studies", "Subgroup",
           "SubgroupTable", "SurfelScores", "TestResult", "VoxelCounts", "areas", "auprc", "auroc", "auroc_bootstrap",
           "binary", "binary_counts", "bivariate", "bootstrap", "calibration", "classes", "compare_auroc",
           "compare_values", "components", "decision_curve", "effects", "icc", "label_noise", "leave_one_out",
           "lesions", "limits_of_agreement", "logit_interval", "mcnemar", "mean_interval", "means", "meta_analysis",
           "multiclass", "multilabel", "one_stage", "operating_points", "paired_bootstrap", "panoptic",
           "panoptic_instances", "pool", "probabilities", "proportion_interval", "proportions", "quantile_interval",
           "ranks", "recalibration", "regression", "segmentation", "simulate_label_noise", "subgroups",
           "summarise_classes", "summarise_labels", "summarise_scores", "surfels", "volumes"]
