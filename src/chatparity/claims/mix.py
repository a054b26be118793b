"""Two arms in one mix of cases: means, their difference and their ratio, with the influence of each customer.

The difference of rates comes from `chatparity.stats.standardised_difference`; what is here adds the ratio of two
standardised means, which a "25 % fewer" is, and leaves the strata as numbers, so that 100,000 conversations are quick.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from chatparity.claims.logs import Codes, Mask, Numbers, Words
from chatparity.claims.result import CannotTell
from chatparity.stats.interval import t_quantile

FEWEST = 2
SHOWN = 3


@dataclass(frozen=True)
class Mix:
    """The cells of cases that both arms had, and how much each counts.

    `cells` has the cell of each conversation (−1: left out), `weights` the share of each, adding up to 1; `covered` is
    the share of all cases that the cells hold, `left_out` names the largest others.
    """

    cells: Codes
    weights: Numbers
    covered: float
    left_out: tuple[str, ...]


def common_mix(
    strata: Words,
    first: Mask,
    customers: Codes,
    least_covered: float,
    names: tuple[str, str],
    seen: Mask | None = None,
) -> Mix:
    """Return the pooled mix of both arms over the strata in which each has at least two customers [1].

    With `seen` only the customers of those conversations make an arm have a stratum; all conversations weigh.

    Raises CannotTell where these hold less than `least_covered` of the cases: the rest would be guessed.

    [1] J. L. Fleiss, B. Levin, M. C. Paik (2003), Statistical Methods for Rates and Proportions, section 19.4.
    """
    count = len(strata.names)
    rows = np.ones(len(first), dtype=bool) if seen is None else seen
    held = [_customers(strata.codes[side], customers[side], count) for side in (first & rows, ~first & rows)]
    common = (held[0] >= FEWEST) & (held[1] >= FEWEST)
    sizes = np.bincount(strata.codes, minlength=count)
    covered = float(sizes[common].sum() / sizes.sum())
    largest = sorted(np.flatnonzero(~common & (sizes > 0)), key=lambda one: -sizes[one])[:SHOWN]
    left_out = tuple(
        f"{strata.names[one]} ({held[0][one]} and {held[1][one]} customers of {names[0]} and of {names[1]})"
        for one in largest
    )
    if covered < least_covered:
        raise CannotTell(
            f"the arms had too few cases in common: the kinds of cases that both {names[0]} and {names[1]} answered "
            f"hold {covered:.0%} of all, needs {least_covered:.0%}; the largest others: {'; '.join(left_out)}",
            ("more conversations of the same kinds of cases in both arms, a share of each assigned by lot at best",),
        )
    numbers = np.full(count, -1, dtype=np.int64)
    numbers[common] = np.arange(int(common.sum()))
    return Mix(numbers[strata.codes], sizes[common] / sizes[common].sum(), covered, left_out)


def _customers(cells: Codes, customers: Codes, count: int) -> Codes:
    """Return how many different customers each stratum has."""
    pairs = np.unique(np.stack([cells, customers]), axis=1)
    return np.bincount(pairs[0], minlength=count)


@dataclass(frozen=True)
class Mean:
    """A standardised mean with each conversation's influence on it, shape (n,); the sum of squares is its variance."""

    estimate: float
    influence: Numbers


def standardised(values: Numbers, side: Mask, mix: Mix) -> Mean:
    """Return the mean of `values` over the conversations of `side`, weighted to the mix.

    The influence of a conversation is weight / n · (value − mean) of its cell, enlarged by √(n / (n − 1)) [1].

    [1] A. C. Cameron, D. L. Miller (2015), Journal of Human Resources 50, 317-372, equations 11-12.
    """
    used = side & (mix.cells >= 0)
    cells, n_cells = mix.cells[used], len(mix.weights)
    sizes = np.bincount(cells, minlength=n_cells)
    means = np.bincount(cells, weights=values[used], minlength=n_cells) / sizes
    scale = mix.weights / np.sqrt(np.maximum(sizes * (sizes - 1.0), 1.0))
    influence = np.zeros(len(values))
    influence[used] = (values[used] - means[cells]) * scale[cells]
    return Mean(float((mix.weights * means).sum()), influence)


def plain(values: Numbers, side: Mask) -> Mean:
    """Return the mean of `side` as it is, in its own mix of cases."""
    return standardised(values, side, Mix(np.zeros(len(values), dtype=np.int64), np.ones(1), 1.0, ()))


def clustered(influence: Numbers, customers: Codes) -> float:
    """Return the cluster-robust variance that belongs to influences: customers add up before they are squared."""
    return float((np.bincount(np.unique(customers, return_inverse=True)[1], weights=influence) ** 2).sum())


def bounds(estimate: float, variance: float, customers: Codes, confidence: float) -> tuple[float, float] | None:
    """Return the t interval of an estimate; None where nothing varies, which is no knowledge."""
    count = len(np.unique(customers))
    if count < FEWEST or not variance > 0:
        return None
    half = t_quantile(confidence, count - 1) * math.sqrt(variance)
    return estimate - half, estimate + half


def log_ratio(first: Mean, second: Mean, customers: Codes, confidence: float) -> tuple[float, float, float] | None:
    """Return first / second with its interval, by the delta method on the logarithm [1]; None where it is not defined.

    Customers with conversations on both sides are accounted for.

    [1] D. Katz, J. Baptista, S. P. Azen, M. C. Pike (1978), Obtaining confidence intervals for the risk ratio in cohort
        studies, Biometrics 34, 469-474; clustered and standardised as above.
    """
    if not (first.estimate > 0 and second.estimate > 0):
        return None
    influence = first.influence / first.estimate - second.influence / second.estimate
    ratio = first.estimate / second.estimate
    interval = bounds(math.log(ratio), clustered(influence, customers), customers, confidence)
    return None if interval is None else (ratio, math.exp(interval[0]), math.exp(interval[1]))
