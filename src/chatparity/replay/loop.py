"""The replay itself: asks an agent at every planned point, many at once, and hands each outcome on as it happens."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from chatparity.agents.base import Agent
from chatparity.errors import UsageError
from chatparity.exchange import Conversation, Failure, Point, Reply, ReplyRecord, ReplyState, Spent
from chatparity.replay.attempts import Backoff, ask
from chatparity.replay.divergence import divergence
from chatparity.replay.prompt import Prompt
from chatparity.replay.rounds import Rounds
from chatparity.replay.seen import Key, key_of, lived
from chatparity.replay.tools import ToolAnswerer
from chatparity.suite import Mode, Suite
from chatparity.transcript import Turn

Sink = Callable[[ReplyRecord], None]
Job = Callable[[], Awaitable[None]]
MayAsk = Callable[[], bool]


async def replay(
    agent: Agent,
    conversations: Sequence[tuple[Point, ...]],
    *,
    settings: Suite,
    mode: Mode,
    done: Mapping[Key, ReplyRecord],
    sink: Sink,
    backoff: Backoff | None = None,
    tools: Sequence[ToolAnswerer] = (),
    may_ask: MayAsk | None = None,
) -> None:
    """Ask the agent at every claimed point that is not in `done`, and give each outcome to `sink` exactly once.

    At most `[agent].concurrency` requests are under way. In `teacher_forced` points are independent of each other; in
    `free_running` those of one conversation follow each other, and what comes after a divergence is not asked.
    A reply that waits for tools is given what the first of `tools` that can answer says, and asked again; a call that
    none can answer makes the exchange diverged. `may_ask` is called before each exchange that is to be begun: once it
    says no, nothing more is, what is under way is finished, and the rest is left for another time.
    `sink` is called from the event loop; what it raises ends the replay. Cancelled, nothing half-made reaches it.
    Raises UsageError when the agent cannot be replayed in this mode or the suite's prompt cannot be used.
    """
    check_mode(agent, mode)
    work = _Replay(agent, settings, done, sink, backoff or Backoff(), () if agent.keeps_session else tools, may_ask)
    jobs = work.jobs(conversations, mode)
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(settings.settings.agent.concurrency):
                group.create_task(_work_off(jobs))
    except BaseExceptionGroup as errors:
        # One worker's error ends all of them; the caller wants that error, not the group.
        raise errors.exceptions[0] from None


def check_mode(agent: Agent, mode: Mode) -> None:
    """Raise UsageError when the agent cannot be replayed in this mode."""
    if agent.keeps_session and mode == "teacher_forced":
        raise UsageError(
            f"{agent.name}: the endpoint keeps the session on its own side, so it cannot be shown a recorded history: "
            "replay it with --mode free_running"
        )


async def _work_off(jobs: Iterator[Job]) -> None:
    """Do the next job until there is none; all workers draw from the same iterator."""
    for job in jobs:
        await job()


class _Replay:
    """What all jobs of a replay share."""

    def __init__(
        self,
        agent: Agent,
        suite: Suite,
        done: Mapping[Key, ReplyRecord],
        sink: Sink,
        backoff: Backoff,
        tools: Sequence[ToolAnswerer],
        may_ask: MayAsk | None,
    ) -> None:
        self._agent = agent
        self._table = suite.settings.agent
        self._prompt = Prompt(suite)
        self._done = done
        self._sink = sink
        self._backoff = backoff
        self._tools = tools
        self._may_ask = may_ask or _always

    def jobs(self, conversations: Sequence[tuple[Point, ...]], mode: Mode) -> Iterator[Job]:
        """Yield what is to be done: a job a point, or in `free_running` a job a conversation."""
        for conversation in conversations:
            asked = [point for point in conversation if point.claimed and key_of(point) not in self._done]
            if not asked:
                continue
            make = partial(self._conversation, system=self._prompt.system(asked[0]), session=uuid.uuid4().hex)
            if mode == "free_running":
                yield partial(self._live, conversation, make)
            else:
                for point in asked:
                    yield partial(self._one, point, make)

    async def _one(self, point: Point, make: Callable[[Point, tuple[Turn, ...]], Conversation]) -> None:
        """Ask at one point with the recorded history."""
        if self._may_ask():
            self._sink(await self._asked(point, make(point, point.history)))

    async def _live(self, points: tuple[Point, ...], make: Callable[[Point, tuple[Turn, ...]], Conversation]) -> None:
        """Ask at the points of a conversation in order, with the agent's own earlier replies, until it diverges."""
        replies: dict[int, Reply] = {}
        reason = ""
        for index, point in enumerate(points):
            record = self._done.get(key_of(point))
            if record is None:
                history = lived(points, index, replies)
                reason = reason or self._misfit(points, index, history, replies)
                if not reason and not self._may_ask():
                    return
                record = _diverged(point, reason) if reason else await self._asked(point, make(point, history))
                self._sink(record)
            if record.reply is not None:
                replies[point.turn] = record.reply
            elif not reason:
                missing = f"the reply at turn {point.turn} is missing"
                reason = record.reason if record.state == "diverged" else missing

    def _misfit(
        self, points: Sequence[Point], index: int, history: tuple[Turn, ...], replies: Mapping[int, Reply]
    ) -> str:
        """Return why the point cannot be asked after the replies so far, or an empty text."""
        if index == 0:
            return ""
        before = points[index - 1]
        if self._agent.keeps_session and key_of(before) in self._done:
            return "the endpoint's session ended when the run was interrupted"
        tools = self._table.handover_tools
        recorded = points[index].history
        return divergence(recorded, history, before.turn, replies[before.turn], handover_tools=tools) or ""

    def _conversation(self, point: Point, history: tuple[Turn, ...], *, system: str, session: str) -> Conversation:
        """Return what the agent is shown at a point."""
        return Conversation(
            id=point.id,
            turn=point.turn,
            trial=point.trial,
            language=point.language,
            history=history,
            system=system,
            tools=self._prompt.tools,
            market=point.market,
            customer=point.customer,
            session=session,
        )

    async def _asked(self, point: Point, conversation: Conversation) -> ReplyRecord:
        """Ask, and return what became of it."""
        requests = 0

        def count() -> None:
            nonlocal requests
            requests += 1

        ask_once = partial(
            ask,
            self._agent,
            attempts=self._table.attempts,
            timeout_seconds=self._table.timeout_seconds,
            backoff=self._backoff,
            on_attempt=count,
        )
        rounds = Rounds(ask_once, self._tools, self._table.tool_rounds)
        found = await rounds.until_answered(point, conversation)
        spent = Spent(requests=requests, usage=rounds.usage)
        if isinstance(found, str):
            return msgspec.structs.replace(_diverged(point, found), spent=spent)
        if isinstance(found, Failure):
            return _record(point, "errored", failure=found, spent=spent)
        return _record(point, "replied", reply=found, spent=spent)


def _always() -> bool:
    return True


def _record(point: Point, state: ReplyState, **more: Any) -> ReplyRecord:
    return ReplyRecord(id=point.id, turn=point.turn, trial=point.trial, state=state, **more)


def _diverged(point: Point, reason: str) -> ReplyRecord:
    """Return the record of a point where no reply can be had that the recorded conversation fits to."""
    return _record(point, "diverged", reason=reason)
