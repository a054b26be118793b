"""Intervals for one binomial rate: Wilson's and the exact one, for counts that need not be whole numbers.

Quantiles come from scipy.special, which starts in a fraction of the time that scipy.stats takes and is what it calls.
"""

from __future__ import annotations

import math


def check_confidence(confidence: float) -> None:
    """Raise ValueError unless `confidence` lies between 0 and 1, both excluded."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence: expected a number between 0 and 1, got {confidence}")


def check_counts(good: float, n: float, confidence: float) -> None:
    """Raise ValueError unless 0 ≤ good ≤ n, n > 0 and 0 < confidence < 1."""
    check_confidence(confidence)
    if not n > 0:
        raise ValueError(f"n: expected a number above 0, got {n}")
    if not 0 <= good <= n:
        raise ValueError(f"good: expected a number from 0 to n = {n}, got {good}")


def normal_quantile(confidence: float) -> float:
    """Return z such that a standard normal lies in ±z with this probability."""
    from scipy.special import ndtri

    return float(ndtri(0.5 + confidence / 2))


def t_quantile(confidence: float, df: float) -> float:
    """Return t such that Student's t with `df` degrees of freedom lies in ±t with this probability."""
    from scipy.special import stdtrit

    return float(stdtrit(df, 0.5 + confidence / 2))


def wilson(good: float, n: float, confidence: float = 0.95, *, quantile: float | None = None) -> tuple[float, float]:
    """Return Wilson's score interval [1] for `good` of `n`, as shares in [0, 1].

    `quantile` replaces the normal quantile, for example by Student's t where the variance was estimated from few
    clusters; both counts may be fractions (effective counts).

    [1] E. B. Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22, 209-212.
    """
    check_counts(good, n, confidence)
    z = normal_quantile(confidence) if quantile is None else quantile
    rate = good / n
    scale = 1 + z * z / n  # [1], solved for the rate
    centre = (rate + z * z / (2 * n)) / scale
    half = z / scale * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    low = 0.0 if good == 0 else max(centre - half, 0.0)
    high = 1.0 if good == n else min(centre + half, 1.0)
    return low, high


def clopper_pearson(good: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Return the exact interval [1] for `good` of `n`, as shares in [0, 1]; it covers at least `confidence`.

    Counts may be fractions (effective counts), as in Korn and Graubard [2].

    [1] C. J. Clopper, E. S. Pearson (1934), The use of confidence or fiducial limits, Biometrika 26, 404-413.
    [2] E. L. Korn, B. I. Graubard (1998), Confidence intervals for proportions with small expected number of
        positive counts estimated from survey data, Survey Methodology 24, 193-201.
    """
    from scipy.special import betaincinv

    check_counts(good, n, confidence)
    tail = (1 - confidence) / 2
    low = 0.0 if good == 0 else float(betaincinv(good, n - good + 1, tail))
    high = 1.0 if good == n else float(betaincinv(good + 1, n - good, 1 - tail))
    return low, high
