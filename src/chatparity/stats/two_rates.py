"""Two rates beside each other: McNemar for pairs, Newcombe's intervals, and Farrington and Manning's test of a margin.

They take counts of observations that are independent of each other (one a conversation). For several answers a
conversation use `paired_difference`, or divide all counts by the design effect: counts may be fractions but in McNemar.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from chatparity.stats.interval import check_counts, wilson


@dataclass(frozen=True)
class McNemarTest:
    """Do two raters or agents differ on the same items? The two-sided p-value, from the pairs on which they differ."""

    first_only: int
    second_only: int
    p_value: float
    method: str


@dataclass(frozen=True)
class ScoreTest:
    """A one-sided test that first − second lies above −`margin`: `estimate` as a share, `statistic` about normal.

    `first_under` and `second_under` are the likeliest rates if the difference were −margin exactly.
    """

    estimate: float
    margin: float
    statistic: float
    p_value: float
    first_under: float
    second_under: float
    method: str


def mcnemar(first_only: int, second_only: int, *, mid_p: bool = True) -> McNemarTest:
    """Return McNemar's test [1] of pairs of which `first_only` are good for the first side alone, and so the second.

    Given that a pair is discordant, each side is as likely to be the better if both rates are equal: the p-value is
    that of Binomial(n, ½). The exact one holds its level always but is careful; mid-p [2], which counts the observed
    table by half, exceeds its level by little or nothing and finds more. No discordant pair: p = 1.

    [1] Q. McNemar (1947), Note on the sampling error of the difference between correlated proportions or percentages,
        Psychometrika 12, 153-157.
    [2] M. W. Fagerland, S. Lydersen, P. Laake (2013), The McNemar test for binary matched-pairs data: mid-p and
        asymptotic are better than exact conditional, BMC Medical Research Methodology 13, 91.
    """
    from scipy.special import bdtr

    if first_only < 0 or second_only < 0:
        raise ValueError(f"first_only, second_only: expected counts from 0, got {first_only} and {second_only}")
    n, fewer = first_only + second_only, min(first_only, second_only)
    exact = min(2 * float(bdtr(fewer, n, 0.5)), 1.0)
    if not mid_p:
        return McNemarTest(first_only, second_only, exact, "McNemar, exact")
    # [2]: with as many on either side, the doubled tail counts the observed table twice.
    observed = float(bdtr(fewer, n, 0.5) - (bdtr(fewer - 1, n, 0.5) if fewer else 0.0))
    half = 1 - observed / 2 if first_only == second_only else exact - observed
    return McNemarTest(first_only, second_only, half if n else 1.0, "McNemar, mid-p")


def newcombe_difference(
    first_good: float, first_n: float, second_good: float, second_n: float, confidence: float = 0.95
) -> tuple[float, float]:
    """Return Newcombe's interval [1] (method 10) for first − second of two independent rates, as shares in [−1, 1].

    It squares and adds the distances of each rate to the ends of its own Wilson interval.

    [1] R. G. Newcombe (1998), Interval estimation for the difference between independent proportions: comparison of
        eleven methods, Statistics in Medicine 17, 873-890.
    """
    low_1, high_1 = wilson(first_good, first_n, confidence)
    low_2, high_2 = wilson(second_good, second_n, confidence)
    first, second = first_good / first_n, second_good / second_n
    estimate = first - second
    return (
        max(estimate - math.hypot(first - low_1, high_2 - second), -1.0),
        min(estimate + math.hypot(high_1 - first, second - low_2), 1.0),
    )


def newcombe_paired(
    both: float, first_only: float, second_only: float, neither: float, confidence: float = 0.95
) -> tuple[float, float]:
    """Return Newcombe's interval [1] (method 10) for first − second of two rates on the same pairs, in [−1, 1].

    As for independent rates, less what the two have in common: the correlation φ of the pairs, its numerator shrunk
    by n/2 towards zero where it is positive.

    [1] R. G. Newcombe (1998), Improved confidence intervals for the difference between binomial proportions based on
        paired data, Statistics in Medicine 17, 2635-2650.
    """
    cells = (both, first_only, second_only, neither)
    n = sum(cells)
    if min(cells) < 0 or not n > 0:
        raise ValueError(f"both, first_only, second_only, neither: expected counts from 0, not all 0, got {cells}")
    good_1, good_2 = both + first_only, both + second_only
    first, second = good_1 / n, good_2 / n
    low_1, high_1 = wilson(good_1, n, confidence)
    low_2, high_2 = wilson(good_2, n, confidence)
    phi = _phi(*cells)

    def half(one: float, other: float) -> float:
        return math.sqrt(max(one * one - 2 * phi * one * other + other * other, 0.0))

    estimate = first - second
    return (
        max(estimate - half(first - low_1, high_2 - second), -1.0),
        min(estimate + half(high_1 - first, second - low_2), 1.0),
    )


def _phi(both: float, first_only: float, second_only: float, neither: float) -> float:
    """Return the correlation of the pairs as Newcombe's method 10 takes it; 0 where a margin is empty."""
    n = both + first_only + second_only + neither
    margins = (both + first_only) * (second_only + neither) * (both + second_only) * (first_only + neither)
    if margins <= 0:
        return 0.0
    excess = both * neither - first_only * second_only
    return (max(excess - n / 2, 0.0) if excess > 0 else excess) / math.sqrt(margins)


