"""Manner over the turns of a conversation: form of address, cheer at distress, apologies in a row, asking again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from chatparity.checks.calls import calls_in, calls_of
from chatparity.checks.facts import find_values
from chatparity.checks.handover import sentence_of
from chatparity.checks.identify import same_language
from chatparity.checks.lexicon import lexicon, shared
from chatparity.checks.sources import today
from chatparity.checks.statements import Statement, said_groups
from chatparity.checks.tone import courtesy, forms_of_address
from chatparity.exchange import Exchange
from chatparity.transcript import AGENTS

Form = Literal["formal", "familiar"]
# Asking for one of these is asking again where a value of this kind was said already.
_ASKED = {"order": "id", "email": "email"}
# So many sentences that apologise, in as many answers in a row or fewer, are a loop.
_LOOP = 3
# Distress that was told in one of so many messages, the last ones, is not forgotten yet.
_LATELY = 3
# Reasons to escalate that are distress.
_SORROWS = ("bereavement", "self_harm", "hardship")


@dataclass(frozen=True, slots=True)
class Slip:
    """One slip of manner: what kind, where in the reply, and why it is one."""

    kind: Literal["address", "cheer", "apology_loop", "asked_again"]
    mark: Statement
    why: str


def slips(exchange: Exchange, language: str, expected: Form | None = None) -> list[Slip]:
    """Return the slips of manner of a reply that is read in `language`; `expected` is the company's form of address.

    Not seen: coldness, cheer and distress in words that the lexicon lacks, and a form of address that only a verb's
    ending beyond the lexicon's shows.
    """
    found = (
        address_switched(exchange, language, expected),
        cheerful_at_distress(exchange, language),
        apology_again(exchange, language),
        asked_again(exchange, language),
    )
    return [one for one in found if one is not None]


def said_before(exchange: Exchange) -> Iterator[str]:
    """Yield what this side said before, last first: its own earlier replies, else the recorded agent's turns."""
    if exchange.earlier:
        yield from (reply.text for _, reply in reversed(exchange.earlier))
    else:
        yield from (turn.text for turn in reversed(exchange.history) if turn.speaker in AGENTS)


def heard_before(exchange: Exchange) -> Iterator[str]:
    """Yield what the customer said, last first."""
    yield from (turn.text for turn in reversed(exchange.history) if turn.speaker == "customer")


def address_of(text: str, language: str) -> Form | None:
    """Return the form of address of a text; None where it has none, or both alike."""
    forms = [mark.families[0] for mark in forms_of_address(text, language)]
    formal, familiar = forms.count("formal"), forms.count("familiar")
    return None if formal == familiar else "formal" if formal > familiar else "familiar"


def address_switched(exchange: Exchange, language: str, expected: Form | None = None) -> Slip | None:
    """Return where a reply leaves the form of address that this side used most before, or else the expected one.

    One mark of the other form is enough, unless this side has mixed both before: then the reply must lean to it. To
    come back to the expected form is no slip, nor is a familiar form that the customer used first where no formal one
    went before; nor, in some languages, a familiar form where no other was used. In another language than the
    conversation's no form is looked for.
    """
    if not same_language(language, exchange.language):
        return None
    marks = forms_of_address(exchange.reply.text, language)
    earlier = [mark for text in said_before(exchange) for mark in forms_of_address(text, language)]
    used = _most(earlier)
    wanted = used or expected
    odd = [mark for mark in marks if mark.families[0] != wanted]
    if wanted is None or not odd or odd[0].families[0] == expected:
        return None
    kept = used is not None and all(mark.families[0] == wanted for mark in earlier)
    mixed = len(odd) < len(marks) and wanted == expected and not earlier
    if used is None and not mixed:
        if lexicon(language).unmarked_familiar or any(
            address_of(one, language) == odd[0].families[0] for one in heard_before(exchange)
        ):
            return None
    elif used is not None and not kept and len(odd) * 2 <= len(marks):
        return None
    form = odd[0].families[0]
    return Slip("address", odd[0], f"{form} address after {used}" if used else f"{form} address, expected {wanted}")


def _most(marks: list[Statement]) -> Form | None:
    """Return the form that marks are mostly of; None where there are none, or as many of both."""
    formal = sum(mark.families[0] == "formal" for mark in marks)
    familiar = len(marks) - formal
    return None if formal == familiar else "formal" if formal > familiar else "familiar"


def cheerful_at_distress(exchange: Exchange, language: str) -> Slip | None:
    """Return where a reply is cheerful, in words or by an emoji, to a customer in loss or hardship."""
    text = exchange.reply.text
    cheer = next(itertools.chain(said_groups(text, language, "cheer"), _bright(text)), None)
    if cheer is None:
        return None
    distress = _distress(exchange)
    return Slip("cheer", cheer, f"cheerful after {distress}") if distress else None


def _distress(exchange: Exchange) -> str:
    """Return what shows that the customer is in distress: a label up to this turn, or words of the last messages."""
    point = exchange.point
    for label in point.labels.escalation or ():
        if label.turn <= point.turn and label.reason in _SORROWS:
            return label.reason
    heard = itertools.islice(heard_before(exchange), _LATELY)
    told = (mark for text in heard for mark in said_groups(text, exchange.language, "distress"))
    return next((f'"{mark.text}"' for mark in told), "")


def _bright(text: str) -> Iterator[Statement]:
    """Yield the emojis of a text that are cheerful in any language."""
    for one in shared().bright:
        start = text.find(one)
        if start >= 0:
            yield Statement(("cheer",), one, start, start + len(one))


def apology_again(exchange: Exchange, language: str) -> Slip | None:
    """Return the apology of a reply where it, or it and the answers just before it, go on apologising.

    Sentences that apologise are counted over the last answers, this one included, which must itself apologise.
    """
    sorry = _apologies(exchange.reply.text, language)
    if not sorry:
        return None
    recent = [_apologies(text, language) for text in itertools.islice(said_before(exchange), _LOOP - 1)]
    count = len(sorry) + sum(map(len, recent))
    if count < _LOOP:
        return None
    where = f"the last {1 + len(recent)} answers" if recent else "one answer"
    return Slip("apology_loop", sorry[0], f"{count} apologies in {where}")


def _apologies(text: str, language: str) -> list[Statement]:
    """Return the apologies of a text, one a sentence."""
    found = {sentence_of(text, mark): mark for mark in courtesy(text, language) if mark.families[0] == "apology"}
    return list(found.values())


def asked_again(exchange: Exchange, language: str) -> Slip | None:
    """Return where a reply asks for an order's number or an e-mail address that was said or used already.

    Asking what it is about, in any answer but the first, is asking again as well.
    """
    point = exchange.point
    calls = [*calls_in(exchange.history), *calls_of(reply for _, reply in exchange.earlier)]
    used = [str(value) for call in calls for value in call.arguments.values()]
    known = [*heard_before(exchange), *said_before(exchange), *used]
    for mark in said_groups(exchange.reply.text, language, "request"):
        kind = _ASKED.get(mark.families[0])
        if mark.families[0] == "matter" and next(said_before(exchange), None) is not None:
            return Slip("asked_again", mark, "asks what it is about after it was talked about")
        for text in known:
            given = (one for one in find_values(text, point.language, point.market, today(point)) if one.kind == kind)
            value = next(given, None)
            if value is not None:
                return Slip("asked_again", mark, f'asks for what was said already: "{value.text}"')
    return None
