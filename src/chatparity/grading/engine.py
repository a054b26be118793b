"""Running graders over both arms of a conversation: every planned score becomes one row, graded or not."""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

import msgspec

from chatparity.errors import JudgeFailure
from chatparity.exchange import Exchange, Point, ReplyRecord, Score
from chatparity.grading.grader import Grader, GradeTrials
from chatparity.grading.rows import NOT_JUDGED, Arm, ScoreRow, State
from chatparity.judge.client import NOT_ASKED
from chatparity.points import exchanges, recorded_reply
from chatparity.transcript import Transcript

QUOTE = 120
Progress = Callable[[int, int], None]
_WHOLE = msgspec.json.Decoder(Score)
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True)
class Side:
    """One arm of one conversation and trial: its points as planned, and what became of each.

    `seen` are the points with the history that this side really saw, where that is another than the recorded one. What
    is planned never depends on it: a denominator is known before anyone replies. With `left` only the graders named in
    `graded_by` grade it; the rows of all others are not run, for that reason.
    """

    arm: Arm
    points: tuple[Point, ...]
    records: Mapping[int, ReplyRecord]
    seen: tuple[Point, ...] | None = None
    left: str = ""
    graded_by: Collection[str] = ()


def human_side(transcript: Transcript, points: Sequence[Point], handover_tools: Collection[str]) -> Side | None:
    """Return what the people answered in a transcript as a side, or None when no person answered in it."""
    found: dict[int, ReplyRecord] = {}
    for point in points:
        reply = recorded_reply(transcript, point.turn, handover_tools=handover_tools, speakers=("human_agent",))
        if reply is not None:
            found[point.turn] = ReplyRecord(
                id=point.id, turn=point.turn, trial=point.trial, state="replied", reply=reply
            )
    if not found:
        return None
    return Side("human", tuple(point for point in points if point.turn in found), found)


async def grade(
    sides: Sequence[Side], graders: Sequence[Grader], *, judged: bool, on_progress: Progress | None = None
) -> list[ScoreRow]:
    """Grade each side with each grader and return a row for every planned score, in order of sides and graders.

    `judged` says whether there is a judge: without one, graders that need it give rows in state `not_run`.
    A grader that raises gives rows in state `errored` with its traceback; it never stops the others. `on_progress` is
    called with (sides begun, sides).
    """
    rows: list[ScoreRow | Awaitable[ScoreRow]] = []
    first = {side.points[0].id: side for side in sides if side.arm == "ai" and side.points and not side.points[0].trial}
    for number, side in enumerate(sides, 1):
        made = _made(side)
        for grader in graders:
            if grader.trials:
                rows.extend(_later_trial(side, first, grader, judged))
            else:
                give = _whole if grader.level == "conversation" else _turns
                rows.extend(give(side, made, grader, judged))
        # Lets what waits for a judge begin, and an interruption end this.
        await asyncio.sleep(0)
        if on_progress is not None:
            on_progress(number, len(sides))
    return [row if isinstance(row, ScoreRow) else await row for row in rows]


def _made(side: Side) -> list[Exchange]:
    """Return what was replied on a side, in context."""
    replies = {turn: record.reply for turn, record in side.records.items() if record.reply is not None}
    return exchanges(side.points if side.seen is None else side.seen, replies)


def _later_trial(
    side: Side, first: Mapping[str, Side], grader: Grader, judged: bool
) -> list[ScoreRow | Awaitable[ScoreRow]]:
    """Return the one row of a grader that holds a later trial against the first; people answered once and have none."""
    if side.arm != "ai" or not side.points or not side.points[-1].trial:
        return []
    other = first.get(side.points[0].id)
    if other is None:
        return [_row(side.arm, side.points[-1], grader, "not_run", reason="the first trial is not there")]
    for point in other.points:
        state, reason = _before(other, point, grader, judged)
        if state is not None:
            return [_row(side.arm, side.points[-1], grader, state, reason=f"the first trial: {reason}")]
    grade_both = cast("GradeTrials", grader.grade)
    begun = _made(other)
    one = replace(grader, grade=lambda made: grade_both(made, begun))
    return _whole(side, _made(side), one, judged)


def _turns(side: Side, made: Sequence[Exchange], grader: Grader, judged: bool) -> list[ScoreRow | Awaitable[ScoreRow]]:
    """Return a row for each point at which the grader has something to grade."""
    by_turn = {exchange.turn: exchange for exchange in made}
    rows: list[ScoreRow | Awaitable[ScoreRow]] = []
    for point in side.points:
        planned, crash = _planned(grader, point)
        if not planned:
            continue
        state, reason = _before(side, point, grader, judged)
        if state is None and crash:
            state, reason = "errored", crash
        if state is not None:
            rows.append(_row(side.arm, point, grader, state, reason=reason))
        else:
            grade_one = cast("Callable[[Exchange], Score | Awaitable[Score]]", grader.grade)
            rows.append(_graded(side.arm, point, grader, partial(grade_one, by_turn[point.turn])))
    return rows


