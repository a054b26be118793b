"""The expressions that find values in the texts of one language and market, compiled once from CLDR and the wording.

Most begin at a number and are tried only where one stands; those that begin with a word look a little way back from
it. Only numbers in words, "tomorrow" and the like are looked for in the whole text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from chatparity.checks.clock import Clocks, clocks_of
from chatparity.checks.expressions import ANY_LETTER, LETTER, any_of, code_of, compiled, optional
from chatparity.checks.locales import LocaleData, is_unit, locale_data
from chatparity.checks.wording import Wording, forms, wording

_NUMBER = r"\d{1,3}(?:[.,'٬]\d{3})+(?:[.,٫]\d{1,2})?(?!\d)|\d+(?:[.,٫]\d{1,4})?(?!\d)"
_SPACED = r"\d{1,3}(?: \d{3})+(?:[.,٫]\d{1,2})?(?!\d)|"
_LAKHS = r"\d{1,2}(?:,\d\d)+,\d{3}(?:\.\d{1,2})?(?!\d)|"
# Where months are numbers ("3月"), nothing is a month's name.
_NO_MONTH = "\x01"
# Everyday words ("kronor", "dollars") mean the market's own money where it is one of their kin.
_KIN = (
    frozenset({"SEK", "NOK", "DKK", "ISK", "CZK"}),
    frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD"}),
)


@dataclass(frozen=True)
class Money:
    """Amounts: the currency after the number or before it, "साढ़े 6 यूरो", "50 cents", "five pounds"."""

    after: re.Pattern[str]
    before: re.Pattern[str]
    fraction: re.Pattern[str] | None
    cents: re.Pattern[str] | None
    worded: re.Pattern[str] | None


@dataclass(frozen=True)
class Durations:
    """Durations: "14 days", "영업일 기준 3일", "two weeks", "a fortnight"."""

    counted: re.Pattern[str]
    before: re.Pattern[str] | None
    worded: re.Pattern[str] | None
    fixed: re.Pattern[str] | None


@dataclass(frozen=True)
class Dates:
    """Dates with the name of a month or its mark: "3 April", "April 3", "2026. gada 3. aprīlī", "1er mai", "4月3日"."""

    day_first: re.Pattern[str]
    month_first: re.Pattern[str]
    year_first: re.Pattern[str]
    first_day: re.Pattern[str] | None
    marked: re.Pattern[str] | None
    bare: re.Pattern[str] | None


@dataclass(frozen=True)
class Finder:
    """The expressions of one language in one market, and what their words mean.

    `familiar` are the currencies whose codes may be written small. What is None the language does not have.
    """

    data: LocaleData
    money: Money
    durations: Durations
    dates: Dates
    clocks: Clocks
    percent: re.Pattern[str]
    percent_before: re.Pattern[str] | None
    times: re.Pattern[str] | None
    relative: re.Pattern[str] | None
    number: re.Pattern[str]
    currency_words: dict[str, str]
    familiar: frozenset[str]
    units: dict[str, str]
    months: dict[str, int]
    fixed_values: dict[str, str]
    relative_days: dict[str, int]
    numbers: dict[str, int]
    larger: re.Pattern[str] | None
    counted_before: re.Pattern[str]
    multiples: dict[str, int]
    fractions: dict[str, Decimal]


@lru_cache(maxsize=256)
def finder_of(language: str, market: str | None) -> Finder:
    """Compile the expressions of a language in a market."""
    data, words = locale_data(language, market), wording(language)
    currencies = _currency_words(words, data)
    units = {word: unit for word, unit in data.units.items() if word not in forms(words.not_units)}
    units |= words.unit_words()
    assert all(map(is_unit, units.values())), f"{words.language}: an unknown unit of time in {sorted(words.units)}"
    months, numbers = {**data.months, **words.month_words()} or {_NO_MONTH: 0}, words.counts()
    number, multiples = _number(data), words.multiple_words()
    counted = _counted(number, multiples)
    return Finder(
        data=data,
        money=_money(data, words, currencies, counted, numbers),
        durations=_durations(words, units, numbers, number),
        dates=_dates(words, months, units),
        clocks=clocks_of(words, units),
        percent=compiled(words.language, rf"(?P<n>{number})\s?(?:{any_of(['%', *forms(words.percent)])})(?!{LETTER})"),
        percent_before=_maybe(words, rf"(?<!\d)%\s?(?P<n>{number})(?!{ANY_LETTER})", data.language in ("tr", "eu")),
        times=_maybe(words, rf"(?P<n>{number})[\s-]?(?:{any_of(forms(words.times))})(?!{LETTER})", words.times),
        relative=_whole(words, words.relative_words()),
        number=compiled(words.language, rf"(?P<n>{counted})(?!{ANY_LETTER})"),
        currency_words=currencies,
        familiar=frozenset(words.currencies) | ({data.own} if data.own else frozenset()),
        units=units,
        months=months,
        fixed_values=words.fixed_words(),
        relative_days=words.relative_words(),
        numbers=numbers,
        larger=_larger(words, numbers),
        counted_before=_counted_before(words, numbers),
        multiples=multiples,
        fractions=words.fractions(),
    )


def _larger(words: Wording, numbers: Mapping[str, int]) -> re.Pattern[str] | None:
    """Return the expression for the beginning of a number in words whose end is about to be read."""
    tens = (word for word, count in numbers.items() if count in range(20, 100, 10))
    begun = any_of([*forms(words.larger), *words.multiple_words(), *tens])
    return _maybe(words, rf"{_back(words)}(?:{begun}){_and(words)}{words.prefix}$", begun)


def _counted_before(words: Wording, numbers: Mapping[str, int]) -> re.Pattern[str]:
    """Return the expression for a number to which half a unit is added: "two and" of "two and half a year".

    An article may stand between: "twee en een half jaar".
    """
    return compiled(
        words.language, rf"(?:\d|{_back(words)}(?:{any_of(numbers)})){_and(words)}(?:{LETTER}{{1,4}}\s)?{words.prefix}$"
    )


def _back(words: Wording) -> str:
    """Return what must stand before a word."""
    return "" if words.language in ("ja", "zh", "ko") else rf"(?<!{ANY_LETTER})"


def _and(words: Wording) -> str:
    """Return what stands between the parts of a number: a blank, perhaps "and", or nothing in some scripts."""
    joins = forms((*words.joins, *words.ones_first, *words.cents_links, *words.between))
    links = optional({join.strip() for join in joins} - {"", "-"}, r"\s")
    return rf"(?:[\s-]{links}|(?<=[\u3040-\u9fff\uac00-\ud7af]))"


def _maybe(words: Wording, expression: str, wanted: object) -> re.Pattern[str] | None:
    """Compile an expression, where the language has words for it."""
    return compiled(words.language, expression) if wanted else None


def _counted(number: str, multiples: Iterable[str]) -> str:
    """Return the expression for a number that may be told in ten thousands and the like: 3万4,800."""
    many = any_of(multiples)
    return rf"(?:{number})\s?(?:{many})(?:\s?(?:{number})(?:\s?(?:{many}))?)?|{number}" if many else number


def _number(data: LocaleData) -> str:
    """Return the expression for a number in digits."""
    spaced = _SPACED if data.group == " " or data.decimal == "," else ""
    return (_LAKHS if data.language == "hi" else "") + spaced + _NUMBER


def _currency_words(words: Wording, data: LocaleData) -> dict[str, str]:
    """Return the currency of each everyday word: the market's own where it is of the same kin."""
    own = data.own
    kin = next((codes for codes in _KIN if own in codes), frozenset())
    meant = {word: own if own and code == "own" else code for word, code in words.currency_words().items()}
    return {word: own if own and code in kin and len(word) > 2 else code for word, code in meant.items()}


