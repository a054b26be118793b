"""A checkable value in a text, in a normal form in which equal values are equal whatever their format."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from chatparity.checks.locales import in_smallest

Kind = Literal["amount", "percent", "date", "duration", "time", "number", "id", "email", "url", "phone"]
Normal = Decimal | dt.date | str
CHECKABLE: frozenset[Kind] = frozenset({"amount", "percent", "date", "duration", "id", "email"})


@dataclass(frozen=True, slots=True)
class Value:
    """One value: characters `[start, end)` of the text, and what they mean.

    `unit` is the ISO currency of an amount ("" when none is known), minute, month or business_day of a duration, and
    "times" of a number of times.
    `said` is the unit as it was said ("week"). `relative` marks a date such as "tomorrow", `worded` a number in words.
    `other` is the second reading of a date that can be read in two ways where it was written (6/5 in Canada).
    """

    kind: Kind
    normal: Normal
    text: str
    start: int
    end: int
    unit: str = ""
    said: str = ""
    relative: bool = False
    worded: bool = False
    other: dt.date | None = None

    @property
    def key(self) -> tuple[Kind, Normal, str]:
        """Return what equal values share."""
        return (self.kind, self.normal, self.unit)

    @property
    def keys(self) -> tuple[tuple[Kind, Normal, str], ...]:
        """Return the keys of all its readings."""
        return (self.key,) if self.other is None else (self.key, (self.kind, self.other, self.unit))


def duration(count: int, unit: str) -> tuple[Decimal, str]:
    """Return the normal form and unit of a duration: 2 weeks and 14 days are the same number of minutes."""
    number, smallest = in_smallest(count, unit)
    return Decimal(number), smallest


def parse_number(token: str, decimal: str, group: str, *, money: bool = False) -> Decimal:
    """Return the number that a token of digits and separators means in a locale with these symbols.

    Where both "." and "," stand, or one of them twice, the token explains itself. Otherwise a separator before
    exactly three digits is read as the locale has it; in an amount of money it groups, for no common currency has
    three decimals in everyday prices.
    """
    token = token.replace("٫", ".").replace("٬", "") if "٫" in token or "٬" in token else token
    token = token.replace(" ", "").replace("'", "")
    point, comma = token.rfind("."), token.rfind(",")
    if point >= 0 and comma >= 0:
        small, big = (".", ",") if point > comma else (",", ".")
        return Decimal(token.replace(big, "").replace(small, "."))
    mark = "." if point >= 0 else "," if comma >= 0 else ""
    if not mark:
        return Decimal(token)
    if token.count(mark) > 1:
        return Decimal(token.replace(mark, ""))
    three = len(token) - token.rfind(mark) == 4 and not token.startswith("0")
    if three and (money or mark == group) and not (mark == decimal and not money):
        return Decimal(token.replace(mark, ""))
    return Decimal(token.replace(mark, "."))
