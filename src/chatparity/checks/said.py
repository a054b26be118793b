"""Has something been said: a fact in any accepted form or equal value, a forbidden text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from functools import lru_cache

from chatparity.checks.facts import find_values
from chatparity.checks.sources import today
from chatparity.checks.text import fold, phrase_pattern
from chatparity.checks.values import Value
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
    match = phrase_pattern(form).search(folded_text.text)
    if match:
        start, end = folded_text.span(*match.span())
        return Evidence(text=text[start:end], start=start, end=end)
    on = today(point)
    wanted = {
        key
        for language in dict.fromkeys((point.language, "en"))
        for key in _sole_value(form, language, point.market, on)
    }
    for value in find_values(text, point.language, point.market, on) if wanted else ():
        if value.key in wanted:
            return Evidence(text=value.text, start=value.start, end=value.end)
    return None


@lru_cache(maxsize=4096)
def _sole_value(form: str, language: str, market: str | None, on: dt.date | None) -> tuple[object, ...]:
    """Return the key of the value that a form is; nothing when it has other words or is a plain number."""
    values = [value for value in find_values(form, language, market, on) if value.kind != "number"]
    if len(values) != 1:
        return ()
    rest = _without(form, values[0])
    return () if any(character.isalnum() for character in rest) else (values[0].key,)


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


def agents_said(point: Point) -> Sequence[str]:
    """Return what agents have said in the history of a point."""
    return [turn.text for turn in point.history if turn.speaker in AGENTS and turn.text]


def find_forbidden(forbidden: Iterable[Forbidden], text: str, point: Point) -> list[tuple[Forbidden, Evidence]]:
    """Return what a text says of the forbidden, each with its place."""
    found: list[tuple[Forbidden, Evidence]] = []
    for one in forbidden:
        place = next(filter(None, (find_form(form, text, point) for form in one.reject)), None)
        if place:
            found.append((one, place))
    return found


def side_said(exchange: Exchange) -> list[str]:
    """Return the reply's text and those of this side's earlier replies, the reply first."""
    return [exchange.reply.text, *(reply.text for _, reply in reversed(exchange.earlier))]
