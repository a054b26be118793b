"""What a text names: orders, instalments, counts of days, dates, email and postal addresses."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from typing import Any

from chatparity.sandbox.letters import fold

_ORDER = re.compile(r"\bH[\s\u2010-\u2013-]{0,2}(\d{5})\b|(?<![\w.,-])#?(\d{5})(?![\w-]|[.,]\d)", re.IGNORECASE)
_INSTALMENT = re.compile(r"\bH-?(\d{5})-([1-4])\b", re.IGNORECASE)
_CHARGE = re.compile(r"\bCH-?(\d{5})-(\d)\b", re.IGNORECASE)
_METHOD = re.compile(r"\bPM-?(\d{3,4})-(\d)\b", re.IGNORECASE)
_TAIL = re.compile(r"(?<!\d)(\d{4})(?!\d)")
_EMAIL = re.compile(r"[^\s@<>,;:()\"'“”«»،]+@[^\s@<>,;:()\"'“”«»،]+")
_DOT = re.compile(r" (?:dot|punkt|punto|kropka) ", re.IGNORECASE)
_SPOKEN = re.compile(
    r"(\w+(?: (?:dot|punkt|punto|kropka) \w+)+(?: \w+)?|\w+) (?:at|ät|arroba|małpa|snabel-a) "
    r"(\w+(?: (?:dot|punkt|punto|kropka) \w+)+)",
    re.IGNORECASE,
)
_ISO = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)\b")
_NUMERIC = re.compile(r"\b(\d{1,2})([./])(\d{1,2})(?:\2(20\d\d|\d\d))?(?!\d)")
_SECRET = re.compile(r"(?<![\w-])(?:\d[ -]?){13,19}(?!\w)")

_CODE = re.compile(r"(?<![\w.,-])\d{6}(?![\w-]|[.,]\d)")


def order_ids(text: str, known: Collection[str]) -> list[str]:
    """Return the order ids in a text as the shop writes them, oldest mention first; bare digits only if `known`."""
    named = [(f"H-{one or bare}", bool(one)) for one, bare in _ORDER.findall(text)]
    return list(dict.fromkeys(order for order, sure in named if sure or order in known))


def instalment_ids(text: str) -> list[str]:
    """Return the instalment ids in a text."""
    return list(dict.fromkeys(f"H-{order}-{number}" for order, number in _INSTALMENT.findall(text)))


def charge_ids(text: str) -> list[str]:
    """Return the charge ids in a text."""
    return list(dict.fromkeys(f"CH-{order}-{number}" for order, number in _CHARGE.findall(text)))


def method_ids(text: str) -> list[str]:
    """Return the payment method ids in a text."""
    return list(dict.fromkeys(f"PM-{customer}-{number}" for customer, number in _METHOD.findall(text)))


def four_digits(text: str) -> list[str]:
    """Return the groups of exactly four digits in a text: how people name a card."""
    return _TAIL.findall(text)


def emails(text: str) -> list[str]:
    """Return what stands in a text as an email address, without the full stop of the sentence around it."""
    written = [one.rstrip(".!?؟،") for one in _EMAIL.findall(text)]
    return written or [_as_written(*spoken) for spoken in _SPOKEN.findall(text)]


def _as_written(name: str, host: str) -> str:
    """Return an email address that was dictated, "ann dot lee at example dot org", as it is written."""
    dotted = [_DOT.sub(".", part).replace(" ", "") for part in (name, host)]
    return "@".join(dotted).lower()


def without_secrets(text: str) -> str:
    """Return a text with numbers as long as a card's hidden."""
    return _SECRET.sub("••••", text)


def has_card_number(text: str) -> bool:
    """Say whether a text holds a number as long as a card's."""
    return bool(_SECRET.search(text))


def has_code(text: str) -> bool:
    """Say whether a text holds a number as long as a one-time code."""
    return bool(_CODE.search(text))


