"""Two arms that answered different conversations, as if both had had the same mix of cases: direct standardisation.

An agent that is given the easy questions looks better than the people who get the rest. Within a stratum (intent ×
language × difficulty) the comparison is fair; the strata's differences are then put together in one mix for both.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatparity.stats.clusters import clusters_of
from chatparity.stats.interval import check_confidence, t_quantile

Array = NDArray[np.float64]
# Within a stratum conversations are already alike, so less is left to be shared than in `clusters.WORKING_ICC`.
STRATUM_ICC = 0.2
FEW = 10


@dataclass(frozen=True)
class Gap:
    """A difference first − second of two means with its two-sided interval, in the unit of the values.

    What cannot be estimated is None.
    """

    first: float | None
    second: float | None
    estimate: float | None
    low: float | None
    high: float | None


NOTHING = Gap(None, None, None, None, None)


@dataclass(frozen=True)
class StandardisedDifference:
    """The difference of two arms in one mix of cases beside the naive one, and whether it can be made at all.

    `covered` is the share of the mix in strata that both arms answered in at least two clusters (`strata` of them);
    `left_out` names the others, each with the reason. Where `comparable` is false, `standardised` holds only None and
    `reason` says why; `naive` stays, to be shown as what it is.
    """

    n_first: int
    n_second: int
    strata: int
    covered: float
    left_out: tuple[tuple[Hashable, str], ...]
    naive: Gap
    standardised: Gap
    comparable: bool
    reason: str
    confidence: float
    method: str


def standardised_difference(
    values: Sequence[float],
    arms: Sequence[Hashable],
    strata: Sequence[Hashable],
    clusters: Sequence[Hashable],
    *,
    first: Hashable,
    second: Hashable,
    mix: Mapping[Any, float] | None = None,
    least_covered: float = 0.8,
    confidence: float = 0.95,
) -> StandardisedDifference:
    """Return the mean of arm `first` − that of arm `second`, both standardised to one mix of strata [1].

    One entry an observation: its value (yes or no, or a number such as seconds), arm, stratum and cluster.
    The mix is that of both arms pooled, or `mix`: shares or counts by stratum. It is taken as fixed, and is rescaled
    to the strata that both arms answered in at least two clusters. Where these hold less than `least_covered` of it,
    the arms cannot be compared, for the rest would be guessed.

    The variance is that of the weighted strata means, cluster-robust within each [2], G/(G−1) a stratum; clusters that
    span strata or arms are kept together. Student's t with Satterthwaite's degrees of freedom [3]. Yes-or-no values
    in small strata often do not vary at all, which is no proof: the variance of a stratum is then at least that of its
    rate drawn towards the arm's by two observations, with a working correlation where clusters are fewer than ten.

    [1] J. L. Fleiss, B. Levin, M. C. Paik (2003), Statistical Methods for Rates and Proportions, section 19.4.
    [2] A. C. Cameron, D. L. Miller (2015), Journal of Human Resources 50, 317-372, equations 11-12.
    [3] F. E. Satterthwaite (1946), An approximate distribution of estimates of variance components, Biometrics
        Bulletin 2, 110-114.
    """
    _check(values, arms, strata, clusters, first, second, least_covered, confidence)
    used = [position for position, arm in enumerate(arms) if arm in (first, second)]
    numbers = np.array([values[one] for one in used], dtype=np.float64)
    sides = np.array([arms[one] == first for one in used], dtype=bool)
    names, units = [strata[one] for one in used], [clusters[one] for one in used]
    shares = _shares(names, mix)
    common, left_out = _overlap(names, sides, units, shares)
    covered = math.fsum(shares[one] for one in common)
    sizes = (int(sides.sum()), int((~sides).sum()), len(common), covered, left_out)
    naive = _gap(numbers, sides, ["all"] * len(used), units, {"all": 1.0}, confidence)
    method = f"standardised to {'the mix given' if mix is not None else 'the pooled mix'}, stratified cluster-robust t"
    if not common or covered < least_covered - 1e-12:
        worst = "; ".join(f"{name}: {why}" for name, why in left_out[:3]) or "neither arm answered anything"
        reason = (
            f"cannot be compared: common strata hold {covered:.0%} of the cases, needs {least_covered:.0%} ({worst})"
        )
        return StandardisedDifference(*sizes, naive, NOTHING, False, reason, confidence, method)
    kept = np.array([name in common for name in names], dtype=bool)
    gap = _gap(
        numbers[kept],
        sides[kept],
        [name for name, keep in zip(names, kept, strict=True) if keep],
        [unit for unit, keep in zip(units, kept, strict=True) if keep],
        {name: shares[name] / covered for name in common},
        confidence,
    )
    reason = f"common strata hold {covered:.0%} of the cases"
    return StandardisedDifference(*sizes, naive, gap, True, reason, confidence, method)


def _shares(names: Sequence[Hashable], mix: Mapping[Any, float] | None) -> dict[Hashable, float]:
    """Return each stratum's share of the mix; they add up to 1, the largest first."""
    counts: dict[Hashable, float] = {}
    if mix is None:
        for name in names:
            counts[name] = counts.get(name, 0.0) + 1
    else:
        counts = {name: float(size) for name, size in mix.items()}
    for name, size in counts.items():
        if not (size >= 0 and math.isfinite(size)):
            raise ValueError(f"mix[{name!r}]: expected a number from 0, got {size}")
    total = math.fsum(counts.values())
    if mix is not None and not total > 0:
        raise ValueError(f"mix: expected shares that add up to more than 0, got {total}")
    return {name: size / total for name, size in sorted(counts.items(), key=lambda one: -one[1])}


