"""Waivers: known failures that do not fail a run until their last day, and hide nothing.

A waived gate keeps its verdict, its figures and its place in every table; it only does not count. Where conversations
are waived, the figure that is shown counts them like all others, and a second one without them decides. Once a waiver
has expired, a gate that it bears on and that does not pass counts as FAIL.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from chatparity.errors import InputError, Problem
from chatparity.gate.result import GateResult, Verdict, Waived
from chatparity.gate.slices import GateSlice, Key, labels
from chatparity.grading.rows import ScoreRow
from chatparity.suite import MARKER, Settings, WaiverTable


def today() -> dt.date:
    """Return the date that waivers are held against: that of UTC, the same on every machine."""
    return dt.datetime.now(dt.UTC).date()


def waived_ids(settings: Settings, day: dt.date) -> frozenset[str]:
    """Return the conversations that are waived on a day."""
    return frozenset(name for one in settings.waiver if not one.expired(day) for name in one.ids)


def with_waivers(
    results: Sequence[GateResult], without: Mapping[int, GateResult], settings: Settings, day: dt.date, bad: Bad
) -> list[GateResult]:
    """Return results with the waivers that bear on them and what each then counts for.

    `without` holds, by place, the results that leave waived conversations out; `bad` tells which conversations a gate
    holds against the agent, so that a waiver of others is not shown beside it.
    """
    found = []
    for place, result in enumerate(results):
        waivers = [_waived(one, day) for one in settings.waiver if _bears(one, result, bad)]
        found.append(_counted(result, waivers, without.get(place)) if waivers else result)
    return found


Bad = Mapping[Key, Collection[str]]


def bad_in(rows: Iterable[ScoreRow], asked: Sequence[GateSlice]) -> Bad:
    """Return, by grader, metric and slice, the conversations with an answer that the metric holds against the agent.

    Answers without a score are among them: they count as worst.
    """
    high = {(one.grader.name, one.metric.name): one.metric.good_is_high for one in asked}
    found: dict[Key, set[str]] = {}
    for row in rows:
        if row.arm != "ai" or row.state in ("skipped", "abstained", "diverged"):
            continue
        for metric, value in row.metrics.items():
            good = high.get((row.grader, metric))
            if good is not None and value is not good:
                for label in labels(row.slices):
                    found.setdefault((row.grader, metric, label), set()).add(row.id)
    return found


def _bears(waiver: WaiverTable, result: GateResult, bad: Bad) -> bool:
    """Say whether a waiver has to do with a gate."""
    if waiver.gate is not None:
        return _same(waiver, result.name, result.kind)
    return bool(set(waiver.ids) & set(bad.get((result.grader, result.metric, result.slice), ())))


def _waived(waiver: WaiverTable, day: dt.date) -> Waived:
    if waiver.expires is None:
        raise ValueError(f"waiver of {waiver.named}: expires is missing")
    return Waived(
        owner=waiver.owner,
        reason=waiver.reason,
        expires=waiver.expires,
        expired=waiver.expired(day),
        ids=waiver.ids,
    )


def _counted(result: GateResult, waivers: Sequence[Waived], without: GateResult | None) -> GateResult:
    """Return a result with its waivers and what it counts for."""
    living = [one for one in waivers if not one.expired]
    counted: Verdict = result.verdict
    rate = None
    if without is not None and any(one.ids for one in living):
        rate = without.difference or without.rate
        # A waiver never makes it worse: what passes with all of them passes.
        counted = "PASS" if counted == "PASS" else without.verdict
    if counted != "PASS" and any(not one.ids for one in living):
        counted = "PASS"
    elif counted != "PASS" and any(one.expired for one in waivers):
        counted = "FAIL"
    return msgspec.structs.replace(result, counted=counted, waivers=tuple(waivers), without=rate)


def check_waivers(settings: Settings, asked: Sequence[GateSlice], ids: Collection[str] | None) -> None:
    """Raise InputError naming each waiver of a gate or conversation that does not exist.

    `ids` are the conversations of the suite; None where only some were chosen, and slices and conversations may be
    missing for that reason.
    """
    wrong = [
        Problem(Path(MARKER), None, f"waiver[{index}] ({one.named})", message)
        for index, one in enumerate(settings.waiver)
        for message in _unknown(one, asked, ids)
    ]
    if wrong:
        raise InputError(wrong)


def _unknown(waiver: WaiverTable, asked: Sequence[GateSlice], ids: Collection[str] | None) -> Iterator[str]:
    """Yield what a waiver names that does not exist."""
    if waiver.gate is None:
        lost = [name for name in waiver.ids if ids is not None and name not in ids]
        if lost:
            yield f"no conversation is called {', '.join(lost)}: remove it or the waiver"
        return
    same = [one for one in asked if _same(waiver, one.name, one.gate.kind)]
    if not same and (ids is not None or not any(_bare(one.name) == _bare(waiver.gate) for one in asked)):
        kind = f" with {waiver.kind}" if waiver.kind else ""
        there = ", ".join(dict.fromkeys(one.name for one in asked)) or "none"
        yield f"no gate{kind} has this name: there are {there}"
    kinds = list(dict.fromkeys(one.gate.kind for one in same))
    if len(kinds) > 1:
        yield f'{len(kinds)} gates have this name: tell them apart with kind = "{kinds[0]}" or "{kinds[1]}"'


def _same(waiver: WaiverTable, name: str, kind: str) -> bool:
    """Say whether a waiver names this gate."""
    return waiver.gate is not None and _plain(waiver.gate) == _plain(name) and waiver.kind in (None, kind)


def _plain(name: str) -> str:
    """Return a gate's name so that it can be typed: any minus, any spaces, `[all]` left out."""
    return " ".join(name.replace("[all]", "").replace("−", "-").split())


def _bare(name: str) -> str:
    """Return a gate's name without its slice."""
    return _plain(re.sub(r"\[[^]]*\]", "", name))


def notes(settings: Settings, results: Sequence[GateResult], ids: Collection[str]) -> Iterator[str]:
    """Yield a sentence for each waiver that does nothing: its gate passes, or its conversations are not in the run."""
    for index, one in enumerate(settings.waiver):
        owner = f"waiver[{index}] of {one.named} (owner {one.owner})"
        if one.gate is None:
            if not set(one.ids) & set(ids):
                yield f"{owner}: none of its conversations is in this run"
            elif not any(set(one.ids) & set(waiver.ids) for result in results for waiver in result.waivers):
                yield f"{owner}: no gate holds these conversations against the agent: it can be removed"
            continue
        mine = [result for result in results if _same(one, result.name, result.kind)]
        if mine and all(result.verdict == "PASS" for result in mine):
            yield f"{owner}: the gate passes: it can be removed"
        elif not mine:
            yield f"{owner}: the gate was not decided in this run"
