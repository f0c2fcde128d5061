"""Several classes a case."""
from dataclasses import dataclass, field
from typing import Optional, Tuple

import numpy as np
from numpy.typing import ArrayLike

from ._arrays import numbers, patients_of, same_length, whole
from ._figures import CaseCounts, Estimate
from ._native import figures


@dataclass(frozen=True)
class ClassScores:
    """Figures of the table of reference against prediction. Shares lie in [0, 1], mcc (Gorodkin's) and the kappas in
    [-1, 1]. Macro means leave out classes that have no figure of their own, and say so (flag). docs/metrics:
    multiclass, accuracy, f1, mcc, kappa."""
    matrix: np.ndarray = field(compare=False)  #: shape (classes, classes): rows the reference, columns the prediction
    accuracy: Estimate
    balanced_accuracy: Estimate  #: mean recall
    f1_macro: Estimate
    f1_micro: Estimate
    f1_weighted: Estimate  #: by the reference's cases
    mcc: Estimate
    kappa: Estimate
    kappa_linear: Estimate
    kappa_quadratic: Estimate
    classes: Tuple[CaseCounts, ...]  #: each against the rest; binary_counts() has their figures


@dataclass(frozen=True)
class MulticlassScores:
    """Figures of class probabilities. Areas and top-k accuracy lie in [0, 1], Brier (sum over classes) in [0, 2], log
    loss is at least 0. docs/metrics: multiclass, brier, log-loss."""
    auroc_macro: Estimate  #: each class against the rest
    auroc_weighted: Estimate  #: by the classes' sizes
    auroc_hand_till: Estimate  #: pairs of classes; does not depend on prevalence
    brier: Estimate
    log_loss: Estimate
    floored: int  #: cases whose probability of their class counted as 2^-52
    top_k_accuracy: Estimate  #: ties count against


def classes(predicted: ArrayLike, reference: ArrayLike, *, classes: Optional[int] = None,
            patients: Optional[ArrayLike] = None, level: float = 0.95) -> ClassScores:
    """Figures of called classes, or of two raters. predicted, reference: shape (cases,), whole numbers from 0. classes:
    how many there are; else one more than the largest number, at least two."""
    cases = {"predicted": whole("predicted", predicted), "reference": whole("reference", reference)}
    same_length(**cases)
    if classes is None:
        classes = max([2, *(int(one.max()) + 1 for one in cases.values() if one.size)])
    return figures(ClassScores, "classes", {**cases, **patients_of(patients, cases["reference"].size)}, classes=classes,
                   level=level)


def multiclass(probabilities: ArrayLike, reference: ArrayLike, *, top_k: int = 1,
               patients: Optional[ArrayLike] = None, level: float = 0.95) -> MulticlassScores:
    """Figures of class probabilities: shape (cases, classes), rows that add up to 1; reference: shape (cases,), whole
    numbers from 0."""
    cases = {"probabilities": numbers("probabilities", probabilities, 2), "reference": whole("reference", reference)}
    same_length(**cases)
    return figures(MulticlassScores, "multiclass", {**cases, **patients_of(patients, cases["reference"].size)},
                   classes=cases["probabilities"].shape[1], top_k=top_k, level=level)
