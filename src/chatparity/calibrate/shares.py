"""Shares with intervals from rated answers that may have been drawn with different probabilities."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from chatparity.licence import Share
from chatparity.stats import RateEstimate, clopper_pearson, cluster_rate
from chatparity.stats.clusters import WORKING_ICC, clusters_of


def share_of(
    values: Sequence[bool], clusters: Sequence[Hashable], weights: Sequence[float], confidence: float
) -> Share:
    """Return the share of true values, each of a cluster and with the weight 1 / inclusion probability.

    Alike weights: `cluster_rate`. Else the weighted share with the exact interval on the effective size of Korn and
    Graubard [1]: n over the larger of the design effects that the linearised variance shows and that Kish's formula
    [2] makes of unequal weights and of answers of one conversation. Each end of the interval is that of the sample with
    one more answer of the largest weight, against that end: what stands for many and was not drawn may be another.

    [1] E. L. Korn, B. I. Graubard (1998), Survey Methodology 24, 193-201.
    [2] L. Kish (1965), Survey Sampling, sections 8.2 and 11.7.
    """
    if not values or max(weights) - min(weights) < 1e-9 * max(weights):
        return of_rate(cluster_rate(values, clusters, confidence=confidence), confidence)
    groups = clusters_of(clusters)
    n = len(values)
    held, weight = np.asarray(values, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    share = min(float(weight @ held / weight.sum()), 1.0)
    if groups.count < 2:
        why = "cannot be estimated from one cluster"
        return Share(n=n, clusters=groups.count, estimate=share, low=None, high=None, method=why)
    sums = np.bincount(groups.codes, weights=weight * (held - share), minlength=groups.count)
    variance = float(groups.count / (groups.count - 1) * (sums**2).sum() / weight.sum() ** 2)
    simple = share * (1 - share) / n
    kish = n * float((weight**2).sum() / weight.sum() ** 2)
    crowded = 1 + (groups.typical_size - 1) * WORKING_ICC
    effect = max(variance / simple if simple > 0 else 1.0, kish * crowded, 1.0)
    size, most = n / effect, float(weight.max())
    total = float(weight.sum()) + most
    with_miss, with_hit = float(weight @ held) / total, (float(weight @ held) + most) / total
    # A share of 1 may come out a hair above it where weights are added up.
    low, _ = clopper_pearson(min(with_miss, 1.0) * size, size, confidence)
    _, high = clopper_pearson(min(with_hit, 1.0) * size, size, confidence)
    method = f"weighted, exact on effective n (Korn–Graubard, design effect {effect:.2f})"
    return Share(n=n, clusters=groups.count, estimate=share, low=low, high=high, method=method, size=size)


def of_rate(rate: RateEstimate, confidence: float) -> Share:
    """Return an unweighted rate as a share, with how many independent answers it is worth."""
    size = rate.n / rate.inflation.divisor(confidence) if rate.inflation is not None else 0.0
    return Share(
        n=rate.n,
        clusters=rate.clusters,
        estimate=rate.estimate,
        low=rate.low,
        high=rate.high,
        method=rate.method,
        size=size,
    )
