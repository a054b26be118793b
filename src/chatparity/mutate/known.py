"""What a conversation knows: every value of its labels, records, knowledge and tool results, and every id."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from chatparity.mutate.numbers import numbers_in, read_number
from chatparity.transcript import Transcript

# Keys under which tool data hold money, in English as tool data are.
_MONEY_KEY = re.compile(r"amount|total|price|fee|cost|balance|minimum|waived|limit|refund|paid$", re.IGNORECASE)
_ORDER_KEY = re.compile(r"orders?(\.id|_id)?$", re.IGNORECASE)
_NO_ID_KEY = re.compile(r"post|zip|phone|street|city", re.IGNORECASE)
_MONEY = re.compile(r"\d+(?:\.\d{1,2})?")
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?")
_ID = re.compile(r"(?=(?:.*\d){3})[A-Za-z#]{0,6}[-_]?[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*")


@dataclass
class Known:
    """The values a conversation can rest on.

    `orders` are those of the `ids` that number an order; `stated` are the numbers in texts, labels and passages.
    """

    money: set[Decimal] = field(default_factory=set)
    dates: set[dt.date] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    orders: set[str] = field(default_factory=set)
    stated: set[Decimal] = field(default_factory=set)

    @property
    def numbers(self) -> set[Decimal]:
        """Return every number that is known in any way: a wrong value must be none of them."""
        return self.money | self.stated


def known_in(transcript: Transcript) -> Known:
    """Return what a conversation knows, whatever the turn at which it came to be known."""
    found = Known()
    for key, value in _leaves(transcript.records, ""):
        _take(found, key, value)
    for turn in transcript.turns:
        for call in turn.tool_calls:
            for key, value in (*_leaves(call.arguments, ""), *_leaves(call.result, "")):
                _take(found, key, value)
        _read(found, turn.text)
    for passage in transcript.knowledge:
        _read(found, passage.text)
    labels = transcript.labels
    for fact in labels.facts or ():
        for form in fact.accept:
            _read(found, form)
    if transcript.started_at:
        found.dates.add(transcript.started_at.date())
    return found


def _leaves(value: Any, key: str) -> Iterator[tuple[str, Any]]:
    """Yield each value of nested data with the keys it stands under, joined by points."""
    if isinstance(value, dict):
        for name, inside in value.items():
            yield from _leaves(inside, f"{key}.{name}")
    elif isinstance(value, list | tuple):
        for inside in value:
            yield from _leaves(inside, key)
    elif value is not None:
        yield key, value


def _take(found: Known, key: str, value: Any) -> None:
    """Sort one value of records or of a tool into what it is."""
    if isinstance(value, bool):
        return
    text = str(value).strip()
    date = _DATE.fullmatch(text)
    if date:
        try:
            found.dates.add(dt.date.fromisoformat(date[1]))
        except ValueError:
            found.ids.add(text)
    elif _MONEY.fullmatch(text):
        number = read_number(text)
        if number is not None:
            found.stated.add(number)
            if _MONEY_KEY.search(key) or (isinstance(value, str) and "." in text):
                found.money.add(number)
    elif _ID.fullmatch(text) and not text.isalpha() and not _NO_ID_KEY.search(key):
        found.ids.add(text)
        if _ORDER_KEY.search(key):
            found.orders.add(text)
    elif isinstance(value, str):
        _read(found, text)


def _read(found: Known, text: str) -> None:
    """Add the numbers that stand in a text."""
    found.stated |= {number.value for number in numbers_in(text)}
