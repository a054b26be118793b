"""The difference of two rates on the same exchanges (AI − human, new − baseline), with an interval that knows both."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from chatparity.stats.clusters import FEW, clusters_of, design_effect
from chatparity.stats.interval import check_confidence, normal_quantile, t_quantile


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

    def at(self, clusters: int) -> DifferenceEstimate:
        """Return what would be found at another number of clusters of the same kind, at the same rates."""
        if self.estimate is None or self.clusters < 2 or clusters < 2:
            return self
        scale = clusters / self.clusters
        counts = (self.first_only * scale, self.second_only * scale, self.n * scale)
        effect, single = self.design_effect, self.clusters == self.n
        low, high, method = _bounds(*counts, clusters, self.confidence, effect, single=single)
        return DifferenceEstimate(
            round(counts[2]),
            round(counts[0]),
            round(counts[1]),
            clusters,
            self.estimate,
            low,
            high,
            self.confidence,
            method,
            effect,
        )


def paired_difference(
    first: Sequence[bool], second: Sequence[bool], clusters: Sequence[Hashable], *, confidence: float = 0.95
) -> DifferenceEstimate:
    """Return the difference of the rates of `first` and `second`, which stand for the same exchanges, in order.

    With ten or more discordant pairs: the mean of the pairwise differences ± t · its cluster-robust standard error
    [1], t on clusters − 1 degrees of freedom, the variance never below that of independent pairs. With fewer, the
    normal shape does not hold, and with none it would give an interval of width zero: Tango's score interval [2] on
    the effective number of pairs is used, which at no discordant pair is ±z² / (n + z²), close to the exact bound on
    an event that was never seen [3].

    [1] A. C. Cameron, D. L. Miller (2015), Journal of Human Resources 50, 317-372, equations 11-12.
    [2] T. Tango (1998), Equivalence test and confidence interval for the difference in proportions for the
        paired-sample design, Statistics in Medicine 17, 891-908.
    [3] J. A. Hanley, A. Lippman-Hand (1983), If nothing goes wrong, is everything all right?, JAMA 249, 1743-1745.
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
    effect = design_effect(groups, robust, naive, groups.holding(differences != 0))
    low, high, method = _bounds(first_only, second_only, n, groups.count, confidence, effect, single=groups.single)
    return DifferenceEstimate(n, first_only, second_only, groups.count, estimate, low, high, confidence, method, effect)


def _bounds(
    first_only: float,
    second_only: float,
    n: float,
    clusters: int,
    confidence: float,
    effect: float,
    *,
    single: bool,
) -> tuple[float, float, str]:
    """Choose and compute the interval; counts may be fractions."""
    quantile = t_quantile(confidence, clusters - 1)
    estimate = (first_only - second_only) / n
    variance = ((first_only + second_only) / n - estimate**2) / n
    noted = "" if single else f" (design effect {effect:.2f})"
    if first_only + second_only >= FEW and variance > 0:
        half = quantile * math.sqrt(variance * effect)
        return max(estimate - half, -1.0), min(estimate + half, 1.0), f"cluster-robust t{noted}"
    low, high = score_interval(
        first_only / effect,
        second_only / effect,
        n / effect,
        quantile=normal_quantile(confidence) if single else quantile,
    )
    return low, high, f"score (Tango){noted}"


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
