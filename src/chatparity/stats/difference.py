"""The difference of two rates with an interval: paired on the same exchanges, or on conversations of their own."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from chatparity.stats.clusters import DIFFERENCE_FADES, WORKING_ICC, Inflation, clusters_of, inflation
from chatparity.stats.interval import check_confidence, normal_quantile
from chatparity.stats.rate import RateEstimate, cluster_rate


@dataclass(frozen=True)
class DifferenceEstimate:
    """The difference of two paired rates, first − second, with its two-sided interval, as shares in [−1, 1].

    Of `n` pairs in `clusters` clusters, `first_only` are good for the first side alone and `second_only` for the
    second alone. `estimate`, `low` and `high` are None where they cannot be estimated; `method` says how or why not.
    """

    n: int
    first_only: int
    second_only: int
    clusters: int
    estimate: float | None
    low: float | None
    high: float | None
    confidence: float
    method: str
    design_effect: float = 1.0
    inflation: Inflation | None = None

    def at(self, clusters: int) -> DifferenceEstimate:
        """Return what would be found at another number of clusters of the same kind, at the same rates."""
        if self.estimate is None or self.inflation is None or clusters < 2:
            return self
        scale = clusters / self.clusters
        counts = (self.first_only * scale, self.second_only * scale, self.n * scale)
        return _estimate(*counts, self.inflation.at(clusters), self.confidence)

    def with_confidence(self, confidence: float) -> DifferenceEstimate:
        """Return the same difference with its interval at another confidence."""
        check_confidence(confidence)
        if self.estimate is None or self.inflation is None:
            return replace(self, confidence=confidence)
        return _estimate(self.first_only, self.second_only, self.n, self.inflation, confidence)


def paired_difference(
    first: Sequence[bool],
    second: Sequence[bool],
    clusters: Sequence[Hashable],
    *,
    confidence: float = 0.95,
    working_icc: float = WORKING_ICC,
) -> DifferenceEstimate:
    """Return the difference of the rates of `first` and `second`, which stand for the same exchanges, in order.

    Tango's score interval [1] on the effective number of pairs, n / design effect; it holds for few discordant pairs
    as for many, and at none it is ±z² / (n + z²), close to the exact bound on an event that was never seen [2]. The
    design effect is the robust one [3] of the pairwise differences or, while few clusters hold a discordant pair, at
    least what a correlation of `working_icc` would make of it: see `Inflation`.

    Chosen by simulation (`benchmarks/coverage.py`, docs/statistics.md) over the robust t interval, which misses twice
    as often on the side of the larger rate where one of the two is extreme.

    [1] T. Tango (1998), Equivalence test and confidence interval for the difference in proportions for the
        paired-sample design, Statistics in Medicine 17, 891-908.
    [2] J. A. Hanley, A. Lippman-Hand (1983), If nothing goes wrong, is everything all right?, JAMA 249, 1743-1745.
    [3] A. C. Cameron, D. L. Miller (2015), Journal of Human Resources 50, 317-372, equations 11-12.
    """
    check_confidence(confidence)
    if not len(first) == len(second) == len(clusters):
        lengths = f"{len(first)}, {len(second)} and {len(clusters)}"
        raise ValueError(f"first, second, clusters: expected the same length, got {lengths}")
    n = len(first)
    if n == 0:
        return DifferenceEstimate(0, 0, 0, 0, None, None, None, confidence, "no pairs")
    differences = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    groups = clusters_of(clusters)
    first_only, second_only = int((differences > 0).sum()), int((differences < 0).sum())
    estimate = float(differences.mean())
    if groups.count < 2:
        why = "cannot be estimated from one cluster"
        return DifferenceEstimate(n, first_only, second_only, groups.count, estimate, None, None, confidence, why)
    naive = ((first_only + second_only) / n - estimate**2) / n
    robust = groups.robust_variance(differences)
    inflated = inflation(groups, robust, naive, groups.holding(differences != 0), working_icc, DIFFERENCE_FADES)
    return _estimate(first_only, second_only, n, inflated, confidence)


def _estimate(
    first_only: float, second_only: float, n: float, inflated: Inflation, confidence: float
) -> DifferenceEstimate:
    """Compute the interval; for forecasts the counts may be fractions."""
    divisor = min(inflated.divisor(confidence), n)
    low, high = score_interval(
        first_only / divisor, second_only / divisor, n / divisor, quantile=normal_quantile(confidence)
    )
    effect = inflated.design_effect
    return DifferenceEstimate(
        n=round(n),
        first_only=round(first_only),
        second_only=round(second_only),
        clusters=inflated.clusters,
        estimate=(first_only - second_only) / n,
        low=low,
        high=high,
        confidence=confidence,
        method="score (Tango)" if inflated.single else f"score on effective n (Tango, design effect {effect:.2f})",
        design_effect=effect,
        inflation=inflated,
    )


@dataclass(frozen=True)
class UnpairedDifference:
    """The difference of two rates on exchanges of their own, first − second, with its interval, in [−1, 1].

    `estimate`, `low` and `high` are None where they cannot be estimated; `method` says how or why not.
    """

    first: RateEstimate
    second: RateEstimate
    estimate: float | None
    low: float | None
    high: float | None
    confidence: float
    method: str

    def with_confidence(self, confidence: float) -> UnpairedDifference:
        """Return the same difference with its interval at another confidence."""
        return _hybrid(self.first.with_confidence(confidence), self.second.with_confidence(confidence), confidence)


def unpaired_difference(
    first: Sequence[bool],
    second: Sequence[bool],
    first_clusters: Sequence[Hashable],
    second_clusters: Sequence[Hashable],
    *,
    confidence: float = 0.95,
    working_icc: float = WORKING_ICC,
) -> UnpairedDifference:
    """Return the difference of two rates on different exchanges, in different conversations.

    Newcombe's hybrid [1] of the two sides' own intervals, here those of `cluster_rate`; for intervals other than
    Wilson's it is the recovery of variance estimates of Zou and Donner [2]. The sides must be independent: for the
    same exchanges use `paired_difference`. Raises ValueError where a conversation stands on both sides.

    [1] R. G. Newcombe (1998), Interval estimation for the difference between independent proportions: comparison of
        eleven methods, Statistics in Medicine 17, 873-890, method 10.
    [2] G. Y. Zou, A. Donner (2008), Construction of confidence limits about effect measures: a general approach,
        Statistics in Medicine 27, 1693-1702.
    """
    shared = set(first_clusters) & set(second_clusters)
    if shared:
        raise ValueError(f"clusters: expected none on both sides, got {min(shared, key=str)!r} on both")
    one = cluster_rate(first, first_clusters, confidence=confidence, working_icc=working_icc)
    two = cluster_rate(second, second_clusters, confidence=confidence, working_icc=working_icc)
    return _hybrid(one, two, confidence)


def _hybrid(one: RateEstimate, two: RateEstimate, confidence: float) -> UnpairedDifference:
    """Return the difference of two rates with Newcombe's hybrid [1], [2] of their intervals.

    [1] R. G. Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.
    [2] G. Y. Zou, A. Donner (2008), Statistics in Medicine 27, 1693-1702.
    """
    if one.estimate is None or two.estimate is None:
        why = f"nothing observed on the {'first' if one.estimate is None else 'second'} side"
        return UnpairedDifference(one, two, None, None, None, confidence, why)
    estimate = one.estimate - two.estimate
    if one.low is None or one.high is None or two.low is None or two.high is None:
        why = one.method if one.low is None else two.method
        return UnpairedDifference(one, two, estimate, None, None, confidence, why)
    low = estimate - math.hypot(one.estimate - one.low, two.high - two.estimate)  # [1], [2]
    high = estimate + math.hypot(one.high - one.estimate, two.estimate - two.low)
    method = f"Newcombe's hybrid of {one.method} and {two.method}"
    return UnpairedDifference(one, two, estimate, max(low, -1.0), min(high, 1.0), confidence, method)


def score_interval(first_only: float, second_only: float, n: float, *, quantile: float) -> tuple[float, float]:
    """Return Tango's score interval [1] of a paired difference of rates: all δ with |T(δ)| ≤ `quantile`.

    `first_only` and `second_only` are the discordant counts of `n` pairs; they may be fractions.

    [1] T. Tango (1998), Statistics in Medicine 17, 891-908, equations for T(δ) and its restricted estimate.
    """
    from scipy.optimize import brentq

    if not n > 0 or min(first_only, second_only) < 0 or first_only + second_only > n * (1 + 1e-9):
        raise ValueError(f"expected discordant counts within n > 0, got {first_only} and {second_only} of {n}")

    def beyond(delta: float) -> float:
        return _score(first_only, second_only, n, delta) ** 2 - quantile**2

    estimate = (first_only - second_only) / n
    edge = 1 - 1e-12
    low = -1.0 if estimate <= -edge else float(brentq(beyond, -edge, estimate, xtol=1e-12))
    high = 1.0 if estimate >= edge else float(brentq(beyond, estimate, edge, xtol=1e-12))
    return low, high


def _score(first_only: float, second_only: float, n: float, delta: float) -> float:
    """Return Tango's statistic T(δ), which is about standard normal when the true difference is δ."""
    excess = first_only - second_only - n * delta
    if excess == 0:
        return 0.0
    a = 2 * n
    b = -first_only - second_only + (2 * n - first_only + second_only) * delta
    c = -second_only * delta * (1 - delta)
    restricted = (math.sqrt(max(b * b - 4 * a * c, 0.0)) - b) / (2 * a)
    variance = n * (2 * restricted + delta * (1 - delta))
    return excess / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, excess)
