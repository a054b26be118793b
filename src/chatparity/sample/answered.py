"""The transcript that a label on one reply belongs to: the recorded one, or the history up to a new reply."""

from __future__ import annotations

import msgspec

from chatparity.points import spoken
from chatparity.sample.source import Candidate
from chatparity.suite import Mode
from chatparity.transcript import Labels, ToolCall, Transcript

LONGEST_ID = 170


def to_label(candidate: Candidate, item: str, *, mode: Mode, handover_tool: str) -> tuple[Transcript, int]:
    """Return the transcript that the label of an item is joined with, and the turn of the reply in it.

    For a recorded answer that is the transcript itself. For a reply that an agent gave in a run it is a transcript of
    its own, which ends with that reply: several replies of one conversation were given to different histories, and a
    rating of one must not stand at another's place. Its id is the old one and the item's name, its `cluster` the old
    one. A handover that the endpoint only flagged is written as a call of `handover_tool`, or it would be lost.
    """
    transcript, point, reply = candidate.transcript, candidate.point, candidate.reply
    if candidate.recorded:
        return transcript, point.turn
    said = spoken(reply)
    if reply.handover and not any(call.ok and call.name == handover_tool for call in reply.tool_calls):
        flag = ToolCall(name=handover_tool, result={"told_by": "the endpoint's flag"})
        said = msgspec.structs.replace(said, tool_calls=(*said.tool_calls, flag))
    turn = len(point.history)
    labels = _labels_until(transcript.labels, turn) if mode == "teacher_forced" else _labels_of_any_history(transcript)
    ended = msgspec.structs.replace(
        transcript,
        id=f"{transcript.id[:LONGEST_ID]}@{item}",
        turns=(*point.history, said),
        cluster=transcript.cluster or transcript.id,
        labels=labels,
        outcome=type(transcript.outcome)(),
        meta={**transcript.meta, "sampled_from": {"id": transcript.id, "turn": point.turn, "trial": point.trial}},
    )
    return ended, turn


def _labels_until(labels: Labels, turn: int) -> Labels:
    """Return the labels that hold of a conversation that ends with the answer at `turn`.

    What is due by its end at the latest may not be due yet, so it is left out: facts one by one, actions, which say
    what else must not be done, all together.
    """
    actions = labels.actions
    if actions is not None:
        whole = all(one.due_by_turn is not None for one in actions)
        actions = tuple(one for one in actions if one.due_by_turn is not None and one.due_by_turn <= turn)
        actions = actions if whole else None
    facts, escalation, scope, answers = labels.facts, labels.escalation, labels.escalation_turns, labels.answers
    return Labels(
        facts=tuple(one for one in facts if one.due_by_turn is not None and one.due_by_turn <= turn)
        if facts is not None
        else None,
        forbidden=labels.forbidden,
        actions=actions,
        escalation=tuple(one for one in escalation if one.turn <= turn) if escalation is not None else None,
        escalation_turns=tuple(one for one in scope if one <= turn) if scope is not None else None,
        answers=tuple(one for one in answers if one.turn < turn) if answers is not None else None,
    )


def _labels_of_any_history(transcript: Transcript) -> Labels:
    """Return the labels that hold whatever the agent said before: of a history of its own, turns count differently."""
    return Labels(forbidden=transcript.labels.forbidden)
