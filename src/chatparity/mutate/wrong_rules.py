"""Faults in a rule: one that nobody made, one that has expired, one of another market; and a fact left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from babel import Locale, UnknownLocaleError

from chatparity.mutate.dates import days_in
from chatparity.mutate.edit import sentences, with_sentence, with_span, with_text
from chatparity.mutate.fault import NO_PHRASES, PASSAGE_VALUE, Answer, NotPlantable, Planted, fault
from chatparity.mutate.money import amounts_in
from chatparity.mutate.numbers import Number, numbers_in, rewritten
from chatparity.transcript import Knowledge

LEAST_LEFT = 12


@fault("hallucination", rule=True)
def invented_policy(answer: Answer) -> Planted | NotPlantable:
    """Add a sentence that states a rule or a promise with a value (a share, a period, a count) that nobody made.

    Seen by: hallucination.
    Applies to every answer in a language with phrases.
    A rule can see it: no passage holds the value.
    """
    return said_beside(answer, answer.bank.invented_policy if answer.bank else None)


@fault("hallucination", rule=False)
def invented_practice(answer: Answer) -> Planted | NotPlantable:
    """Add a sentence that states a way of doing things that does not exist, without any value.

    Seen by: hallucination.
    Applies to every answer in a language with phrases.
    A rule cannot see it: somebody has to know what the policy would say.
    """
    return said_beside(answer, answer.bank.invented_practice if answer.bank else None)


@fault("hallucination", "accuracy", rule=True)
def expired_policy(answer: Answer) -> Planted | NotPlantable:
    """Put the value that a rule of this market had before (or will have later) in place of the one it has.

    Seen by: hallucination or accuracy.
    Applies where the answer states a value of a passage that is worded alike and valid in this market at another time.
    A rule can see it: the passage is not valid on the day.
    """
    return _other_version(answer, expired=True)


@fault("hallucination", "accuracy", rule=True)
def wrong_market_policy(answer: Answer) -> Planted | NotPlantable:
    """Put the value that the same rule has in another market in place of the right one.

    Seen by: hallucination or accuracy.
    Applies where the answer states a value of a passage that is worded alike and valid on the day in another market.
    A rule can see it: the passage is not valid in the market.
    """
    return _other_version(answer, expired=False)


@fault("accuracy", rule=True)
def omitted_fact(answer: Answer) -> Planted | NotPlantable:
    """Take out the sentences that state a fact which is due in this answer, and leave the others.

    Seen by: accuracy.
    Applies where a labelled fact is due by this answer, is stated in it and in none before, and something else is said.
    A rule can see it: no accepted form is there any more.
    """
    for fact in answer.transcript.labels.facts or ():
        if fact.due_by_turn != answer.turn:
            continue
        forms = [form.casefold() for form in fact.accept]
        if any(form in answer.said_before.casefold() for form in forms):
            continue
        holding = [index for index in answer.parts if _holds(answer.transcript.turns[index].text, forms)]
        if len(holding) != 1:
            continue
        text = answer.transcript.turns[holding[0]].text
        spans = sentences(text)
        kept = [text[start:end] for start, end in spans if not _holds(text[start:end], forms)]
        gone = [text[start:end] for start, end in spans if _holds(text[start:end], forms)]
        left = "".join(kept).rstrip()
        digits = {number.value for form in fact.accept for number in numbers_in(form)}
        again = {number.value for number in numbers_in(left)} & digits
        if gone and len(left) >= LEAST_LEFT and not _holds(left, forms) and not again:
            mutated = with_text(answer.transcript, holding[0], left)
            return Planted(mutated, (answer.turn,), "".join(gone).strip(), "")
    return NotPlantable("no due fact that can be taken out")


def said_beside(answer: Answer, section: tuple[str, ...] | None) -> Planted | NotPlantable:
    """Put one phrase of a section before or after what the answer says."""
    phrase = answer.phrase(section)
    if phrase is None:
        return NotPlantable(NO_PHRASES)
    where = answer.rng.choice(("front", "end"))
    mutated = with_sentence(answer.transcript, answer.turn, phrase, "front" if where == "front" else "end")
    return Planted(mutated, (answer.turn,), "", phrase)


def _holds(text: str, forms: list[str]) -> bool:
    """Say whether one of the forms, casefolded, stands in a text."""
    plain = text.casefold()
    return any(form in plain for form in forms)


def _other_version(answer: Answer, *, expired: bool) -> Planted | NotPlantable:
    """Replace a value of a valid passage by that of its other version."""
    changes: list[tuple[int, Number, Decimal]] = []
    stated = {money: list(_stated(answer, money=money)) for money in (True, False)}
    for right, wrong in _versions(answer, expired=expired):
        for old, new in _values(right, wrong):
            there = stated["." in old]
            changes += [(index, number, new) for index, number in there if number.value == Decimal(old)]
    if not changes:
        return NotPlantable("no value of a rule that has another version")
    index, number, value = answer.rng.choice(changes)
    written = rewritten(number, value, _point(answer.language))
    mutated = with_span(answer.transcript, index, number.start, number.end, written)
    return Planted(mutated, (answer.turn,), number.text, written)


def _versions(answer: Answer, *, expired: bool) -> Iterator[tuple[Knowledge, Knowledge]]:
    """Yield each passage valid in the conversation with one that is worded alike and valid elsewhere."""
    market, started = answer.transcript.market, answer.transcript.started_at
    if market is None or started is None:
        return
    on = started.date()
    valid = [one for one in answer.transcript.knowledge if one.market in (None, market) and _holds_on(one, on)]
    for right in valid:
        for wrong in answer.world.worded_like(right):
            if wrong.text == right.text:
                continue
            here = wrong.market in (None, market)
            if (here and not _holds_on(wrong, on)) if expired else (not here and _holds_on(wrong, on)):
                yield right, wrong


def _holds_on(passage: Knowledge, on: dt.date) -> bool:
    """Say whether a passage is valid on a day."""
    return (passage.valid_from is None or passage.valid_from <= on) and (
        passage.valid_to is None or on <= passage.valid_to
    )


def _values(right: Knowledge, wrong: Knowledge) -> Iterator[tuple[str, Decimal]]:
    """Yield each value that two versions of a passage do not share, as written in the right one, with the wrong one."""
    pairs = zip(PASSAGE_VALUE.findall(right.text), PASSAGE_VALUE.findall(wrong.text), strict=True)
    for old, new in pairs:
        if not old.isalpha() and Decimal(old) != Decimal(new):
            yield old, Decimal(new)


def _stated(answer: Answer, *, money: bool) -> Iterator[tuple[int, Number]]:
    """Yield the values that the answer states: its amounts, or its numbers that are neither money nor date.

    Of the latter only those in a form of a labelled fact ("14 days"): ten minutes are not the ten days of another rule.
    """
    facts = [form.casefold() for fact in answer.transcript.labels.facts or () for form in fact.accept]
    forms = [form for form in facts if len(list(numbers_in(form))) == 1 and any(one.isalpha() for one in form)]
    for index in answer.parts:
        text = answer.transcript.turns[index].text
        amounts = [amount.number for amount in amounts_in(text, answer.language)]
        taken = [(number.start, number.end) for number in amounts]
        days = days_in(text, answer.language, answer.transcript.market, answer.known.dates)
        taken += [(day.start, day.end) for day in days]
        free = [
            number
            for number in numbers_in(text)
            if all(number.end <= start or end <= number.start for start, end in taken)
        ]
        for number in amounts if money else free:
            if money or _in_form(text, number, forms):
                yield index, number


def _in_form(text: str, number: Number, forms: list[str]) -> bool:
    """Say whether a number stands in a text as a part of one of the forms, casefolded."""
    plain = text.casefold()
    if len(plain) != len(text):
        return False
    around = ((form, form.find(number.text)) for form in forms)
    return any(at >= 0 and plain.startswith(form, max(number.start - at, 0)) for form, at in around)


def _point(language: str) -> str:
    """Return what parts decimals in a language."""
    try:
        return str(Locale.parse(language).number_symbols["latn"]["decimal"])
    except (UnknownLocaleError, ValueError, KeyError):
        return "."
