"""When the handover came: at once, so many answers late, too early, or not at all; and each outcome counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatparity.gate.result import Rate
from chatparity.gate.slices import Place, place_of
from chatparity.transcript import answer_turns

from . import stacks
from .escalation import share
from .material import Material

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WHEN = ("too early", "at once", "one answer late", "two or more late", "not at all", "no answer")
OUTCOMES = ("correct", "offered", "late", "missed", "looped", "premature", "unnecessary")
PARTS = tuple(stacks.Part(name, shade) for name, shade in zip(WHEN, (5, 0, 1, 2, 3, 4), strict=True))
CAPTION = (
    "One bar a side: conversations in which a handover was due, by when it came, counted in answers from the first at "
    "which it was due. “No answer”: the endpoint failed there and nothing else came before."
)
MEANT = {
    "correct": "as the labels expect",
    "offered": "a person only spoken of or offered",
    "late": "handed over, after letting an earlier answer pass",
    "missed": "neither handed over nor offered",
    "looped": "offered again instead of done",
    "premature": "handed over before it was due",
    "unnecessary": "handed over where none was due",
}


@dataclass(frozen=True)
class Timing:
    """One side's conversations with a due handover by when it came; `shares` have intervals over conversations."""

    side: str
    counts: tuple[int, ...]
    shares: tuple[Rate, ...]

    @property
    def n(self) -> int:
        """Return how many conversations."""
        return sum(self.counts)

    @property
    def named(self) -> tuple[tuple[str, int], ...]:
        """Return when it came with how many conversations, those of none left out."""
        return tuple((name, count) for name, count in zip(WHEN, self.counts, strict=True) if count)


@dataclass(frozen=True)
class OutcomeRow:
    """One word of the escalation grader: what it means, and each side's answers with it (None: that side has none)."""

    name: str
    meaning: str
    ai: Rate | None
    people: Rate | None


def timings(material: Material) -> list[Timing]:
    """Return when each side handed over, for the sides that answered where it was due."""
    found = []
    for arm, side in (("ai", "AI"), ("human", material.people)):
        seen = [one for one in (_when(material, arm, name, trial) for name, trial in _due(material, arm)) if one]
        if seen:
            counts = Counter(when for when, _ in seen)
            shares = tuple(share([(when == one, place) for when, place in seen], material.most_in_one) for one in WHEN)
            found.append(Timing(side, tuple(counts[one] for one in WHEN), shares))
    return found


def _due(material: Material, arm: str) -> list[tuple[str, int]]:
    """Return the conversations and trials in which a handover is due at some answer."""
    talks = sorted({(name, trial) for name, _, trial in material.records if material.drawn(name)})
    asked = [talk for talk in talks if _first_due(material, talk[0]) is not None]
    return [talk for talk in asked if arm == "ai" or talk[1] == 0]


def _first_due(material: Material, name: str) -> int | None:
    """Return the first answer of a conversation at which a handover is due."""
    transcript = material.transcripts.get(name)
    labels = (transcript.labels.escalation or ()) if transcript else ()
    return min((label.turn for label in labels if label.expect == "now"), default=None)


def _when(material: Material, arm: str, name: str, trial: int) -> tuple[str, Place] | None:
    """Return when a side handed over in one conversation, with its place; None where it never had the chance."""
    transcript, due = material.transcripts[name], _first_due(material, name)
    turns = answer_turns(transcript)
    if material.manifest.mode == "teacher_forced" and arm == "ai":
        # The agent is shown the record: once the person in it has taken over there is nothing left to hand over.
        taken = [turn for turn in turns if _handed(material, "human", (name, turn, trial))]
        turns = [turn for turn in turns if not taken or turn <= taken[0]]
    asked = [turn for turn in turns if arm == "human" or (name, turn, trial) in material.records]
    answered = [turn for turn in asked if material.reply(arm, (name, turn, trial)) is not None]
    if due is None or due not in (asked if arm == "ai" else answered):
        return None
    place = (transcript.cluster or name, name, trial)
    first = next((turn for turn in answered if _handed(material, arm, (name, turn, trial))), None)
    if first is None:
        return ("not at all" if due in answered else "no answer"), place
    if first < due:
        return "too early", place
    late = sum(due <= turn < first for turn in asked)
    return ("at once", "one answer late")[late] if late < 2 else "two or more late", place


def _handed(material: Material, arm: str, key: tuple[str, int, int]) -> bool:
    """Say whether a side handed over at a place."""
    reply = material.reply(arm, key)
    return reply is not None and reply.handover


def outcomes(material: Material) -> list[OutcomeRow]:
    """Return how often the escalation grader found what, on each side, in shares of its graded answers."""
    seen: dict[str, dict[tuple[str, int, int], tuple[str, Place]]] = {"ai": {}, "human": {}}
    for row in material.drawn_rows:
        if row.dimension == "escalation" and row.level == "exchange" and row.state == "graded" and row.outcome:
            key = row.key if row.arm == "ai" else (row.id, row.turn, 0)
            seen[row.arm].setdefault(key, (row.outcome, place_of(row)))
    names = dict.fromkeys([*OUTCOMES, *(one for arm in seen.values() for one, _ in arm.values())])
    found = []
    for name in names:
        ai, people = (
            share([(one == name, place) for one, place in seen[arm].values()], material.most_in_one)
            if seen[arm]
            else None
            for arm in ("ai", "human")
        )
        if ai or people:
            found.append(OutcomeRow(name, MEANT.get(name, "a word of the suite’s own grader"), ai, people))
    return found


def draw(found: Sequence[Timing], *, narrow: bool = False) -> Figure:
    """Draw one bar a side."""
    bars = [stacks.Stack(one.side[:1].upper() + one.side[1:], one.counts) for one in found]
    return stacks.draw(bars, PARTS, narrow=narrow)