def _money(data: LocaleData, words: Wording, everyday: dict[str, str], number: str, numbers: Iterable[str]) -> Money:
    """Return the expressions for an amount: its currency after it or before it, cents told after it, words."""
    codes = code_of(data.codes)
    names = any_of([*data.currencies, *everyday])
    # Names stand after the number; before it only symbols, codes and abbreviations are looked for, and the euro.
    short = (word for word in everyday if len(word) <= 2 or not word.isalpha() or word == "euro")
    leading = any_of([*(name for name in data.currencies if len(name) <= 4), *short])
    end = rf"(?!{LETTER})"
    alone = r"|(?P<alone>:-)" if data.language in ("sv", "nb", "da") else ""
    cents, links = any_of(forms(words.cents)), optional(forms(words.cents_links), r"\s")
    # Greek minutes are cents as well.
    sole = any_of({*forms(words.cents)} - {*data.units, *words.unit_words(), *forms(words.clock.minute)})
    more = any_of([*data.units, *words.unit_words(), *data.months, *everyday, "%"])
    told = rf"\s?{links}(?P<cents>\d{{1,2}})\s?(?:{cents}){end}" if cents else ""
    bare = rf"\s?{links}(?P<bare>\d\d)(?!{ANY_LETTER}|[:%/-]|[.,]\d)(?!\.?\s?(?:{more}){end})"
    tail = f"(?:{'|'.join(filter(None, (told, bare if words.bare_cents else '')))})?" if cents else ""
    back, after = rf"(?<!{ANY_LETTER})", rf"[\s-]?(?P<c2>{names}|{codes}){end}"
    return Money(
        after=compiled(words.language, rf"(?P<n>{number})(?:[,.:]-{{1,2}})?(?:{after}{tail}{alone})"),
        before=compiled(
            words.language,
            rf"{back}{words.prefix}(?P<c1>{leading}|{codes})\.?\s?(?P<n>{number})(?!{ANY_LETTER})(?:\.-{{1,2}})?",
        ),
        fraction=_maybe(words, rf"{back}(?P<n>(?:{any_of(words.fractions())})\s?(?:{number})){after}", words.added),
        cents=_maybe(words, rf"{back}(?:(?P<whole>{any_of(everyday)})\s)?(?P<n>\d{{1,2}})\s?(?:{sole}){end}", sole),
        worded=_maybe(
            words,
            rf"{back}{words.prefix}(?P<w>{any_of(numbers)})[\s-](?P<c2>{any_of(everyday)}){end}",
            numbers and everyday,
        ),
    )


