"""Not worse than a margin, and within one on either side: p-values that say what the interval says.

A test here runs at the level that its two-sided interval leaves on one side, (1 − confidence) / 2: 2.5 % at 95 %. So
"non-inferior" and "the lower bound lies above −margin" are the same sentence, for whichever interval was chosen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from chatparity.stats.clusters import clusters_of
from chatparity.stats.difference import paired_difference
from chatparity.stats.interval import check_confidence, t_quantile

Bounds = tuple[float | None, float | None]
LEAST = 1e-6  # beyond it the shape of an interval is no knowledge, and some cannot be computed


@dataclass(frozen=True)
class MarginTest:
    """A difference held against a margin, in the unit of the values, with its two-sided interval.

    `p_value` is one-sided, against "worse by the margin or more" (for equivalence: the larger of the two one-sided
    ones); the verdict is reached where it lies below (1 − confidence) / 2. `verdict` is, for non-inferiority,
    "non-inferior" (the interval lies above −margin), "inferior" (it lies at or below it) or "undecided"; for
    equivalence "equivalent" (within ±margin), "different" (outside on one side) or "undecided".
    `low`, `high` and `p_value` are None where they cannot be estimated; `method` says how or why not.
    """

    estimate: float | None
    low: float | None
    high: float | None
    margin: float
    p_value: float | None
    verdict: str
    confidence: float
    method: str


def non_inferiority(
    estimate: float, standard_error: float, *, margin: float, df: float = math.inf, confidence: float = 0.95
) -> MarginTest:
    """Return the test that the true value of `estimate` lies above −`margin` [1], by Student's t with `df`.

    `standard_error` is above 0: one of 0 is a variance that was not estimated. With `df` infinite it is the normal.

    [1] International Council for Harmonisation (1998), E9, Statistical principles for clinical trials, section 3.3.2;
        G. Piaggio et al. (2012), Reporting of noninferiority and equivalence randomized trials, JAMA 308, 2594-2604.
    """
    interval, method = _student(estimate, standard_error, df)
    _check(margin, confidence)
    p_value = _upper_tail((estimate + margin) / standard_error, df)
    return _verdict(estimate, interval(confidence), margin, p_value, confidence, method, equivalence=False)


def equivalence(
    estimate: float, standard_error: float, *, margin: float, df: float = math.inf, confidence: float = 0.95
) -> MarginTest:
    """Return the two one-sided tests (TOST) [1] that the true value of `estimate` lies within ±`margin`.

    Each is made at (1 − confidence) / 2; the customary 5 % a side is `confidence=0.9`.

    [1] D. J. Schuirmann (1987), A comparison of the two one-sided tests procedure and the power approach for
        assessing the equivalence of average bioavailability, J. Pharmacokinetics and Biopharmaceutics 15, 657-680.
    """
    interval, method = _student(estimate, standard_error, df)
    _check(margin, confidence)
    above = _upper_tail((estimate + margin) / standard_error, df)
    below = _upper_tail((margin - estimate) / standard_error, df)
    return _verdict(estimate, interval(confidence), margin, max(above, below), confidence, method, equivalence=True)


def margin_test(
    interval: Callable[[float], Bounds],
    estimate: float | None,
    *,
    margin: float,
    confidence: float = 0.95,
    both_sides: bool = False,
    method: str = "by its interval",
) -> MarginTest:
    """Return the test that belongs to any interval: `interval(confidence)` gives (low, high) at that confidence.

    A test and an interval are two readings of one thing [1]: the one-sided p-value is (1 − c) / 2 at the confidence c
    at which the interval just touches the margin, not told apart below 5e-7. The interval must widen with confidence.
    With `both_sides` it is the test of equivalence, else that of non-inferiority.

    [1] E. L. Lehmann, J. P. Romano (2005), Testing Statistical Hypotheses, section 3.5.
    """
    _check(margin, confidence)
    bounds = interval(confidence)
    if estimate is None or None in bounds:
        return MarginTest(estimate, None, None, margin, None, "undecided", confidence, method)
    p_value = _one_sided(interval, estimate, -margin)
    if both_sides:
        p_value = max(p_value, _one_sided(_mirrored(interval), -estimate, -margin))
    return _verdict(estimate, bounds, margin, p_value, confidence, method, equivalence=both_sides)


def paired_margin_test(
    first: Sequence[float],
    second: Sequence[float],
    clusters: Sequence[Hashable],
    *,
    margin: float,
    confidence: float = 0.95,
    both_sides: bool = False,
) -> MarginTest:
    """Return the test of the mean of first − second over pairs, given each one's cluster, against `margin`.

    Yes-or-no values are tested by the interval that `paired_difference` chooses. Others (scores, seconds): Student's t
    on the cluster-robust standard error [1], clusters − 1 degrees of freedom. One cluster, or differences that do not
    differ at all, cannot be tested.

    [1] A. C. Cameron, D. L. Miller (2015), Journal of Human Resources 50, 317-372, equations 11-12.
    """
    if not len(first) == len(second) == len(clusters):
        lengths = f"{len(first)}, {len(second)} and {len(clusters)}"
        raise ValueError(f"first, second, clusters: expected the same length, got {lengths}")
    _check(margin, confidence)
    for name, values in (("first", first), ("second", second)):
        for position, value in enumerate(values):
            if not math.isfinite(value):
                raise ValueError(f"{name}[{position}]: expected a finite number, got {value}")
    if not len(first):
        return MarginTest(None, None, None, margin, None, "undecided", confidence, "no pairs")
    if set(first) | set(second) <= {0, 1}:
        yes_1, yes_2 = [bool(one) for one in first], [bool(one) for one in second]

        def interval(level: float) -> Bounds:
            at = paired_difference(yes_1, yes_2, clusters, confidence=level)
            return at.low, at.high

        found = paired_difference(yes_1, yes_2, clusters, confidence=confidence)
        return margin_test(
            interval,
            found.estimate,
            margin=margin,
            confidence=confidence,
            both_sides=both_sides,
            method=found.method,
        )
    differences = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    groups, estimate = clusters_of(clusters), float(differences.mean())
    if groups.count < 2:
        why = "cannot be estimated from one cluster"
        return MarginTest(estimate, None, None, margin, None, "undecided", confidence, why)
    error = math.sqrt(groups.robust_variance(differences))
    if not error > 1e-12 * max(abs(estimate), 1e-300):
        why = "cannot be estimated: all differences are alike"
        return MarginTest(estimate, None, None, margin, None, "undecided", confidence, why)
    test = equivalence if both_sides else non_inferiority
    return test(estimate, error, margin=margin, df=groups.count - 1, confidence=confidence)


def _check(margin: float, confidence: float) -> None:
    check_confidence(confidence)
    if not (margin >= 0 and math.isfinite(margin)):
        raise ValueError(f"margin: expected a number from 0, got {margin}")


def _student(estimate: float, error: float, df: float) -> tuple[Callable[[float], tuple[float, float]], str]:
    """Return the t interval as a function of its confidence, and its name."""
    if not (error > 0 and math.isfinite(error)):
        raise ValueError(f"standard_error: expected a number above 0, got {error}")
    if not df > 0:
        raise ValueError(f"df: expected a number above 0, got {df}")

    def interval(confidence: float) -> tuple[float, float]:
        half = _quantile(confidence, df) * error
        return estimate - half, estimate + half

    return interval, "normal" if math.isinf(df) else f"t on {df:.4g} degrees of freedom"


def _quantile(confidence: float, df: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + confidence / 2)) if math.isinf(df) else t_quantile(confidence, df)


def _upper_tail(statistic: float, df: float) -> float:
    from scipy.special import ndtr, stdtr

    return float(ndtr(-statistic) if math.isinf(df) else stdtr(df, -statistic))


def _mirrored(interval: Callable[[float], Bounds]) -> Callable[[float], Bounds]:
    """Return the interval of minus the difference."""

    def mirrored(confidence: float) -> Bounds:
        low, high = interval(confidence)
        return (None if high is None else -high), (None if low is None else -low)

    return mirrored


def _one_sided(interval: Callable[[float], Bounds], estimate: float, value: float) -> float:
    """Return the p-value against "at most `value`", from the confidence at which the interval just touches it."""
    above = estimate > value

    def clear(confidence: float) -> bool:
        low, high = interval(confidence)
        return (low is not None and low > value) if above else (high is not None and high < value)

    inside, outside = 1.0, LEAST  # what lies outside the interval: touching beyond none, clear at none
    if clear(1 - outside):
        return outside / 2 if above else 1 - outside / 2
    for _ in range(40):
        # Halved on the scale of the logarithm, where small p-values lie apart.
        middle = math.sqrt(inside * outside)
        inside, outside = (middle, outside) if clear(1 - middle) else (inside, middle)
    return outside / 2 if above else 1 - outside / 2


def _verdict(
    estimate: float, bounds: Bounds, margin: float, p: float, confidence: float, method: str, *, equivalence: bool
) -> MarginTest:
    low, high = bounds
    if low is None or high is None:
        return MarginTest(estimate, None, None, margin, None, "undecided", confidence, method)
    if equivalence:
        inside, outside = low > -margin and high < margin, high <= -margin or low >= margin
        verdict = "equivalent" if inside else "different" if outside else "undecided"
    else:
        verdict = "non-inferior" if low > -margin else "inferior" if high <= -margin else "undecided"
    return MarginTest(estimate, low, high, margin, p, verdict, confidence, method)
