"""How far any number of raters agree beyond chance, with ratings missing: Krippendorff's α and a bootstrap interval."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chatparity.stats.clusters import clusters_of
from chatparity.stats.interval import check_confidence, clopper_pearson

Level = Literal["nominal", "ordinal", "interval"]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class AlphaEstimate:
    """Krippendorff's α over `units` items rated at least twice (`ratings` values in all), with its two-sided interval.

    1 is agreement throughout, 0 what chance would give. `estimate`, `low`, `high` are None where they cannot be
    estimated; `method` says how or why not.
    """

    units: int
    ratings: int
    clusters: int
    level: str
    estimate: float | None
    low: float | None
    high: float | None
    confidence: float
    method: str


def krippendorff_alpha(
    ratings: Sequence[Sequence[Any]],
    *,
    level: Level = "nominal",
    clusters: Sequence[Hashable] | None = None,
    confidence: float = 0.95,
    seed: int = 0,
    resamples: int = 2000,
) -> AlphaEstimate:
    """Return Krippendorff's α [1] of `ratings`: one row an item, one entry a rater, None where a rater gave none.

    `level` says how far two values are apart: "nominal" (the same or not), "ordinal" (by how many ratings lie between)
    or "interval" (the squared difference of numbers). Items with fewer than two ratings say nothing and are left out.
    The interval is the percentile bootstrap over items, or over `clusters` (one an item) where given [2], drawn with
    `seed`; resamples without a second value are left out, and with more than one in twenty of those there is no
    interval. Agreement without exception has no bootstrap: its lower bound lets a cluster that may yet disagree (the
    exact bound of their share [3]) do so as widely as the values allow.
    α is not defined where all ratings are one value.

    [1] K. Krippendorff (2011), Computing Krippendorff's alpha-reliability, University of Pennsylvania, Annenberg
        School for Communication, sections D and E.
    [2] A. F. Hayes, K. Krippendorff (2007), Answering the call for a standard reliability measure for coding data,
        Communication Methods and Measures 1, 77-89, resample within items; whole items and clusters as in
        C. A. Field, A. H. Welsh (2007), Bootstrapping clustered data, JRSS B 69, 369-390.
    [3] C. J. Clopper, E. S. Pearson (1934), Biometrika 26, 404-413.
    """
    check_confidence(confidence)
    if level not in _ALPHAS:
        raise ValueError(f'level: expected "nominal", "ordinal" or "interval", got {level!r}')
    if clusters is not None and len(clusters) != len(ratings):
        raise ValueError(f"clusters: expected one an item ({len(ratings)}), got {len(clusters)}")
    rows = [[one for one in row if one is not None] for row in ratings]
    kept = [position for position, row in enumerate(rows) if len(row) > 1]
    rows, names = [rows[one] for one in kept], [one if clusters is None else clusters[one] for one in kept]
    groups = clusters_of(names)
    sizes = (len(rows), sum(map(len, rows)), groups.count, level)
    values = {one for row in rows for one in row}
    if len(values) < 2:
        why = "one value only" if values else "nothing rated twice"
        return AlphaEstimate(*sizes, None, None, None, confidence, why)
    sums = _SUMS[level](rows, groups.codes, groups.count)
    alpha = float(_ALPHAS[level](sums.sum(axis=0)[np.newaxis])[0])
    if groups.count < 2:
        return AlphaEstimate(*sizes, alpha, None, None, confidence, "cannot be estimated from one cluster")
    if all(len(set(row)) == 1 for row in rows):
        share, _ = clopper_pearson(groups.count, groups.count, confidence)
        low = 1 - (1 - share) * _widest(sums.sum(axis=0), level, values)
        method = f"exact bound on agreement, {groups.count} clusters as single observations"
        return AlphaEstimate(*sizes, alpha, max(low, -1.0), 1.0, confidence, method)
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(groups.count, np.full(groups.count, 1 / groups.count), size=resamples)
    shape = sums.shape[1:]
    drawn = _ALPHAS[level]((draws @ sums.reshape(groups.count, -1)).reshape(resamples, *shape))
    defined = drawn[~np.isnan(drawn)]
    if len(defined) < 0.95 * resamples:
        why = "too few clusters hold a second value for a bootstrap"
        return AlphaEstimate(*sizes, alpha, None, None, confidence, why)
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    method = f"bootstrap over {groups.count} clusters, percentile, {resamples} resamples, seed {seed}"
    return AlphaEstimate(*sizes, alpha, float(low), float(high), confidence, method)


def _coincidences(rows: list[list[Any]], codes: NDArray[np.intp], count: int) -> Array:
    """Return each cluster's coincidence matrix [1, section B], shape (clusters, values, values), values in order."""
    values = {one for row in rows for one in row}
    try:
        ordered = sorted(values)
    except TypeError:
        ordered = sorted(values, key=repr)
    number = {one: position for position, one in enumerate(ordered)}
    tables = np.zeros((count, len(ordered), len(ordered)))
    for row, code in zip(rows, codes, strict=True):
        held = np.bincount([number[one] for one in row], minlength=len(ordered)).astype(np.float64)
        tables[code] += (np.outer(held, held) - np.diag(held)) / (len(row) - 1)
    return tables