def _durations(words: Wording, units: Iterable[str], numbers: Iterable[str], number: str) -> Durations:
    """Return the expressions for durations: number and unit, the other way round, in words, in one word."""
    between = any_of(["-", *forms(words.between)])
    modifier = optional(forms(words.modifiers), r"\s+")
    none = rf"(?!{any_of(forms(words.no_duration_before))})" if words.no_duration_before else ""
    unit = rf"{none}(?P<unit>{any_of(units)})(?!{LETTER})"
    counted = any_of(numbers)
    worded = (
        rf"(?<!{ANY_LETTER}){words.prefix}(?:(?P<from>{counted})\s(?:{between})\s)??(?P<n>{counted})"
        rf"(?:[\s-]{modifier}|(?<=[\u3040-\u9fff\uac00-\ud7af])){unit}"
    )
    business = any_of(forms(words.business_before))
    return Durations(
        counted=compiled(
            words.language, rf"(?:(?P<from>{number})\s?(?:{between})\s?)?(?P<n>{number})[\s-]?{modifier}{unit}"
        ),
        before=_maybe(
            words, rf"(?<!{ANY_LETTER})(?:{business})\s?(?P<n>\d+)(?:\s?(?:{any_of(units)}))?(?!{ANY_LETTER})", business
        ),
        worded=_maybe(words, worded, counted),
        fixed=_whole(words, words.fixed_words()),
    )


def _dates(words: Wording, months: Iterable[str], units: Iterable[str]) -> Dates:
    """Return the expressions for dates: day and month, month and day, each with a year before or after it."""
    link = rf"(?:(?:{any_of(forms(words.date_links))})\s+)*" if words.date_links else ""
    ordinal = rf"(?:[-.]{{0,2}}(?:{any_of(forms(words.ordinals))})(?!{LETTER}))?" if words.ordinals else ""
    month, unit = any_of(months), any_of(units)
    marks = optional(forms(words.year_marks), r"\s?")
    year = r"(?P<y>(?:19|20)\d\d)"
    late = rf"(?:\.?,?\s*{link}{year}(?!{ANY_LETTER}))?"
    ends = rf"(?:[\s-]?(?:{any_of(forms(words.date_ends))})(?!{LETTER}))|" if words.date_ends else ""
    after = rf"(?:{ends}(?!\s(?:{unit})(?!{LETTER})))"
    day_first = rf"(?P<d>\d{{1,2}})(?!\d)\s?\.?{ordinal}\s*{link}{words.prefix}(?P<m>{month})(?!{LETTER})"
    no_more = rf"(?!{ANY_LETTER}|[:%]|[.,]?\d)"
    month_first = rf"(?P<m>{month})\.?\s+{link}(?P<d>\d{{1,2}})(?!\d){ordinal}(?:\.(?!\d))?{no_more}{after}"
    first = any_of(forms(words.first_day))
    marked = None
    if words.date_marks:
        year, moon, day = (any_of(mark.split("|")) for mark in words.date_marks)
        marked = compiled(
            words.language,
            rf"(?:(?P<y>\d{{4}})\s?(?:{year})\s?)?(?P<m>\d{{1,2}})\s?(?:{moon})\s?(?P<d>\d{{1,2}})\s?(?:{day})",
        )
    back, late_day = rf"(?<!{ANY_LETTER})", any_of(forms(words.bare_dates_after))
    return Dates(
        day_first=compiled(words.language, day_first + late),
        month_first=compiled(words.language, rf"{back}{words.prefix}{month_first}{late}"),
        year_first=compiled(words.language, rf"{year}\.?,?\s?{marks}\s?(?:{day_first}|{_other(month_first)})"),
        first_day=_maybe(
            words, rf"{back}{words.prefix}(?:{first})\s+{link}{words.prefix}(?P<m>{month})(?!{LETTER}){late}", first
        ),
        marked=marked,
        bare=_maybe(
            words, rf"{back}(?:{late_day})[\s-]?(?P<d>\d{{1,2}})\.(?P<m>\d{{1,2}})(?![.,]?\d|{ANY_LETTER}|%)", late_day
        ),
    )


def _other(expression: str) -> str:
    """Return the expression of a day and month under other names, to stand beside the first."""
    return expression.replace("(?P<d>", "(?P<d2>").replace("(?P<m>", "(?P<m2>")


def _whole(words: Wording, found: Iterable[str]) -> re.Pattern[str] | None:
    """Return the expression for any of some words as a whole."""
    some = any_of(found)
    return compiled(words.language, rf"(?<!{ANY_LETTER}){words.prefix}(?P<w>{some})(?!{LETTER})") if some else None
