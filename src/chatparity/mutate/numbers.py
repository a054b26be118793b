"""Numbers as they stand in a text: found, read and rewritten in the text's own digits and separators.

A reading of its own, and a simple one: what plants a fault must not see with the eyes of what looks for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

GROUPS = " \u00a0\u202f'’.,٬"
_NUMBER = re.compile(rf"\d{{1,3}}(?:[{GROUPS}]\d{{3}})+(?:[.,٫]\d{{1,2}})?(?!\d)|\d+(?:[.,٫]\d{{1,2}})?(?!\d)")
_JOINED_BEFORE = re.compile(r"[A-Za-z_/:#•*–]$|\d[.,]$|(?:^|[\sA-Za-z\d])-$")
_JOINED_AFTER = re.compile(r"[:/]|[-–.]\d")


@dataclass(frozen=True)
class Number:
    """A number at characters [start, end) of a text: as written, and its value."""

    start: int
    end: int
    text: str
    value: Decimal

    @property
    def decimals(self) -> int:
        """Return how many decimals are written."""
        exponent = self.value.as_tuple().exponent
        return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def numbers_in(text: str) -> Iterator[Number]:
    """Yield the numbers of a text that stand alone: no part of an id, a time, a range or a date in digits."""
    for match in _NUMBER.finditer(text):
        if _JOINED_BEFORE.search(text, max(match.start() - 2, 0), match.start()):
            continue
        if _JOINED_AFTER.match(text, match.end()):
            continue
        value = read_number(match[0])
        if value is not None:
            yield Number(match.start(), match.end(), match[0], value)


def read_number(text: str) -> Decimal | None:
    """Return the value of a number as written: the last separator is a decimal one where one or two digits follow it.

    None where it cannot be read.
    """
    plain = "".join(str(int(one)) if one.isdecimal() else one for one in text)
    match = re.fullmatch(rf"([\d{GROUPS}]*?)(?:[.,٫](\d{{1,2}}))?", plain)
    if match is None:
        return None
    whole = re.sub(r"\D", "", match[1])
    try:
        return Decimal(f"{whole or 0}.{match[2]}" if match[2] else whole)
    except InvalidOperation:
        return None


def in_digits_of(text: str, model: str) -> str:
    """Return a text of Western digits in the digits that `model` is written with."""
    first = next((one for one in model if one.isdecimal()), "0")
    zero = ord(first) - int(first)
    return "".join(chr(zero + int(one)) if one.isdecimal() else one for one in text)


def rewritten(number: Number, value: Decimal, point: str = ".") -> str:
    """Return `value` written as `number` is: its digits, its separators, its decimals where it has any.

    `point` separates decimals that the value has and the number as written has not.
    """
    mark = next((one for one in reversed(number.text) if not one.isdecimal()), point) if number.decimals else point
    decimals = number.decimals or (2 if value != value.to_integral_value() else 0)
    whole, _, rest = f"{value:.{decimals}f}".partition(".")
    head = number.text[: -number.decimals - 1] if number.decimals else number.text
    group = next((one for one in head if not one.isdecimal()), "")
    if group and len(whole) > 3:
        whole = group.join(f"{int(whole):,}".split(","))
    return in_digits_of(whole + (mark + rest if rest else ""), number.text)
