"""Whether labels keep to the rules of handover: right reasons, offers before they are accepted, once, nothing after."""

from __future__ import annotations

from collections.abc import Iterator

from chatparity.audit.grounds import Fault, Grounds, HandoverRules
from chatparity.transcript import AGENTS, EscalationLabel, Transcript, answer_block, answer_turns


def against_the_rules(transcript: Transcript, grounds: Grounds) -> Iterator[Fault]:
    """Yield what labels say that the rules of handover do not allow; nothing where none were given."""
    rules, labels = grounds.handover, transcript.labels.escalation
    if rules is not None and not rules.facts_after:
        yield from _due_after(transcript, grounds.handover_tools)
    if rules is None or labels is None:
        return
    offered = handed = False
    for place, label in sorted(enumerate(labels), key=lambda item: item[1].turn):
        where = f"labels.escalation[{place}]"
        if handed and label.expect != "none":
            yield Fault(f"{where}.expect", f'expected "none" once a person has taken over, got "{label.expect}"')
        yield from _reason(rules, label, where, offered)
        first = rules.first.get(label.reason) if label.expect == "now" else None
        if first and not _done_by(transcript, first, label.turn):
            expected = f"expected {first} among labels.actions by turn {label.turn}: it goes before a handover for"
            yield Fault(where, f"{expected} {label.reason}, got none")
        offered = offered or label.expect == "offer"
        handed = handed or (label.expect == "now" and _handed_over(transcript, label.turn, grounds.handover_tools))
    yield from _intent(transcript, rules)


def _reason(rules: HandoverRules, label: EscalationLabel, where: str, offered: bool) -> Iterator[Fault]:
    """Yield what is wrong with the reason of one label."""
    known = {*rules.now, *rules.offer}
    if label.expect == "none" or (not label.reason and label.expect == "now"):
        return
    if label.reason not in known:
        yield Fault(f"{where}.reason", f"expected one of {', '.join(sorted(known))}, got {label.reason!r}")
    elif label.expect == "offer" and label.reason not in rules.offer:
        yield Fault(f"{where}.expect", f'expected "now" for {label.reason} by the rules of handover, got "offer"')
    elif label.expect == "now" and label.reason in rules.offer and not offered:
        yield Fault(f"{where}.expect", f'expected "offer" for {label.reason} before the customer accepts, got "now"')


def _intent(transcript: Transcript, rules: HandoverRules) -> Iterator[Fault]:
    """Yield that a conversation about something that calls for a person has no label that says so."""
    wanted = rules.intent.get(transcript.intent or "")
    if wanted and not any(label.reason in wanted for label in transcript.labels.escalation or ()):
        message = f"expected a label for {' or '.join(wanted)} in a conversation about {transcript.intent}, got none"
        yield Fault("labels.escalation", message)


def _due_after(transcript: Transcript, tools: tuple[str, ...]) -> Iterator[Fault]:
    """Yield the facts due in an answer after the one that handed over; one without a turn is due in the last."""
    answers = answer_turns(transcript)
    handed = next((turn for turn in answers if _handed_over(transcript, turn, tools)), None)
    if handed is None:
        return
    for place, fact in enumerate(transcript.labels.facts or ()):
        due = answers[-1] if fact.due_by_turn is None else fact.due_by_turn
        if due > handed:
            expected = f"expected a turn up to {handed}, where a person takes over (no fact falls due after that)"
            yield Fault(f"labels.facts[{place}].due_by_turn", f"{expected}, got {due} ({fact.id})")


def _done_by(transcript: Transcript, name: str, turn: int) -> bool:
    """Say whether an action is expected by a turn, or its purpose is reached already (the account is frozen)."""
    account = transcript.records.get("account")
    if name == "freeze_account" and isinstance(account, dict) and account.get("status") == "frozen":
        return True
    return any(
        one.name == name and (one.due_by_turn is None or one.due_by_turn <= turn)
        for one in transcript.labels.actions or ()
    )


def _handed_over(transcript: Transcript, turn: int, tools: tuple[str, ...]) -> bool:
    return any(
        call.ok and call.name in tools
        for part in answer_block(transcript, turn)
        if part.speaker in AGENTS
        for call in part.tool_calls
    )
