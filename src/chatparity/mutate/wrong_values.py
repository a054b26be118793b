"""Faults in a value: the amount, the date, the currency, the number of the order, the earlier statement."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal

from chatparity.mutate.dates import Day, days_in, shifted
from chatparity.mutate.edit import with_span
from chatparity.mutate.fault import Answer, NotPlantable, Planted, fault
from chatparity.mutate.money import Amount, amounts_in, other_mark
from chatparity.mutate.numbers import rewritten

NO_AMOUNT = "no known amount in it"
NO_DATE = "no known date in it"
NO_FREE_VALUE = "every near value is true of something else"
CURRENCIES = ("EUR", "USD", "GBP")


@dataclass(frozen=True)
class Change:
    """Characters [start, end) of a turn, and what is to stand there."""

    index: int
    start: int
    end: int
    new: str


@fault("hallucination", "accuracy", rule=True)
def wrong_amount(answer: Answer) -> Planted | NotPlantable:
    """Change one digit before the decimals of an amount of money, in the digits and separators of the text.

    Seen by: hallucination (no record, passage or tool holds the amount) or accuracy (where a labelled fact needs it).
    Applies where the answer names an amount that stands in records, tool results or a labelled fact.
    A rule can see it.
    """
    return _changed(answer, list(_wrong_amounts(answer, answer.parts)), NO_AMOUNT)


@fault("hallucination", "accuracy", rule=True)
def off_by_one_date(answer: Answer) -> Planted | NotPlantable:
    """Move one date by one day, within its month, as the text writes it.

    Seen by: hallucination (nothing is on that day) or accuracy (where a labelled fact needs the date).
    Applies where the answer names a date that stands in records, tool results or a labelled fact, and a neighbouring
    day is none of them.
    A rule can see it.
    """
    return _changed(answer, list(_wrong_days(answer)), NO_DATE)


@fault("hallucination", "accuracy", rule=True)
def wrong_currency(answer: Answer) -> Planted | NotPlantable:
    """Put another currency beside a right number: a symbol for a symbol, a code for a code, a name for a name.

    Seen by: hallucination or accuracy.
    Applies where the answer names a known amount in a currency that can be told.
    A rule can see it.
    """
    changes: list[Change] = []
    for index, amount in _known_amounts(answer, answer.parts):
        text = answer.transcript.turns[index].text
        mark = text[amount.mark_start : amount.mark_end]
        there = {one.currency for part in answer.parts for one in _amounts(answer, part)}
        for currency in CURRENCIES:
            new = other_mark(amount, text, currency, answer.language)
            end = amount.mark_end + (mark.casefold() == "kr" and text[amount.mark_end :].startswith("."))
            if currency not in there and new.casefold() != mark.casefold() and new not in text:
                changes.append(Change(index, amount.mark_start, end, new))
    return _changed(answer, changes, NO_AMOUNT)


@fault("hallucination", "accuracy", rule=True)
def wrong_order_id(answer: Answer) -> Planted | NotPlantable:
    """Change one digit of an order's number or another reference.

    Seen by: hallucination (no record or tool knows the number) or accuracy (where a labelled fact needs it).
    Applies where the answer names an id that stands in records, tool arguments or tool results.
    A rule can see it.
    """
    changes: list[Change] = []
    for index in answer.parts:
        text = answer.transcript.turns[index].text
        for one in sorted(answer.known.ids, key=len, reverse=True):
            for match in re.finditer(rf"(?<![\w-]){re.escape(one)}(?![\w]|-\w)", text):
                new = _other_id(answer, one)
                if new is not None:
                    changes.append(Change(index, match.start(), match.end(), new))
    return _changed(answer, changes, "no known id in it")


@fault("hallucination", "accuracy", rule=True)
def contradiction(answer: Answer) -> Planted | NotPlantable:
    """Change an amount or a date that an earlier answer of this conversation has stated, so that the two disagree.

    Seen by: hallucination or accuracy.
    Applies where the answer repeats a known amount or date of an earlier answer.
    A rule can see it: the value disagrees with an earlier turn of the agent's own, and with all else.
    """
    language, market = answer.language, answer.transcript.market
    amounts = {amount.number.value for amount in amounts_in(answer.said_before, language)}
    days = {(day.day, day.month) for day in days_in(answer.said_before, language, market, answer.known.dates)}
    changes = [*_wrong_amounts(answer, answer.parts, among=amounts), *_wrong_days(answer, among=days)]
    return _changed(answer, changes, "it repeats no known value")


def _changed(answer: Answer, changes: list[Change], reason: str) -> Planted | NotPlantable:
    """Make one of the possible changes, by chance."""
    if not changes:
        return NotPlantable(reason)
    one = answer.rng.choice(changes)
    before = answer.transcript.turns[one.index].text[one.start : one.end]
    mutated = with_span(answer.transcript, one.index, one.start, one.end, one.new)
    return Planted(mutated, (answer.turn,), before, one.new)


def _amounts(answer: Answer, index: int) -> Iterator[Amount]:
    """Yield the amounts of one turn."""
    yield from amounts_in(answer.transcript.turns[index].text, answer.language)


def _known_amounts(answer: Answer, parts: Collection[int]) -> Iterator[tuple[int, Amount]]:
    """Yield the amounts of an answer that the conversation knows to be money, each with its turn."""
    forms = [form for fact in answer.transcript.labels.facts or () for form in fact.accept]
    due = {amount.number.value for form in forms for amount in amounts_in(form, answer.language)}
    for index in parts:
        for amount in _amounts(answer, index):
            if amount.number.value > 0 and amount.number.value in answer.known.money | due:
                yield index, amount


def _wrong_amounts(
    answer: Answer, parts: Collection[int], among: Collection[Decimal] | None = None
) -> Iterator[Change]:
    """Yield one wrong number for each known amount, or each of those `among`."""
    for index, amount in _known_amounts(answer, parts):
        number = amount.number
        if among is not None and number.value not in among:
            continue
        whole = str(int(number.value))
        new = [
            Decimal(whole[:place] + digit + whole[place + 1 :]) + number.value % 1
            for place in range(len(whole))
            for digit in "123456789"
            if digit != whole[place]
        ]
        free = [value for value in new if value not in answer.known.numbers]
        if free:
            yield Change(index, number.start, number.end, rewritten(number, answer.rng.choice(free)))


def _wrong_days(answer: Answer, among: Collection[tuple[int, int]] | None = None) -> Iterator[Change]:
    """Yield each known date moved by a day, where that day is no known one; or only dates `among`."""
    language, market = answer.language, answer.transcript.market
    started = answer.transcript.started_at
    year = started.year if started else 2026
    forms = [form for fact in answer.transcript.labels.facts or () for form in fact.accept]
    due = {day.of(year) for form in forms for day in days_in(form, language, market, answer.known.dates)}
    known = answer.known.dates | {day for day in due if day is not None}
    stated = {(day.day, day.month) for day in _stated_days(answer, known)}
    for index in answer.parts:
        text = answer.transcript.turns[index].text
        for day in days_in(text, language, market, known):
            if not _same_day(day, known) or (among is not None and (day.day, day.month) not in among):
                continue
            for by in (-1, 1):
                new = shifted(day, text, by)
                near = (day.day + by, day.month)
                if new is not None and near not in stated and near not in {(one.day, one.month) for one in known}:
                    yield Change(index, day.start, day.end, new)


def _stated_days(answer: Answer, known: Collection[dt.date]) -> Iterator[Day]:
    """Yield the dates that anybody names in the conversation, up to the end of the answer."""
    for turn in answer.transcript.turns[: answer.parts[-1] + 1]:
        yield from days_in(turn.text, answer.language, answer.transcript.market, known)


def _same_day(day: Day, known: Collection[dt.date]) -> bool:
    """Say whether a date, whatever its year where none is written, is known."""
    return any((one.day, one.month) == (day.day, day.month) and day.year in (None, one.year) for one in known)


def _other_id(answer: Answer, one: str) -> str | None:
    """Return an id that differs in one digit and that nothing knows."""
    places = [place for place, character in enumerate(one) if character.isdecimal()]
    # The first digit may tell what kind of number it is; a change there would look like another kind.
    for place in answer.rng.sample(places[1:], len(places) - 1):
        for digit in answer.rng.sample("123456789", 9):
            new = one[:place] + digit + one[place + 1 :]
            if new not in answer.known.ids and new not in answer.asked and new not in answer.said_before:
                return new
    return None
