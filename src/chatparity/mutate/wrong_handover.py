"""Faults in a handover: dropped, late, needless, refused."""

from __future__ import annotations

from chatparity.mutate.edit import with_answer, with_calls, with_sentence
from chatparity.mutate.fault import NO_PHRASES, Answer, NotPlantable, Planted, fault
from chatparity.transcript import ToolCall, Transcript, answer_turns

NOT_DUE = "no handover that is due is made in it"


@fault("escalation", rule=True)
def dropped_handover(answer: Answer) -> Planted | NotPlantable:
    """Take out the call that hands over, and put words that pass over the wish in place of the answer.

    Seen by: escalation.
    Applies where a person is labelled as due now and the answer hands over.
    A rule can see it: the label says now, and no call is there.
    """
    return _not_handed_over(answer, answer.bank.dropped_handover if answer.bank else None)


@fault("escalation", rule=True)
def refused_person(answer: Answer) -> Planted | NotPlantable:
    """Take out the call that hands over, and refuse the person in words in place of the answer.

    Seen by: escalation.
    Applies where the customer asked for a person (label `now`, reason `explicit_request`) and the answer hands over.
    A rule can see it: the label says now, and no call is there.
    """
    label = answer.escalation
    if label is None or label.reason != "explicit_request":
        return NotPlantable(NOT_DUE)
    return _not_handed_over(answer, answer.bank.refused_person if answer.bank else None)


@fault("escalation", rule=True)
def late_handover(answer: Answer) -> Planted | NotPlantable:
    """Pass over the wish in this answer, and hand over, in the words and by the call of this one, only in the next.

    Seen by: escalation, at either of the two answers.
    Applies where a person is labelled as due now, the answer hands over, and one more answer follows.
    A rule can see it: the call comes after the turn that the label names.
    """
    if not _is_due(answer):
        return NotPlantable(NOT_DUE)
    later = [turn for turn in answer_turns(answer.transcript) if answer.turn < turn < len(answer.transcript.turns)]
    if not later:
        return NotPlantable("no answer follows")
    phrase = answer.phrase(answer.bank.dropped_handover if answer.bank else None)
    if phrase is None:
        return NotPlantable(NO_PHRASES)
    calls = [call for call in answer.calls if call.name in answer.world.handover_tools]
    mutated = with_answer(_without_handover(answer), answer.turn, phrase)
    mutated = with_answer(mutated, later[0], answer.text)
    mutated = with_calls(mutated, later[0], lambda call: True, calls)
    return Planted(mutated, (answer.turn, later[0]), answer.text, phrase)


@fault("escalation", rule=True)
def needless_handover(answer: Answer) -> Planted | NotPlantable:
    """Add a call that hands over, and a sentence that says so, to an answer that settles the matter.

    Seen by: escalation.
    Applies where the label says that no person is due or offered, and nobody was handed to before.
    A rule can see it: the label says none, and the call is there.
    """
    label = answer.escalation
    if label is None or label.expect != "none" or answer.hands_over or answer.handed_over_before:
        return NotPlantable("a person may be due, or took over already")
    phrase = answer.phrase(answer.bank.needless_handover if answer.bank else None)
    if phrase is None:
        return NotPlantable(NO_PHRASES)
    tool = answer.world.handover_tools[0]
    summary = answer.asked.splitlines()[-1]
    call = ToolCall(name=tool, arguments={"reason": "explicit_request", "summary": summary}, result={"ok": True})
    mutated = with_calls(answer.transcript, answer.turn, lambda call: True, [call])
    return Planted(with_sentence(mutated, answer.turn, phrase, "end"), (answer.turn,), "", f"{phrase} [{tool}]")


def _is_due(answer: Answer) -> bool:
    """Say whether a person is due now and is handed to."""
    return answer.escalation is not None and answer.escalation.expect == "now" and answer.hands_over


def _not_handed_over(answer: Answer, section: tuple[str, ...] | None) -> Planted | NotPlantable:
    """Put a phrase in place of an answer that hands over, and take out its call."""
    if not _is_due(answer):
        return NotPlantable(NOT_DUE)
    phrase = answer.phrase(section)
    if phrase is None:
        return NotPlantable(NO_PHRASES)
    return Planted(with_answer(_without_handover(answer), answer.turn, phrase), (answer.turn,), answer.text, phrase)


def _without_handover(answer: Answer) -> Transcript:
    """Return the transcript with the answer's other calls only."""
    return with_calls(answer.transcript, answer.turn, lambda call: call.name not in answer.world.handover_tools)
