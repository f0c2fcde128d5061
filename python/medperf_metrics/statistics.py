"""What patients drawn again, other models, groups of patients and wrong labels say of a figure.

Figures are named by the metric's id (docs/metrics); an underscore counts as a hyphen. By the kind of cases:
scores (reference 0 or 1): sensitivity, specificity, precision, npv, accuracy, balanced-accuracy, youden, f1, mcc, kappa,
  lr-positive, lr-negative, net-benefit (all at `threshold`), auroc, auprc, auprc-trapezoid, brier, log-loss, ece,
  ece-equal-mass, mce, calibration-slope, calibration-in-the-large
measures (reference in the same unit): mae, rmse, bias, r2, ccc, pearson, spearman, icc-1-1, icc-a-1, icc-c-1
classes (whole numbers from 0, with `classes`): accuracy, balanced-accuracy, f1-macro, f1-micro, f1-weighted,
  mcc-multiclass, kappa, kappa-linear, kappa-quadratic
probabilities (shape (cases, classes)): auroc-one-vs-rest, auroc-one-vs-rest-weighted, auroc-hand-till, brier-multiclass,
  log-loss, top-k-accuracy (k = 2)
values (no reference): mean, median"""
from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional, Tuple

import numpy as np
from numpy.typing import ArrayLike

from ._arrays import ids, numbers, patients_of, same_length, whole, yes_or_no
from ._figures import Bootstrap, Estimate
from ._native import figures

_MEASURES = ("mae", "rmse", "bias", "r2", "ccc", "pearson", "spearman", "icc-1-1", "icc-a-1", "icc-c-1")
_VALUES = ("mean", "median")


@dataclass(frozen=True)
class PairedBootstrap:
    """Of the first model's figure less the second's, both on the same resamples. docs/metrics: comparison, paired."""
    difference: Bootstrap
    p_value: Optional[float]  #: two-sided


@dataclass(frozen=True)
class PairedAuroc:
    """DeLong's test of two correlated areas. docs/metrics: comparison."""
    first: Optional[float]
    second: Optional[float]
    difference: Estimate  #: first less second
    correlation: Optional[float]  #: of the two areas
    z: Optional[float]
    p_value: Optional[float]  #: two-sided


@dataclass(frozen=True)
class McNemar:
    """Whether two models are right equally often. docs/metrics: comparison."""
    only_first: int  #: cases that only the first model has right
    only_second: int
    difference: Optional[float]  #: of the accuracies
    exact_p_value: float
    mid_p_value: float  #: less conservative


@dataclass(frozen=True)
class TestResult:
    """A two-sided test; undefined is None, and flag says why."""
    statistic: Optional[float]
    p_value: Optional[float]
    convention: str
    flag: str


@dataclass(frozen=True)
class PairedValues:
    """Per-patient values of two models, first less second, in their unit. docs/metrics: paired."""
    mean_difference: Estimate
    t: TestResult
    wilcoxon: TestResult  #: signed ranks; exact up to 100 differences
    bootstrap: Bootstrap  #: of the mean difference
    pairs: int
    zero_differences: int


@dataclass(frozen=True)
class ModelRank:
    """value: the figure; rank: 1 is best, ties share; low and high: whole places; best: share of resamples in which it
    is first."""
    value: float
    rank: float
    low: int
    high: int
    best: float


@dataclass(frozen=True)
class RankTable:
    """docs/metrics: ranks. Without rows flag says why."""
    convention: str
    flag: str
    models: Dict[str, ModelRank]


@dataclass(frozen=True)
class Subgroup:
    cases: int
    patients: int
    estimate: Estimate  #: without a value below the minimum of patients (flag group_too_small)


@dataclass(frozen=True)
class SubgroupTable:
    """docs/metrics: subgroups. The worst of several noisy figures looks worse than it is: read it with its interval."""
    groups: Dict[object, Subgroup]
    overall: Estimate  #: of all cases
    worst: Optional[object]  #: the group with the worst value
    gap: Optional[float]  #: best less worst value, at least 0


@dataclass(frozen=True)
class NoisyFigure:
    """docs/metrics: label-noise."""
    as_given: Optional[float]
    expected: Optional[float]  #: what it tends to when each label is flipped with the chance
    extremes: Optional[Tuple[float, float]]  #: if as many labels are flipped in the worst way
    flips: int


@dataclass(frozen=True)
class LabelNoise:
    """How far figures move if a share of the labels is wrong."""
    sensitivity: NoisyFigure
    specificity: NoisyFigure
    auroc: NoisyFigure


