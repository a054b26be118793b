"""A rate over clustered yes-or-no observations, with the interval that suits its size, its extremity and clustering."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from chatparity.stats.clusters import WORKING_ICC, Inflation, clusters_of, inflation
from chatparity.stats.interval import check_confidence, clopper_pearson, wilson

SKEWED = 0.2


@dataclass(frozen=True)
class RateEstimate:
    """A rate `good` / `n` in `clusters` clusters with its two-sided interval [low, high], as shares in [0, 1].

    `estimate`, `low` and `high` are None where they cannot be estimated; `method` says how the interval was made or
    why there is none. `design_effect` is the inflation of the variance by clustering, at least 1; `inflation` says
    where it comes from.
    """

    n: int
    good: int
    clusters: int
    estimate: float | None
    low: float | None
    high: float | None
    confidence: float
    method: str
    design_effect: float = 1.0
    inflation: Inflation | None = None

    def at(self, clusters: int) -> RateEstimate:
        """Return what would be found at another number of clusters of the same kind, at the same rate."""
        if self.estimate is None or self.inflation is None or clusters < 2:
            return self
        n = self.n * clusters / self.clusters
        # Fractions of an answer are kept: rounding them would make the interval jump between neighbouring sizes.
        return _estimate(self.estimate, n, self.inflation.at(clusters), self.confidence)

    def with_confidence(self, confidence: float) -> RateEstimate:
        """Return the same rate with its interval at another confidence."""
        check_confidence(confidence)
        if self.estimate is None or self.inflation is None:
            return replace(self, confidence=confidence)
        return _estimate(self.estimate, self.n, self.inflation, confidence)


def cluster_rate(
    values: Sequence[bool],
    clusters: Sequence[Hashable],
    *,
    confidence: float = 0.95,
    working_icc: float = WORKING_ICC,
) -> RateEstimate:
    """Return the rate of true `values`, given the cluster of each.

    Wilson's interval [1] on the effective size n / design effect, or the exact one [2] where the count is skewed:
    |1 − 2p| / √(n p (1 − p)) above 0.2, as below 15 rare answers of many. There Wilson misses on the side of the
    boundary twice as often as it says; elsewhere the exact interval is needlessly wide. With one observation a cluster
    the effective size is n. With more, the exact interval is Korn and Graubard's [3], and the design effect is the
    robust one or, while few clusters hold the rarer value, at least what a correlation of `working_icc` would make of
    it: see `Inflation`. Two conversations can thus all but never decide anything, and one cannot say how conversations
    differ: its rate is given, its interval is not.

    The choice was made by simulation (`benchmarks/coverage.py`, docs/statistics.md) among this one, Wilson and exact
    intervals throughout, logit-t, and the beta-binomial posterior. It needs no model of the clusters for its centre: a
    beta-binomial fit weighs long conversations less, and so estimates another rate where long ones go worse.

    [1] E. B. Wilson (1927), JASA 22, 209-212.
    [2] C. J. Clopper, E. S. Pearson (1934), Biometrika 26, 404-413.
    [3] E. L. Korn, B. I. Graubard (1998), Survey Methodology 24, 193-201; compared with others for clustered data by
        N. Dean, M. Pagano (2015), Evaluating confidence interval methods for binomial proportions in clustered
        surveys, Journal of Survey Statistics and Methodology 3, 484-503.
    """
    check_confidence(confidence)
    if len(values) != len(clusters):
        raise ValueError(f"clusters: expected one a value ({len(values)}), got {len(clusters)}")
    n = len(values)
    if n == 0:
        return RateEstimate(0, 0, 0, None, None, None, confidence, "nothing observed")
    held = np.asarray(values, dtype=bool)
    groups = clusters_of(clusters)
    good = int(held.sum())
    if groups.count < 2:
        why = "cannot be estimated from one cluster"
        return RateEstimate(n, good, groups.count, good / n, None, None, confidence, why)
    rate = good / n
    rarer = held if good * 2 <= n else ~held
    robust = groups.robust_variance(held.astype(np.float64))
    inflated = inflation(groups, robust, rate * (1 - rate) / n, groups.holding(rarer), working_icc)
    return _estimate(rate, n, inflated, confidence)


def _estimate(rate: float, n: float, inflated: Inflation, confidence: float) -> RateEstimate:
    """Choose and compute the interval; for forecasts n may be a fraction."""
    size = max(n / inflated.divisor(confidence), 1.0)
    good = min(rate * size, size)
    exact = skewness(rate, size) > SKEWED
    low, high = clopper_pearson(good, size, confidence) if exact else wilson(good, size, confidence)
    effect = inflated.design_effect
    if inflated.single:
        method = "exact (Clopper–Pearson)" if exact else "Wilson"
    elif exact:
        method = f"exact on effective n (Korn–Graubard, design effect {effect:.2f})"
    else:
        method = f"Wilson on effective n (design effect {effect:.2f})"
    clusters = inflated.clusters
    return RateEstimate(round(n), round(rate * n), clusters, rate, low, high, confidence, method, effect, inflated)


def skewness(rate: float, n: float) -> float:
    """Return the skewness of a binomial count of `n` at this rate, without its sign; infinite at 0 and 1."""
    spread = n * rate * (1 - rate)
    return abs(1 - 2 * rate) / math.sqrt(spread) if spread > 0 else math.inf
