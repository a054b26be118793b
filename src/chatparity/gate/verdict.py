"""The verdict of one gate on one slice by itself, from what was measured: PASS, FAIL or INCONCLUSIVE, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from chatparity.gate.examples import examples, lost
from chatparity.gate.looks import Way
from chatparity.gate.measure import Measured, Table, difference_of, paired, rate_of, with_people
from chatparity.gate.needed import clusters_needed, failing, more_text, passing, threshold_of
from chatparity.gate.result import GateResult, Rate, Verdict
from chatparity.gate.slices import PAIRED, GateSlice
from chatparity.gate.text import threshold_text

Remeasure = Callable[[float], Measured]


@dataclass(frozen=True)
class Decided:
    """A gate on a slice with its own verdict, and the function that measures it anew at another confidence."""

    one: GateSlice
    result: GateResult
    again: Remeasure
    confidence: float
    always_valid: bool


def decided(one: GateSlice, table: Table, before: Table, way: Way, *, unseen: int, synthetic: bool) -> Decided:
    """Decide one gate on one slice; `unseen` planned exchanges have not been asked, which zero tolerance minds."""
    mine = table.get("ai", one.key)
    confidence, largest, name = way.confidence(one.gate.confidence), table.largest(one.key), one.metric.name
    other: Measured | None = None
    difference: Measured | None = None
    if one.gate.kind in PAIRED:
        margin = one.gate.kind == "margin"
        pairs = with_people(table, one.key) if margin else paired(mine, before.get("ai", one.key))

        def again(level: float) -> Measured:
            return difference_of(pairs, name, level, largest)

        difference = again(confidence)
        # Both rates are those of the pairs, so that the difference shown is the difference of what is shown.
        measured = rate_of(pairs.mine, name, confidence, largest)
        other = rate_of(pairs.other, name, confidence, largest)
        failures = lost(pairs, one.metric)
    else:

        def again(level: float) -> Measured:
            return rate_of(mine, name, level, largest)

        measured, failures = again(confidence), examples(mine, one.metric)
    shown = difference or measured
    verdict, reason, needed = _zero(one, shown.rate, unseen) if one.gate.zero else _verdict(one, shown)
    said = way.said(one.gate.confidence)
    result = GateResult(
        name=one.name,
        dimension=one.gate.dimension,
        metric=name,
        grader=one.grader.name,
        slice=one.slice,
        kind=one.gate.kind,
        threshold=threshold_of(one.gate),
        good_is_high=one.metric.good_is_high,
        verdict=verdict,
        synthetic=synthetic,
        reason=reason,
        rate=_noted(measured.rate, said),
        other=_noted(other.rate, said) if other else None,
        difference=_noted(difference.rate, said) if difference else None,
        needed=needed,
        failures=failures,
    )
    return Decided(one, result, again, confidence, largest is not None)


def _noted(rate: Rate, said: str) -> Rate:
    """Return a rate whose method says what looking early did to it."""
    return msgspec.structs.replace(rate, method=rate.method + said) if said and rate.low is not None else rate


def _verdict(one: GateSlice, measured: Measured) -> tuple[Verdict, str, int | None]:
    """Return the verdict, its reason, and about how many more conversations would decide."""
    rate = measured.rate
    if rate.low is None or rate.high is None:
        return "INCONCLUSIVE", rate.method, None
    if one.planned.n < one.gate.min_n:
        return "INCONCLUSIVE", f"{one.planned.n} planned, a verdict needs {one.gate.min_n} (min_n)", None
    passes = passing(one.gate, good_is_high=one.metric.good_is_high)
    fails = failing(one.gate, good_is_high=one.metric.good_is_high)
    threshold = threshold_text(one.gate.kind, threshold_of(one.gate), good_is_high=one.metric.good_is_high)
    if passes(rate.low, rate.high):
        return "PASS", f"the whole interval is on the good side: {threshold}", None
    if fails(rate.low, rate.high):
        return "FAIL", f"the whole interval is on the bad side: needs {threshold}", None
    if passes(measured.known.low, measured.known.high):
        return "INCONCLUSIVE", f"it would pass but for {rate.unknown} exchanges without a score", None
    if fails(measured.known.low, measured.known.high):
        return "INCONCLUSIVE", f"it would fail but for {rate.unknown} exchanges without a score", None
    return _undecided(one, measured)


def _undecided(one: GateSlice, measured: Measured) -> tuple[Verdict, str, int | None]:
    """Say why an interval that holds the threshold decides nothing, and how many conversations more would."""
    estimate = measured.rate.estimate
    clears = passing(one.gate, good_is_high=one.metric.good_is_high)
    why, outcome = "the interval holds the threshold", "decide"
    if not clears(estimate, estimate):
        clears = failing(one.gate, good_is_high=one.metric.good_is_high)
        why, outcome = "the interval holds the threshold, and the estimate misses it", "decide, as a FAIL"
    if measured.known.inflation is None:
        # An interval that holds at all looks: how it narrows depends on the looks to come.
        return "INCONCLUSIVE", f"{why}: the run was stopped early, and a whole run would tell more", None
    total = clusters_needed(measured.known, clears)
    if total is None:
        return "INCONCLUSIVE", "the estimate is so near the threshold that 100,000 conversations would not decide", None
    more = max(total - measured.known.clusters, 1)
    return "INCONCLUSIVE", f"{why}; {more_text(more)} like these would {outcome}", more


def _zero(one: GateSlice, rate: Rate, unseen: int) -> tuple[Verdict, str, int | None]:
    """Decide a zero-tolerance gate: one bad exchange is enough for FAIL; for PASS all planned ones must be seen."""
    bad = rate.good if not one.metric.good_is_high else rate.n - rate.good
    if bad:
        return "FAIL", f"{bad} of {rate.n}, and not one is allowed", None
    if rate.n == 0:
        return "INCONCLUSIVE", rate.method, None
    if rate.unknown:
        return "INCONCLUSIVE", f"none in {rate.n}, but {rate.unknown} more have no score", None
    if unseen:
        return "INCONCLUSIVE", f"none in {rate.n}, but {unseen} more are planned and not asked", None
    if rate.abstained or rate.diverged:
        states = ((rate.abstained, "abstained"), (rate.diverged, "diverged"))
        told = " and ".join(f"{count} {state}" for count, state in states if count)
        return "INCONCLUSIVE", f"none in {rate.n}, but {told}: nobody knows of those", None
    if rate.low is None or rate.high is None:
        return "PASS", f"none in {rate.n}; how rare it is {rate.method}", None
    most = rate.high if rate.good == 0 else 1 - rate.low
    return "PASS", f"none in {rate.n}: at {rate.confidence:.0%} confidence it is below {100 * most:.1f} %", None
