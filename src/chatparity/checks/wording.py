"""How values are worded in a language, beyond what CLDR knows: one TOML file a language in `wordings/`.

`wordings/en.toml` explains every entry. A word may be written with its forms: `day(|s)` is day and days. Every entry
carries an example under `[examples]`; a test holds all files to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

import msgspec

from chatparity.checks.locales import base
from chatparity.checks.text import folded
from chatparity.errors import InputError, Problem

_Meaning = TypeVar("_Meaning")
_FORMS = re.compile(r"\(([^()]*)\)")


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings shared by the tables of a file: a misspelt key is an error."""


class Clock(_Table, frozen=True):
    """What makes a number a time of day and no duration.

    `at` before a number makes it an hour ("klo 18"), `hour` after it ("18 Uhr"). Where the word for hours says both
    ("18 uur"), it is a time after one of `before` ("om 18 uur"); those of `alone` make it one by themselves, but after
    a word of `lasting_after` ("binnen 18 uur"). `am` and `pm` stand on either side ("下午6点", "6 sore").
    """

    at: tuple[str, ...] = ()
    hour: tuple[str, ...] = ()
    minute: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    lasting_after: tuple[str, ...] = ()
    am: tuple[str, ...] = ()
    pm: tuple[str, ...] = ()


class Wording(_Table, frozen=True):
    """All of one language's file; every entry may be left out, and CLDR's own words need not be repeated.

    `prefix` is an expression for what may be attached before a word; `not_units` are words of CLDR that are no units
    here, `no_duration_before` words after a number and unit that make it none ("14日まで" is a day of the month).
    `larger` words begin a number that is not read ("two hundred and fifty"), of which what follows is but a part.
    """

    language: str
    name: str = ""
    prefix: str = ""
    percent: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    modifiers: tuple[str, ...] = ()
    date_links: tuple[str, ...] = ()
    date_ends: tuple[str, ...] = ()
    date_marks: tuple[str, ...] = ()
    bare_dates_after: tuple[str, ...] = ()
    ordinals: tuple[str, ...] = ()
    first_day: tuple[str, ...] = ()
    year_marks: tuple[str, ...] = ()
    cents: tuple[str, ...] = ()
    cents_links: tuple[str, ...] = ()
    bare_cents: bool = False
    joins: tuple[str, ...] = ()
    ones_first: tuple[str, ...] = ()
    larger: tuple[str, ...] = ()
    not_units: tuple[str, ...] = ()
    no_duration_before: tuple[str, ...] = ()
    business_before: tuple[str, ...] = ()
    relative: dict[str, int] = {}
    numbers: dict[str, int] = {}
    added: dict[str, str] = {}
    multiples: dict[str, int] = {}
    units: dict[str, tuple[str, ...]] = {}
    fixed: dict[str, str] = {}
    currencies: dict[str, tuple[str, ...]] = {}
    months: dict[str, int] = {}
    clock: Clock = Clock()
    examples: dict[str, tuple[str, ...]] = {}

    def counts(self) -> dict[str, int]:
        """Return the numbers in words, folded, with tens and ones joined as the language joins them."""
        found = _spread(self.numbers)
        tens = {word: count for word, count in found.items() if count in range(20, 100, 10)}
        ones = {word: count for word, count in found.items() if count in range(1, 10)}
        for ten, high in tens.items():
            for one, low in ones.items():
                joined = [f"{ten}{join}{one}" for join in map(_kept, self.joins)]
                joined += [f"{one}{join}{ten}" for join in map(_kept, self.ones_first)]
                found |= dict.fromkeys(joined, high + low)
        return found

    def unit_words(self) -> dict[str, str]:
        """Return the unit of each folded word."""
        return {word: unit for unit, words in self.units.items() for word in forms(words)}

    def currency_words(self) -> dict[str, str]:
        """Return the currency of each folded word, `own` for those that mean the market's own money."""
        return {word: code for code, words in self.currencies.items() for word in forms(words)}

    def month_words(self) -> dict[str, int]:
        """Return the month of each folded word."""
        return _spread(self.months)

    def fixed_words(self) -> dict[str, str]:
        """Return the duration ("1 week") of each folded word."""
        return _spread(self.fixed)

    def relative_words(self) -> dict[str, int]:
        """Return how many days from today each folded word is."""
        return _spread(self.relative)

    def multiple_words(self) -> dict[str, int]:
        """Return by how much each folded word multiplies the number before it."""
        return _spread(self.multiples)

    def fractions(self) -> dict[str, Decimal]:
        """Return what each folded word adds to the number after it."""
        return {word: Decimal(fraction) for word, fraction in _spread(self.added).items()}


def _kept(join: str) -> str:
    """Return what joins two numbers, in folded form, with the blanks around it."""
    return " " * (join[:1] == " ") + folded(join) + " " * (join[-1:] == " " and len(join) > 1)


def _spread(words: Mapping[str, _Meaning]) -> dict[str, _Meaning]:
    return {form: meaning for word, meaning in words.items() for form in forms([word])}


def forms(words: Iterable[str]) -> list[str]:
    """Return all forms of words, folded: `day(|s)` is day and days."""
    return [folded(form) for word in words for form in _forms(word)]


def _forms(word: str) -> Iterator[str]:
    match = _FORMS.search(word)
    if match is None:
        yield word
        return
    for form in match[1].split("|"):
        yield from _forms(word[: match.start()] + form + word[match.end() :])


@lru_cache(maxsize=128)
def wording(language: str) -> Wording:
    """Return the wording of a language (its base tag); an empty one when there is no file."""
    path = files("chatparity.checks") / "wordings" / f"{base(language)}.toml"
    if not path.is_file():
        return Wording(language=base(language))
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Wording)
    except msgspec.DecodeError as error:
        raise InputError([Problem(Path(str(path)), None, "", f"expected a wording: {error}")]) from error


@lru_cache(maxsize=1)
def worded_languages() -> tuple[str, ...]:
    """Return the languages that have a file."""
    folder = files("chatparity.checks") / "wordings"
    return tuple(sorted(one.name.removesuffix(".toml") for one in folder.iterdir() if one.name.endswith(".toml")))
