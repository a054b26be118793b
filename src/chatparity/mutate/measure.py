"""From score rows to rates: which mutants were detected, which good answers were failed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from chatparity.grading import Grader
from chatparity.grading.rows import ScoreRow
from chatparity.mutate.plant import Good, Mutant
from chatparity.mutate.result import Cell, FaultLine, GraderLine, LanguageLine, Overall, Rate, rate_of

Place = tuple[str, int, str]


@dataclass(frozen=True)
class Seen:
    """What became of one mutant.

    `by` are the graders, of those meant to see the fault, that fail it and not the original; `asked` those that were
    to grade it. `errored`: a grader failed to grade and none detected. `graded`: at least one gave a verdict. `before`
    are those that fail the original as well and so cannot detect anything in it.
    """

    mutant: Mutant
    by: frozenset[str]
    asked: frozenset[str]
    errored: bool
    graded: bool
    before: frozenset[str]

    @property
    def detected(self) -> bool:
        """Say whether the fault was found."""
        return bool(self.by)

    @property
    def hidden(self) -> bool:
        """Say whether it was not found in an answer that a grader that should see it fails without it."""
        return bool(self.before) and not self.by


@dataclass(frozen=True)
class Alarm:
    """Which graders gave a verdict on a good answer, and which of them failed it, each with its reason."""

    good: Good
    graded: frozenset[str]
    failed: dict[str, str]


class Scores:
    """The rows of a grading, by transcript, turn and grader."""

    def __init__(self, rows: Iterable[ScoreRow]) -> None:
        self.rows: dict[Place, ScoreRow] = {(row.id, row.turn, row.grader): row for row in rows}
        self._last = {(row.id, row.grader): row for row in self.rows.values() if row.level == "conversation"}

    def at(self, transcript: str, turn: int, grader: Grader) -> ScoreRow | None:
        """Return the row of a grader for an answer, of a conversation grader its only one; None where none is."""
        if grader.level == "conversation":
            return self._last.get((transcript, grader.name))
        return self.rows.get((transcript, turn, grader.name))


def seen(mutant: Mutant, graders: Sequence[Grader], scores: Scores) -> Seen:
    """Return what became of a mutant in the hands of the graders that are meant to see its fault."""
    by: set[str] = set()
    asked: set[str] = set()
    failing: set[str] = set()
    errored = graded = False
    for grader in graders:
        if grader.dimension not in mutant.fault.sees:
            continue
        for turn in mutant.planted.turns:
            row = scores.at(mutant.id, turn, grader)
            if row is None or row.state == "not_run":
                continue
            asked.add(grader.name)
            errored = errored or row.state == "errored"
            graded = graded or row.verdict in ("pass", "fail")
            before = scores.at(mutant.original.id, turn, grader)
            if before is not None and before.verdict == "fail":
                failing.add(grader.name)
            elif row.verdict == "fail":
                by.add(grader.name)
    return Seen(mutant, frozenset(by), frozenset(asked), errored and not by, graded, frozenset(failing))


def alarm(good: Good, graders: Sequence[Grader], scores: Scores, whole: bool) -> Alarm:
    """Return which graders fail a good answer; conversation graders count where the `whole` conversation is good."""
    rows = {
        grader.name: row
        for grader in graders
        if (grader.level == "exchange" or whole)
        and (row := scores.at(good.transcript.id, good.turn, grader)) is not None
        and row.verdict in ("pass", "fail")
    }
    failed = {name: row.reason for name, row in sorted(rows.items()) if row.verdict == "fail"}
    return Alarm(good, frozenset(rows), failed)


def overall(found: Sequence[Seen], alarms: Sequence[Alarm], rules_only: bool) -> Overall:
    """Return the two figures, and detection over all faults."""
    return Overall(
        detection=detection(one for one in found if one.mutant.fault.rule or not rules_only),
        false_alarm=_alarms(alarms),
        detection_of_all=detection(found),
    )


def detection(found: Iterable[Seen]) -> Rate:
    """Return the share of mutants that were detected; clustered by conversation."""
    return rate_of((one.detected, one.mutant.cluster) for one in found)


def by_fault(found: Sequence[Seen]) -> dict[str, FaultLine]:
    """Return detection for each fault, in the order in which they were planted."""
    faults = {one.mutant.fault.name: one.mutant.fault for one in found}
    lines: dict[str, FaultLine] = {}
    for name, fault in faults.items():
        rate = detection(one for one in found if one.mutant.fault.name == name)
        lines[name] = FaultLine(**_fields(rate), rule=fault.rule, sees=fault.sees)
    return lines


def by_language(found: Sequence[Seen], alarms: Sequence[Alarm], rules_only: bool) -> dict[str, LanguageLine]:
    """Return detection of the faults within reach, and false alarms, for each language."""
    reach = [one for one in found if one.mutant.fault.rule or not rules_only]
    languages = sorted({one.mutant.language for one in found} | {one.good.transcript.language for one in alarms})
    return {
        name: LanguageLine(
            **_fields(detection(one for one in reach if one.mutant.language == name)),
            false_alarm=_alarms([one for one in alarms if one.good.transcript.language == name]),
        )
        for name in languages
    }


def by_grader(found: Sequence[Seen], alarms: Sequence[Alarm], graders: Sequence[Grader]) -> dict[str, GraderLine]:
    """Return, for each grader, what it detected of what it is meant to see and was asked to grade; false alarms."""
    lines: dict[str, GraderLine] = {}
    for grader in graders:
        mine = [one for one in found if grader.name in one.asked and (one.mutant.fault.rule or grader.kind != "rule")]
        rate = rate_of((grader.name in one.by, one.mutant.cluster) for one in mine)
        lines[grader.name] = GraderLine(
            **_fields(rate),
            dimension=grader.dimension,
            kind=grader.kind,
            false_alarm=_alarms(alarms, grader.name),
        )
    return lines


def cells(found: Sequence[Seen]) -> list[Cell]:
    """Return detection for each fault and language that has a mutant."""
    groups: dict[tuple[str, str], list[Seen]] = {}
    for one in found:
        groups.setdefault((one.mutant.fault.name, one.mutant.language), []).append(one)
    return [
        Cell(**_fields(detection(group)), fault=fault, language=language) for (fault, language), group in groups.items()
    ]


def _alarms(alarms: Sequence[Alarm], grader: str = "") -> Rate:
    """Return the share of good answers that are failed, among those with a verdict (of and by one grader, if named)."""
    return rate_of(
        (grader in one.failed if grader else bool(one.failed), one.good.transcript.cluster or one.good.transcript.id)
        for one in alarms
        if (grader in one.graded if grader else one.graded)
    )


def _fields(rate: Rate) -> dict[str, Any]:
    """Return the fields of a rate, to be those of a line."""
    return msgspec.structs.asdict(rate)
