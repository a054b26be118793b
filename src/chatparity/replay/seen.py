"""The points of a replay: planned from transcripts, and with the history that the agent really saw."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from chatparity.exchange import Point, Reply, ReplyRecord
from chatparity.points import points_of, spoken
from chatparity.replay.divergence import block_end
from chatparity.suite import Mode
from chatparity.transcript import Transcript, Turn

Key = tuple[str, int, int]


def key_of(point: Point) -> Key:
    """Return what names a point in a run: transcript, turn, trial."""
    return (point.id, point.turn, point.trial)


def plan(transcripts: Iterable[Transcript], *, trials: int, languages: Collection[str]) -> list[tuple[Point, ...]]:
    """Return the points of each conversation and trial, oldest first.

    All points are there: those in a language outside `languages` have `claimed` false and are not asked.
    """
    planned = [
        tuple(points_of(transcript, trial=trial, languages=languages))
        for transcript in transcripts
        for trial in range(trials)
    ]
    return [conversation for conversation in planned if conversation]


def as_seen(conversation: tuple[Point, ...], records: Mapping[Key, ReplyRecord], mode: Mode) -> tuple[Point, ...]:
    """Return the points with the history that the agent saw.

    In `teacher_forced` that is the recorded one; in `free_running` its own earlier replies stand in place of the
    recorded answers, each as one turn. A label's turn still counts turns of the transcript.
    """
    if mode == "teacher_forced":
        return conversation
    replies = {point.turn: record.reply for point in conversation if (record := records.get(key_of(point))) is not None}
    own = {turn: reply for turn, reply in replies.items() if reply is not None}
    return tuple(replace(point, history=lived(conversation, index, own)) for index, point in enumerate(conversation))


def lived(conversation: Sequence[Point], index: int, replies: Mapping[int, Reply]) -> tuple[Turn, ...]:
    """Return the history of the point at `index` with `replies` (by turn) in place of the recorded answers."""
    recorded = conversation[index].history
    found: list[Turn] = []
    place = 0
    for earlier in conversation[:index]:
        reply = replies.get(earlier.turn)
        if reply is not None:
            found += [*recorded[place : earlier.turn], spoken(reply)]
            place = block_end(recorded, earlier.turn)
    return (*found, *recorded[place:])
