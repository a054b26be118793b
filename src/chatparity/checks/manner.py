"""Manner over the turns of a conversation: form of address, cheer at distress, apologies in a row, asking again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from chatparity.checks.calls import calls_in, calls_of
from chatparity.checks.facts import find_values
from chatparity.checks.identify import same_language
from chatparity.checks.sources import today
from chatparity.checks.statements import Statement, said_groups
from chatparity.checks.tone import courtesy, forms_of_address
from chatparity.exchange import Exchange
from chatparity.transcript import AGENTS

Form = Literal["formal", "familiar"]
# Asking for one of these is asking again where a value of this kind was said already.
_ASKED = {"order": "id", "email": "email"}
# So many answers in a row that apologise, this one included, are a loop.
_LOOP = 3
# Distress that was told in one of so many messages, the last ones, is not forgotten yet.
_LATELY = 3
# Where nothing was said before, so many marks of the form that is not the company's are needed.
_PLAIN = 2


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

    One mark of the other form is enough where this side has kept to one form before, or where the reply itself uses
    both; where nothing tells but the expected form, it takes more of them. To come back to the expected form is no
    slip, nor is a familiar form that the customer used first where no formal one went before. In another language than
    the conversation's no form is looked for.
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
        kind = any(address_of(one, language) == odd[0].families[0] for one in heard_before(exchange))
        if kind or len(odd) < _PLAIN:
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
    """Return where a reply is cheerful to a customer who told of loss or hardship in one of the last messages."""
    cheer = next(iter(said_groups(exchange.reply.text, language, "cheer")), None)
    if cheer is None:
        return None
    heard = itertools.islice(heard_before(exchange), _LATELY)
    told = (mark for text in heard for mark in said_groups(text, exchange.language, "distress"))
    distress = next(told, None)
    return None if distress is None else Slip("cheer", cheer, f'cheerful after "{distress.text}"')


def apology_again(exchange: Exchange, language: str) -> Slip | None:
    """Return the apology of a reply where the answers just before it apologised too and nothing was done meanwhile."""
    sorry = _apology(exchange.reply.text, language)
    if sorry is None or exchange.reply.tool_calls or exchange.reply.handover:
        return None
    before = list(said_before(exchange))[: _LOOP - 1]
    if len(before) < _LOOP - 1 or not all(_apology(text, language) for text in before):
        return None
    return Slip("apology_loop", sorry, f"the {_LOOP}rd answer in a row that apologises")


def _apology(text: str, language: str) -> Statement | None:
    return next((mark for mark in courtesy(text, language) if mark.families[0] == "apology"), None)


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
