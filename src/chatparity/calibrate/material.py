"""The graded answers of a calibration: the scores that a run has, or answers graded now for the sake of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatparity.calibrate.join import Place
from chatparity.errors import UsageError
from chatparity.exchange import ReplyRecord
from chatparity.grading import Grader, Side, grade
from chatparity.grading.rows import ScoreRow
from chatparity.jsonl import read_transcripts
from chatparity.points import points_of, recorded_reply
from chatparity.run.folder import RunFolder
from chatparity.run.sides import sides_of
from chatparity.suite import Suite
from chatparity.transcript import Transcript


@dataclass(frozen=True)
class Material:
    """The sides whose answers may be rated, and the text of each answer by its place."""

    sides: tuple[Side, ...]
    answers: Mapping[Place, str]

    def only(self, places: Collection[Place]) -> tuple[Side, ...]:
        """Return the sides of the conversations in which one of these answers stands: nothing else need be graded."""
        wanted = {(arm, name, trial) for arm, name, _, trial in places}
        return tuple(
            side for side in self.sides if side.points and (side.arm, side.points[0].id, side.points[0].trial) in wanted
        )


def material_of(what: Path, suite: Suite) -> Material:
    """Return the answers of a run (both arms), or those recorded in transcripts, whoever gave them."""
    folder = RunFolder(what)
    if not folder.exists() and not what.exists():
        raise UsageError(f"{what}: no such run, file or folder")
    if folder.exists():
        by_talk = sides_of(suite, folder, folder.manifest())
        return _material(side for sides in by_talk.values() for side in sides)
    return _material(_recorded(one, suite) for one in read_transcripts([what]))


def _material(sides: Iterable[Side]) -> Material:
    kept = tuple(side for side in sides if side.records)
    answers: dict[Place, str] = {
        (side.arm, record.id, turn, record.trial): record.reply.text
        for side in kept
        for turn, record in side.records.items()
        if record.reply is not None
    }
    return Material(kept, answers)


def _recorded(transcript: Transcript, suite: Suite) -> Side:
    """Return all recorded answers of a transcript as one side."""
    points = points_of(transcript)
    handover = suite.settings.agent.handover_tools
    given = {point.turn: recorded_reply(transcript, point.turn, handover_tools=handover) for point in points}
    records = {
        turn: ReplyRecord(id=transcript.id, turn=turn, trial=0, state="replied", reply=reply)
        for turn, reply in given.items()
        if reply is not None
    }
    return Side("ai", tuple(point for point in points if point.turn in records), records)


async def graded_now(
    sides: Sequence[Side], graders: Sequence[Grader], places: Collection[Place], *, judged: bool
) -> list[ScoreRow]:
    """Grade sides and return the rows at these places.

    Of an exchange-level grader nothing else is asked: the judge costs by the answer.
    """
    whole = [one for one in graders if one.level == "conversation"]
    rows = await grade(sides, whole, judged=judged) if whole else []
    turnwise = [one for one in graders if one.level == "exchange"]
    if turnwise:
        rows += await grade([_at(side, places) for side in sides], turnwise, judged=judged)
    return [row for row in rows if (row.arm, row.id, row.turn, row.trial) in places]


def _at(side: Side, places: Collection[Place]) -> Side:
    """Return a side with only the points at these places; what was said before them stays in their history."""
    wanted = {turn for arm, name, turn, trial in places if (arm, name, trial) == _name(side)}
    points = tuple(point for point in side.points if point.turn in wanted)
    return Side(side.arm, points, side.records, seen=side.seen if side.seen is not None else side.points)


def _name(side: Side) -> tuple[str, str, int]:
    return (side.arm, side.points[0].id, side.points[0].trial)
