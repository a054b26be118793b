"""Actions by rule: were the tool calls made that were expected, and no others that change something."""

from __future__ import annotations

from collections.abc import Sequence

from chatparity.checks.calls import (
    calls_in,
    calls_of,
    describe,
    effective,
    matched,
    out_of_order,
    succeeded,
    writes,
)
from chatparity.grading import RATE, Exchange, Metric, Point, Score, grader
from chatparity.transcript import ExpectedAction, ToolCall


def has_turns(point: Point) -> bool:
    """Hold where actions are labelled turn by turn, or labelled as none at all."""
    actions = point.labels.actions
    return actions is not None and (not actions or any(action.due_by_turn is not None for action in actions))


def has_no_turns(point: Point) -> bool:
    """Hold where actions are labelled for the conversation as a whole, or labelled as none at all."""
    actions = point.labels.actions
    return actions is not None and all(action.due_by_turn is None for action in actions)


def due_at(point: Point) -> list[ExpectedAction]:
    """Return the actions due in the answer at a point; those without a turn are due in the last answer."""
    expected = point.labels.actions or ()
    return [one for one in expected if one.due_by_turn == point.turn or (one.due_by_turn is None and point.last)]


METRICS = (RATE, Metric("done", among=lambda point: bool(due_at(point)), good=lambda score: score.outcome != "missing"))


@grader(dimension="actions", version="2", applies=has_turns, metrics=METRICS, needs=("actions",))
def actions(exchange: Exchange) -> Score:
    """Say whether the actions due here are among this side's successful calls, and the reply writes nothing else.

    The metric `rate` counts every answer; `done` only those at which an action is due. Only labelled arguments are
    compared, by meaning; refused calls do not count; an action that the recorded history has done already is not asked
    for again. Actions on one thing must be done in the order in which they are labelled, and handing over last.
    Which tools write is told by their names. Not seen: a write that is wrong in an argument nobody labelled, and what a
    call does in the shop.
    """
    point, expected = exchange.point, exchange.labels.actions or ()
    before = succeeded(calls_in(point.history))
    own = succeeded(calls_of([*(reply for _, reply in exchange.earlier), exchange.reply]))
    due = due_at(point)
    missing = matched(own + before, due)[0]
    unwanted = [call for call in matched(succeeded(exchange.reply.tool_calls), expected)[1] if writes(call.name)]
    if missing:
        value = 1 - len(missing) / len(due)
        wrong = f"; unexpected: {', '.join(map(describe, unwanted))}" if unwanted else ""
        return Score.failed(f"not done: {', '.join(map(describe, missing))}{wrong}", value=value, outcome="missing")
    if unwanted:
        return Score.failed(f"unexpected: {', '.join(map(describe, unwanted))}", outcome="unwanted_write")
    if due and len(matched(own, due)[0]) == len(due):
        return Score.abstained("what is due here has been done in the recorded history already")
    early = out_of_order(own, due)
    if early:
        return Score.failed(_order(early), value=0.5, outcome="order")
    return Score.passed(f"{len(due)} expected actions done, nothing else written", outcome="correct")


def _order(wrong: Sequence[tuple[ToolCall, ToolCall]]) -> str:
    """Say which calls came too early."""
    return "; ".join(f"{describe(early)} before {describe(late)}" for early, late in wrong)


@grader(
    dimension="actions",
    version="2",
    applies=has_no_turns,
    level="conversation",
    metrics=[Metric("overall")],
    needs=("actions",),
)
def actions_overall(conversation: Sequence[Exchange]) -> Score:
    """Say whether the successful writes of the whole conversation have exactly the effect of the expected ones.

    The effect is judged by the calls alone: arguments by meaning, a thing replaced by itself is no change, the same
    setting twice is one, and of two settings of one thing the last stands. Not seen: two writes that undo each other,
    an expected write that the shop would refuse, what a call does there, and what should have been *said*.
    """
    expected = [one for one in conversation[-1].labels.actions or () if writes(one.name)]
    made = calls_of(exchange.reply for exchange in conversation)
    calls = [call for call in effective(made) if writes(call.name)]
    missing, unwanted = matched(calls, expected)
    if missing or unwanted:
        parts = [f"not done: {describe(one)}" for one in missing] + [f"unexpected: {describe(one)}" for one in unwanted]
        return Score.failed("; ".join(parts), outcome="unwanted_write" if unwanted else "missing")
    early = out_of_order(calls, expected)
    if early:
        return Score.failed(_order(early), value=0.5, outcome="order")
    return Score.passed(f"{len(expected)} expected writes, no other", outcome="correct")
