"""What clustering does to a mean: its robust variance, the design effect, and when neither can be trusted."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from chatparity.stats.interval import normal_quantile, t_quantile

WORKING_ICC = 0.5
REPEATED_ICC = 0.8
RATE_FADES = (10, 20)
DIFFERENCE_FADES = (5, 10)


@dataclass(frozen=True)
class Clusters:
    """Which cluster each of n observations belongs to: `codes` has shape (n,), `sizes` shape (clusters,)."""

    codes: NDArray[np.intp]
    sizes: NDArray[np.int64]

    @property
    def n(self) -> int:
        """Return the number of observations."""
        return len(self.codes)

    @property
    def count(self) -> int:
        """Return the number of clusters."""
        return len(self.sizes)

    @property
    def single(self) -> bool:
        """Say whether every cluster holds one observation."""
        return self.count == self.n

    @property
    def typical_size(self) -> float:
        """Return the size of the cluster of a typical observation, Σm²/Σm; it enters the design effect [1].

        [1] L. Kish (1965), Survey Sampling, section 8.2.
        """
        return float((self.sizes**2).sum() / self.sizes.sum())

    def robust_variance(self, values: NDArray[np.float64]) -> float:
        """Return the cluster-robust variance of the mean of `values`, shape (n,), corrected by G/(G−1) [2].

        Needs at least two clusters.

        [2] A. C. Cameron, D. L. Miller (2015), A practitioner's guide to cluster-robust inference, Journal of Human
            Resources 50, 317-372, equations 11-12; for evaluations of language models E. Miller (2024), Adding error
            bars to evals, arXiv:2411.00640, section 2.2.
        """
        if self.count < 2:
            raise ValueError(f"clusters: expected at least 2 to estimate a variance, got {self.count}")
        sums = np.bincount(self.codes, weights=values - values.mean(), minlength=self.count)
        return float(self.count / (self.count - 1) * (sums**2).sum() / self.n**2)

    def chances(self, icc: float) -> float:
        """Return as how many independent answers these count for showing a rare event, at a correlation of `icc`.

        In a beta-binomial cluster [3] of m answers an event of rate q is never seen with probability
        Π (1 − q / (1 + iθ)) over i < m, with θ = icc / (1 − icc): as in Σ 1 / (1 + iθ) independent answers. That is m
        without correlation and 1 when all answers of a cluster are alike.

        [3] J. G. Skellam (1948), A probability distribution derived from the binomial distribution by regarding the
            probability of success as variable between the sets of trials, JRSS B 10, 257-261.
        """
        if not 0 <= icc < 1:
            raise ValueError(f"icc: expected a number from 0 to below 1, got {icc}")
        odds = icc / (1 - icc)
        gained = np.cumsum(1 / (1 + odds * np.arange(int(self.sizes.max()))))
        return float(gained[self.sizes - 1].sum())

    def holding(self, mask: NDArray[np.bool_]) -> int:
        """Return in how many clusters at least one observation of `mask`, shape (n,), is true."""
        return int(np.count_nonzero(np.bincount(self.codes[mask], minlength=self.count)))


def clusters_of(names: Sequence[Hashable]) -> Clusters:
    """Return the clusters of observations from the name of each one's cluster."""
    numbers: dict[Hashable, int] = {}
    codes = np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.intp)
    return Clusters(codes, np.bincount(codes, minlength=len(numbers)).astype(np.int64))


@dataclass(frozen=True)
class Inflation:
    """By how much clustering inflates the variance of one rate or difference, estimated and assumed.

    `estimated` is the robust variance over that of independent answers, at least 1. `assumed` is n over the chances
    [1] that the clusters give to a rare event at a working correlation; it rules while few clusters are `informative`,
    that is hold the rarer value: their robust variance is mostly noise, and none at all at a rate of 0 or 1. It `fades`
    out from the first to the second number of informative clusters: ten to twenty for a rate, five to ten for a
    difference, whose distribution is less skewed. These numbers and the working correlations (0.5; 0.8 where a task is
    tried again and again) are judgements, held by `benchmarks/coverage.py`.

    [1] `Clusters.chances`.
    """

    estimated: float
    assumed: float
    informative: float
    clusters: int
    single: bool
    fades: tuple[int, int] = RATE_FADES

    @property
    def design_effect(self) -> float:
        """Return the inflation, at least 1."""
        return 1.0 if self.single else max(self.estimated, self._floor)

    @property
    def _floor(self) -> float:
        few, enough = self.fades
        left = min(max((enough - self.informative) / (enough - few), 0.0), 1.0)
        return 1 + left * (self.assumed - 1)

    def divisor(self, confidence: float) -> float:
        """Return by what to divide n so that an interval at this confidence with normal quantiles is wide enough.

        What was estimated is enlarged by (t / z)², t on clusters − 1 degrees of freedom: the effective size of Korn
        and Graubard [2]. Their t stands for clusters that all add to the variance; where fewer than half of them hold
        the rarer value, the enlargement is in proportion.

        [2] E. L. Korn, B. I. Graubard (1998), Survey Methodology 24, 193-201, section 3.
        """
        if self.single:
            return 1.0
        widening = (t_quantile(confidence, self.clusters - 1) / normal_quantile(confidence)) ** 2
        share = min(2 * self.informative / self.clusters, 1.0)
        return max(self.estimated * (1 + share * (widening - 1)), self._floor)

    def at(self, clusters: int) -> Inflation:
        """Return what would be found in another number of clusters of the same kind."""
        informative = self.informative * clusters / self.clusters
        return replace(self, informative=informative, clusters=clusters)


def inflation(
    clusters: Clusters,
    robust: float,
    naive: float,
    informative: int,
    icc: float,
    fades: tuple[int, int] = RATE_FADES,
) -> Inflation:
    """Return the inflation of a variance from its estimates with and without clusters, `robust` and `naive`.

    `informative` counts the clusters that hold the rarer value (or a difference), `icc` is the working correlation.
    One observation a cluster inflates nothing.
    """
    estimated = robust / naive if naive > 0 and not clusters.single else 1.0
    assumed = clusters.n / clusters.chances(icc)
    return Inflation(max(estimated, 1.0), assumed, informative, clusters.count, clusters.single, fades)