def _id(figure: object) -> str:
    """What a Python name of a metric stands for: balanced_accuracy for balanced-accuracy."""
    if not isinstance(figure, str):
        raise ValueError("figure: its name is a text")
    return figure.replace("_", "-")


def _kind(figure: str, shape: int, classes: Optional[int]) -> str:
    if shape == 2:
        return "probabilities"
    if classes is not None:
        return "classes"
    return "values" if figure in _VALUES else "measures" if figure in _MEASURES else "scores"


def _cases(figure: str, models: Mapping[str, object], reference: Optional[ArrayLike],
           classes: Optional[int]) -> Tuple[Dict[str, np.ndarray], Dict[str, Any], int]:
    """The models' predictions one after another, with the reference; the options that say what they are; the cases."""
    figure = _id(figure)
    if not models:
        raise ValueError("models: there is none")
    first = np.asarray(next(iter(models.values())))
    kind = _kind(figure, first.ndim, classes)
    read = whole if kind == "classes" else numbers
    columns = {name: read(str(name), one, 2 if kind == "probabilities" else 1) for name, one in models.items()}
    same_length(**{str(name): one for name, one in columns.items()})
    (shape, *others) = [one.shape for one in columns.values()]
    if any(other != shape for other in others):
        raise ValueError("models: they do not have equally many classes")
    if kind == "probabilities":
        if classes is not None and classes != shape[1]:
            raise ValueError(f"classes: there are {shape[1]} columns")
        classes = shape[1]
    arrays = {"predicted": np.concatenate([one.reshape(-1) for one in columns.values()])}
    if kind != "values":
        if reference is None:
            raise ValueError(f"reference: {figure} needs one")
        arrays["reference"] = {"scores": yes_or_no, "measures": numbers}.get(kind, whole)("reference", reference)
        if arrays["reference"].size != shape[0]:
            raise ValueError(f"reference: it has {arrays['reference'].size} values for {shape[0]} cases")
    elif reference is not None:
        raise ValueError(f"reference: {figure} takes none")
    return arrays, {"figure": figure, "kind": kind, "models": len(columns), "classes": classes}, shape[0]


def _units(patients: Optional[ArrayLike], strata: Optional[ArrayLike], cases: int) -> Dict[str, np.ndarray]:
    return {**patients_of(patients, cases), **({} if strata is None else {"strata": ids("strata", strata, cases)})}


def bootstrap(figure: str, predicted: ArrayLike, reference: Optional[ArrayLike] = None, *,
              classes: Optional[int] = None, patients: Optional[ArrayLike] = None,
              strata: Optional[ArrayLike] = None, threshold: float = 0.5, bins: int = 15,
              interval: str = "percentile", replicates: int = 2000, seed: int = 0, level: float = 0.95,
              threads: int = 1) -> Bootstrap:
    """The interval of any figure (names: above). patients are drawn with all of their cases, within strata (such as
    the class), which are the same for all cases of a patient. interval: "percentile", "bca". The result does not depend
    on threads. docs/metrics: bootstrap."""
    arrays, options, cases = _cases(figure, {"predicted": predicted}, reference, classes)
    return figures(Bootstrap, "bootstrap", {**arrays, **_units(patients, strata, cases)}, **options, threshold=threshold,
                   bins=bins, interval=interval, replicates=replicates, seed=seed, level=level, threads=threads)


def paired_bootstrap(figure: str, first: ArrayLike, second: ArrayLike,
                     reference: Optional[ArrayLike] = None, *, classes: Optional[int] = None,
                     patients: Optional[ArrayLike] = None, strata: Optional[ArrayLike] = None,
                     threshold: float = 0.5, bins: int = 15, interval: str = "percentile", replicates: int = 2000,
                     seed: int = 0, level: float = 0.95, threads: int = 1) -> PairedBootstrap:
    """Two models on the same cases: of the first's figure less the second's."""
    arrays, options, cases = _cases(figure, {"first": first, "second": second}, reference, classes)
    return figures(PairedBootstrap, "paired_bootstrap", {**arrays, **_units(patients, strata, cases)}, **options,
                   threshold=threshold, bins=bins, interval=interval, replicates=replicates, seed=seed, level=level,
                   threads=threads)


@dataclass(frozen=True)
class _Ranks:
    convention: str
    flag: str
    models: Tuple[ModelRank, ...]


