"""One figure from several sites: meta-analyses of the sites' own figures."""
from dataclasses import dataclass
from typing import Dict, Optional, Tuple

import numpy as np
from numpy.typing import ArrayLike

from ._arrays import numbers, same_length, whole
from ._figures import Estimate
from ._native import answer_as, figures

Interval = Tuple[float, float]


@dataclass(frozen=True)
class SiteRow:
    """A site's row of a forest plot, on the original scale; weight is its share of the analysis."""
    value: float
    low: float
    high: float
    weight: float
    corrected: bool  #: a continuity rule was applied


@dataclass(frozen=True)
class MetaAnalysis:
    """value and intervals on the original scale; effect, se and tau2 on the working scale (logit or identity).
    docs/metrics: meta-analysis."""
    convention: str
    k: int  #: sites
    value: float
    interval: Interval  #: of the pooled figure, by the options
    wald_interval: Interval  #: normal, to compare with other software
    prediction: Optional[Interval]  #: of a further site's true figure; None below three sites
    prediction_convention: str
    effect: float
    se: float
    wald_se: float
    tau2: float  #: variance between sites
    tau2_interval: Interval  #: Q-profile
    q: float  #: Cochran's
    df: int
    q_p_value: float
    i2: float  #: max(0, (Q - df) / Q), in [0, 1]
    h2: float
    i2_of_tau2: float  #: as metafor has it
    h2_of_tau2: float
    common_value: float  #: if sites differed by chance only
    warnings: Tuple[str, ...]
    sites: Tuple[SiteRow, ...]


@dataclass(frozen=True)
class OneStage:
    """A binomial model with a random site effect, by maximum likelihood. docs/metrics: meta-analysis."""
    estimate: Estimate  #: the typical site's proportion; se on the logit scale
    k: int
    effect: float  #: logit of the value
    tau2: float  #: variance of the sites' logits
    log_likelihood: float


@dataclass(frozen=True)
class Bivariate:
    """Sensitivity and specificity pooled as a pair (se, variances and covariances on the logit scale)."""
    k: int
    sensitivity: Estimate
    specificity: Estimate
    covariance: float  #: of the two pooled logits
    tau2_sensitivity: float
    tau2_specificity: float
    tau_covariance: float
    restricted_log_likelihood: float
    warnings: Tuple[str, ...]


@dataclass(frozen=True)
class Studies:
    """Sites' figures, ready to be pooled: made by proportions(), areas(), means() or effects()."""
    kind: str
    columns: Dict[str, np.ndarray]


def _studies(kind: str, **columns: np.ndarray) -> Studies:
    same_length(**columns)
    return Studies(kind, columns)


def proportions(events: ArrayLike, totals: ArrayLike) -> Studies:
    """Sites' proportions: events of totals, shape (sites,). One half is added only where a cell is empty."""
    return _studies("proportions", events=whole("events", events), totals=whole("totals", totals))


def areas(values: ArrayLike, ses: ArrayLike, positives: ArrayLike, negatives: ArrayLike) -> Studies:
    """Sites' AUROCs with DeLong's standard errors and the cases of each class, shape (sites,)."""
    return _studies("areas", values=numbers("values", values), ses=numbers("ses", ses),
                    positives=whole("positives", positives), negatives=whole("negatives", negatives))


def means(values: ArrayLike, ses: ArrayLike) -> Studies:
    """Sites' means of a value per case with their standard errors (sd / sqrt(n)), shape (sites,)."""
    return _studies("means", values=numbers("values", values), ses=numbers("ses", ses))


def effects(effects: ArrayLike, variances: ArrayLike) -> Studies:
    """Any effects with their variances, on the working scale already, shape (sites,)."""
    return _studies("effects", effects=numbers("effects", effects), variances=numbers("variances", variances))


def meta_analysis(studies: Studies, *, scale: str = "logit", tau2: str = "reml", model: str = "random",
                  interval: str = "hksj", prediction: str = "k-2", level: float = 0.95) -> MetaAnalysis:
    """Pools sites' figures. scale: "logit" for proportions and areas, "identity" for distances and other means (of
    effects(): the scale that they are on). tau2: "reml", "dl" (DerSimonian-Laird), "pm" (Paule-Mandel). model: "random",
    "common". interval: "hksj" (Hartung-Knapp, floored at 1), "hksj-unfloored", "wald". prediction: Student's t with
    "k-2" degrees of freedom, or the quantile of the "interval"."""
    return figures(MetaAnalysis, "meta_analysis", studies.columns, of=studies.kind, scale=scale, tau2=tau2, model=model,
                   interval=interval, prediction=prediction, level=level)


def leave_one_out(studies: Studies, *, scale: str = "logit", tau2: str = "reml", model: str = "random",
                  interval: str = "hksj", prediction: str = "k-2", level: float = 0.95) -> Tuple[MetaAnalysis, ...]:
    """The analysis without each site in turn, in their order: whether one of them carries the result."""
    found: Tuple[MetaAnalysis, ...] = answer_as(
        Tuple[MetaAnalysis, ...], "leave_one_out", studies.columns, of=studies.kind, scale=scale, tau2=tau2, model=model,
        interval=interval, prediction=prediction, level=level)
    return found


def one_stage(events: ArrayLike, totals: ArrayLike, *, level: float = 0.95) -> OneStage:
    """A proportion over sites from the counts themselves: for few or rare events, where the two-stage analysis misses
    the truth too often. Shape (sites,)."""
    columns = {"events": whole("events", events), "totals": whole("totals", totals)}
    same_length(**columns)
    return figures(OneStage, "one_stage", columns, level=level)


def bivariate(tp: ArrayLike, fp: ArrayLike, fn: ArrayLike, tn: ArrayLike, *,
              level: float = 0.95) -> Bivariate:
    """Sensitivity and specificity over at least three sites, from each site's 2x2 table, shape (sites,)."""
    columns = {"tp": whole("tp", tp), "fp": whole("fp", fp), "fn": whole("fn", fn), "tn": whole("tn", tn)}
    same_length(**columns)
    return figures(Bivariate, "bivariate", columns, level=level)
