"""A text that is read expression by expression: what one has taken the next does not see."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from chatparity.checks.expressions import BEFORE_NUMBER
from chatparity.checks.text import fold
from chatparity.checks.values import Kind, Normal, Value

_TAKEN = "\x00"
_DIGITS = re.compile(r"\d+")
# A full-width comma joins full-width digits at most; between others it parts a list.
_PARTING = re.compile(r"(?<![０-９])，|，(?![０-９]{3}(?![０-９]))")


class Meaning(NamedTuple):
    """What a stretch of text means, before its place is known; the fields are those of a Value."""

    kind: Kind
    normal: Normal
    unit: str = ""
    said: str = ""
    relative: bool = False
    worded: bool = False
    other: dt.date | None = None


Read = Callable[[re.Match[str]], Iterable[Meaning] | None]


class Scan:
    """One text on its way through the expressions."""

    def __init__(self, text: str) -> None:
        self.original = text
        self._text = _PARTING.sub(";", text) if "，" in text else text
        self.form = fold(self._text, case=True)
        self.left = self.form.text
        self.found: list[Value] = []
        self._numbers: list[int] = []
        self._free: list[int] = []

    def fold_case(self) -> None:
        """Go on with the text in one case, without what has been taken, and note where numbers begin."""
        taken = (
            [self.form.span(*match.span()) for match in re.finditer(_TAKEN + "+", self.left)]
            if _TAKEN in self.left
            else []
        )
        blanked = self._text
        for start, end in taken:
            blanked = blanked[:start] + _TAKEN * (end - start) + blanked[end:]
        self.form = fold(blanked)
        self.left = self.form.text
        self._numbers = [match.start() for match in _DIGITS.finditer(self.left)]
        self._free = [place for place in self._numbers if self._begins(place)]

    def _begins(self, place: int) -> bool:
        """Say whether a number begins at a digit: it goes on no word and no number."""
        before = self.left[place - 1 : place]
        if not before:
            return True
        if before in ".,'٬٫":
            return not self.left[place - 2 : place - 1].isdigit()
        return BEFORE_NUMBER.match(before) is None

    def take(self, pattern: re.Pattern[str] | None, read: Read) -> None:
        """Add what `read` makes of each match and blank the match out; None from `read` leaves it to others."""
        if pattern is not None:
            for match in list(pattern.finditer(self.left)):
                self._add(match, read)

    def take_at_numbers(self, pattern: re.Pattern[str] | None, read: Read) -> None:
        """Do the same where the expression begins with a number."""
        if pattern is None:
            return
        for place in self._open(self._free):
            match = pattern.match(self.left, place)
            if match:
                self._add(match, read)

    def take_before_numbers(self, pattern: re.Pattern[str] | None, read: Read, back: int = 24) -> None:
        """Do the same where the expression begins up to `back` characters before a number."""
        if pattern is None:
            return
        for place in self._open(self._numbers):
            match = pattern.search(self.left, max(0, place - back), place + 48)
            if match and match.start() <= place < match.end():
                self._add(match, read)

    def _open(self, places: Iterable[int]) -> Iterator[int]:
        """Return those of the places that nothing has taken yet."""
        for place in places:
            if self.left[place] != _TAKEN:
                yield place

    def _add(self, match: re.Match[str], read: Read) -> None:
        begin, close = match.span()
        if _TAKEN in self.left[begin:close]:
            return
        meanings = read(match)
        if meanings is None:
            return
        start, end = self.form.span(begin, close)
        said = self.original[start:end]
        for one in meanings:
            self.found.append(Value(one.kind, one.normal, said, start, end, *one[2:]))
        self.left = self.left[:begin] + _TAKEN * (close - begin) + self.left[close:]

    def cased(self, match: re.Match[str], group: str) -> str:
        """Return a group of a match as it stands in the original."""
        start, end = self.form.span(*match.span(group))
        return self.original[start:end]
