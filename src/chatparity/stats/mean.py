"""Means and differences of means over clustered values: scores in [0, 1], or seconds."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from chatparity.stats.clusters import Clusters, clusters_of
from chatparity.stats.interval import check_confidence, t_quantile


@dataclass(frozen=True)
class MeanEstimate:
    """A mean, or a difference of means, of `n` values in `clusters` clusters, in the values' own unit.

    The interval is `estimate` ± t · `standard_error` with `df` degrees of freedom. `estimate`, `standard_error`, `df`,
    `low` and `high` are None where they cannot be estimated; `method` says how or why not.
    """

    n: int
    clusters: int
    estimate: float | None
    standard_error: float | None
    df: float | None
    low: float | None
    high: float | None
    confidence: float
    method: str


def cluster_mean(
    values: Sequence[float], clusters: Sequence[Hashable], *, confidence: float = 0.95, name: str = "values"
) -> MeanEstimate:
    """Return the mean of `values`, given the cluster of each, with a cluster-robust t interval.

    The variance is CR2 [1], unbiased where values are independent and cluster sizes differ; the degrees of freedom are
    Bell and McCaffrey's [1], after Satterthwaite: clusters − 1 for clusters of one size, and fewer where a few large
    ones carry the mean. One cluster cannot say how clusters differ, nor can values that are all alike say how far the
    next may lie: the mean is given, its interval is not. Skewed values (seconds, scores near 1) from few clusters are
    covered in 91 to 95 % instead of 95 (`benchmarks/coverage.py`); their differences are less skewed and are.
    Raises ValueError for a value that is no finite number.

    [1] R. M. Bell, D. F. McCaffrey (2002), Bias reduction in standard errors for linear regression with multi-stage
        samples, Survey Methodology 28, 169-181; recommended by G. W. Imbens, M. Kolesár (2016), Robust standard errors
        in small samples, Review of Economics and Statistics 98, 701-712.
    """
    check_confidence(confidence)
    if len(values) != len(clusters):
        raise ValueError(f"clusters: expected one a value ({len(values)}), got {len(clusters)}")
    data = np.asarray(values, dtype=np.float64)
    for number in data[~np.isfinite(data)]:
        raise ValueError(f"{name}: expected finite numbers, got {number}")
    if not len(data):
        return MeanEstimate(0, 0, None, None, None, None, None, confidence, "nothing observed")
    groups, estimate = clusters_of(clusters), float(data.mean())
    bare = MeanEstimate(len(data), groups.count, estimate, None, None, None, None, confidence, "")
    if groups.count < 2:
        return replace(bare, method="cannot be estimated from one cluster")
    if np.ptp(data) == 0:
        return replace(bare, method="cannot be estimated: all values are alike")
    error = math.sqrt(_variance(data, groups))
    return _t_interval(replace(bare, standard_error=error, df=_degrees(groups)), "cluster-robust t (CR2)")


def paired_mean_difference(
    first: Sequence[float], second: Sequence[float], clusters: Sequence[Hashable], *, confidence: float = 0.95
) -> MeanEstimate:
    """Return the difference of the means of `first` and `second`, which stand for the same exchanges, in order.

    It is the mean of the pairwise differences: see `cluster_mean`.
    """
    if not len(first) == len(second) == len(clusters):
        lengths = f"{len(first)}, {len(second)} and {len(clusters)}"
        raise ValueError(f"first, second, clusters: expected the same length, got {lengths}")
    differences = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    return cluster_mean(differences.tolist(), clusters, confidence=confidence, name="first − second")


def unpaired_mean_difference(
    first: Sequence[float],
    second: Sequence[float],
    first_clusters: Sequence[Hashable],
    second_clusters: Sequence[Hashable],
    *,
    confidence: float = 0.95,
) -> MeanEstimate:
    """Return the difference of two means on different exchanges, in different conversations, after Welch [1].

    The variances of the two sides, from `cluster_mean`, add; Satterthwaite's degrees of freedom come from theirs.
    Raises ValueError where a conversation stands on both sides.

    [1] B. L. Welch (1947), The generalization of 'Student's' problem when several different population variances are
        involved, Biometrika 34, 28-35.
    """
    shared = set(first_clusters) & set(second_clusters)
    if shared:
        raise ValueError(f"clusters: expected none on both sides, got {min(shared, key=str)!r} on both")
    one = cluster_mean(first, first_clusters, confidence=confidence, name="first")
    two = cluster_mean(second, second_clusters, confidence=confidence, name="second")
    n, clusters = one.n + two.n, one.clusters + two.clusters
    if one.estimate is None or two.estimate is None:
        why = f"nothing observed on the {'first' if one.estimate is None else 'second'} side"
        return MeanEstimate(n, clusters, None, None, None, None, None, confidence, why)
    bare = MeanEstimate(n, clusters, one.estimate - two.estimate, None, None, None, None, confidence, "")
    if one.standard_error is None or one.df is None or two.standard_error is None or two.df is None:
        side, of = ("first", one) if one.standard_error is None else ("second", two)
        return replace(bare, method=f"{of.method} (the {side} side)")
    variances = one.standard_error**2, two.standard_error**2
    df = sum(variances) ** 2 / (variances[0] ** 2 / one.df + variances[1] ** 2 / two.df)  # [1]
    return _t_interval(replace(bare, standard_error=math.sqrt(sum(variances)), df=df), "cluster-robust Welch t (CR2)")


def _variance(values: NDArray[np.float64], groups: Clusters) -> float:
    """Return the CR2 variance of a mean: each cluster's sum of residuals is divided by √(1 − its share of n)."""
    sums = np.bincount(groups.codes, weights=values - values.mean(), minlength=groups.count)
    return float((sums**2 / (1 - groups.sizes / groups.n)).sum() / groups.n**2)


def _degrees(groups: Clusters) -> float:
    """Return Bell and McCaffrey's degrees of freedom for a mean: (Σ λ)² / Σ λ² of its quadratic form in the values.

    With weights w = m / √(1 − m / n) of clusters of m values the form has m on its diagonal and −w w′ / n beside it.
    """
    sizes, n = groups.sizes.astype(np.float64), groups.n
    squared = sizes**2 / (1 - sizes / n) / n
    beside = squared.sum() ** 2 - (squared**2).sum()
    return float(n**2 / ((sizes**2).sum() + beside))


def _t_interval(found: MeanEstimate, method: str) -> MeanEstimate:
    """Add the interval to an estimate that has its standard error and degrees of freedom."""
    assert found.estimate is not None
    assert found.standard_error is not None
    assert found.df is not None
    half = t_quantile(found.confidence, found.df) * found.standard_error
    named = f"{method} on {found.df:.1f} degrees of freedom"
    return replace(found, low=found.estimate - half, high=found.estimate + half, method=named)
