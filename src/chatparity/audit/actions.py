"""Whether the actions that labels expect can be done: each is carried out in the shop, in the order they are due."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chatparity.audit.grounds import Fault, Grounds
from chatparity.checks.calls import hands_over, writes
from chatparity.errors import UsageError
from chatparity.exchange import Point
from chatparity.transcript import AGENTS, ExpectedAction, ToolCall, Transcript, answer_block

_FREE = ("reason", "text", "summary")
_IN_WORDS = "expected by the label"


def done_right(transcript: Transcript, points: Sequence[Point], grounds: Grounds) -> tuple[list[ToolCall], list[Fault]]:
    """Carry out the expected actions; return what the shop answered, and what it cannot do.

    What the recorded agents changed besides goes before, but for handovers: after one the shop refuses everything.
    Arguments that a label leaves open are those of the recorded call of that name, or any words where words will do.
    """
    answered: list[ToolCall] = []
    faults: list[Fault] = []
    before: list[ToolCall] = []
    labels = transcript.labels.actions or ()
    last = points[-1].turn if points else 0
    for point in points:
        due = [
            (place, one)
            for place, one in enumerate(labels)
            if one.due_by_turn == point.turn or (one.due_by_turn is None and point.turn == last)
        ]
        for place, action in due:
            call = _call(action, transcript, grounds.tools)
            if isinstance(call, str):
                faults.append(Fault(f"labels.actions[{place}]", call))
                continue
            if call is None or grounds.shop is None:
                continue
            try:
                done = grounds.shop.answer(point, before, call)
            except UsageError as error:
                return answered, [*faults, Fault("records", str(error))]
            if done is None:
                continue
            if not done.ok:
                faults.append(Fault(f"labels.actions[{place}]", _refused(action, done)))
                continue
            before.append(done)
            answered.append(done)
        before += _besides(transcript, point.turn, labels)
    return answered, faults


def _besides(transcript: Transcript, turn: int, labels: Sequence[ExpectedAction]) -> Iterator[ToolCall]:
    """Yield what the recorded answer at a turn changed though no label expects it; a handover is left out."""
    names = {one.name for one in labels}
    for part in answer_block(transcript, turn):
        for call in part.tool_calls if part.speaker in AGENTS else ():
            if call.ok and writes(call.name) and not hands_over(call.name) and call.name not in names:
                yield call


def _call(
    action: ExpectedAction, transcript: Transcript, tools: Mapping[str, Mapping[str, Any]]
) -> ToolCall | str | None:
    """Return the call an expected action asks for, what is wrong with it, or None where it leaves too much open."""
    shape = tools.get(action.name)
    if shape is None:
        return f"expected a tool of the shop ({', '.join(sorted(tools))}), got {action.name!r}" if tools else None
    unknown = sorted(set(action.arguments) - set(shape.get("properties", {})))
    if unknown:
        return f"expected arguments that {action.name} has, got {', '.join(unknown)}"
    arguments = dict(action.arguments)
    recorded = [call for turn in transcript.turns for call in turn.tool_calls if call.name == action.name and call.ok]
    for name in shape.get("required", ()):
        if name in arguments:
            continue
        if (
            name in _FREE
            and name not in shape["properties"].get("enum", ())
            and "enum" not in shape["properties"][name]
        ):
            arguments[name] = _IN_WORDS
        elif recorded and name in recorded[0].arguments:
            arguments[name] = recorded[0].arguments[name]
        else:
            return None
    return ToolCall(name=action.name, arguments=arguments)


def _refused(action: ExpectedAction, done: ToolCall) -> str:
    result = done.result if isinstance(done.result, Mapping) else {}
    code = result.get("error", "refused")
    details = ", ".join(f"{key} {value}" for key, value in result.items() if key not in ("ok", "error"))
    said = ", ".join(f"{key}={value!r}" for key, value in action.arguments.items())
    return f"expected an action the shop can do, got {action.name}({said}): {code}" + (
        f" ({details})" if details else ""
    )
