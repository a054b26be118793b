"""Stopping a run once every gate is decided: asked and graded in random order, batch by batch, looked at after each.

The order is one of clusters: all conversations and trials of a task are asked together, so that a look rests on whole
clusters. What a look decides by is not known here; it is given as a function.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from chatparity.exchange import Point
from chatparity.grading import Grader, Side, grade, load_graders
from chatparity.grading.engine import Progress
from chatparity.grading.rows import ScoreRow
from chatparity.run.folder import EarlyPlan, Looks, RunFolder
from chatparity.run.judging import Judging, judge_for
from chatparity.run.select import Options
from chatparity.run.sides import Talk, arms, talk_of
from chatparity.suite import Suite
from chatparity.transcript import Transcript

FORMAT = 1
LOOKS = 20
FEWEST = 10

Conversations = list[tuple[Point, ...]]
Ask = Callable[[Conversations], Awaitable[bool]]


@dataclass(frozen=True)
class Look:
    """What a look found: whether every gate is decided but those of zero tolerance, and what these still must see.

    `sweep` are the clusters, `graders` whose scores they need there.
    """

    decided: bool
    sweep: frozenset[str] = frozenset()
    graders: tuple[str, ...] = ()


# From the rows so far and the clusters they are of; made from the planned points and the graders.
Looking = Callable[[Sequence[ScoreRow], frozenset[str]], Look]
MakeLooking = Callable[[Sequence[Point], Sequence[Grader]], Looking]


def early_plan(options: Options, conversations: Conversations) -> EarlyPlan | None:
    """Return how a new run is to be looked at: about twenty looks, none for fewer than ten clusters more."""
    if not options.stop_early:
        return None
    clusters = len({conversation[0].cluster for conversation in conversations})
    seed = secrets.randbelow(2**31) if options.seed is None else options.seed
    return EarlyPlan(seed=seed, batch=max(FEWEST, -(-clusters // LOOKS)))


def batches(conversations: Conversations, plan: EarlyPlan) -> list[list[str]]:
    """Return the clusters of each batch: a random order that the seed repeats, whatever the order of the files."""
    clusters = sorted({conversation[0].cluster for conversation in conversations})
    random.Random(plan.seed).shuffle(clusters)  # noqa: S311 - an order to be repeated, no secret
    return [clusters[begin : begin + plan.batch] for begin in range(0, len(clusters), plan.batch)]


@dataclass
class StopEarly:
    """One run that is looked at early; `known` are the rows graded on the way, by conversation and trial."""

    suite: Suite
    folder: RunFolder
    make: MakeLooking
    judge: str | None
    known: dict[Talk, list[ScoreRow]]
    judging: Judging = field(default_factory=Judging)

    async def go(self, ask: Ask, conversations: Conversations, transcripts: Sequence[Transcript]) -> None:
        """Ask batch by batch until a look finds every gate decided, or to the end.

        `ask` asks for what is missing of conversations and says whether it came to all of them: a budget may stop it.
        A run that goes on does so from its last look; what errored before is asked again, earlier looks are not taken
        again.
        """
        manifest = self.folder.manifest()
        before = self.folder.looks() or Looks(format=FORMAT, looks=0, stopped=False, sampled=())
        if manifest.early is None or before.stopped:
            return
        spec = self.judge or manifest.judge
        async with judge_for(self.suite, self.folder, spec, self.judging) as asked:
            graders = load_graders(self.suite, asked)
            look = self.make([point for one in conversations for point in one], graders)
            work = _Work(self, conversations, transcripts, graders, judged=asked is not None)
            listed = batches(conversations, manifest.early)
            sampled: list[str] = []
            for number, batch in enumerate(listed, 1):
                sampled += batch
                if not await ask(_of(conversations, batch)):
                    return
                if number < before.looks or number == len(listed):
                    continue
                found = look(await work.rows(sampled), frozenset(sampled))
                if not found.decided:
                    self._write(Looks(format=FORMAT, looks=number, stopped=False, sampled=tuple(sampled)))
                    continue
                if not await ask(_of(conversations, found.sweep)):
                    return
                claimed = _of(conversations, {*sampled, *found.sweep})
                self._write(
                    Looks(
                        format=FORMAT,
                        looks=number,
                        stopped=True,
                        sampled=tuple(sampled),
                        swept=tuple(sorted(found.sweep)),
                        graders=found.graders,
                        asked=sum(point.claimed for one in claimed for point in one),
                    )
                )
                return

    def _write(self, looks: Looks) -> None:
        self.folder.write(self.folder.looks_file, msgspec.json.format(msgspec.json.encode(looks), indent=2))


def _of(conversations: Conversations, clusters: Sequence[str] | frozenset[str] | set[str]) -> Conversations:
    """Return the conversations of clusters, in the order of the clusters where they have one."""
    wanted = {name: place for place, name in enumerate(clusters)}
    kept = [one for one in conversations if one[0].cluster in wanted]
    return sorted(kept, key=lambda one: wanted[one[0].cluster]) if isinstance(clusters, list) else kept


@dataclass
class _Work:
    """What grading between looks needs; each conversation is graded once."""

    early: StopEarly
    conversations: Conversations
    transcripts: Sequence[Transcript]
    graders: Sequence[Grader]
    judged: bool

    async def rows(self, sampled: Sequence[str]) -> list[ScoreRow]:
        """Return the score rows of all conversations of these clusters, grading those that are not graded yet."""
        wanted = _of(self.conversations, frozenset(sampled))
        new = [one for one in wanted if talk_of(one) not in self.early.known]
        folder = self.early.folder
        records = {record.key: record for record in folder.outcomes()}
        sides = arms(self.early.suite, folder.manifest(), new, self.transcripts, records)
        self.early.known.update(await graded(sides, self.graders, judged=self.judged))
        return [row for one in wanted for row in self.early.known[talk_of(one)]]


async def graded(
    sides: dict[Talk, list[Side]], graders: Sequence[Grader], *, judged: bool, on_progress: Progress | None = None
) -> dict[Talk, list[ScoreRow]]:
    """Return the rows of conversations, all graded at once; `on_progress` is that of `grade`."""
    every = [side for one in sides.values() for side in one]
    rows = await grade(every, graders, judged=judged, on_progress=on_progress)
    found: dict[Talk, list[ScoreRow]] = {talk: [] for talk in sides}
    for row in rows:
        found[row.id, row.trial].append(row)
    return found
