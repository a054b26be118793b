"""Find the checkable values of a text: amounts, dates, durations, percentages, ids, emails, times, numbers.

Formats are those of the language in its market (babel's data and the language's lexicon). A stretch of text is read
once: an email is no id, a date is no number. What is not seen: numbers in words beyond the lexicon's list, weekdays,
amounts whose currency is left to the reader ("it costs 25" is a plain number).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from chatparity.checks.lexicon import Lexicon, lexicon
from chatparity.checks.locales import LocaleData, is_unit, locale_data
from chatparity.checks.text import fold, folded
from chatparity.checks.values import Kind, Normal, Value, duration, parse_number

_NUMBER = r"\d{1,3}(?:[.,'٬]\d{3})+(?:[.,٫]\d{1,2})?(?!\d)|\d+(?:[.,٫]\d{1,4})?(?!\d)"
_SPACED = r"\d{1,3}(?: \d{3})+(?:[.,٫]\d{1,2})?(?!\d)|"
_LEFT = r"(?<![\w])(?<!\d[.,])"
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"(?:https?://|www\.)\S+")
_PHONE = re.compile(r"\+\d[\d ()/-]{6,}\d")
_ID = re.compile(
    r"(?<![\w-])#?(?:[A-Za-z]{1,2}-\d{2,}(?:-\d+)*|[A-Z]{1,5}-\d{2,}(?:-\d+)*"
    r"|(?=[A-Z]*\d)(?=\d*[A-Z])(?=[A-Z0-9]{5})(?!\d+(?:AM|PM|EST|UTC|CET)\b)[A-Z0-9]+|W\d{5,}"
    r"|[a-z]+(?:_[a-z]+)*_\d{3,})(?![\w]|-\w)"
)
_ISO = re.compile(r"(?<![\d-])(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)")
_TIME = re.compile(r"(?<![\d:])(\d{1,2})(?::([0-5]\d)(?::[0-5]\d)?)?(?:\s?([ap])\.?m\b\.?)?(?!\d|:\d)", re.IGNORECASE)
_FULL = re.compile(r"(?<![\d./-])(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4}|\d{2})(?![\d/-]|\.\d)")
_DOTTED = re.compile(r"(?<![\d.,/-])(\d{1,2})\.\s?(\d{1,2})\.(?!\s?\d)")
_SLASHED = re.compile(r"(?<![\d.,/-])(\d{1,2})/(\d{1,2})(?![\d/]|[.,]\d)")
_TAKEN = "\x00"


@dataclass(frozen=True)
class _Finder:
    """The expressions of one language in one market, and what their words mean."""

    data: LocaleData
    words: Lexicon
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


@lru_cache(maxsize=8192)
def find_values(text: str, language: str, market: str | None = None, on: dt.date | None = None) -> tuple[Value, ...]:
    """Return the values of a text in the order in which they stand.

    `on` is the conversation's date: a date without a year gets the year that brings it nearest to `on` (which is the
    conversation's own but around New Year), and without `on` it is left out, as are "today" and "tomorrow".
    """
    finder = _finder(language, market)
    scan = _Scan(text)
    scan.take(_EMAIL, lambda match: [("email", match.group().casefold(), "")])
    scan.take(_URL, lambda match: [])
    scan.take(_ID, lambda match: [("id", match.group().lstrip("#").upper(), "")])
    scan.take(_PHONE, lambda match: [])
    scan.take(_ISO, lambda match: _date(int(match[1]), int(match[3]), int(match[4])))
    scan.take(finder.written, lambda match: _written(match, finder, on))
    scan.take(finder.money, lambda match: _amount(match, finder, scan.cased))
    scan.take(_FULL, lambda match: _numeric(match, finder.data))
    scan.take(_TIME, _time)
    scan.take(finder.percent, lambda match: [("percent", _parsed(match["n"], finder.data), "")])
    scan.take(finder.lasting, lambda match: _lasting(match, finder))
    if finder.fixed:
        scan.take(finder.fixed, lambda match: _fixed(finder.fixed_values[match.group()]))
    if finder.data.dotted:
        scan.take(_DOTTED, lambda match: _yearless(int(match[1]), int(match[2]), on))
    scan.take(_SLASHED, lambda match: _short(match, finder.data, on))
    if finder.relative and on is not None:
        shift = finder.relative_days
        scan.take(finder.relative, lambda match: [("date", on + dt.timedelta(shift[match.group()]), "relative")])
    scan.take(finder.number, lambda match: [("number", _parsed(match.group(), finder.data), "")])
    return tuple(sorted(scan.found, key=lambda value: (value.start, value.end)))


_Meaning = tuple[Kind, Normal, str]


class _Scan:
    """A text that is read expression by expression; what one has taken the next does not see."""

    def __init__(self, text: str) -> None:
        self.original = text
        self.form = fold(text, case=True)
        self.cased = self.form.text
        self.left = fold(text).text
        # Folding case may change the length ("ß"); where it does, both forms are the cased one.
        if len(self.left) != len(self.cased):
            self.left = "".join(low if len(low := one.lower()) == 1 else one for one in self.cased)
        self.found: list[Value] = []

    def take(self, pattern: re.Pattern[str], read: Callable[[re.Match[str]], Iterable[_Meaning] | None]) -> None:
        """Add what `read` makes of each match and blank the match out; None from `read` leaves it to others."""
        text = self.cased if pattern is _ID else self.left
        for match in list(pattern.finditer(text)):
            meanings = read(match)
            if meanings is None:
                continue
            start, end = self.form.span(*match.span())
            for kind, normal, unit in meanings:
                self._add(kind, normal, unit, start, end)
            begin, close = match.span()
            self.left = self.left[:begin] + _TAKEN * (close - begin) + self.left[close:]
            self.cased = self.cased[:begin] + _TAKEN * (close - begin) + self.cased[close:]

    def _add(self, kind: Kind, normal: Normal, unit: str, start: int, end: int) -> None:
        said, relative = unit, unit == "relative"
        if kind == "duration":
            worded = unit.startswith("~")
            said = unit.lstrip("~")
            assert isinstance(normal, Decimal)
            normal, unit = duration(int(normal), said)
        else:
            worded, unit = False, "" if relative else unit
        text = self.original[start:end]
        self.found.append(Value(kind, normal, text, start, end, unit, said, relative, worded))


def _alternatives(words: Iterable[str]) -> str:
    """Return an expression for any of the words, longest first."""
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda word: (-len(word), word)))


@lru_cache(maxsize=256)
def _finder(language: str, market: str | None) -> _Finder:
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
    return _Finder(
        data=data,
        words=words,
        money=_money(data, words, number),
        percent=re.compile(rf"{_LEFT}(?P<n>{number})\s?(?:{percent})(?!\w)"),
        lasting=re.compile(
            rf"(?<![\w])(?<!\d[.,]){prefix}(?:(?P<from>{counted})\s?(?:{between})\s?)?(?P<n>{counted})[\s-]?{modifier}"
            rf"(?P<unit>{unit})(?!\w)"
        ),
        fixed=re.compile(rf"(?<!\w){prefix}(?:{_alternatives(fixed)})(?!\w)") if fixed else None,
        written=re.compile(
            rf"(?<![\w.,])(?:(?P<d>\d{{1,2}})\s?(?:{ordinal})?\s*{link}(?P<m>{month})\.?(?!\w)"
            rf"|(?<!\w)(?P<m2>{month})\.?\s+{link}(?P<d2>\d{{1,2}})(?:{ordinal})?(?![\w:%]|[.,]\d)(?!\s(?:{unit})(?!\w)))"
            rf"(?:,?\s*{link}(?P<y>(?:19|20)\d\d)(?!\w))?"
        ),
        relative=re.compile(rf"(?<!\w){prefix}(?:{_alternatives(relative)})(?!\w)") if relative else None,
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


def _parsed(token: str, data: LocaleData) -> Decimal:
    return parse_number(token, data.decimal, data.group)


def _amount(match: re.Match[str], finder: _Finder, cased: str) -> list[_Meaning] | None:
    """Read an amount; a small word that is also the code of a currency nobody here pays in ("all", "top") is none."""
    groups = match.groupdict()
    token = groups["n1"] or groups["n2"] or groups.get("n3")
    said = groups["c1"] or groups["c2"]
    data = finder.data
    extra = {folded(one): code for code, names in finder.words.values.currencies.items() for one in names}
    code = data.own if said is None else extra.get(said) or data.currencies.get(said)
    if code is None and said is not None and said.upper() in data.codes:
        place = match.start("c1" if groups["c1"] else "c2")
        familiar = said.upper() == data.own or said.upper() in finder.words.values.currencies
        code = said.upper() if familiar or cased[place : place + 3].isupper() else None
    if code is None or token is None:
        return None
    return [("amount", parse_number(token, data.decimal, data.group, money=True), code)]


def _date(year: int, month: int, day: int) -> list[_Meaning] | None:
    try:
        return [("date", dt.date(year, month, day), "")]
    except ValueError:
        return None


def _yearless(day: int, month: int, on: dt.date | None) -> list[_Meaning] | None:
    """Read a day and month as the date nearest to `on`; without `on` there is no year to be had."""
    if on is None:
        return [] if 1 <= month <= 12 and 1 <= day <= 31 else None
    near: list[dt.date] = []
    for year in (on.year - 1, on.year, on.year + 1):
        try:
            near.append(dt.date(year, month, day))
        except ValueError:
            continue
    return [("date", min(near, key=lambda date: abs(date - on)), "")] if near else None


def _written(match: re.Match[str], finder: _Finder, on: dt.date | None) -> list[_Meaning] | None:
    day, month = int(match["d"] or match["d2"]), finder.months[match["m"] or match["m2"]]
    return _date(int(match["y"]), month, day) if match["y"] else _yearless(day, month, on)


def _numeric(match: re.Match[str], data: LocaleData) -> list[_Meaning] | None:
    first, second = int(match[1]), int(match[3])
    year = int(match[4]) + (2000 if len(match[4]) == 2 else 0)
    # Month first only where the market writes so and the numbers allow it.
    month, day = (first, second) if data.order == "mdy" and first <= 12 else (second, first)
    return _date(year, month, day) or _date(year, day, month)


def _short(match: re.Match[str], data: LocaleData, on: dt.date | None) -> list[_Meaning] | None:
    """Read "12/3"; small fractions ("1/4") and "24/7" are none."""
    first, second = int(match[1]), int(match[2])
    padded = match[1].startswith("0") or match[2].startswith("0")
    if (first, second) == (24, 7) or (first < 5 and second < 5 and not padded):
        return None
    month, day = (first, second) if data.order == "mdy" and first <= 12 else (second, first)
    return _yearless(day, month, on) or _yearless(month, day, on)


def _time(match: re.Match[str]) -> list[_Meaning] | None:
    if match[2] is None and match[3] is None:
        return None
    hour, minute = int(match[1]), int(match[2] or 0)
    if match[3]:
        hour = hour % 12 + (12 if match[3].lower() == "p" else 0)
    return [("time", f"{hour:02}:{minute:02}", "")] if hour < 24 else None


def _lasting(match: re.Match[str], finder: _Finder) -> list[_Meaning] | None:
    """Read a duration; "3 to 5 days" is both."""
    unit = finder.units[match["unit"]]
    found: list[_Meaning] = []
    for token in filter(None, (match["from"], match["n"])):
        worded = token in finder.numbers
        count = Decimal(finder.numbers[token]) if worded else _parsed(token, finder.data)
        if count != count.to_integral_value():
            return None
        found.append(("duration", count, f"~{unit}" if worded else unit))
    return found


def _fixed(meaning: str) -> list[_Meaning]:
    count, unit = meaning.split()
    return [("duration", Decimal(count), f"~{unit}")]


def keys(values: Iterable[Value]) -> Iterator[tuple[Kind, Normal, str]]:
    """Return the normal forms of values."""
    return (value.key for value in values)