def ranks(figure: str, models: Mapping[str, ArrayLike], reference: Optional[ArrayLike] = None, *,
          better: str = "", interval: str = "pairwise", classes: Optional[int] = None,
          patients: Optional[ArrayLike] = None, strata: Optional[ArrayLike] = None, threshold: float = 0.5,
          bins: int = 15, replicates: int = 2000, seed: int = 0, level: float = 0.95, threads: int = 1) -> RankTable:
    """Ranks of several models on the same cases, by name. better: "higher" or "lower"; by default what is better of the
    figure (mean and median have to be told). interval: "pairwise" (tests of all pairs), "percentile", "simultaneous"."""
    arrays, options, cases = _cases(figure, models, reference, classes)
    found = figures(_Ranks, "ranks", {**arrays, **_units(patients, strata, cases)}, **options, better=better,
                    rank_interval=interval, threshold=threshold, bins=bins, replicates=replicates, seed=seed, level=level,
                    threads=threads)
    return RankTable(found.convention, found.flag, dict(zip(models, found.models)))


@dataclass(frozen=True)
class _Subgroups:
    groups: Tuple[Subgroup, ...]
    overall: Estimate
    worst: Optional[int]
    gap: Optional[float]


def subgroups(figure: str, predicted: ArrayLike, reference: Optional[ArrayLike] = None, *,
              groups: ArrayLike, better: str = "", minimum_patients: int = 10, classes: Optional[int] = None,
              patients: Optional[ArrayLike] = None, threshold: float = 0.5, bins: int = 15,
              level: float = 0.95) -> SubgroupTable:
    """A figure in each group of patients, and the group it serves worst. groups: shape (cases,), anything that tells
    them apart. A group of fewer patients than the minimum has no value."""
    arrays, options, cases = _cases(figure, {"predicted": predicted}, reference, classes)
    numbered = ids("groups", groups, cases)
    listed = np.asarray(groups).tolist()
    names = [listed[i] for i in np.unique(numbered, return_index=True)[1]]
    found = figures(_Subgroups, "subgroups", {**arrays, **patients_of(patients, cases), "groups": numbered}, **options,
                    group_count=max(len(names), 1), better=better, minimum_patients=minimum_patients,
                    threshold=threshold, bins=bins, level=level)
    return SubgroupTable(dict(zip(names, found.groups)), found.overall,
                         None if found.worst is None else names[found.worst], found.gap)


def compare_auroc(first: ArrayLike, second: ArrayLike, labels: ArrayLike, *,
                  level: float = 0.95) -> PairedAuroc:
    """The areas of two models' scores on the same independent cases, shape (cases,)."""
    arrays = {"first": numbers("first", first), "second": numbers("second", second), "labels": yes_or_no("labels", labels)}
    same_length(**arrays)
    return figures(PairedAuroc, "compare_auroc", arrays, level=level)


def mcnemar(first_right: ArrayLike, second_right: ArrayLike) -> McNemar:
    """Whether each model was right (0 or 1), by case."""
    arrays = {"first": yes_or_no("first_right", first_right), "second": yes_or_no("second_right", second_right)}
    same_length(first_right=arrays["first"], second_right=arrays["second"])
    return figures(McNemar, "mcnemar", arrays)


def compare_values(first: ArrayLike, second: ArrayLike, *, interval: str = "percentile",
                   replicates: int = 2000, seed: int = 0, level: float = 0.95, threads: int = 1) -> PairedValues:
    """Per-patient values (Dice, HD95, absolute error ...) of two models, shape (patients,)."""
    arrays = {"first": numbers("first", first), "second": numbers("second", second)}
    same_length(**arrays)
    return figures(PairedValues, "compare_values", arrays, interval=interval, replicates=replicates, seed=seed,
                   level=level, threads=threads)


def label_noise(scores: ArrayLike, labels: ArrayLike, *, share: float, threshold: float = 0.5) -> LabelNoise:
    """Sensitivity, specificity and AUROC if the share of labels, in [0, 0.5], is wrong: in formulas."""
    arrays = {"scores": numbers("scores", scores), "labels": yes_or_no("labels", labels)}
    same_length(**arrays)
    return figures(LabelNoise, "label_noise", arrays, share=share, threshold=threshold)


def simulate_label_noise(figure: str, scores: ArrayLike, labels: ArrayLike, *, share: float,
                         threshold: float = 0.5, bins: int = 15, replicates: int = 2000, seed: int = 0,
                         level: float = 0.95, threads: int = 1) -> Bootstrap:
    """Any figure of scores with each label flipped by chance. What noise does, not the uncertainty of sampling."""
    arrays = {"scores": numbers("scores", scores), "labels": yes_or_no("labels", labels)}
    same_length(**arrays)
    return figures(Bootstrap, "simulate_label_noise", arrays, figure=_id(figure), share=share, threshold=threshold, bins=bins,
                   replicates=replicates, seed=seed, level=level, threads=threads)