class Counting:
    """How a language counts days and names dates, read from its `[slots]` table."""

    def __init__(self, table: Mapping[str, Any], market: str | None) -> None:
        self._month_first = market == "US"
        self._numbers = {fold(word): int(value) for word, value in table["numbers"].items()}
        words = "|".join(sorted((re.escape(word) for word in self._numbers), key=len, reverse=True))
        self._fixed = [(re.compile(fold(pattern)), int(days)) for pattern, days in table["fixed_days"].items()]
        between = fold(str(table["between"]))
        self._units = [
            (re.compile(rf"(?<![\w.,-])(\d{{1,3}}|{words})[\s-]*(?:{between})?[\s-]*(?:{fold(pattern)})"), int(days))
            for pattern, days in table["units"].items()
        ]
        months = [fold(pattern) for pattern in table["months"]]
        month = "|".join(f"(?P<m{number}>{pattern})" for number, pattern in enumerate(months, 1))
        self._day_month = re.compile(rf"(?<![\d.,-])(?P<day>\d{{1,2}})(?:{table['after_day']})?\s*(?:{month})")
        self._month_day = re.compile(rf"\b(?:{month})\s*(?P<day>\d{{1,2}})(?!\d)")
        self._day_only = [re.compile(fold(pattern)) for pattern in table["day_only"]]
        self._weekdays = [(re.compile(fold(pattern)), number) for number, pattern in enumerate(table["weekdays"])]
        self._month_end = re.compile(fold(table["month_end"]))
        self._ordinals = [(re.compile(fold(pattern)), int(number)) for pattern, number in table["ordinals"].items()]

    def days(self, folded: str) -> int | None:
        """Return the first count of days in a folded text; weeks are seven, months thirty."""
        found = [(hit.start(), days) for pattern, days in self._fixed if (hit := pattern.search(folded))]
        for pattern, days in self._units:
            hit = pattern.search(folded)
            if hit:
                count = hit.group(1)
                found.append((hit.start(), days * (int(count) if count.isdigit() else self._numbers[count])))
        return min(found)[1] if found else None

    def number(self, folded: str) -> int | None:
        """Return the number that a short text consists of, or None."""
        bare = folded.strip(" .!?,")
        return int(bare) if bare.isdigit() and len(bare) <= 2 else self._numbers.get(bare)

    def bare(self, folded: str) -> int | None:
        """Return the last number of one or two digits that stands alone in a folded text, or None."""
        found = re.findall(r"(?<![\w.,:-])(\d{1,2})(?![\w:-]|[.,]\d)", folded)
        return int(found[-1]) if found else self.number(folded)

    def dates(self, folded: str, today: dt.date) -> list[dt.date]:
        """Return the dates that a folded text names; where the year is missing it is the next one from `today` on."""
        found = [_day(int(hit[1]), int(hit[2]), int(hit[3])) for hit in _ISO.finditer(folded)]
        for pattern in (self._day_month, self._month_day):
            for hit in pattern.finditer(folded):
                month = next(number for number in range(1, 13) if hit.group(f"m{number}"))
                found.append(_next(int(hit.group("day")), month, today))
        for hit in _NUMERIC.finditer(folded):
            first, second = int(hit[1]), int(hit[3])
            month_first = self._month_first and hit[2] == "/"
            found.append(_next(second, first, today) if month_first else _next(first, second, today))
        if not found:
            for pattern in self._day_only:
                found += [_next(int(hit.group(1)), None, today) for hit in pattern.finditer(folded)]
            found += [_weekday(today, number) for pattern, number in self._weekdays if pattern.search(folded)]
            if self._month_end.search(folded):
                found.append(_month_end(today))
        return [day for day in found if day is not None]

    def ordinal(self, folded: str) -> int | None:
        """Return which instalment a folded text names: 1 to 4, or -1 for the last one."""
        return next((number for pattern, number in self._ordinals if pattern.search(folded)), None)


def _next(day: int, month: int | None, today: dt.date) -> dt.date | None:
    """Return the next such date from `today` on."""
    months = [month] if month else [(today.month + ahead - 1) % 12 + 1 for ahead in range(3)]
    found = [_day(year, one, day) for year in (today.year, today.year + 1) for one in months]
    return min((one for one in found if one and one >= today), default=None)


def _weekday(today: dt.date, number: int) -> dt.date:
    """Return the next such weekday (0 is Monday) after today."""
    return today + dt.timedelta(days=(number - today.weekday() - 1) % 7 + 1)


def _month_end(today: dt.date) -> dt.date:
    following = (today.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
    return following - dt.timedelta(days=1)


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
