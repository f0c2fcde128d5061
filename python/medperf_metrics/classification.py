"""Scores against two classes: decisions, areas, probabilities, curves; and cases with several labels."""
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple

import numpy as np
from numpy.typing import ArrayLike

from ._arrays import numbers, patients_of, whole, yes_or_no
from ._figures import Bootstrap, CaseCounts, Estimate
from ._native import figures


@dataclass(frozen=True)
class BinaryScores:
    """Figures of a decision: a case is called positive if and only if its score is at least the threshold. Proportions
    (in [0, 1]) have Wilson's interval; youden and mcc lie in [-1, 1]; likelihood ratios are at least 0, without limit.
    docs/metrics: sensitivity-specificity, precision, accuracy, f1, mcc, kappa, youden, likelihood-ratios."""
    counts: CaseCounts
    sensitivity: Estimate
    specificity: Estimate
    precision: Estimate
    npv: Estimate  #: negative predictive value
    accuracy: Estimate
    balanced_accuracy: Estimate
    youden: Estimate
    f1: Estimate
    mcc: Estimate  #: Matthews' correlation
    kappa: Estimate  #: Cohen's
    lr_positive: Estimate
    lr_negative: Estimate


@dataclass(frozen=True)
class ProbabilityScores:
    """Proper scores of probabilities. Brier: mean of (p - y)^2, in [0, 1]; log loss: natural logarithm, at least 0.
    docs/metrics: brier, log-loss."""
    brier: Estimate
    log_loss: Estimate
    floored: int  #: cases whose probability of what happened counted as 2^-52


@dataclass(frozen=True)
class CalibrationBin:
    """Cases of like probability. low and high: the bin's edges, or with equal mass the least and largest in it."""
    low: float
    high: float
    cases: int
    positives: int
    mean_probability: float
    event_rate: Estimate  #: share of positives, with Wilson's interval


@dataclass(frozen=True)
class Calibration:
    """The reliability table and its gaps, in [0, 1]: the mean over cases (ECE) and the largest (MCE). Without an
    interval: bootstrap it. docs/metrics: calibration-error."""
    expected_error: Estimate
    maximum_error: Estimate
    bins: Tuple[CalibrationBin, ...]  #: ascending; empty ones are left out


@dataclass(frozen=True)
class Recalibration:
    """logit P(y = 1) = intercept + slope logit(p), by maximum likelihood, with Wald's intervals. 1 and 0 are perfect.
    docs/metrics: calibration-slope."""
    slope: Estimate  #: below 1: probabilities too extreme
    intercept: Estimate  #: beside the free slope
    in_the_large: Estimate  #: the intercept when the slope is held at 1


@dataclass(frozen=True)
class OperatingPoints:
    """The ROC and precision-recall curve as counts. Point 0 calls nothing positive; point i + 1 calls the scores from
    thresholds[i] on. docs/metrics: auroc, auprc, youden."""
    thresholds: np.ndarray = field(compare=False)  #: shape (points - 1,), descending
    tp: np.ndarray = field(compare=False)  #: shape (points,), counts as floats
    fp: np.ndarray = field(compare=False)
    fn: np.ndarray = field(compare=False)
    tn: np.ndarray = field(compare=False)
    #: Of the point with the largest Youden index: to describe, never to report accuracy there. None: one class, or
    #: no threshold is better than calling nothing.
    largest_youden: Optional[float]

    @property
    def sensitivity(self) -> np.ndarray:
        """Shape (points,); NaN without positives."""
        return _quotient(self.tp, self.tp + self.fn)

    @property
    def specificity(self) -> np.ndarray:
        """Shape (points,); NaN without negatives."""
        return _quotient(self.tn, self.tn + self.fp)

    @property
    def precision(self) -> np.ndarray:
        """Shape (points,); NaN where nothing is called positive."""
        return _quotient(self.tp, self.tp + self.fp)


@dataclass(frozen=True)
class NetBenefit:
    """Net benefit of deciding by the model at a threshold probability, and of treating everybody; of nobody it is 0.
    At most the share of positives. docs/metrics: net-benefit."""
    threshold: float
    model: float
    treat_all: float
    counts: CaseCounts


@dataclass(frozen=True)
class MultiLabelScores:
    """Figures over all labels, in [0, 1], and the table of each. docs/metrics: multilabel."""
    auroc_macro: Estimate
    f1_macro: Estimate
    f1_micro: Estimate
    hamming_loss: Estimate
    subset_accuracy: Estimate
    labels: Tuple[CaseCounts, ...]