def _whole(side: Side, made: Sequence[Exchange], grader: Grader, judged: bool) -> list[ScoreRow | Awaitable[ScoreRow]]:
    """Return the one row of a conversation-level grader, or none where it has nothing to grade."""
    if not side.points:
        return []
    last = side.points[-1]
    planned, crash = _planned(grader, last)
    if not planned:
        return []
    for point in side.points:
        state, reason = _before(side, point, grader, judged)
        if state is not None:
            return [_row(side.arm, last, grader, state, reason=reason)]
    if crash:
        return [_row(side.arm, last, grader, "errored", reason=crash)]
    grade_all = cast("Callable[[Sequence[Exchange]], Score | Awaitable[Score]]", grader.grade)
    return [_graded(side.arm, last, grader, partial(grade_all, made))]


def _planned(grader: Grader, point: Point) -> tuple[bool, str]:
    """Return whether a score is planned, as `Grader.plans` does, and the traceback where that cannot be told."""
    if grader.trials and point.trial == 0:
        return False, ""
    try:
        return bool(grader.applies(point)), ""
    except Exception:  # noqa: BLE001 - as in _graded
        return True, _crash()


def _before(side: Side, point: Point, grader: Grader, judged: bool) -> tuple[State | None, str]:
    """Return the state of a score that cannot be given, and why, or None when there is a reply to grade."""
    if not point.claimed:
        return "skipped", f"the agent does not claim {point.language}"
    if side.left and grader.name not in side.graded_by:
        return "not_run", side.left
    record = side.records.get(point.turn)
    if record is None:
        return "not_run", "the agent was not asked: the run is not finished"
    if record.state == "errored":
        failure = record.failure
        return "errored", f"{failure.kind}: {failure.message}" if failure else "no reply"
    if record.state == "diverged":
        return "diverged", record.reason
    if grader.needs_judge and not judged:
        return "not_run", "no judge is configured"
    return None, ""


def _graded(
    arm: Arm, point: Point, grader: Grader, give: Callable[[], Score | Awaitable[Score]]
) -> ScoreRow | Awaitable[ScoreRow]:
    """Ask the grader and return its row, at once or, when it must wait for a judge, later."""
    try:
        given = give()
    except Exception:  # noqa: BLE001 - a grader is a team's own code: whatever it raises is recorded, never a score
        return _row(arm, point, grader, "errored", reason=_crash())
    if inspect.isawaitable(given):
        return asyncio.ensure_future(_later(arm, point, grader, given))
    return _scored(arm, point, grader, given)


async def _later(arm: Arm, point: Point, grader: Grader, given: Awaitable[Score]) -> ScoreRow:
    """Wait for a score and return its row."""
    try:
        return _scored(arm, point, grader, await given)
    except JudgeFailure as error:
        if error.kind in NOT_ASKED:
            return _row(arm, point, grader, "not_run", reason=f"{NOT_JUDGED}{error}")
        return _row(arm, point, grader, "errored", reason=f"judge: {error.kind}: {error}")
    except Exception:  # noqa: BLE001 - as in _graded
        return _row(arm, point, grader, "errored", reason=_crash())


def _crash() -> str:
    """Return the exception being handled as text, its innermost places last."""
    text = "the grader raised:\n" + traceback.format_exc(limit=-4)
    return text.encode(errors="backslashreplace").decode()


def _scored(arm: Arm, point: Point, grader: Grader, score: Score) -> ScoreRow:
    """Return the row of a score that was given; one that is not what it should be is no score."""
    if not isinstance(score, Score):
        reason = f"the grader returned {type(score).__name__}, expected a Score"
        return _row(arm, point, grader, "errored", reason=reason)
    try:
        # What cannot be written, or not be read again, must not reach the journal: msgspec checks only what it decodes.
        score = _WHOLE.decode(_ENCODER.encode(score))
    except (msgspec.MsgspecError, TypeError, UnicodeError) as error:
        return _row(arm, point, grader, "errored", reason=f"the grader returned a Score that is none: {error}")
    if score.verdict == "abstained":
        return _row(arm, point, grader, "abstained", score=score)
    try:
        good = {one.name: bool(one.good(score)) for one in grader.metrics_at(point) if one.among(point)}
    except Exception:  # noqa: BLE001 - as in _graded
        return _row(arm, point, grader, "errored", reason=_crash())
    return _row(arm, point, grader, "graded", score=score, good=good)


def _row(
    arm: Arm,
    point: Point,
    grader: Grader,
    state: State,
    *,
    score: Score | None = None,
    good: Mapping[str, bool] | None = None,
    reason: str = "",
) -> ScoreRow:
    """Build a row; `good` says of each metric whether the score is, and without it none is known."""
    quote = " ".join(point.customer_text.split())
    return ScoreRow(
        id=point.id,
        turn=point.turn,
        trial=point.trial,
        arm=arm,
        grader=grader.name,
        dimension=grader.dimension,
        state=state,
        cluster=point.cluster,
        slices=point.slices,
        level=grader.level,
        verdict=score.verdict if score else None,
        value=score.value if score else None,
        outcome=score.outcome if score else None,
        reason=score.reason if score else reason,
        evidence=score.evidence if score else (),
        panel=score.panel if score else (),
        metrics=dict(good) if good is not None else dict.fromkeys(one.name for one in grader.metrics_at(point)),
        quote=quote if len(quote) <= QUOTE else quote[: QUOTE - 1] + "…",
    )
