"""Find the checkable values of a text: amounts, dates, durations, percentages, ids, emails, times, numbers.

Formats are those of the language in its market (babel's data and the language's lexicon). A stretch of text is read
once: an email is no id, a date is no number. What is not seen: numbers in words beyond the lexicon's list, weekdays,
amounts whose currency is left to the reader ("it costs 25" is a plain number).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from chatparity.checks.finder import Finder, finder_of
from chatparity.checks.locales import LocaleData
from chatparity.checks.text import fold
from chatparity.checks.values import Kind, Normal, Value, duration, parse_number

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


class Meaning(NamedTuple):
    """What a stretch of text means, before its place is known; the fields are those of a Value."""

    kind: Kind
    normal: Normal
    unit: str = ""
    said: str = ""
    relative: bool = False
    worded: bool = False


_Read = Callable[[re.Match[str]], Iterable[Meaning] | None]


@lru_cache(maxsize=8192)
def find_values(text: str, language: str, market: str | None = None, on: dt.date | None = None) -> tuple[Value, ...]:
    """Return the values of a text in the order in which they stand.

    `on` is the conversation's date: a date without a year gets the year that brings it nearest to `on` (which is the
    conversation's own but around New Year), and without `on` it is left out, as are "today" and "tomorrow".
    """
    finder = finder_of(language, market)
    scan = _Scan(text)
    scan.take(_EMAIL, lambda match: [Meaning("email", match.group().casefold())])
    scan.take(_URL, lambda match: [])
    scan.take(_ID, lambda match: _id(match.group(), finder))
    scan.fold_case()
    scan.take(_PHONE, lambda match: [])
    scan.take(_ISO, lambda match: _date(int(match[1]), int(match[3]), int(match[4])))
    scan.take(finder.written, lambda match: _written(match, finder, on))
    scan.take(finder.money, lambda match: _amount(match, finder, scan))
    scan.take(_FULL, lambda match: _numeric(match, finder.data))
    scan.take(_TIME, _time)
    scan.take(finder.percent, lambda match: [Meaning("percent", _parsed(match["n"], finder.data))])
    scan.take(finder.lasting, lambda match: _lasting(match, finder))
    if finder.fixed:
        scan.take(finder.fixed, lambda match: _fixed(finder.fixed_values[match["w"]]))
    if finder.data.dotted:
        scan.take(_DOTTED, lambda match: _yearless(int(match[1]), int(match[2]), on))
    scan.take(_SLASHED, lambda match: _short(match, finder.data, on))
    if finder.relative and on is not None:
        scan.take(finder.relative, lambda match: _relative(finder.relative_days[match["w"]], on))
    scan.take(finder.number, lambda match: [Meaning("number", _parsed(match.group(), finder.data))])
    return tuple(sorted(scan.found, key=lambda value: (value.start, value.end)))


def _id(token: str, finder: Finder) -> list[Meaning] | None:
    """Return the meaning of an id; "PLN418" is none, but an amount that is written without a space."""
    if token[:3] in finder.data.codes and token[3:].isdigit():
        return None
    return [Meaning("id", token.lstrip("#").upper())]


class _Scan:
    """A text that is read expression by expression; what one has taken the next does not see."""

    def __init__(self, text: str) -> None:
        self.original = text
        self.form = fold(text, case=True)
        self.left = self.form.text
        self.found: list[Value] = []

    def fold_case(self) -> None:
        """Go on with the text in one case, without what has been taken."""
        blanked = self.original
        for start, end in self._taken():
            blanked = blanked[:start] + _TAKEN * (end - start) + blanked[end:]
        self.form = fold(blanked)
        self.left = self.form.text

    def _taken(self) -> list[tuple[int, int]]:
        """Return the original spans that have been blanked out."""
        return [self.form.span(*match.span()) for match in re.finditer(_TAKEN + "+", self.left)]

    def take(self, pattern: re.Pattern[str], read: _Read) -> None:
        """Add what `read` makes of each match and blank the match out; None from `read` leaves it to others."""
        for match in list(pattern.finditer(self.left)):
            meanings = read(match)
            if meanings is None:
                continue
            begin, close = match.span()
            start, end = self.form.span(begin, close)
            for one in meanings:
                said = self.original[start:end]
                self.found.append(Value(one.kind, one.normal, said, start, end, *one[2:]))
            self.left = self.left[:begin] + _TAKEN * (close - begin) + self.left[close:]

    def cased(self, match: re.Match[str], group: str) -> str:
        """Return a group of a match as it stands in the original."""
        start, end = self.form.span(*match.span(group))
        return self.original[start:end]


def _parsed(token: str, data: LocaleData) -> Decimal:
    return parse_number(token, data.decimal, data.group)


def _amount(match: re.Match[str], finder: Finder, scan: _Scan) -> list[Meaning] | None:
    """Read an amount; a small word that is also the code of a currency nobody here pays in ("all", "top") is none."""
    groups, data = match.groupdict(), finder.data
    token = groups["n1"] or groups["n2"] or groups.get("n3")
    place = "c1" if groups["c1"] else "c2"
    said = groups[place]
    code = data.own if said is None else finder.currency_words.get(said) or data.currencies.get(said)
    if code is None and said is not None and said.upper() in data.codes:
        written = scan.cased(match, place)
        code = said.upper() if said.upper() in finder.familiar or written.isupper() else None
    if code is None or token is None:
        return None
    return [Meaning("amount", parse_number(token, data.decimal, data.group, money=True), code)]


def _date(year: int, month: int, day: int) -> list[Meaning] | None:
    try:
        return [Meaning("date", dt.date(year, month, day))]
    except ValueError:
        return None


def _yearless(day: int, month: int, on: dt.date | None) -> list[Meaning] | None:
    """Read a day and month as the date nearest to `on`; without `on` there is no year to be had."""
    if on is None:
        return [] if 1 <= month <= 12 and 1 <= day <= 31 else None
    near: list[dt.date] = []
    for year in (on.year - 1, on.year, on.year + 1):
        try:
            near.append(dt.date(year, month, day))
        except ValueError:
            continue
    return [Meaning("date", min(near, key=lambda date: abs(date - on)))] if near else None


def _written(match: re.Match[str], finder: Finder, on: dt.date | None) -> list[Meaning] | None:
    day, month = int(match["d"] or match["d2"]), finder.months[match["m"] or match["m2"]]
    return _date(int(match["y"]), month, day) if match["y"] else _yearless(day, month, on)


def _numeric(match: re.Match[str], data: LocaleData) -> list[Meaning] | None:
    first, second = int(match[1]), int(match[3])
    year = int(match[4]) + (2000 if len(match[4]) == 2 else 0)
    # Month first only where the market writes so and the numbers allow it.
    month, day = (first, second) if data.order == "mdy" and first <= 12 else (second, first)
    return _date(year, month, day) or _date(year, day, month)


def _short(match: re.Match[str], data: LocaleData, on: dt.date | None) -> list[Meaning] | None:
    """Read "12/3"; small fractions ("1/4") and "24/7" are none."""
    first, second = int(match[1]), int(match[2])
    padded = match[1].startswith("0") or match[2].startswith("0")
    if (first, second) == (24, 7) or (first < 5 and second < 5 and not padded):
        return None
    month, day = (first, second) if data.order == "mdy" and first <= 12 else (second, first)
    return _yearless(day, month, on) or _yearless(month, day, on)


def _time(match: re.Match[str]) -> list[Meaning] | None:
    if match[2] is None and match[3] is None:
        return None
    hour, minute = int(match[1]), int(match[2] or 0)
    if match[3]:
        hour = hour % 12 + (12 if match[3].lower() == "p" else 0)
    return [Meaning("time", f"{hour:02}:{minute:02}")] if hour < 24 else None


def _lasting(match: re.Match[str], finder: Finder) -> list[Meaning] | None:
    """Read a duration; "3 to 5 days" is both."""
    unit = finder.units[match["unit"]]
    found: list[Meaning] = []
    for token in filter(None, (match["from"], match["n"])):
        worded = token in finder.numbers
        count = Decimal(finder.numbers[token]) if worded else _parsed(token, finder.data)
        if count != count.to_integral_value():
            return None
        found.append(Meaning("duration", *duration(int(count), unit), said=unit, worded=worded))
    return found


def _fixed(meaning: str) -> list[Meaning]:
    """Read a duration in one word, which the lexicon gives as "2 week"."""
    count, unit = meaning.split()
    return [Meaning("duration", *duration(int(count), unit), said=unit, worded=True)]


def _relative(shift: int, on: dt.date) -> list[Meaning]:
    """Read "tomorrow"."""
    return [Meaning("date", on + dt.timedelta(shift), relative=True)]
