"""Measured numbers: errors, agreement; and intervals of single figures."""
from dataclasses import dataclass
from typing import Dict, Optional, Tuple

import numpy as np
from numpy.typing import ArrayLike

from ._arrays import numbers, patients_of, same_length
from ._figures import Estimate
from ._native import answer_as, figures


@dataclass(frozen=True)
class RegressionScores:
    """mae, rmse (at least 0) and bias (predicted less reference) in the unit of the numbers; r2 at most 1; ccc (Lin's
    concordance), pearson and spearman in [-1, 1]. docs/metrics: regression, agreement, correlation."""
    mae: Estimate
    rmse: Estimate
    bias: Estimate
    r2: Estimate
    ccc: Estimate
    pearson: Estimate
    spearman: Estimate


@dataclass(frozen=True)
class LimitsOfAgreement:
    """Bland and Altman's, of predicted less reference, in the unit of the numbers. docs/metrics: agreement."""
    bias: Estimate
    deviation: float  #: standard deviation of the differences, divisor n - 1
    lower: Estimate
    upper: Estimate


@dataclass(frozen=True)
class IntraclassCorrelations:
    """McGraw and Wong's forms for single ratings, at most 1. docs/metrics: icc."""
    one_way: Estimate  #: ICC(1,1)
    agreement: Estimate  #: ICC(A,1): shifts between raters count as disagreement
    consistency: Estimate  #: ICC(C,1): they do not


def _pairs(predicted: ArrayLike, reference: ArrayLike,
           patients: Optional[ArrayLike]) -> Dict[str, np.ndarray]:
    pairs = {"predicted": numbers("predicted", predicted), "reference": numbers("reference", reference)}
    same_length(**pairs)
    return {**pairs, **patients_of(patients, pairs["predicted"].size)}


def regression(predicted: ArrayLike, reference: ArrayLike, *, patients: Optional[ArrayLike] = None,
               level: float = 0.95) -> RegressionScores:
    """Errors and correlations of pairs, shape (cases,). Where patients have several cases there is no interval: use
    bootstrap()."""
    return figures(RegressionScores, "regression", _pairs(predicted, reference, patients), level=level)


def limits_of_agreement(predicted: ArrayLike, reference: ArrayLike, *, coverage: float = 0.95,
                        patients: Optional[ArrayLike] = None, level: float = 0.95) -> LimitsOfAgreement:
    """Between which differences the share `coverage` of further cases is expected, with intervals at `level`."""
    return figures(LimitsOfAgreement, "limits_of_agreement", _pairs(predicted, reference, patients), coverage=coverage,
                   level=level)


def icc(ratings: ArrayLike, *, level: float = 0.95) -> IntraclassCorrelations:
    """Intraclass correlations: shape (subjects, raters); a model and its reference are two raters."""
    table = numbers("ratings", ratings, 2)
    return figures(IntraclassCorrelations, "icc", {"ratings": table}, raters=table.shape[1], level=level)


def proportion_interval(events: int, total: int, *, method: str = "wilson", level: float = 0.95) -> Estimate:
    """events of total, in [0, 1]. method: "wilson", or "clopper-pearson" (exact: never covers less, so wider).
    docs/metrics: intervals."""
    return figures(Estimate, "proportion", {}, events=events, total=total, method=method, level=level)


def mean_interval(values: ArrayLike, *, level: float = 0.95) -> Estimate:
    """The mean of a value per patient with Student's interval, in the unit of the values."""
    return figures(Estimate, "mean", {"values": numbers("values", values)}, level=level)


def quantile_interval(values: ArrayLike, p: float = 0.5, *, level: float = 0.95) -> Estimate:
    """The p-quantile (type 7, as NumPy's) with an interval between order statistics that assumes nothing."""
    return figures(Estimate, "quantile", {"values": numbers("values", values)}, p=p, level=level)


def logit_interval(value: float, se: float, *, level: float = 0.95) -> Optional[Tuple[float, float]]:
    """An interval within (0, 1) that leans where the figure leans. None for 0, 1 or a standard error of 0."""
    found: Optional[Tuple[float, float]] = answer_as(Optional[Tuple[float, float]], "logit", {}, value=value, se=se,
                                                     level=level)
    return found
