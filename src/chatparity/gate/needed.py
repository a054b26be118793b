"""When an interval decides a gate, and about how many more conversations it would take."""

from __future__ import annotations

from collections.abc import Callable

from chatparity.stats import DifferenceEstimate, RateEstimate
from chatparity.suite import GateTable

Clears = Callable[[float | None, float | None], bool]
Estimate = RateEstimate | DifferenceEstimate
MOST = 100_000


def passing(gate: GateTable, *, good_is_high: bool) -> Clears:
    """Return the test that an interval (low, high) must meet for a PASS: its bad end clears the threshold."""
    threshold = threshold_of(gate)
    if gate.kind == "at_least":
        return lambda low, high: low is not None and low >= threshold
    if gate.kind == "at_most":
        return lambda low, high: high is not None and high <= threshold
    if gate.kind == "zero":
        return lambda low, high: True
    if good_is_high:
        return lambda low, high: low is not None and low > -threshold
    return lambda low, high: high is not None and high < threshold


def failing(gate: GateTable, *, good_is_high: bool) -> Clears:
    """Return the test that an interval (low, high) must meet for a FAIL: even its good end misses the threshold."""
    threshold = threshold_of(gate)
    if gate.kind == "at_least":
        return lambda low, high: high is not None and high < threshold
    if gate.kind == "at_most":
        return lambda low, high: low is not None and low > threshold
    if gate.kind == "zero":
        return lambda low, high: False
    if good_is_high:
        return lambda low, high: high is not None and high <= -threshold
    return lambda low, high: low is not None and low >= threshold


def threshold_of(gate: GateTable) -> float:
    """Return the threshold of a gate as a share; 0 for a zero-tolerance gate."""
    return 0.0 if gate.zero else float(getattr(gate, gate.kind))


def clusters_needed(
    estimate: Estimate, clears: Clears, also: Callable[[Estimate], bool] = lambda estimate: True
) -> int | None:
    """Return with how many conversations in all the same estimate would pass, None when even 100,000 would not do.

    The interval is computed anew at each number of conversations, with the same rate, answers a conversation and
    design effect; the smallest number is found by doubling and halving. It is a forecast, not a promise: the next
    conversations may show another rate. `also` is a further condition that the estimate must meet.
    """
    low = max(estimate.clusters, 2)
    high = low

    def would(clusters: int) -> bool:
        there = estimate.at(clusters)
        return clears(there.low, there.high) and also(there)

    while not would(high):
        low, high = high, high * 2
        if high > MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if would(middle) else (middle, high)
    return high


def more_text(more: int) -> str:
    """Return a forecast in words: `about 12 more conversations`."""
    return f"about {more} more conversation{'' if more == 1 else 's'}"


def exchanges_needed(estimate: Estimate, clusters: int) -> int:
    """Return how many exchanges that many conversations hold, at as many a conversation as now."""
    return round(estimate.n * clusters / max(estimate.clusters, 1))
