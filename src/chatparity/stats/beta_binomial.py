"""A rate and its intra-cluster correlation together, from how many of each cluster's answers are good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chatparity.stats.interval import check_confidence

RATES = 241
CORRELATIONS = 100
NEGLIGIBLE = 18.0


@dataclass(frozen=True)
class BetaBinomialEstimate:
    """A rate and the correlation of answers within a cluster, each the median of its posterior with its interval.

    `n` answers, `good` of them good, in `clusters` clusters; `rate`, `low`, `high` are shares in [0, 1], `icc`,
    `icc_low`, `icc_high` correlations in [0, 1]. The correlation is None where no cluster holds two answers.
    """

    n: int
    good: int
    clusters: int
    rate: float
    low: float
    high: float
    icc: float | None
    icc_low: float | None
    icc_high: float | None
    confidence: float


def beta_binomial(goods: Sequence[int], sizes: Sequence[int], confidence: float = 0.95) -> BetaBinomialEstimate:
    """Return the rate and the intra-cluster correlation of clusters with `goods` of `sizes` answers good.

    Each cluster's own rate is drawn from a beta distribution with mean p and correlation ρ = 1 / (α + β + 1) [1]. The
    interval is equal-tailed in the posterior under Jeffreys' prior [2] for p, as with independent answers, and a
    uniform prior for ρ, summed over a grid. The rate is that of a typical cluster: if long conversations go worse, it
    is not that of a typical answer, which `cluster_rate` estimates. With few clusters and a strong correlation it
    covers less than it says; that is measured in `benchmarks/coverage.py`, and why no gate uses it.

    [1] J. G. Skellam (1948), JRSS B 10, 257-261.
    [2] L. D. Brown, T. T. Cai, A. DasGupta (2001), Interval estimation for a binomial proportion, Statistical Science
        16, 101-133, section 4.3.
    """
    check_confidence(confidence)
    _check(goods, sizes)
    good, size = np.asarray(goods), np.asarray(sizes)
    correlations = (np.arange(CORRELATIONS) + 0.5) / CORRELATIONS
    logits = _grid(float(good.sum()), float(size.sum()), len(size))
    weights = _log_likelihood(good, size, 1 / (1 + np.exp(-logits)), correlations)
    weights += (-0.5 * (np.logaddexp(0, logits) + np.logaddexp(0, -logits)))[:, None]  # [2], on the scale of the logit
    posterior = np.exp(weights - weights.max())
    tails = np.array([(1 - confidence) / 2, 0.5, (1 + confidence) / 2])
    low, rate, high = (1 / (1 + np.exp(-_quantiles(logits, posterior.sum(axis=1), tails)))).tolist()
    icc = [None] * 3 if size.max() == 1 else _quantiles(correlations, posterior.sum(axis=0), tails).tolist()
    n, held = int(size.sum()), int(good.sum())
    return BetaBinomialEstimate(
        n=n,
        good=held,
        clusters=len(size),
        rate=rate,
        low=0.0 if held == 0 else low,
        high=1.0 if held == n else high,
        icc=icc[1],
        icc_low=icc[0],
        icc_high=icc[2],
        confidence=confidence,
    )


def _check(goods: Sequence[int], sizes: Sequence[int]) -> None:
    if len(goods) != len(sizes):
        raise ValueError(f"sizes: expected one for each of {len(goods)} goods, got {len(sizes)}")
    if not sizes:
        raise ValueError("sizes: expected at least one cluster, got none")
    for good, size in zip(goods, sizes, strict=True):
        if size < 1 or not 0 <= good <= size:
            raise ValueError(
                f"goods: expected a number from 0 to the cluster's size of at least 1, got {good} of {size}"
            )


def _grid(good: float, n: float, clusters: int) -> NDArray[np.float64]:
    """Return logits that hold all that matters of the posterior, as wide as if each cluster were one answer."""
    rate = (good + 0.5) / (n + 1)
    error = 1 / np.sqrt((clusters + 1) * rate * (1 - rate))
    centre = np.log(rate / (1 - rate))
    reach = min(max(8 * float(error), 4.0), NEGLIGIBLE)
    # Denser in the middle, where the posterior of much data lies.
    steps = np.linspace(-1, 1, RATES)
    return np.asarray(centre + reach * np.sinh(3 * steps) / np.sinh(3), dtype=np.float64)


def _log_likelihood(
    good: NDArray[np.int64], size: NDArray[np.int64], rates: NDArray[np.float64], correlations: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return log L at each rate and correlation, shape (rates, correlations), but for a constant.

    The beta functions are products of (α + i), so that a cluster counts by how many of its answers exceed i.
    """
    total = (1 - correlations) / correlations
    alpha, beta = rates[:, None] * total, (1 - rates)[:, None] * total
    found = np.zeros_like(alpha)
    for i in range(int(size.max())):
        found += (good > i).sum() * np.log(alpha + i) + (size - good > i).sum() * np.log(beta + i)
        found -= (size > i).sum() * np.log(total + i)
    return found


def _quantiles(
    points: NDArray[np.float64], weights: NDArray[np.float64], shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return quantiles of a density given at points that may be unevenly spaced, by the trapezoidal rule."""
    mass = np.concatenate([[0.0], np.cumsum((weights[1:] + weights[:-1]) / 2 * np.diff(points))])
    return np.asarray(np.interp(shares * mass[-1], mass, points), dtype=np.float64)
