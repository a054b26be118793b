"""The items of a sample as they are judged: history, reply, what it may rest on, and what graders found of it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from chatparity.errors import InputError, Problem
from chatparity.exchange import Point, Reply, ReplyRecord
from chatparity.grading import Grader, Side, grade, load_graders
from chatparity.grading.rows import ScoreRow
from chatparity.points import points_of, recorded_reply
from chatparity.review.lines import TranscriptFile
from chatparity.run.folder import RunFolder
from chatparity.sample.folder import TRANSCRIPTS, read_sample
from chatparity.sample.result import Item
from chatparity.suite import Suite
from chatparity.transcript import Transcript

Key = tuple[str, int, int]


@dataclass(frozen=True)
class Exhibit:
    """One item with all that is shown of it: `point.labels` are never shown, nor who wrote the reply."""

    item: Item
    point: Point
    reply: Reply
    transcript: Transcript


@dataclass(frozen=True)
class Pair:
    """Two replies at the same place, the AI's and a person's; the person reviewing is not told which is which."""

    ai: Reply
    human: Reply


class Bench:
    """A sample's folder, opened to be reviewed; conversations are read when they are shown.

    `run` is the run that the scores and, for comparisons, the other side's replies come from: the one the sample was
    drawn from, where it is still there, unless another is named.
    """

    def __init__(self, folder: Path, suite: Suite, run: Path | None = None) -> None:
        """Open the folder. Raises UsageError when there is no sample, or no run where one is named."""
        self.folder = folder
        self.suite = suite
        self.sample = read_sample(folder)
        self.items: Mapping[str, Item] = {one.item: one for one in self.sample.items}
        self.order: Sequence[str] = tuple(self.items)
        self._transcripts = TranscriptFile(folder / TRANSCRIPTS, {one.transcript for one in self.sample.items})
        self._keys: dict[Key, str] = {(one.id, one.turn, one.trial): one.item for one in self.sample.items}
        self.run: RunFolder | None = None
        if run is not None:
            self.run = RunFolder(run)
            self.run.manifest()
        elif self.sample.source.kind == "run" and RunFolder(Path(self.sample.source.path)).exists():
            self.run = RunFolder(Path(self.sample.source.path))

    def exhibit(self, name: str) -> Exhibit:
        """Return an item as it is judged. Raises KeyError for no item, InputError for files that do not fit."""
        item = self.items[name]
        transcript = self._transcripts.get(item.transcript)
        points = points_of(transcript) if transcript is not None else []
        point = next((one for one in points if one.turn == item.label_turn), None)
        reply = (
            recorded_reply(transcript, item.label_turn, handover_tools=self.suite.settings.agent.handover_tools)
            if transcript is not None
            else None
        )
        if transcript is None or point is None or reply is None:
            message = f'expected the transcript "{item.transcript}" with an answer at turn {item.label_turn}'
            raise InputError([Problem(self._transcripts.path, None, "id", message)])
        return Exhibit(item, point, reply, transcript)

    def handed_over(self, name: str) -> bool:
        """Say whether the reply of an item handed the conversation to a person; read once and kept."""
        if name not in self._handovers:
            self._handovers[name] = self.exhibit(name).reply.handover
        return self._handovers[name]

    @cached_property
    def _handovers(self) -> dict[str, bool]:
        return {}

    @cached_property
    def languages(self) -> list[str]:
        """Return the languages of the items, sorted."""
        return sorted({one.language for one in self.items.values()})

    @cached_property
    def graders(self) -> list[Grader]:
        """Return the suite's graders that need no judge and look at one exchange."""
        return [one for one in load_graders(self.suite) if not one.needs_judge and one.level == "exchange"]

    @cached_property
    def scores(self) -> dict[str, list[ScoreRow]]:
        """Return the scores that the run has of the items, by item; empty where there is no graded run."""
        found: dict[str, list[ScoreRow]] = {}
        if self.run is None or not self.run.scores_file.is_file():
            return found
        arm = "ai" if self.sample.source.kind == "run" else "human"
        for row in self.run.scores():
            name = self._keys.get(row.key)
            if name is not None and row.arm == arm and row.level == "exchange":
                found.setdefault(name, []).append(row)
        return found

    def found(self, name: str) -> list[ScoreRow]:
        """Return what graders say of an item: the run's scores, else those of the graders that need no judge."""
        if self.scores:
            return self.scores.get(name, [])
        one = self.exhibit(name)
        record = ReplyRecord(
            id=one.transcript.id, turn=one.point.turn, trial=one.point.trial, state="replied", reply=one.reply
        )
        side = Side("ai", (one.point,), {one.point.turn: record})
        return asyncio.run(grade([side], self.graders, judged=False))

    @cached_property
    def pairs(self) -> dict[str, Pair]:
        """Return the items at whose place both an AI and a person answered, with both answers.

        There are none without a run in which every reply was given to the recorded history: in any other the two answer
        different things.
        """
        if self.run is None or self.run.manifest().mode != "teacher_forced":
            return {}
        if self.sample.source.kind == "run":
            return dict(self._against_people(self.run))
        return dict(self._against_run(self.run))

    def _against_people(self, run: RunFolder) -> list[tuple[str, Pair]]:
        recorded = TranscriptFile(run.transcripts_file, {one.id for one in self.sample.items})
        found = []
        for item in self.sample.items:
            human = self._by_a_person(recorded.get(item.id), item.turn)
            ai = self.exhibit(item.item).reply if human is not None else None
            if ai is not None and human is not None and differ(ai, human):
                found.append((item.item, Pair(ai, human)))
        return found

    def _against_run(self, run: RunFolder) -> list[tuple[str, Pair]]:
        replies = {one.key: one.reply for one in run.outcomes() if one.key in self._keys and one.reply is not None}
        found = []
        for item in self.sample.items:
            ai = replies.get((item.id, item.turn, item.trial))
            human = self._by_a_person(self._transcripts.get(item.transcript), item.label_turn) if ai else None
            if ai is not None and human is not None and differ(ai, human):
                found.append((item.item, Pair(ai, human)))
        return found

    def _by_a_person(self, transcript: Transcript | None, turn: int) -> Reply | None:
        if transcript is None:
            return None
        tools = self.suite.settings.agent.handover_tools
        return recorded_reply(transcript, turn, handover_tools=tools, speakers=("human_agent",))

    def swapped(self, name: str, rater: str) -> bool:
        """Say whether the AI's reply stands on the right for this rater: by the sample's seed, half of the time."""
        text = "\x1f".join((str(self.sample.seed), name, rater))
        return bool(hashlib.blake2b(text.encode(), digest_size=1).digest()[0] & 1)


def differ(one: Reply, other: Reply) -> bool:
    """Say whether two replies are worth comparing: a recorded answer played back is no second one."""
    return (one.text, one.tool_calls) != (other.text, other.tool_calls)
