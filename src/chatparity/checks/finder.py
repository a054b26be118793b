"""The expressions that find values in the texts of one language and market, compiled once from CLDR and the lexicon."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from chatparity.checks.lexicon import Lexicon, lexicon
from chatparity.checks.locales import LocaleData, is_unit, locale_data
from chatparity.checks.text import folded

_NUMBER = r"\d{1,3}(?:[.,'٬]\d{3})+(?:[.,٫]\d{1,2})?(?!\d)|\d+(?:[.,٫]\d{1,4})?(?!\d)"
_SPACED = r"\d{1,3}(?: \d{3})+(?:[.,٫]\d{1,2})?(?!\d)|"
_LEFT = r"(?<![\w])(?<!\d[.,])"


@dataclass(frozen=True)
class Finder:
    """The expressions of one language in one market, and what their words mean.

    `familiar` are the currencies whose codes may be written small.
    """

    data: LocaleData
    currency_words: dict[str, str]
    familiar: frozenset[str]
    money: re.Pattern[str]
    percent: re.Pattern[str]
    lasting: re.Pattern[str]
    fixed: re.Pattern[str] | None
    written: re.Pattern[str]
    relative: re.Pattern[str] | None
    number: re.Pattern[str]
    units: dict[str, str]
    months: dict[str, int]
    fixed_values: dict[str, str]
    relative_days: dict[str, int]
    numbers: dict[str, int]


def _alternatives(words: Iterable[str]) -> str:
    """Return an expression for any of the words, longest first."""
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda word: (-len(word), word)))


@lru_cache(maxsize=256)
def finder_of(language: str, market: str | None) -> Finder:
    """Compile the expressions of a language in a market."""
    data, words = locale_data(language, market), lexicon(language)
    values = words.values
    number = (_SPACED if data.group == " " or data.decimal == "," else "") + _NUMBER
    units = {**data.units, **{folded(one): unit for unit, names in values.units.items() for one in names}}
    assert all(map(is_unit, units.values())), f"{words.language}: an unknown unit of time in {sorted(values.units)}"
    months = {**data.months, **{folded(name): number for name, number in values.months.items()}}
    numbers = {folded(name): count for name, count in values.numbers.items()}
    fixed = {folded(name): meaning for name, meaning in values.fixed.items()}
    relative = {folded(name): shift for name, shift in values.relative.items()}
    counted = f"{number}|{_alternatives(numbers)}" if numbers else number
    between = _alternatives(["-", *map(folded, values.range_words)])
    modifier = f"(?:(?:{_alternatives(map(folded, values.modifiers))})\\s+)?" if values.modifiers else ""
    links = "|".join(folded(link) for link in values.date_links)
    link = rf"(?:(?:{links})\s+)*" if links else ""
    ordinal = _alternatives([".", *map(folded, values.ordinals)])
    month, unit = _alternatives(months), _alternatives(units)
    percent = _alternatives(["%", *map(folded, values.percent)])
    prefix = words.prefix
    return Finder(
        data=data,
        currency_words={folded(one): code for code, names in values.currencies.items() for one in names},
        familiar=frozenset(values.currencies) | ({data.own} if data.own else frozenset()),
        money=_money(data, words, number),
        percent=re.compile(rf"{_LEFT}(?P<n>{number})\s?(?:{percent})(?!\w)"),
        lasting=re.compile(
            rf"(?<![\w])(?<!\d[.,]){prefix}(?:(?P<from>{counted})\s?(?:{between})\s?)?(?P<n>{counted})[\s-]?{modifier}"
            rf"(?P<unit>{unit})(?!\w)"
        ),
        fixed=re.compile(rf"(?<!\w){prefix}(?P<w>{_alternatives(fixed)})(?!\w)") if fixed else None,
        written=re.compile(
            rf"(?<![\w.,])(?:(?P<d>\d{{1,2}})\s?(?:{ordinal})?\s*{link}(?P<m>{month})(?!\w)"
            rf"|(?<!\w)(?P<m2>{month})\.?\s+{link}(?P<d2>\d{{1,2}})(?:{ordinal})?(?![\w:%]|[.,]\d)(?!\s(?:{unit})(?!\w)))"
            rf"(?:\.?,?\s*{link}(?P<y>(?:19|20)\d\d)(?!\w))?"
        ),
        relative=re.compile(rf"(?<!\w){prefix}(?P<w>{_alternatives(relative)})(?!\w)") if relative else None,
        number=re.compile(rf"{_LEFT}(?:{number})(?!\w)"),
        units=units,
        months=months,
        fixed_values=fixed,
        relative_days=relative,
        numbers=numbers,
    )


def _money(data: LocaleData, words: Lexicon, number: str) -> re.Pattern[str]:
    """Return the expression for an amount with its currency before or after it."""
    codes = _codes(data.codes)
    extra = [folded(name) for names in words.values.currencies.values() for name in names]
    names = _alternatives([*data.currencies, *extra])
    # Long names stand after the number; before it only symbols, codes and everyday words are looked for.
    leading = _alternatives([*(name for name in data.currencies if len(name) <= 4), *extra])
    before = rf"(?<![\w])(?P<c1>{leading}|{codes})\s?(?P<n1>{number})(?!\w)"
    after = rf"{_LEFT}(?P<n2>{number})(?:,-|:-)?\s?(?P<c2>{names}|{codes})(?![^\W\d_])"
    return re.compile(
        f"{after}|{before}" + (rf"|{_LEFT}(?P<n3>{number}):-" if data.language in ("sv", "nb", "da") else "")
    )


def _codes(codes: Iterable[str]) -> str:
    """Return an expression for any of the codes, branching on the first letter: most words fail there at once."""
    first: dict[str, list[str]] = {}
    for code in sorted(codes):
        first.setdefault(code[0].lower(), []).append(code[1:].lower())
    return "(?:" + "|".join(f"{letter}(?:{'|'.join(rest)})" for letter, rest in first.items()) + ")"
