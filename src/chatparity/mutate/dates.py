"""Dates as they stand in a text, with the digits of the day, so that the day alone can be changed."""

from __future__ import annotations

import calendar
import datetime as dt
import functools
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from babel import Locale, UnknownLocaleError

from chatparity.mutate.numbers import in_digits_of

# Month names that people use beside those of babel's locale of the language, from its other locales.
ALSO = {"ar": ("ar_SY", "ar_EG"), "bs": ("bs_Latn", "hr", "sr_Latn"), "hr": ("hr", "bs_Latn"), "hi": ("hi", "en"),
        "de": ("de_AT", "de"), "nb": ("nb", "da"), "zh": ("zh_Hans", "zh_Hant")}  # fmt: skip
MONTH_FIRST = ("US",)
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_DIGITS = re.compile(r"(?<![\d.,/:-])(\d{1,2})([./])[ \u00a0]?(\d{1,2})(?:\2[ \u00a0]?(\d{4}|\d{2}))?(?![\d:/]|[.,]\d)")
_EAST = re.compile(r"(?<!\d)(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日号號일]")


@dataclass(frozen=True)
class Day:
    """A date in a text: characters [start, end) are the digits of its day and any ordinal ending; `month` from 1."""

    start: int
    end: int
    day: int
    month: int
    year: int | None

    def of(self, year: int) -> dt.date | None:
        """Return the date, in this year where the text names none; None where there is no such day."""
        try:
            return dt.date(self.year or year, self.month, self.day)
        except ValueError:
            return None


def days_in(text: str, language: str, market: str | None = None, known: Collection[dt.date] = ()) -> Iterator[Day]:
    """Yield the dates of a text. Where digits can be read two ways, a known date decides, else the market's custom."""
    taken: list[tuple[int, int]] = []
    for match in _ISO.finditer(text):
        taken.append(match.span())
        yield Day(match.start(3), match.end(3), int(match[3]), int(match[2]), int(match[1]))
    for match in _EAST.finditer(text):
        taken.append(match.span())
        yield Day(match.start(2), match.end(2), int(match[2]), int(match[1]), None)
    for day, span in _named(text, language):
        if all(span[1] <= start or end <= span[0] for start, end in taken):
            taken.append(span)
            yield day
    for match in _DIGITS.finditer(text):
        if all(match.end() <= start or end <= match.start() for start, end in taken):
            yield from _in_digits(match, market, known)


def shifted(day: Day, text: str, by: int) -> str | None:
    """Return the digits of the day moved by some days, as they are written; None where the month would change."""
    new = day.day + by
    last = calendar.monthrange(day.year or 2026, day.month)[1]
    if not 1 <= new <= last:
        return None
    written = text[day.start : day.end]
    digits = "".join(one for one in written if one.isdecimal())
    ending = written[len(digits) :]
    width = 2 if len(digits) == 2 and digits.startswith(in_digits_of("0", digits)) else 1
    if ending.casefold() in ("st", "nd", "rd", "th"):
        ending = "th" if 10 <= new % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(new % 10, "th")
    elif ending == "er":
        ending = ""
    return in_digits_of(f"{new:0{width}d}", digits) + ending


def _in_digits(match: re.Match[str], market: str | None, known: Collection[dt.date]) -> Iterator[Day]:
    """Yield the date that digits mean; without a year, only where its day and month are those of a known date."""
    one, two, year = int(match[1]), int(match[3]), int(match[4]) if match[4] else None
    if year is not None and year < 100:
        year += 2000
    days = {(date.day, date.month) for date in known}
    first = Day(match.start(1), match.end(1), one, two, year)
    second = Day(match.start(3), match.end(3), two, one, year)
    order = (second, first) if market in MONTH_FIRST else (first, second)
    readable = [day for day in order if 1 <= day.month <= 12 and 1 <= day.day <= 31]
    sure = [day for day in readable if (day.day, day.month) in days]
    yield from (sure or (readable if year is not None else []))[:1]


def _named(text: str, language: str) -> Iterator[tuple[Day, tuple[int, int]]]:
    """Yield dates whose month has a name, each with the characters that it takes."""
    before, after, months = _patterns(language.split("-")[0])
    for pattern, late in ((before, False), (after, True)):
        for match in pattern.finditer(text):
            name = match["month"].casefold()
            stem = max((stem for stem in months if name.startswith(stem)), key=len, default="")
            end = match.end("day") if late or not match["ending"] else match.end("ending")
            year = int(match["year"]) if match["year"] else None
            if stem and 1 <= int(match["day"]) <= 31:
                yield Day(match.start("day"), end, int(match["day"]), months[stem], year), match.span()


@functools.cache
def _patterns(language: str) -> tuple[re.Pattern[str], re.Pattern[str], dict[str, int]]:
    """Return patterns for day before month and month before day, and beginnings of the months' names."""
    stems: dict[str, int] = {}
    for name, month in _month_names(language):
        # Arabic months differ from common words by their ending alone.
        for short in {name, name if language == "ar" else name[: max(3, len(name) - 2)]}:
            stems.setdefault(short.casefold(), month)
    names = "|".join(sorted(map(re.escape, stems), key=len, reverse=True))
    named = rf"(?P<month>(?:{names})\w*)"
    year = r"(?:\.?,?[ \u00a0](?P<year>20\d\d))?"
    day = r"(?<![\d.,/:])(?P<day>\d{1,2})"
    ending = r"(?P<ending>(?:st|nd|rd|th|er)\b)?"
    link = r"(?:\.|º|-?[^\W\d]{1,3}\b)?[ \u00a0]?(?:(?:of|de|d[e’']|i|στις|del)[ \u00a0]?)?(?<![A-Za-z])"
    first = re.compile(rf"{day}{ending}{link}\w{{0,1}}{named}{year}", re.IGNORECASE)
    second = re.compile(rf"\b{named}\.?[ \u00a0](?:the )?(?P<day>\d{{1,2}})(?P<ending>(?:st|nd|rd|th)\b)?"
                        rf"(?![\d:/]|[.,]\d)(?:,?[ \u00a0](?P<year>20\d\d))?", re.IGNORECASE)  # fmt: skip
    return first, second, stems


def _month_names(language: str) -> Iterator[tuple[str, int]]:
    """Yield the names of the months in a language, as babel has them, in every form and width."""
    for name in (*ALSO.get(language, (language,)), language):
        try:
            names = Locale.parse(name).months
        except (UnknownLocaleError, ValueError):
            continue
        for form in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for month, word in names[form][width].items():
                    plain = str(word).rstrip(".")
                    if len(plain) >= 3 and not plain[0].isdecimal():
                        yield plain, int(month)