def _ordered_coincidences(rows: list[list[Any]], codes: NDArray[np.intp], count: int) -> Array:
    """Return the same where the order of the values matters: they must have one."""
    try:
        sorted({one for row in rows for one in row})
    except TypeError as error:
        raise ValueError(f"ratings: ordinal values must have an order ({error})") from None
    return _coincidences(rows, codes, count)


def _moments(rows: list[list[Any]], codes: NDArray[np.intp], count: int) -> Array:
    """Return each cluster's disagreement within items, ratings, their sum and sum of squares, shape (clusters, 4).

    With squared differences α needs no more than these, however many values there are.
    """
    try:
        numbers = [np.array(row, dtype=np.float64) for row in rows]
    except (TypeError, ValueError) as error:
        raise ValueError(f"ratings: interval values must be numbers ({error})") from None
    if not np.isfinite(np.concatenate(numbers)).all():
        raise ValueError("ratings: interval values must be finite numbers; a missing one is None")
    centre = float(np.concatenate(numbers).mean())
    sums = np.zeros((count, 4))
    for row, code in zip(numbers, codes, strict=True):
        moved = row - centre  # sums of squares far from zero would lose their digits
        within = 2 * len(row) * float(((row - row.mean()) ** 2).sum()) / (len(row) - 1)
        sums[code] += within, len(row), float(moved.sum()), float((moved**2).sum())
    return sums


def _nominal(tables: Array) -> Array:
    n = tables.sum(axis=(1, 2))
    margins = tables.sum(axis=2)
    return _alpha(n - np.trace(tables, axis1=1, axis2=2), n**2 - (margins**2).sum(axis=1), n)


def _ordinal(tables: Array) -> Array:
    margins = tables.sum(axis=2)
    # The distance of c and k: all ratings from c to k, of the two themselves the half, squared.
    middle = np.cumsum(margins, axis=1) - margins / 2
    distance = (middle[:, :, np.newaxis] - middle[:, np.newaxis, :]) ** 2
    within = (tables * distance).sum(axis=(1, 2))
    expected = (margins[:, :, np.newaxis] * margins[:, np.newaxis, :] * distance).sum(axis=(1, 2))
    return _alpha(within, expected, margins.sum(axis=1))


def _interval(sums: Array) -> Array:
    within, n, total, squares = sums.T
    return _alpha(within, 2 * (n * squares - total**2), n)


def _alpha(within: Array, expected: Array, n: Array) -> Array:
    """Return 1 − (n − 1) · within / expected, sums over pairs; not a number where nothing could disagree."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected > 1e-9 * n, 1 - (n - 1) * within / expected, np.nan)


def _widest(total: Array, level: str, values: set[Any]) -> float:
    """Return the disagreement of items whose ratings are as far apart as any observed, over that of chance."""
    if level == "interval":
        _, n, summed, squares = total
        return float((max(values) - min(values)) ** 2 * n * (n - 1) / (2 * (n * squares - summed**2)))
    margins = total.sum(axis=1)
    n, middle = float(margins.sum()), np.cumsum(margins) - margins / 2
    distance = (middle[:, np.newaxis] - middle) ** 2 if level == "ordinal" else 1 - np.eye(len(margins))
    return float(distance.max() * n * (n - 1) / (np.outer(margins, margins) * distance).sum())


_SUMS = {"nominal": _coincidences, "ordinal": _ordered_coincidences, "interval": _moments}
_ALPHAS = {"nominal": _nominal, "ordinal": _ordinal, "interval": _interval}
