"""Has something been said: a fact in any accepted form or equal value, a forbidden text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Set
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from chatparity.checks.facts import find_values
from chatparity.checks.sources import Key, today
from chatparity.checks.text import fold, folded, phrase_pattern
from chatparity.checks.values import Normal, Value
from chatparity.exchange import Evidence, Exchange, Point
from chatparity.transcript import AGENTS, Fact, Forbidden


def due(point: Point) -> tuple[Fact, ...]:
    """Return the facts due in the answer at a point; those without a turn are due in the last answer."""
    facts = point.labels.facts or ()
    return tuple(fact for fact in facts if fact.due_by_turn == point.turn or (fact.due_by_turn is None and point.last))


def find_form(form: str, text: str, point: Point) -> Evidence | None:
    """Return where a text says a form: in these words, or where the form is one value, as an equal value.

    Both are read in the conversation's language; an accepted form may also be in English, as labels often are.
    """
    folded_text = fold(text)
    match = _may_say(form, folded_text.text) and phrase_pattern(form).search(folded_text.text)
    if match:
        start, end = folded_text.span(*match.span())
        return Evidence(text=text[start:end], start=start, end=end)
    on = today(point)
    wanted = _wanted(form, point.language, point.market, on)
    for value in find_values(text, point.language, point.market, on) if wanted else ():
        if _equal(value, wanted):
            return Evidence(text=value.text, start=value.start, end=value.end)
    return None


def _may_say(form: str, text: str) -> bool:
    """Say whether a folded text has the words of a form at all: only then is a pattern worth compiling."""
    return all(word in text for word in _words_in(form))


@lru_cache(maxsize=8192)
def _words_in(form: str) -> tuple[str, ...]:
    return tuple(folded(form).split())


@lru_cache(maxsize=4096)
def _wanted(form: str, language: str, market: str | None, on: dt.date | None) -> frozenset[Key]:
    """Return the keys of the value that a form is, read in the conversation's language or in English."""
    return frozenset((*_sole_value(form, language, market, on), *_sole_value(form, "en", market, on)))


def _equal(value: Value, wanted: Set[Key]) -> bool:
    """Say whether a value is one of those wanted; "8" (of "until 8") is not the number "8.00"."""
    if value.kind == "amount" and ("number", value.normal, "") in wanted:
        return True
    if value.kind == "number":
        numbers = [normal for kind, normal, _ in wanted if kind == "number" and normal == value.normal]
        return any(_decimals(value.normal) == _decimals(one) for one in numbers)
    return not wanted.isdisjoint(value.keys)


def _decimals(number: Normal) -> int:
    assert isinstance(number, Decimal)
    return -int(number.as_tuple().exponent)


def _sole_value(form: str, language: str, market: str | None, on: dt.date | None) -> tuple[Key, ...]:
    """Return the keys of the value that a form is; nothing when it has other words.

    A plain number is what an amount of any currency can equal; other numbers must be said as they are written.
    """
    values = find_values(form, language, market, on)
    if len(values) != 1:
        return ()
    rest = _without(form, values[0])
    return () if any(character.isalnum() for character in rest) else values[0].keys


def _without(text: str, value: Value) -> str:
    return text[: value.start] + text[value.end :]


def find_fact(fact: Fact, texts: Iterable[str], point: Point) -> Evidence | None:
    """Return where the first of the texts that says a fact in any of its accepted forms says it."""
    for text in texts:
        for form in fact.accept:
            found = find_form(form, text, point)
            if found:
                return found
    return None


def find_forbidden(forbidden: Iterable[Forbidden], text: str, point: Point) -> list[tuple[Forbidden, Evidence]]:
    """Return what a text says of the forbidden, each with its place."""
    found: list[tuple[Forbidden, Evidence]] = []
    for one in forbidden:
        place = next(filter(None, (find_form(form, text, point) for form in one.reject)), None)
        if place:
            found.append((one, place))
    return found


@dataclass(frozen=True, slots=True)
class Account:
    """What a side has said of what it owed at a turn: facts said (`places` in this reply) and missing.

    `told` are facts that the recorded agent had told already; `banned` is what this reply says of the forbidden.
    """

    said: tuple[Fact, ...]
    missing: tuple[Fact, ...]
    told: tuple[Fact, ...]
    places: tuple[Evidence, ...]
    banned: tuple[tuple[Forbidden, Evidence], ...]

    @property
    def share(self) -> float:
        """Return the share of the owed facts that were said; 1 when none was owed."""
        owed = len(self.said) + len(self.missing)
        return len(self.said) / owed if owed else 1.0


def account(exchange: Exchange) -> Account:
    """Take the account of an exchange: facts in this reply and this side's earlier ones, the forbidden in this one."""
    point, reply = exchange.point, exchange.reply.text
    earlier = [text.text for _, text in reversed(exchange.earlier)]
    recorded = [turn.text for turn in point.history if turn.speaker in AGENTS and turn.text]
    said: list[Fact] = []
    missing: list[Fact] = []
    told: list[Fact] = []
    places: list[Evidence] = []
    for fact in due(point):
        here = find_fact(fact, [reply], point)
        if here or find_fact(fact, earlier, point):
            said.append(fact)
            places += [here] if here else []
        else:
            (told if find_fact(fact, recorded, point) else missing).append(fact)
    banned = find_forbidden(point.labels.forbidden or (), reply, point)
    return Account(
        said=tuple(said),
        missing=tuple(missing),
        told=tuple(told),
        places=tuple(places),
        banned=tuple(banned),
    )
