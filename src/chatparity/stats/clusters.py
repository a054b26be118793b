"""What clustering does to a mean: its robust variance, the design effect, and when neither can be trusted."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WORKING_ICC = 0.2
FEW = 10


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

    def holding(self, mask: NDArray[np.bool_]) -> int:
        """Return in how many clusters at least one observation of `mask`, shape (n,), is true."""
        return len(np.unique(self.codes[mask]))


def clusters_of(names: Sequence[Hashable]) -> Clusters:
    """Return the clusters of observations from the name of each one's cluster."""
    numbers: dict[Hashable, int] = {}
    codes = np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.intp)
    return Clusters(codes, np.bincount(codes, minlength=len(numbers)).astype(np.int64))


def design_effect(clusters: Clusters, robust: float, naive: float, informative: int) -> float:
    """Return by how much clustering inflates the variance of a mean; never below 1.

    `robust` and `naive` are the variances with and without clusters, `informative` the clusters that hold the rarer
    value. With fewer than ten of those, the estimated effect is mostly noise (and at a rate of 0 or 1 there is none):
    it is then at least what a working intra-cluster correlation of 0.2 would make of it, 1 + (m − 1) · 0.2 [1].
    One observation a cluster has no effect.

    [1] L. Kish (1965), Survey Sampling, section 5.4; the working value is a judgement, not an estimate: above what is
        usual within conversations, so that intervals from little data are rather too wide than too narrow.
    """
    if clusters.single:
        return 1.0
    estimated = robust / naive if naive > 0 else 1.0
    assumed = 1 + (clusters.typical_size - 1) * WORKING_ICC if informative < FEW else 1.0
    return max(1.0, estimated, assumed)
