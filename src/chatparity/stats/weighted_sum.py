"""The interval of a weighted sum of independent estimates, each with an interval of its own (MOVER)."""

from __future__ import annotations

import math
from collections.abc import Sequence


def weighted_sum(
    estimates: Sequence[tuple[float, float, float]], weights: Sequence[float]
) -> tuple[float, float, float]:
    """Return Σ weight · estimate with its interval, from (estimate, low, high) of independent estimates.

    The limits' distances from the estimates are added in squares [1]: intervals need not be symmetric, and one alone
    comes out as it went in. Weights are 0 or above.

    [1] G. Y. Zou, A. Donner (2008), Construction of confidence limits about effect measures: a general approach,
        Statistics in Medicine 27, 1693-1702, equation 3.
    """
    if len(estimates) != len(weights):
        raise ValueError(f"weights: expected one an estimate ({len(estimates)}), got {len(weights)}")
    for position, weight in enumerate(weights):
        if weight < 0:
            raise ValueError(f"weights[{position}]: expected 0 or above, got {weight}")
    both = list(zip(estimates, weights, strict=True))
    estimate = math.fsum(weight * one for (one, _, _), weight in both)
    below = math.sqrt(math.fsum((weight * (one - low)) ** 2 for (one, low, _), weight in both))
    above = math.sqrt(math.fsum((weight * (high - one)) ** 2 for (one, _, high), weight in both))
    return estimate, estimate - below, estimate + above
