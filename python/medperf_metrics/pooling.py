"""Sites' cases pooled without leaving their site: what a site sends, and the figures of all cases as if in one list."""
from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

import numpy as np
from numpy.typing import ArrayLike

from ._arrays import numbers, patients_of, same_length, whole, yes_or_no
from ._figures import Estimate
from ._native import figures


@dataclass(frozen=True)
class PooledFigure:
    metric: str  #: id of the vocabulary (docs/metrics)
    of: str  #: label or class; empty: nothing to add
    estimate: Estimate
    bound: float  #: the figure of the cases themselves lies in value +- bound


@dataclass(frozen=True)
class PooledSummaries:
    """docs/metrics: pooling."""
    kind: str
    sites: int
    cases: int
    patients: int  #: those of different sites count as different
    failed: int  #: cases that could not be measured
    figures: Tuple[PooledFigure, ...]
    summary: str  #: of all sites, to be pooled further


def _names(names: Sequence[str], columns: int) -> List[str]:
    listed = list(names)
    if isinstance(names, str) or not all(isinstance(one, str) for one in listed):
        raise ValueError("names: they are no list of texts")
    if len(listed) != columns:
        raise ValueError(f"names: there are {len(listed)} for {columns} columns")
    return listed


def summarise_scores(scores: ArrayLike, labels: ArrayLike, *, threshold: float = 0.5,
                     patients: Optional[ArrayLike] = None) -> str:
    """A site's summary of probabilities in [0, 1], shape (cases,): counts, exact sums and histograms, no case. The
    document medperf/summary/v1, as `medperf-metrics classification --summary-file` writes it."""
    arrays = {"scores": numbers("scores", scores), "labels": yes_or_no("labels", labels)}
    same_length(**arrays)
    return figures(str, "summarise_scores", {**arrays, **patients_of(patients, arrays["scores"].size)}, threshold=threshold)


def summarise_labels(scores: ArrayLike, labels: ArrayLike, names: Sequence[str], *, threshold: float = 0.5,
                     patients: Optional[ArrayLike] = None) -> str:
    """The same of cases with several labels: shape (cases, labels); names: of the labels."""
    arrays = {"scores": numbers("scores", scores, 2), "labels": yes_or_no("labels", labels, 2)}
    if arrays["scores"].shape != arrays["labels"].shape:
        raise ValueError("labels: their shape is not that of scores")
    cases, columns = arrays["scores"].shape
    return figures(str, "summarise_labels", {**arrays, **patients_of(patients, cases)}, names=_names(names, columns),
                   threshold=threshold)


def summarise_classes(predicted: ArrayLike, reference: ArrayLike, names: Sequence[str], *,
                      patients: Optional[ArrayLike] = None) -> str:
    """The same of called classes, whole numbers from 0, shape (cases,); names: of the classes, in their order."""
    arrays = {"predicted": whole("predicted", predicted), "reference": whole("reference", reference)}
    same_length(**arrays)
    return figures(str, "summarise_classes", {**arrays, **patients_of(patients, arrays["reference"].size)},
                   names=_names(names, len(list(names))))


def pool(summaries: Sequence[str], *, level: float = 0.95) -> PooledSummaries:
    """The figures of all cases of the sites whose summaries (texts) these are, in any order: of label maps too, as
    `medperf-metrics segmentation --summary-file` writes them. Counts and sums are exact; a figure from a histogram has
    its bound."""
    listed = list(summaries)
    if isinstance(summaries, str) or not all(isinstance(one, str) for one in listed):
        raise ValueError("summaries: they are no list of texts")
    return figures(PooledSummaries, "pool", {}, summaries=listed, level=level)
