"""How far two raters agree beyond chance: Cohen's κ with a cluster-bootstrap interval."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chatparity.stats.clusters import clusters_of
from chatparity.stats.interval import check_confidence, clopper_pearson

Weights = Literal["none", "linear", "quadratic"]


@dataclass(frozen=True)
class AgreementEstimate:
    """Cohen's κ over `n` doubly rated items in `clusters` clusters, with its two-sided interval, in [−1, 1].

    `observed` is the share of items rated alike. `estimate`, `low`, `high` are None where they cannot be estimated.
    """

    n: int
    clusters: int
    observed: float | None
    estimate: float | None
    low: float | None
    high: float | None
    confidence: float
    method: str


def cohen_kappa(
    first: Sequence[Hashable],
    second: Sequence[Hashable],
    clusters: Sequence[Hashable],
    *,
    weights: Weights = "none",
    confidence: float = 0.95,
    seed: int = 0,
    resamples: int = 4000,
) -> AgreementEstimate:
    """Return Cohen's κ [1] of two raters' categories for the same items, in order, given each item's cluster.

    With `weights` the categories are numbers, and a disagreement counts by how far apart they are ("linear") or by the
    square of that ("quadratic") [4].

    The interval is the percentile bootstrap over whole clusters [2], drawn with `seed`; resamples in which κ is not
    defined (all items in one category) are left out, and with more than one in twenty of those there is no interval.
    Nor is there one where κ is the same in every resample, as it is 0 where one rater gave one category throughout.
    Agreement without exception has no bootstrap: its lower bound puts the exact bound [3] of the share of clusters
    that agree in the place of the observed agreement.
    κ itself is not defined when both raters gave one and the same category throughout.

    [1] J. Cohen (1960), A coefficient of agreement for nominal scales, Educational and Psychological Measurement 20.
    [2] A. C. Davison, D. V. Hinkley (1997), Bootstrap Methods and their Application, section 3.8;
        C. A. Field, A. H. Welsh (2007), Bootstrapping clustered data, JRSS B 69, 369-390.
    [3] C. J. Clopper, E. S. Pearson (1934), Biometrika 26, 404-413.
    [4] J. Cohen (1968), Weighted kappa: nominal scale agreement with provision for scaled disagreement or partial
        credit, Psychological Bulletin 70, 213-220.
    """
    check_confidence(confidence)
    if weights not in _POWERS:
        raise ValueError(f'weights: expected "none", "linear" or "quadratic", got {weights!r}')
    if not len(first) == len(second) == len(clusters):
        lengths = f"{len(first)}, {len(second)} and {len(clusters)}"
        raise ValueError(f"first, second, clusters: expected the same length, got {lengths}")
    if not first:
        return AgreementEstimate(0, 0, None, None, None, None, confidence, "nothing rated")
    tables, apart = _tables(first, second, clusters, weights)
    total = tables.sum(axis=0)
    n, count = len(first), len(tables)
    observed = float(np.trace(total) / n)
    kappa = float(_kappa(total[np.newaxis], apart)[0])
    if np.isnan(kappa):
        return AgreementEstimate(n, count, observed, None, None, None, confidence, "one category only")
    if count < 2:
        why = "cannot be estimated from one cluster"
        return AgreementEstimate(n, count, observed, kappa, None, None, confidence, why)
    draws = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)
    drawn = _kappa(np.tensordot(draws, tables, axes=1), apart)
    defined = drawn[~np.isnan(drawn)]
    if len(defined) < 0.95 * resamples:
        why = "too few clusters hold a second category for a bootstrap"
        return AgreementEstimate(n, count, observed, kappa, None, None, confidence, why)
    if observed == 1:
        # Perfect agreement resamples to itself: that is no evidence of a width of zero. Each cluster counts as one
        # observation that agrees; beyond the exact lower bound [3] of their share they may be as far apart as any.
        share, _ = clopper_pearson(count, count, confidence)
        chance = float((np.outer(total.sum(axis=1), total.sum(axis=0)) * apart).sum() / n**2)
        method = f"exact bound on agreement, {count} clusters as single observations"
        bound = 1 - (1 - share) * float(apart.max()) / chance
        return AgreementEstimate(n, count, observed, kappa, max(bound, -1.0), 1.0, confidence, method)
    if np.ptp(defined) < 1e-9:
        why = "κ is the same in every resample: a bootstrap has no width"
        return AgreementEstimate(n, count, observed, kappa, None, None, confidence, why)
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    method = f"cluster bootstrap, percentile, {resamples} resamples, seed {seed}"
    return AgreementEstimate(n, count, observed, kappa, float(low), float(high), confidence, method)


_POWERS = {"none": 0, "linear": 1, "quadratic": 2}


def _tables(
    first: Sequence[Any], second: Sequence[Any], clusters: Sequence[Hashable], weights: Weights
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each cluster's table of first × second category, and how far apart each two categories are.

    Shapes (clusters, categories, categories) and (categories, categories).
    """
    numbers: dict[Any, int] = {}
    pairs = [
        (numbers.setdefault(one, len(numbers)), numbers.setdefault(other, len(numbers)))
        for one, other in zip(first, second, strict=True)
    ]
    groups = clusters_of(clusters)
    tables = np.zeros((groups.count, len(numbers), len(numbers)))
    for code, (row, column) in zip(groups.codes, pairs, strict=True):
        tables[code, row, column] += 1
    if weights == "none":
        return tables, 1 - np.eye(len(numbers))
    values = np.array(list(numbers), dtype=np.float64)
    return tables, np.abs(values[:, np.newaxis] - values) ** _POWERS[weights]


def _kappa(tables: NDArray[np.float64], apart: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return κ of each table, shape (tables,); not a number where chance alone would agree on everything."""
    n = tables.sum(axis=(1, 2))
    observed = (tables * apart).sum(axis=(1, 2)) / n
    chance = np.einsum("ti,ij,tj->t", tables.sum(axis=2), apart, tables.sum(axis=1)) / n**2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(chance > 1e-12, 1 - observed / chance, np.nan)
