"""The p-value of a test that is known by its intervals: those at every confidence."""

from __future__ import annotations

from collections.abc import Callable

HALVINGS = 24
Bounds = tuple[float | None, float | None]


def two_sided_p(bounds: Callable[[float], Bounds], confidence: float = 0.95) -> float | None:
    """Return 1 − the confidence at which the interval of a difference just reaches zero.

    So p and the interval that is shown are one test. `bounds` returns the interval at a confidence. Where the one at
    `confidence` holds zero it is 1.0: no correction for multiplicity could make it small. None where there is none.
    """
    low, high = bounds(confidence)
    if low is None or high is None:
        return None
    if not _clear(bounds, confidence):
        return 1.0
    inside, outside = confidence, 1.0
    for _ in range(HALVINGS):
        middle = 1 - ((1 - inside) * max(1 - outside, 1e-12)) ** 0.5
        if _clear(bounds, middle):
            inside = middle
        else:
            outside = middle
    return 1 - inside


def _clear(bounds: Callable[[float], Bounds], confidence: float) -> bool:
    """Say whether the interval lies on one side of zero."""
    low, high = bounds(confidence)
    return low is not None and high is not None and (low > 0 or high < 0)