def farrington_manning(
    first_good: float, first_n: float, second_good: float, second_n: float, *, margin: float
) -> ScoreTest:
    """Return the test [1] that first − second > −`margin` for two independent rates; p against "≤ −margin".

    The variance is that of the likeliest rates whose difference is −margin exactly, so that rates of 0 and 1 are no
    trouble. `margin` lies in [0, 1); 0 asks for superiority.

    [1] C. P. Farrington, G. Manning (1990), Test statistics and sample size formulae for comparative binomial trials
        with null hypothesis of non-zero risk difference or non-unity relative risk, Statistics in Medicine 9,
        1447-1454; the extreme cases: W. N. Anderson (2022), arXiv:2205.03460.
    """
    from scipy.special import ndtr

    check_counts(first_good, first_n, 0.95)
    check_counts(second_good, second_n, 0.95)
    if not 0 <= margin < 1:
        raise ValueError(f"margin: expected a share from 0 to below 1, got {margin}")
    estimate = first_good / first_n - second_good / second_n
    second = _restricted(first_good, first_n, second_good, second_n, -margin)
    first = second - margin
    variance = first * (1 - first) / first_n + second * (1 - second) / second_n
    excess = estimate + margin
    certain = math.copysign(math.inf, excess) if excess else 0.0
    statistic = excess / math.sqrt(variance) if variance > 0 else certain
    p_value = float(ndtr(-statistic))
    return ScoreTest(estimate, margin, statistic, p_value, first, second, "score (Farrington–Manning)")


def _restricted(first_good: float, first_n: float, second_good: float, second_n: float, difference: float) -> float:
    """Return the second rate that is likeliest when first − second = `difference`, a number in (−1, 1).

    The likelihood is concave between the rates' limits; its slope, freed of denominators, is a cubic with one root
    there. A root finder on the slope itself has no trouble where the closed form divides by zero.
    """
    from scipy.optimize import brentq

    low, high = max(0.0, -difference), min(1.0, 1.0 - difference)

    def slope(second: float) -> float:
        first = second + difference
        return (
            _part(first_good, first)
            - _part(first_n - first_good, 1 - first)
            + _part(second_good, second)
            - _part(second_n - second_good, 1 - second)
        )

    edge = 1e-12 * (high - low)
    if slope(low + edge) <= 0:
        return low
    if slope(high - edge) >= 0:
        return high
    return float(brentq(slope, low + edge, high - edge, xtol=1e-15))


def _part(count: float, rate: float) -> float:
    """Return count / rate, a term of the slope of the log-likelihood; nothing observed adds nothing."""
    return count / rate if count else 0.0
