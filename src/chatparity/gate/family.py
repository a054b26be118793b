"""One gate asked of several slices: a PASS needs no correction for their number, a FAIL does.

A release passes only when every slice passes. That is an intersection-union test: the chance of passing although some
slice is bad is at most that of the one slice that is bad, so each is tested at the full level [1]. That *some* slice
fails is a union: with twelve slices at the threshold, twelve chances to miss it by luck. There Holm's step-down
correction [2] over the slices of the gate holds the chance of even one false FAIL at the level of a single gate; it
asks nothing of how the slices hang together. A miss that does not survive it is INCONCLUSIVE.

The gate on all answers together is a question of its own and not one of the slices. A zero-tolerance gate is no test:
one event decides, on one slice or on twelve.

[1] R. L. Berger (1982), Multiparameter hypothesis testing and acceptance sampling, Technometrics 24, 295-300.
[2] S. Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6,
    65-70.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from chatparity.gate.needed import Estimate, clusters_needed, failing, more_text
from chatparity.gate.result import Family, GateResult
from chatparity.gate.slices import ALL
from chatparity.gate.verdict import Decided
from chatparity.stats import RateEstimate, clopper_pearson, holm

SMALLEST = 1e-9
STEPS = 18


def corrected(found: Sequence[Decided]) -> list[GateResult]:
    """Return the results of gates, in order, with each FAIL on one of several slices corrected for their number."""
    families: dict[int, list[Decided]] = {}
    for one in found:
        if one.one.slice != ALL and not one.one.gate.zero:
            families.setdefault(one.one.index, []).append(one)
    changed: dict[int, GateResult] = {}
    for family in families.values():
        if len(family) > 1:
            changed.update(zip(map(id, family), _family(family), strict=True))
    return [changed.get(id(one), one.result) for one in found]


def _family(family: Sequence[Decided]) -> list[GateResult]:
    """Return the results of the slices of one gate."""
    count = len(family)
    ps = [miss_p(one) if one.result.verdict == "FAIL" else None for one in family]
    adjusted = [1.0 if value is None else value for value in holm([1.0 if p is None else p for p in ps])]
    level = (1 - family[0].confidence) / 2
    rejected = sum(p is not None and value <= level for p, value in zip(ps, adjusted, strict=True))
    results = []
    for one, p, value in zip(family, ps, adjusted, strict=True):
        if p is None:
            method = f"one of {count} slices: all must pass, so a PASS needs no correction (intersection–union)"
            results.append(_with(one, Family(slices=count, p=None, adjusted=None, method=method)))
            continue
        against = f"p = {_p(p)}, over {count} slices (Holm) {_p(value)}, level {level:g}"
        note = Family(slices=count, p=p, adjusted=value, method=f"FAIL corrected: {against}")
        if value <= level:
            reason = f"{one.result.reason}; it survives the correction for {count} slices ({against})"
            results.append(msgspec.structs.replace(one.result, family=note, reason=reason))
        else:
            results.append(_open(one, note, count, level / max(count - rejected, 1), against))
    return results


def _with(one: Decided, family: Family) -> GateResult:
    return msgspec.structs.replace(one.result, family=family)


def _open(one: Decided, note: Family, count: int, level: float, against: str) -> GateResult:
    """Return a miss that may be luck among many slices as INCONCLUSIVE, with how many more conversations would tell."""
    fails = failing(one.one.gate, good_is_high=one.one.metric.good_is_high)
    strict = one.again(1 - 2 * level).known
    total = clusters_needed(strict, fails, lambda there: fails(*_exact(one, there, 1 - 2 * level)))
    more = None if total is None else max(total - strict.clusters, 1)
    would = "" if more is None else f"; {more_text(more)} like these would decide, as a FAIL"
    reason = f"it misses by itself, but among {count} slices that may be chance: {against}{would}"
    return msgspec.structs.replace(one.result, verdict="INCONCLUSIVE", family=note, reason=reason, needed=more)


def miss_p(one: Decided) -> float:
    """Return the one-sided p-value of a miss: the smallest tail probability at which its interval still misses.

    The interval is inverted, so that p and interval never contradict each other, whichever interval it is. Far out in
    the tail, where a correction for many slices leads, score intervals of a rate are too short; there the exact one on
    the effective number of answers must miss as well.
    """
    fails = failing(one.one.gate, good_is_high=one.one.metric.good_is_high)

    def misses(tail: float) -> bool:
        measured = one.again(1 - 2 * tail)
        exact = _exact(one, measured.known, 1 - 2 * tail, measured.rate.unknown)
        return fails(measured.rate.low, measured.rate.high) and fails(*exact)

    high = (1 - one.confidence) / 2
    if misses(SMALLEST):
        return SMALLEST
    low = SMALLEST
    for _ in range(STEPS):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if misses(middle) else (middle, high)
    return high


def _exact(one: Decided, estimate: Estimate, confidence: float, unknown: int = 0) -> tuple[float | None, float | None]:
    """Return the exact interval of a rate on its effective n, unknown answers as best; its own where it has no other.

    Differences have no exact interval, and an always-valid one is exact in the tail already.
    """
    if one.always_valid or not isinstance(estimate, RateEstimate):
        return estimate.low, estimate.high
    n = estimate.n + unknown
    best = estimate.good + (unknown if one.one.metric.good_is_high else 0)
    size = n / estimate.design_effect
    return clopper_pearson(best / n * size, size, confidence)


def _p(value: float) -> str:
    return f"{value:.4f}" if value >= 0.0001 else "< 0.0001"
