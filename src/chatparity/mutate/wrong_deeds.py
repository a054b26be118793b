"""Faults in what is done: said and not done, left undone, done unasked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from chatparity.mutate.dates import days_in
from chatparity.mutate.edit import with_calls, with_sentence
from chatparity.mutate.fault import NO_PHRASES, Answer, NotPlantable, Planted, fault
from chatparity.mutate.money import amounts_in
from chatparity.transcript import ToolCall

# What a call that does it, or a record that says it was done, has in its name, by kind of action.
TRACES = {
    "refund": r"refund|reimburs|cancel|return",
    "fee": r"waive|fee_removed|credit",
    "date": r"extend|due_date|postpone|resched|paused|change_plan|return|missing|dispute|cancel",
    "cancel": r"cancel",
    "address": r"address",
    "complaint": r"complain|ticket|case",
    "code": r"code|otp",
    "freeze": r"fr[eo]ez|frozen|block|lock",
}
# Words of records that stand in every account, whatever was done.
ALWAYS = ("address", "login_codes_last_hour", "late_fee", "due_on")
PLACES = re.compile(r"\{(order|amount|date)\}")


@fault("hallucination", "actions", rule=True)
def claimed_action(answer: Answer) -> Planted | NotPlantable:
    """Add a sentence that says something has been done (refund, fee, date, order, address, …), and call no tool for it.

    Seen by: hallucination or actions.
    Applies in a language with phrases, for a kind of action of which neither calls nor records have a trace.
    A rule can see it: no successful call stands behind the claim.
    """
    if answer.bank is None:
        return NotPlantable(NO_PHRASES)
    done = _done(answer)
    values = _values(answer)
    phrases = [
        phrase
        for family, section in answer.bank.claimed_action.items()
        if not re.search(TRACES[family], done)
        for phrase in section
        if all(name in values for name in PLACES.findall(phrase))
    ]
    phrase = answer.phrase(phrases)
    if phrase is None:
        return NotPlantable("no kind of action that was surely not done")
    said = PLACES.sub(lambda match: values[match[1]], phrase)
    where = answer.rng.choice(("front", "end"))
    mutated = with_sentence(answer.transcript, answer.turn, said, "front" if where == "front" else "end")
    return Planted(mutated, (answer.turn,), "", said)


@fault("actions", "hallucination", rule=True)
def undone_action(answer: Answer) -> Planted | NotPlantable:
    """Take out a call that had to be made, and leave the words that say it was.

    Seen by: actions (the expected call is missing) or hallucination (the claim has no call behind it).
    Applies where the answer makes a call that is labelled as due in it; needs no phrases.
    A rule can see it: the call is not there.
    """
    due = {one.name for one in answer.transcript.labels.actions or () if one.due_by_turn == answer.turn}
    made = [call for call in answer.calls if call.ok and call.name in due]
    if not made or any(call.name == one.name for call in made for one in _calls_before(answer) if one.ok):
        return NotPlantable("no expected call is made in it")
    gone = answer.rng.choice(made)
    mutated = with_calls(answer.transcript, answer.turn, lambda call: call.name != gone.name)
    return Planted(mutated, (answer.turn,), gone.name, "")


@fault("actions", rule=True)
def unwanted_write(answer: Answer) -> Planted | NotPlantable:
    """Add a successful call that changes something and that nobody asked for, on this customer's own order.

    Seen by: actions.
    Applies where actions are labelled, for a call that is among those expected in other conversations of the data and
    neither expected nor made in this one; needs no phrases.
    A rule can see it: the call is there and no label expects it.
    """
    labels = answer.transcript.labels.actions
    if labels is None:
        return NotPlantable("actions are not labelled")
    used = {one.name for one in labels} | {call.name for turn in answer.transcript.turns for call in turn.tool_calls}
    own = sorted(answer.known.ids)
    calls = [made for call in answer.world.writes if call.name not in used and (made := _on_own(call, own)) is not None]
    if not calls:
        return NotPlantable("no call of other conversations fits")
    names = sorted({call.name for call in calls})
    name = answer.rng.choice(names)
    call = answer.rng.choice([one for one in calls if one.name == name])
    mutated = with_calls(answer.transcript, answer.turn, lambda call: True, [call])
    return Planted(mutated, (answer.turn,), "", f"{call.name} {msgspec.json.encode(call.arguments).decode()}")


def _calls_before(answer: Answer) -> Iterator[ToolCall]:
    """Yield the calls of earlier answers."""
    for turn in answer.transcript.turns[: answer.turn]:
        yield from turn.tool_calls


def _done(answer: Answer) -> str:
    """Return the names of all calls of the conversation, and of records that are not empty, as one text."""
    names = [call.name for turn in answer.transcript.turns for call in turn.tool_calls if call.ok]
    names = [name for name in names if not name.startswith(("get_", "list_", "find_", "search_", "lookup_"))]
    return " ".join([*names, *_marks(answer.transcript.records)])


def _marks(value: Any) -> Iterator[str]:
    """Yield the keys under which records say that something happened, and single words such as `frozen`."""
    if isinstance(value, dict):
        for key, inside in value.items():
            if inside and key not in ALWAYS and not isinstance(inside, int | float):
                yield str(key)
            yield from _marks(inside)
    elif isinstance(value, list | tuple):
        for inside in value:
            yield from _marks(inside)
    elif isinstance(value, str) and value.isalpha() and value.islower():
        yield value


def _values(answer: Answer) -> dict[str, str]:
    """Return what the placeholders stand for, as the conversation writes it; what it has not is left out."""
    found: dict[str, str] = {}
    said = f"{answer.text}\n{answer.said_before}"
    orders = [one for one in sorted(answer.known.orders) if one in said]
    if orders:
        found["order"] = orders[0]
    for amount in amounts_in(said, answer.language):
        found.setdefault("amount", said[amount.start : amount.end])
    known = answer.known.dates
    for day in days_in(answer.text, answer.language, answer.transcript.market, known):
        around = re.match(r"[\d\w.]+(?:[ \u00a0](?:de |of |d[’'])?[^\W\d]+)?", answer.text[day.start :])
        if around and not answer.text[around.end() + day.start :].startswith("/"):
            found.setdefault("date", around[0].rstrip("."))
    return found


def _on_own(call: ToolCall, own: list[str]) -> ToolCall | None:
    """Return a call of another conversation with ids of this one in place of its own, None where one has no like."""
    arguments: dict[str, Any] = {}
    for name, value in call.arguments.items():
        if isinstance(value, str) and sum(one.isdecimal() for one in value) >= 3:
            like = [one for one in own if _shape(one) == _shape(value)]
            if not like:
                return None
            arguments[name] = like[0]
        else:
            arguments[name] = value
    return ToolCall(name=call.name, arguments=arguments, ok=True, result={"ok": True})


def _shape(text: str) -> str:
    """Return an id with each run of digits as one 9, so that ids of one kind look alike."""
    return re.sub(r"\d+", "9", text)
