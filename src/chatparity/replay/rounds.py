"""Asking an agent until it has answered: the tools it calls are answered in between, for a number of rounds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from chatparity.checks.calls import calls_in, describe
from chatparity.exchange import Conversation, Failure, Point, Reply, Usage
from chatparity.replay.tools import ToolAnswerer, pending
from chatparity.transcript import ToolCall, Turn

Ask = Callable[[Conversation], Awaitable[Reply | Failure]]


@dataclass
class Rounds:
    """The agent's turns of one answer, put together.

    `ask` asks the agent once, retries included; `answerers` are asked in order what came of a call; after `most` rounds
    of calls nobody is asked any more.
    """

    ask: Ask
    answerers: Sequence[ToolAnswerer]
    most: int
    _turns: list[Reply] = field(default_factory=list)

    async def until_answered(self, point: Point, conversation: Conversation) -> Reply | Failure | str:
        """Return the whole answer, why there is none, or (a text) why what the agent asked for cannot be given to it.

        The answer has all calls of all rounds with what came of them; its latency is the sum of the agent's own turns
        and its time to first token that of the turn that it ended with, after those before. A handover ends it.
        """
        for number in range(self.most + 1):
            found = await self.ask(conversation)
            if isinstance(found, Failure):
                return found
            self._turns.append(msgspec.structs.replace(found, waiting=False))
            waiting = pending(found)
            if not waiting:
                return self._whole()
            seen = (*calls_in(conversation.history), *found.tool_calls[: waiting[0]])
            calls, lacking = self._answered(point, seen, found.tool_calls[waiting[0] :])
            self._turns[-1] = msgspec.structs.replace(
                self._turns[-1], tool_calls=(*found.tool_calls[: waiting[0]], *calls)
            )
            if found.handover:
                return self._whole()
            if lacking is not None:
                return f"at turn {point.turn}: the agent called {describe(lacking)}, which nobody can answer here"
            if number < self.most:
                conversation = replace(conversation, history=(*conversation.history, *_shown(self._turns[-1])))
        return f"at turn {point.turn}: after {self.most} rounds of tool calls ([agent] tool_rounds) there is no answer"

    @property
    def usage(self) -> Usage | None:
        """Return the tokens of all turns so far, or None when one of them, or there being none, leaves it unknown."""
        known = [turn.usage for turn in self._turns if turn.usage is not None]
        if not known or len(known) < len(self._turns):
            return None
        return Usage(
            input_tokens=sum(one.input_tokens for one in known), output_tokens=sum(one.output_tokens for one in known)
        )

    def _answered(
        self, point: Point, before: Sequence[ToolCall], calls: Sequence[ToolCall]
    ) -> tuple[list[ToolCall], ToolCall | None]:
        """Return calls with what came of them, and the first that nobody can answer; it is left as it was."""
        done: list[ToolCall] = []
        lacking: ToolCall | None = None
        for call in calls:
            if call.ok or call.result is not None:
                done.append(call)
                continue
            found = (one.answer(point, (*before, *done), call) for one in self.answerers)
            answer = next((one for one in found if one is not None), None)
            lacking = lacking or (call if answer is None else None)
            done.append(answer or call)
        return done, lacking

    def _whole(self) -> Reply:
        """Return the turns as one reply."""
        if len(self._turns) == 1:
            return self._turns[0]
        *first, last = self._turns
        return msgspec.structs.replace(
            last,
            text="\n".join(turn.text for turn in self._turns if turn.text.strip()),
            tool_calls=tuple(call for turn in self._turns for call in turn.tool_calls),
            latency=_sum([turn.latency for turn in self._turns]),
            first_token=_sum([*(turn.latency for turn in first), last.first_token]),
            usage=self.usage,
        )


def _shown(reply: Reply) -> list[Turn]:
    """Return a reply that waited as turns: its words first, so that what the agent sees last are the results."""
    words = [Turn(speaker="ai_agent", text=reply.text)] if reply.text.strip() else []
    return [*words, Turn(speaker="ai_agent", tool_calls=reply.tool_calls)]


def _sum(seconds: Sequence[float | None]) -> float | None:
    """Return a sum, or None when one part of it was not measured."""
    known = [one for one in seconds if one is not None]
    return sum(known) if len(known) == len(seconds) else None