def _overlap(
    names: Sequence[Hashable], sides: NDArray[np.bool_], units: Sequence[Hashable], shares: Mapping[Hashable, float]
) -> tuple[set[Hashable], tuple[tuple[Hashable, str], ...]]:
    """Return the strata in which both arms have two clusters or more, and the others with the reason."""
    held: dict[tuple[Hashable, bool], set[Hashable]] = {}
    for name, side, unit in zip(names, sides, units, strict=True):
        held.setdefault((name, bool(side)), set()).add(unit)
    common, left_out = set(), []
    for name, share in shares.items():
        counts = [len(held.get((name, side), ())) for side in (True, False)]
        if min(counts) >= 2 and share > 0:
            common.add(name)
        elif share > 0:
            left_out.append((name, f"{counts[0]} and {counts[1]} clusters in the two arms, needs 2 in each"))
    return common, tuple(left_out)


def _gap(
    values: Array,
    sides: NDArray[np.bool_],
    names: Sequence[Hashable],
    units: Sequence[Hashable],
    shares: Mapping[Hashable, float],
    confidence: float,
) -> Gap:
    """Return the weighted difference with its interval; every stratum of `shares` is in both arms."""
    if not sides.any() or sides.all():
        return NOTHING
    groups, layers = clusters_of(units), clusters_of(names)
    influence = np.zeros(len(values))
    means, spare, parts = {True: 0.0, False: 0.0}, 0.0, []
    binary = bool(np.isin(values, (0.0, 1.0)).all())
    towards = {side: _rate(values[sides == side]) for side in (True, False)}
    for code, name in enumerate(dict.fromkeys(names)):
        for side in (True, False):
            cell = (layers.codes == code) & (sides == side)
            if not cell.any():
                return NOTHING
            mean, n = float(values[cell].mean()), int(cell.sum())
            means[side] += shares[name] * mean
            sizes = np.unique(groups.codes[cell], return_counts=True)[1]
            if len(sizes) < 2:
                continue
            scale = shares[name] / n * math.sqrt(len(sizes) / (len(sizes) - 1))
            influence[cell] = (values[cell] - mean) * scale * (1 if side else -1)
            own = float((np.bincount(groups.codes[cell], weights=influence[cell]) ** 2).sum())
            floor = shares[name] ** 2 * _least(mean, sizes, towards[side]) if binary else 0.0
            spare += max(floor - own, 0.0)
            parts.append((max(floor, own), len(sizes) - 1))
    estimate = means[True] - means[False]
    whole = float((np.bincount(groups.codes, weights=influence) ** 2).sum()) + spare
    if len(parts) < 2 * len(shares) or not whole > 0:
        return Gap(means[True], means[False], estimate, None, None)
    # [3]: strata of two clusters count, but for little.
    df = max(sum(part for part, _ in parts) ** 2 / sum(part**2 / df for part, df in parts), 1.0)
    half = t_quantile(confidence, df) * math.sqrt(whole)
    low, high = estimate - half, estimate + half
    if binary:
        low, high = max(low, -1.0), min(high, 1.0)
    return Gap(means[True], means[False], estimate, low, high)


def _rate(values: Array) -> float:
    """Return the rate of an arm with two good and two bad answers added; meant for yes-or-no values."""
    return float((values.sum() + 2) / (len(values) + 4))


def _least(rate: float, sizes: NDArray[np.intp], towards: float) -> float:
    """Return the least variance that a stratum's rate is believed to have."""
    n = int(sizes.sum())
    drawn = (rate * n + 2 * towards) / (n + 2)
    typical = float((sizes**2).sum() / n)
    effect = 1 + (typical - 1) * STRATUM_ICC if len(sizes) < FEW else 1.0
    return drawn * (1 - drawn) / n * effect


def _check(
    values: Sequence[float],
    arms: Sequence[Hashable],
    strata: Sequence[Hashable],
    clusters: Sequence[Hashable],
    first: Hashable,
    second: Hashable,
    least_covered: float,
    confidence: float,
) -> None:
    check_confidence(confidence)
    lengths = [len(values), len(arms), len(strata), len(clusters)]
    if len(set(lengths)) > 1:
        raise ValueError(f"values, arms, strata, clusters: expected the same length, got {lengths}")
    if first == second:
        raise ValueError(f"first, second: expected two arms, got {first!r} twice")
    if not 0 < least_covered <= 1:
        raise ValueError(f"least_covered: expected a share in (0, 1], got {least_covered}")
    for position, value in enumerate(values):
        if not math.isfinite(value):
            raise ValueError(f"values[{position}]: expected a finite number, got {value}")