def _quotient(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    shares: np.ndarray = np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
    return shares


def _cases(scores: ArrayLike, labels: ArrayLike, axes: int = 1) -> Dict[str, np.ndarray]:
    cases = {"scores": numbers("scores", scores, axes), "labels": yes_or_no("labels", labels, axes)}
    if cases["scores"].shape != cases["labels"].shape:
        raise ValueError(f"labels: their shape {cases['labels'].shape} is not that of scores, {cases['scores'].shape}")
    return cases


def binary(scores: ArrayLike, labels: ArrayLike, *, threshold: float = 0.5,
           patients: Optional[ArrayLike] = None, level: float = 0.95) -> BinaryScores:
    """All figures of a decision at a threshold that was fixed before. scores, labels: shape (cases,); labels 0 or 1.
    Where patients (anything that tells them apart) have several cases there is no interval: use bootstrap()."""
    cases = _cases(scores, labels)
    return figures(BinaryScores, "binary", {**cases, **patients_of(patients, cases["scores"].size)},
                   threshold=threshold, level=level)


def binary_counts(tp: int, fp: int, fn: int, tn: int, *, level: float = 0.95) -> BinaryScores:
    """The same from the counts of a 2x2 table."""
    return figures(BinaryScores, "binary_counts", {"counts": whole("counts", [tp, fp, fn, tn])}, level=level)


def auroc(scores: ArrayLike, labels: ArrayLike, *, level: float = 0.95, interval: str = "delong") -> Estimate:
    """Area under the ROC curve, ties one half, in [0, 1], with DeLong's standard error. Cases are independent. interval:
    "delong" (symmetric), or "logit" for areas near 1 (none for an area of 1)."""
    return figures(Estimate, "auroc", _cases(scores, labels), level=level, interval=interval)


def auroc_bootstrap(scores: ArrayLike, labels: ArrayLike, *, patients: Optional[ArrayLike] = None,
                    stratified: bool = True, replicates: int = 2000, seed: int = 0, level: float = 0.95,
                    threads: int = 1, interval: str = "percentile") -> Bootstrap:
    """interval: "percentile" or "bca". patients (any values that tell them apart) are drawn with all of their cases.
    The result does not depend on threads."""
    cases = _cases(scores, labels)
    return figures(Bootstrap, "auroc_bootstrap", {**cases, **patients_of(patients, cases["scores"].size)},
                   stratified=bool(stratified), replicates=replicates, seed=seed, level=level, threads=threads,
                   interval=interval)


def auprc(scores: ArrayLike, labels: ArrayLike, *, interpolation: str = "step") -> Estimate:
    """Average precision, in [0, 1] ("step"); "trapezoid" only to compare with tools that draw straight lines. Without
    an interval: bootstrap it. docs/metrics: auprc."""
    return figures(Estimate, "auprc", _cases(scores, labels), interpolation=interpolation)


def probabilities(scores: ArrayLike, labels: ArrayLike, *, patients: Optional[ArrayLike] = None,
                  level: float = 0.95) -> ProbabilityScores:
    """Brier score and log loss of predicted probabilities of the positive class, in [0, 1]."""
    cases = _cases(scores, labels)
    return figures(ProbabilityScores, "probabilities", {**cases, **patients_of(patients, cases["scores"].size)},
                   level=level)


def calibration(scores: ArrayLike, labels: ArrayLike, *, bins: int = 15, binning: str = "width",
                level: float = 0.95) -> Calibration:
    """Reliability table and calibration errors of probabilities. binning: "width" (bins of equal width), "mass" (of
    about as many cases)."""
    return figures(Calibration, "calibration", _cases(scores, labels), bins=bins, binning=binning, level=level)


def recalibration(scores: ArrayLike, labels: ArrayLike, *, patients: Optional[ArrayLike] = None,
                  level: float = 0.95) -> Recalibration:
    """Calibration slope, its intercept, and calibration in the large, of probabilities in (0, 1)."""
    cases = _cases(scores, labels)
    return figures(Recalibration, "recalibration", {**cases, **patients_of(patients, cases["scores"].size)}, level=level)


def operating_points(scores: ArrayLike, labels: ArrayLike, *, collapsed: bool = False) -> OperatingPoints:
    """One point for each distinct score. collapsed leaves out points inside straight pieces of the ROC curve."""
    return figures(OperatingPoints, "operating_points", _cases(scores, labels), collapsed=bool(collapsed))


@dataclass(frozen=True)
class _Curve:
    model: np.ndarray
    treat_all: np.ndarray
    tp: np.ndarray
    fp: np.ndarray
    fn: np.ndarray
    tn: np.ndarray


def decision_curve(scores: ArrayLike, labels: ArrayLike, thresholds: ArrayLike) -> List[NetBenefit]:
    """Net benefit at each threshold, in (0, 1), of probabilities; called positive if the probability is at least it."""
    at = numbers("thresholds", thresholds)
    found = figures(_Curve, "decision_curve", {**_cases(scores, labels), "thresholds": at})
    tables = zip(*(column.astype(int).tolist() for column in (found.tp, found.fp, found.fn, found.tn)))
    return [NetBenefit(threshold, model, treat_all, CaseCounts(*table)) for threshold, model, treat_all, table in zip(
        at.tolist(), found.model.tolist(), found.treat_all.tolist(), tables)]


def multilabel(scores: ArrayLike, labels: ArrayLike, *, threshold: float = 0.5,
               level: float = 0.95) -> MultiLabelScores:
    """Cases with several labels: shape (cases, labels); called if the score is at least the threshold."""
    cases = _cases(scores, labels, 2)
    return figures(MultiLabelScores, "multilabel", cases, columns=cases["scores"].shape[1], threshold=threshold,
                   level=level)
