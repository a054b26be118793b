"""Who answers the calls that an agent asks for: a protocol, and the answerer that knows what was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from chatparity.checks.calls import is_expected, writes
from chatparity.exchange import Point, Reply
from chatparity.transcript import AGENTS, ExpectedAction, ToolCall, Transcript


class ToolAnswerer(Protocol):
    """Whatever can carry out an agent's calls, or knows what came of them."""

    def answer(self, point: Point, before: Sequence[ToolCall], call: ToolCall) -> ToolCall | None:
        """Return the call with `ok` and `result`, or None when it cannot be answered.

        `point` is where the agent was asked; `before` are all calls of the conversation so far, as the agent saw them,
        those of the answer under way included.
        """


@dataclass(frozen=True)
class _Known:
    """A recorded call and the turn it was made in."""

    turn: int
    call: ToolCall


class RecordedCalls:
    """Answers a call with what was recorded for the same call anywhere in the agent turns of the same transcript.

    The same are a tool of the same name and arguments that are alike by meaning, except for a sentence in a free-text
    argument. Where it was made several times, its answer is the one nearest in time: that of the answer at this turn,
    else of the latest before, else of the earliest after. A read whose result was not recorded answers nothing.
    """

    def __init__(self, transcripts: Iterable[Transcript]) -> None:
        """Read the calls of transcripts whose ids differ."""
        self._known: Mapping[str, Sequence[_Known]] = {
            one.id: known for one in transcripts if (known := _known_of(one))
        }

    def answer(self, point: Point, before: Sequence[ToolCall], call: ToolCall) -> ToolCall | None:
        """Return the call with its recorded result, or None."""
        same = [one for one in self._known.get(point.id, ()) if _same(call, one.call)]
        if not same:
            return None
        found = min(same, key=lambda one: _distance(one.turn, point)).call
        return ToolCall(name=call.name, arguments=call.arguments, ok=found.ok, result=found.result)


def _known_of(transcript: Transcript) -> list[_Known]:
    """Return the calls of a transcript that say what came of them, each under the turn its answer begins at."""
    found: list[_Known] = []
    begin = 0
    for index, turn in enumerate(transcript.turns):
        if turn.speaker == "customer":
            begin = index + 1
        if turn.speaker in AGENTS:
            found += [_Known(begin, call) for call in turn.tool_calls if _says_what_came(call)]
    return found


def _says_what_came(call: ToolCall) -> bool:
    """Say whether a recorded call can be handed on: its result is there, or it wrote and it is enough that it did."""
    return call.result is not None or (call.ok and writes(call.name))


def _same(call: ToolCall, recorded: ToolCall) -> bool:
    """Say whether two calls mean the same, both ways: neither says more than the other."""
    return is_expected(call, _expected(recorded)) and is_expected(recorded, _expected(call))


def _expected(call: ToolCall) -> ExpectedAction:
    return ExpectedAction(name=call.name, arguments=call.arguments)


def _distance(turn: int, point: Point) -> tuple[int, int]:
    """Return how far a recorded call is from a point: at it first, then what was before it, the latest first."""
    if turn == point.turn:
        return (0, 0)
    return (1, point.turn - turn) if turn < point.turn else (2, turn - point.turn)


def pending(reply: Reply) -> list[int]:
    """Return the places of the calls that a reply waits for, or none when it is an answer.

    It waits when it says so, or when it has no words and nothing but calls that nobody has carried out.
    """
    asked = [place for place, call in enumerate(reply.tool_calls) if not call.ok and call.result is None]
    if reply.waiting or reply.handover:
        return asked
    return [] if reply.text.strip() or len(asked) < len(reply.tool_calls) else asked
