"""A rate over clustered yes-or-no observations, with the interval that suits its size, its extremity and clustering."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from chatparity.stats.clusters import clusters_of, design_effect
from chatparity.stats.interval import check_confidence, clopper_pearson, t_quantile, wilson

EXTREME = 5


@dataclass(frozen=True)
class RateEstimate:
    """A rate `good` / `n` in `clusters` clusters with its two-sided interval [low, high], as shares in [0, 1].

    `estimate`, `low` and `high` are None where they cannot be estimated; `method` says how the interval was made or
    why there is none. `design_effect` is the inflation of the variance by clustering, at least 1.
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

    def at(self, clusters: int) -> RateEstimate:
        """Return what would be found at another number of clusters of the same kind, at the same rate."""
        if self.estimate is None or self.clusters < 2 or clusters < 2:
            return self
        n = self.n * clusters / self.clusters
        single = self.clusters == self.n
        # Fractions of an answer are kept: rounding them would make the interval jump between neighbouring sizes.
        return _estimate(self.estimate * n, n, clusters, self.confidence, self.design_effect, single=single)


def cluster_rate(values: Sequence[bool], clusters: Sequence[Hashable], *, confidence: float = 0.95) -> RateEstimate:
    """Return the rate of true `values`, given the cluster of each.

    One observation a cluster: Wilson's interval [1], or the exact one [2] where fewer than five observations hold the
    rarer value. Larger clusters: the same two on the effective sample size n / design effect [3], with Student's t on
    clusters − 1 degrees of freedom in place of the normal quantile; the exact one then is Korn and Graubard's [3].
    One cluster cannot say how clusters differ: the rate is given, its interval is not.

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
    effect = design_effect(groups, robust, rate * (1 - rate) / n, groups.holding(rarer))
    return _estimate(good, n, groups.count, confidence, effect, single=groups.single)


def _estimate(good: float, n: float, clusters: int, confidence: float, effect: float, *, single: bool) -> RateEstimate:
    """Choose and compute the interval; for forecasts the counts may be fractions."""
    rate = good / n
    exact = min(good, n - good) < EXTREME
    if single:
        low, high = clopper_pearson(good, n, confidence) if exact else wilson(good, n, confidence)
        method = "exact (Clopper–Pearson)" if exact else "Wilson"
        return RateEstimate(round(n), round(good), clusters, rate, low, high, confidence, method)
    quantile = t_quantile(confidence, clusters - 1)
    if exact:
        # [3]: the effective size, further reduced for the few degrees of freedom that clusters leave.
        size = max(n / effect * (t_quantile(confidence, max(n - 1, 1)) / quantile) ** 2, 1.0)
        low, high = clopper_pearson(rate * size, size, confidence)
        method = f"exact on effective n (Korn–Graubard, design effect {effect:.2f})"
    else:
        size = n / effect
        low, high = wilson(rate * size, size, confidence, quantile=quantile)
        method = f"Wilson on effective n (design effect {effect:.2f})"
    return RateEstimate(round(n), round(good), clusters, rate, low, high, confidence, method, effect)
