"""How the agent speaks: texts of a language filled with amounts, dates and counts as that language writes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from chatparity.errors import UsageError


@dataclass(frozen=True)
class Money:
    """An amount with its currency; `amount` is a decimal string."""

    amount: str
    currency: str


@dataclass(frozen=True)
class Part:
    """One thing an answer says: the key of a text and what stands in its places, still as values."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)


class Voice:
    """A language in a market: renders parts to text.

    A place in a text is `{name}`; `{name:unit}` takes a count through the forms of `[units]`, by plural category.
    """

    def __init__(self, language: str, table: Mapping[str, Any], market: str | None) -> None:
        self.language = language
        self._table = table
        formats = table["formats"]
        self._locale = str(formats["locales"].get(market, formats["locale"]))
        self._currencies: Mapping[str, str] = formats.get("currencies", {})

    def text(self, parts: Sequence[Part]) -> str:
        """Return an answer's parts as one text; parts whose key begins with `line.` stand on lines of their own."""
        text = ""
        listing = False
        for part in parts:
            line = part.key.startswith("line.")
            text += ("\n" if line or listing else " ") * bool(text) + self.say(part)
            listing = line
        return text

    def say(self, part: Part) -> str:
        """Return one part as text. Raises UsageError for a text the language lacks and for a place not filled."""
        found = self._table["say"].get(part.key)
        if found is None:
            raise UsageError(f"the sandbox's texts in {self.language} have no {part.key!r}: add it under [say]")
        try:
            return str(found).format_map({key: _Place(self, value) for key, value in part.values.items()})
        except KeyError as error:
            message = f"{part.key!r} in {self.language} wants a value for {error}, which the agent does not give"
            raise UsageError(message) from error

    def has(self, key: str) -> bool:
        """Say whether the language has a text of this key."""
        return key in self._table["say"]

    def word(self, group: str, name: str) -> str:
        """Return a word of a group (`[words.GROUP]`), such as a plan's name; an unknown name stays as it is."""
        return str(self._table["words"].get(group, {}).get(name, name))

    def shown(self, value: Any, form: str = "") -> str:
        """Return a value as this language writes it: money, dates, times, counts with a unit, words of a group."""
        if isinstance(value, Money):
            return _money(value.amount, value.currency, self._locale, self._currencies.get(value.currency))
        if isinstance(value, dt.datetime):
            return _time(value, self._locale)
        if isinstance(value, dt.date):
            return _date(value, self._locale)
        if isinstance(value, int) and form:
            units = self._table["units"][form]
            return str(units.get(_category(value, self._locale), units["other"])).format(n=value)
        if isinstance(value, (list, tuple)):
            return ", ".join(self.shown(one, form) for one in value)
        return self.word(form, str(value)) if form else str(value)


class _Place:
    """A value in a template's place: formats itself in the voice's language."""

    def __init__(self, voice: Voice, value: Any) -> None:
        self._voice = voice
        self._value = value

    def __format__(self, form: str) -> str:
        return self._voice.shown(self._value, form)


def _plain(text: str) -> str:
    """Return a text without the invisible marks and special spaces that number formats bring."""
    for sign in "\u200e\u200f\u061c":
        text = text.replace(sign, "")
    return text.replace("\u00a0", " ").replace("\u202f", " ").strip()


@lru_cache(maxsize=4096)
def _money(amount: str, currency: str, locale: str, pattern: str | None) -> str:
    from babel.numbers import format_currency, format_decimal

    if pattern is not None:
        return pattern.format(amount=_plain(format_decimal(Decimal(amount), format="#,##0.00", locale=locale)))
    return _plain(format_currency(Decimal(amount), currency, locale=locale))


@lru_cache(maxsize=4096)
def _date(day: dt.date, locale: str) -> str:
    from babel.dates import format_date

    return _plain(format_date(day, format="long", locale=locale))


@lru_cache(maxsize=4096)
def _time(time: dt.datetime, locale: str) -> str:
    from babel.dates import format_time

    clock = _plain(format_time(time.time(), format="short", locale=locale))
    return f"{_date(time.date(), locale)}, {clock}"


@lru_cache(maxsize=4096)
def _category(number: int, locale: str) -> str:
    from babel import Locale

    return str(Locale.parse(locale).plural_form(number))
