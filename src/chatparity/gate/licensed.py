"""What a gate that a judged or learned grader decides is worth: nothing without a licence, and with it the corrected.

As judged and as corrected with people's labels must both lie on one side of the threshold: the rate as judged is what
was seen, and the corrected one what it means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from chatparity.gate.corrected import boxed, corrected_rate
from chatparity.gate.measure import Table
from chatparity.gate.needed import failing, passing
from chatparity.gate.result import GateResult, Rate
from chatparity.gate.slices import ALL, PAIRED
from chatparity.gate.trust import Trust, languages_of
from chatparity.gate.verdict import Decided


def licensed(found: Sequence[Decided], table: Table, trust: Trust) -> list[Decided]:
    """Return gates with the licence of their graders applied; those of rule graders are as they were.

    A FAIL on one of several slices must show in the corrected rate at a level divided by their number (Bonferroni).
    """
    family = Counter(one.one.index for one in found if one.one.slice != ALL)
    return [
        _licensed(one, table, trust, family[one.one.index] if one.one.slice != ALL else 1)
        if one.one.grader.needs_licence
        else one
        for one in found
    ]


def _licensed(one: Decided, table: Table, trust: Trust, slices: int) -> Decided:
    grader, metric, result = one.one.grader, one.one.metric.name, one.result
    languages = languages_of(table.get("ai", one.one.key))
    agreement = trust.agreement(grader, metric, languages)
    result = msgspec.structs.replace(result, agreement=agreement)
    held = trust.held(grader, metric, languages)
    shown = None if one.one.gate.zero else _corrected(one, table, trust, one.confidence)
    result = msgspec.structs.replace(result, corrected=shown)
    if held.why:
        result = msgspec.structs.replace(result, verdict="INCONCLUSIVE", reason=held.why, needed=None)
    elif result.verdict != "INCONCLUSIVE" and not one.one.gate.zero:
        strict = _corrected(one, table, trust, 1 - (1 - one.confidence) / slices) if slices > 1 else shown
        result = _agreed(one, result, shown, strict)
    return replace(one, result=result)


def _agreed(one: Decided, result: GateResult, shown: Rate | None, strict: Rate | None) -> GateResult:
    """Return a decided gate as INCONCLUSIVE where the corrected figure does not say the same."""
    if shown is None or shown.low is None:
        why = shown.method if shown is not None else "people's labels do not tell the grader's errors here"
        reason = f"as judged it is a {result.verdict}, and it cannot be corrected: {why}"
        return msgspec.structs.replace(result, verdict="INCONCLUSIVE", reason=reason)
    good = one.one.metric.good_is_high
    if result.verdict == "PASS":
        same = passing(one.one.gate, good_is_high=good)(shown.low, shown.high)
    else:
        assert strict is not None
        same = failing(one.one.gate, good_is_high=good)(strict.low, strict.high)
    if same:
        return msgspec.structs.replace(result, reason=f"{result.reason}; so is the corrected one")
    told = "the interval corrected with people's labels holds the threshold or lies on its other side"
    reason = f"as judged it is a {result.verdict}, but {told}: more labels would narrow it"
    return msgspec.structs.replace(result, verdict="INCONCLUSIVE", reason=reason)


def _corrected(one: Decided, table: Table, trust: Trust, confidence: float) -> Rate | None:
    """Return the corrected rate or difference of a gate at a confidence, None where nothing can correct it."""
    grader, metric = one.one.grader, one.one.metric.name
    rows = table.get("ai", one.one.key)
    paired = one.one.gate.kind in PAIRED
    if not paired and not one.always_valid:
        return corrected_rate(rows, grader, metric, trust, one.again(confidence).rate)
    entries = trust.evidence(grader, metric, languages_of(rows))
    # Three intervals go into it, and they must hold together.
    each = 1 - (1 - confidence) / 3
    raw = one.again(each)
    if entries is None or raw.rate.low is None:
        return None
    found = boxed(raw, entries, each, difference=paired)
    return msgspec.structs.replace(found, confidence=confidence)
