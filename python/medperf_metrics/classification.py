"""Scores against classes: area under the ROC curve, several labels, decision curve."""
import ctypes
from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

import numpy as np

from ._figures import CaseCounts, Estimate, MultiLabelScores, NetBenefit
from ._native import NativeEstimate, call


@dataclass(frozen=True)
class AurocBootstrap:
    estimate: Estimate
    dropped: int  #: resamples without a value


def _cases(scores: Sequence[float], labels: Sequence[int]) -> Tuple[np.ndarray, np.ndarray]:
    numbers = np.ascontiguousarray(scores, dtype=np.float64)
    classes = np.asarray(labels)
    if numbers.ndim != 1 or classes.shape != numbers.shape:
        raise ValueError("scores and labels are two lists of the same length")
    if not np.isin(classes, (0, 1)).all():
        raise ValueError("a label is neither 0 nor 1")
    return numbers, np.ascontiguousarray(classes, dtype=np.uint8)


def auroc(scores: Sequence[float], labels: Sequence[int], *, level: float = 0.95) -> Estimate:
    """Area under the ROC curve, ties one half, with DeLong's standard error and interval. Cases are independent."""
    numbers, classes = _cases(scores, labels)
    figure, positives = NativeEstimate(), ctypes.c_int64()
    call("medperf_auroc", ctypes.c_void_p(numbers.ctypes.data), ctypes.c_void_p(classes.ctypes.data),
         ctypes.c_int64(numbers.size), ctypes.c_double(level), ctypes.byref(figure), ctypes.byref(positives))
    return figure.estimate()


def auroc_bootstrap(scores: Sequence[float], labels: Sequence[int], *, patients: Optional[Sequence[object]] = None,
                    stratified: bool = True, replicates: int = 2000, seed: int = 0, level: float = 0.95,
                    threads: int = 1) -> AurocBootstrap:
    """Percentile interval; patients (any values that tell them apart) are drawn with all of their cases. The result
    does not depend on threads."""
    numbers, classes = _cases(scores, labels)
    units, address = None, None
    if patients is not None:
        # Numbered as they appear, so that other names for the same patients give the same answer.
        _, first, inverse = np.unique(np.asarray(patients), return_index=True, return_inverse=True)
        units = np.argsort(np.argsort(first)).astype(np.int64)[inverse.reshape(-1)]
        if units.shape != numbers.shape:
            raise ValueError("there is not one patient for each case")
        address = units.ctypes.data
    figure, dropped = NativeEstimate(), ctypes.c_int64()
    call("medperf_auroc_bootstrap", ctypes.c_void_p(numbers.ctypes.data), ctypes.c_void_p(classes.ctypes.data),
         ctypes.c_void_p(address), ctypes.c_int64(numbers.size), ctypes.c_int32(stratified), ctypes.c_uint64(seed),
         ctypes.c_int32(replicates), ctypes.c_double(level), ctypes.c_int32(threads), ctypes.byref(figure),
         ctypes.byref(dropped))
    return AurocBootstrap(figure.estimate(), dropped.value)


def multilabel(scores: np.ndarray, labels: np.ndarray, *, threshold: float = 0.5,
               level: float = 0.95) -> MultiLabelScores:
    """Cases with several labels: a row a case, a column a label; called if the score is at least the threshold."""
    numbers, present = np.ascontiguousarray(scores, dtype=np.float64), np.asarray(labels)
    if numbers.ndim != 2 or present.shape != numbers.shape:
        raise ValueError("scores and labels are two tables of the same shape")
    if not np.isin(present, (0, 1)).all():
        raise ValueError("a label is neither 0 nor 1")
    present = np.ascontiguousarray(present, dtype=np.uint8)
    cases, width = numbers.shape
    figures, counts = (NativeEstimate * 5)(), (ctypes.c_int64 * max(4 * width, 1))()
    call("medperf_multilabel", ctypes.c_void_p(present.ctypes.data), ctypes.c_void_p(numbers.ctypes.data),
         ctypes.c_int64(cases), ctypes.c_int32(width), ctypes.c_double(threshold), ctypes.c_double(level), figures, counts)
    return MultiLabelScores(*(f.estimate() for f in figures),
                            tuple(CaseCounts(*counts[4 * i:4 * i + 4]) for i in range(width)))


def decision_curve(probabilities: Sequence[float], labels: Sequence[int],
                   thresholds: Sequence[float]) -> List[NetBenefit]:
    """Net benefit at each threshold in (0, 1)."""
    numbers, classes = _cases(probabilities, labels)
    at = np.ascontiguousarray(thresholds, dtype=np.float64)
    model, everybody = np.zeros(at.size), np.zeros(at.size)
    call("medperf_decision_curve", ctypes.c_void_p(numbers.ctypes.data), ctypes.c_void_p(classes.ctypes.data),
         ctypes.c_int64(numbers.size), ctypes.c_void_p(at.ctypes.data), ctypes.c_int32(at.size),
         ctypes.c_void_p(model.ctypes.data), ctypes.c_void_p(everybody.ctypes.data))
    return [NetBenefit(*point) for point in zip(at.tolist(), model.tolist(), everybody.tolist())]
