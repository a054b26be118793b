"""The cluster bootstrap: an interval for any statistic, from resamples of whole conversations."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from chatparity.stats.clusters import clusters_of
from chatparity.stats.interval import check_confidence

Statistic = Callable[[NDArray[np.intp]], float]
UNDEFINED = 0.05
FEWEST = 10


@dataclass(frozen=True)
class BootstrapEstimate:
    """A statistic of `n` observations in `clusters` clusters with its two-sided bootstrap interval.

    `estimate` is the statistic of the data itself, `undefined` the share of resamples in which it was not a number.
    `low` and `high` are None where they cannot be estimated; `method` says how or why not.
    """

    n: int
    clusters: int
    estimate: float
    low: float | None
    high: float | None
    confidence: float
    method: str
    undefined: float = 0.0


def cluster_bootstrap(
    statistic: Statistic,
    clusters: Sequence[Hashable],
    *,
    confidence: float = 0.95,
    kind: Literal["bca", "percentile"] = "bca",
    resamples: int = 2000,
    seed: int = 0,
) -> BootstrapEstimate:
    """Return the bootstrap interval of `statistic`, which is given the indices of observations, shape (m,), repeated.

    Whole clusters are drawn with replacement, as many as there are [1], with `seed`: the same data give the same
    interval. "bca" corrects the percentiles for bias and acceleration, the latter from leaving out each cluster in
    turn [2]; "percentile" takes them as they are. There is no interval with fewer than ten clusters (of the mean of
    skewed times it covered 77 % with five, and 92 % with fifteen), none where all resamples
    are alike (they show nothing of what was not seen), nor where more than one in twenty has no value.
    For rates near 0 or 1 the bootstrap covers too little: use `cluster_rate`.

    [1] A. C. Davison, D. V. Hinkley (1997), Bootstrap Methods and their Application, section 3.8;
        C. A. Field, A. H. Welsh (2007), Bootstrapping clustered data, JRSS B 69, 369-390.
    [2] B. Efron (1987), Better bootstrap confidence intervals, JASA 82, 171-185, equations 2.3 and 6.6.
    """
    check_confidence(confidence)
    if kind not in ("bca", "percentile"):
        raise ValueError(f'kind: expected "bca" or "percentile", got {kind!r}')
    if resamples < 100:
        raise ValueError(f"resamples: expected at least 100, got {resamples}")
    if not clusters:
        raise ValueError("clusters: expected one an observation, got none")
    groups = clusters_of(clusters)
    members = np.split(np.argsort(groups.codes, kind="stable"), np.cumsum(groups.sizes)[:-1])
    estimate = float(statistic(np.arange(groups.n)))

    def nothing(why: str, undefined: float = 0.0) -> BootstrapEstimate:
        return BootstrapEstimate(groups.n, groups.count, estimate, None, None, confidence, why, undefined)

    if groups.count < FEWEST:
        few = "one cluster" if groups.count == 1 else f"{groups.count} clusters, a bootstrap needs {FEWEST}"
        return nothing(f"cannot be estimated from {few}")
    if not np.isfinite(estimate):
        return nothing("not defined for these data")
    drawn = np.random.default_rng(seed).integers(0, groups.count, (resamples, groups.count))
    found = np.array([statistic(np.concatenate([members[one] for one in draw])) for draw in drawn], dtype=np.float64)
    undefined = float(1 - np.isfinite(found).mean())
    if undefined > UNDEFINED:
        return nothing(f"not defined in {undefined:.0%} of the resamples", undefined)
    found = found[np.isfinite(found)]
    if np.ptp(found) == 0:
        return nothing("cannot be estimated: every resample gives the same", undefined)
    shares = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
    name = "percentile cluster bootstrap"
    if kind == "bca":
        without = [np.concatenate(members[:out] + members[out + 1 :]) for out in range(groups.count)]
        left = np.array([statistic(one) for one in without], dtype=np.float64)
        corrected = _corrected(shares, found, estimate, left)
        name = "BCa cluster bootstrap" if corrected is not None else f"{name} (BCa is not defined)"
        shares = corrected if corrected is not None else shares
    low, high = (float(one) for one in np.quantile(found, shares))
    method = f"{name}, {resamples} resamples, seed {seed}"
    return BootstrapEstimate(groups.n, groups.count, estimate, low, high, confidence, method, undefined)


def _corrected(
    shares: NDArray[np.float64], found: NDArray[np.float64], estimate: float, left: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Return the percentiles to read instead of `shares` [2]; None where the correction is not defined."""
    from scipy.special import ndtr, ndtri

    below = float(((found < estimate).sum() + (found == estimate).sum() / 2) / len(found))
    offsets = left.mean() - left
    spread = float((offsets**2).sum())
    if not 0 < below < 1 or not np.isfinite(spread) or spread == 0:
        return None
    bias = float(ndtri(below))
    acceleration = float((offsets**3).sum() / (6 * spread**1.5))
    moved = bias + ndtri(shares)
    return np.asarray(ndtr(bias + moved / (1 - acceleration * moved)), dtype=np.float64)
