"""Dates as they are written, read into days: with and without a year, in the order of the language and market."""

from __future__ import annotations

import datetime as dt
import re

from chatparity.checks.finder import Finder
from chatparity.checks.locales import LocaleData
from chatparity.checks.scan import Meaning, Scan

_ISO = re.compile(r"(\d{4})([-/.])\s?(\d{1,2})\2\s?(\d{1,2})(?!\d)")
_FULL = re.compile(r"(\d{1,2})\s?([./-])\s?(\d{1,2})\s?\2\s?(\d{4}|\d{1,2})(?![\d/-]|\.\d)")
_DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.(?!\s?\d)")
# Not October to December, whose numbers are minutes of a time ("18.10") rather.
_PADDED = re.compile(r"(\d{1,2})\.(0[1-9])(?![\d%]|[.,:]\d)")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})(?![\d/]|[.,]\d)")
_DASHED = re.compile(r"(\d{1,2})-(\d{1,2})(?![\w/-]|[.,]\d|\s?%)")
_FRACTIONS = frozenset({(1, 2), (1, 3), (1, 4), (2, 3), (3, 4)})
# Where fractions are written otherwise, "1/4" is a date.
_NO_FRACTIONS = frozenset({"ja", "ko", "zh"})
# Where a year of two digits comes first; elsewhere "26-03-12" is not written.
_YEAR_FIRST = _NO_FRACTIONS | {"hu"}


def take_dates(scan: Scan, finder: Finder, on: dt.date | None) -> None:
    """Take the dates that no other value can be mistaken for: ISO and those with the name of a month."""
    scan.take_at_numbers(_ISO, lambda match: _date(int(match[1]), int(match[3]), int(match[4])))
    for pattern in (finder.dates.marked, finder.dates.year_first, finder.dates.day_first):
        scan.take_at_numbers(pattern, lambda match: _written(match, finder, on))
    scan.take_before_numbers(finder.dates.month_first, lambda match: _written(match, finder, on))
    scan.take(finder.dates.first_day, lambda match: _written(match, finder, on))


def take_numeric_dates(scan: Scan, finder: Finder) -> None:
    """Take the dates in numbers that have a year."""
    scan.take_at_numbers(_FULL, lambda match: _numeric(match, finder.data))


def take_short_dates(scan: Scan, finder: Finder, on: dt.date | None) -> None:
    """Take the dates in numbers without a year, which are none where other values fit."""
    data = finder.data
    scan.take_before_numbers(finder.dates.bare, lambda match: _yearless(int(match["d"]), int(match["m"]), on), 12)
    if data.dotted or "." in data.short_form:
        scan.take_at_numbers(_DOTTED, lambda match: _ordered(match, data, on))
    if data.decimal == "," and data.short_order == "dm" and "." in data.short_form:
        scan.take_at_numbers(_PADDED, lambda match: _yearless(int(match[1]), int(match[2]), on))
    scan.take_at_numbers(_SLASHED, lambda match: _slashed(match, data, on))
    if "-" in data.short_form:
        scan.take_at_numbers(_DASHED, lambda match: _dashed(match, data, on))


def _date(year: int, month: int, day: int) -> list[Meaning] | None:
    try:
        return [Meaning("date", dt.date(year, month, day))]
    except ValueError:
        return None


def _nearest(day: int, month: int, on: dt.date) -> dt.date | None:
    """Return the date of a day and month that is nearest to `on`."""
    near: list[dt.date] = []
    for year in (on.year - 1, on.year, on.year + 1):
        try:
            near.append(dt.date(year, month, day))
        except ValueError:
            continue
    return min(near, key=lambda date: abs(date - on)) if near else None


def _yearless(day: int, month: int, on: dt.date | None) -> list[Meaning] | None:
    """Read a day and month as the date nearest to `on`; without `on` there is no year to be had."""
    if on is None:
        return [] if 1 <= month <= 12 and 1 <= day <= 31 else None
    near = _nearest(day, month, on)
    return [Meaning("date", near)] if near else None


def _written(match: re.Match[str], finder: Finder, on: dt.date | None) -> list[Meaning] | None:
    said = match.groupdict()
    name = said["m"] or said.get("m2") or ""
    month = int(name) if name.isdigit() else finder.months[name]
    day = int(said.get("d") or said.get("d2") or 1)
    return _date(int(said["y"]), month, day) if said["y"] else _yearless(day, month, on)


def _numeric(match: re.Match[str], data: LocaleData) -> list[Meaning] | None:
    first, second = int(match[1]), int(match[3])
    year = int(match[4]) + (2000 if len(match[4]) == 2 else 0)
    if data.order == "ymd" and len(match[1]) == 2 and len(match[4]) <= 2 and data.language in _YEAR_FIRST:
        return _date(2000 + first, second, int(match[4]))
    if len(match[4]) == 1:
        return None
    # Month first only where the market writes so and the numbers allow it.
    month, day = (first, second) if data.order == "mdy" and first <= 12 else (second, first)
    found = _date(year, month, day) or _date(year, day, month)
    if found and data.short_order == "either" and first != second and max(first, second) <= 12:
        return [found[0]._replace(other=dt.date(year, day, month))]
    return found


def _ordered(match: re.Match[str], data: LocaleData, on: dt.date | None) -> list[Meaning] | None:
    """Read a day and month in the order of the locale, in the other where only that is a date, or in both."""
    first, second = int(match[1]), int(match[2])
    month, day = (first, second) if data.short_order == "md" else (second, first)
    found = _yearless(day, month, on) or _yearless(month, day, on)
    if found and on is not None and data.short_order == "either" and first != second and max(first, second) <= 12:
        return [found[0]._replace(other=_nearest(month, day, on))]
    return found


def _slashed(match: re.Match[str], data: LocaleData, on: dt.date | None) -> list[Meaning] | None:
    """Read "12/3"; small fractions ("1/4") and "24/7" are none."""
    first, second = int(match[1]), int(match[2])
    padded = match[1].startswith("0") or match[2].startswith("0")
    fraction = (first, second) in _FRACTIONS and not padded and data.language not in _NO_FRACTIONS
    return None if match.group() == "24/7" or fraction else _ordered(match, data, on)


def _dashed(match: re.Match[str], data: LocaleData, on: dt.date | None) -> list[Meaning] | None:
    """Read "25-6" where dates are written so and the numbers are no range ("3-5")."""
    first, second = int(match[1]), int(match[2])
    rising = first < second and not match[1].startswith("0") and not match[2].startswith("0")
    return None if rising else _ordered(match, data, on)
