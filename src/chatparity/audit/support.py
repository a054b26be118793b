"""Whether required facts are borne out: each value in an accepted form must follow from records, tools or policy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

import msgspec

from chatparity.audit.digits import western
from chatparity.audit.grounds import Fault
from chatparity.checks.facts import find_values
from chatparity.checks.sources import Facts, Key, dates_after, facts_of, is_valid
from chatparity.checks.values import Value
from chatparity.exchange import Point
from chatparity.transcript import AGENTS, Knowledge, ToolCall

KINDS = ("date", "amount", "duration", "percent")
_DIGITS = re.compile(r"\d+(?:[.,'’٬٫  ]\d+)*")
_MONEY = re.compile(r"\"(\d+\.\d\d)\"")


def unsupported(point: Point, calls: Sequence[ToolCall]) -> Iterator[Fault]:
    """Yield a fault for each accepted form of a fact due at a point whose value nothing bears out.

    `calls` are those of this answer, and what a right agent calls in this conversation: an answer may tell beforehand
    what a call will do. Amounts may be sums of the records' amounts; dates may be what the policy's days lead to from
    a date of the records that the passage speaks of, and no day beside it: whoever means the last day before a fee
    writes "before" and the fee's date, since a label that is a day off looks the same. What agents said does not
    count: it may be wrong. A number in words is not judged, nor is a transcript that has neither records nor knowledge.
    """
    if not point.records and not point.knowledge:
        return
    ground = _Ground(point, calls)
    for place, fact in enumerate(point.labels.facts or ()):
        if fact.due_by_turn != point.turn and not (fact.due_by_turn is None and point.last):
            continue
        for number, form in enumerate(fact.accept):
            wrong = ground.unborne(form)
            if wrong:
                where = f"labels.facts[{place}].accept[{number}]"
                message = (
                    f'"{form}" ({fact.id}): {wrong} follows neither from the records and tools nor from the policy'
                )
                yield Fault(where, f"expected a value that holds here, got {message}")


class _Ground:
    """What bears out a fact at one point; the dear parts are worked out only when they are asked for."""

    def __init__(self, point: Point, calls: Sequence[ToolCall]) -> None:
        self._point = point
        self._on = point.started_at.date() if point.started_at else None
        self._knowledge = [one for one in point.knowledge if is_valid(one, point.market, self._on)]
        turns = [call for turn in point.history if turn.speaker in AGENTS for call in turn.tool_calls]
        documents = [point.records, *({"arguments": one.arguments, "result": one.result} for one in (*turns, *calls))]
        encoded = [msgspec.json.encode(one) for one in documents]
        self._structured = [facts_of(one, point.market, self._on) for one in encoded]
        self._plain = " ".join(one.decode() for one in encoded)
        self._customer = " ".join(turn.text for turn in point.history if turn.speaker == "customer")
        self._keys: set[Key] = {key for facts in self._structured for key in (*facts.keys, *facts.sums)}
        if self._on is not None:
            self._keys.add(("date", self._on, ""))
        self._keys |= {("date", day, "") for one in self._knowledge for day in (one.valid_from, one.valid_to) if day}
        self._keys |= set(_sums(self._plain, self._structured))
        self._dates: set[Key] | None = None
        self._numbers: set[Decimal] | None = None

    def unborne(self, form: str) -> str:
        """Return the value of a form that nothing bears out, in words, or nothing."""
        rest = form
        for value in reversed(find_values(form, self._point.language, self._point.market, self._on)):
            if value.kind in KINDS and not value.worded and not self._bears(value):
                return f"the {value.kind} {value.normal} {value.unit}".rstrip()
            if value.kind != "number":
                rest = rest[: value.start] + " " + rest[value.end :]
        for digits in _DIGITS.findall(western(rest)):
            if not self._has_number(digits):
                return f"the number {digits}"
        return ""

    def _bears(self, value: Value) -> bool:
        if value.other is not None and self._bears(replace(value, normal=value.other, other=None)):
            return True
        if value.key in self._keys:
            return True
        if value.kind == "amount" and any(kind == "amount" and n == value.normal for kind, n, _ in self._keys):
            return True
        languages = dict.fromkeys(("en", self._point.language))
        said = [_values(one, language, self._point) for one in self._knowledge for language in languages]
        if any(key in values for values in said for key in (value.key, *_as_business_days(value))):
            return True
        if value.kind in ("date", "duration") and value.key in self._said_by_customer():
            return True
        return value.kind == "date" and value.key in self._after()

    def _after(self) -> set[Key]:
        """Return the dates that the policy leads to."""
        if self._dates is None:
            self._dates = set()
            if self._on is not None:
                self._dates |= set(dates_after(self._knowledge, self._structured, "en", self._point.market, self._on))
        return self._dates

    def _said_by_customer(self) -> set[Key]:
        point = self._point
        return {value.key for value in find_values(self._customer, point.language, point.market, self._on)}

    def _has_number(self, digits: str) -> bool:
        """Say whether a number stands somewhere: as a whole, or (a date, a time) each of its parts."""
        if self._numbers is None:
            texts = (self._plain, self._customer, *(one.text for one in self._knowledge))
            found = [one for text in texts for one in _DIGITS.findall(western(text))]
            self._numbers = {number for one in found for number in (*_readings(one), *_split(one))}
            self._numbers |= {Decimal(str(key[1])) for key in self._keys if key[0] == "amount"}
            days = [key[1] for key in self._after()] + ([self._on] if self._on else [])
            self._numbers |= {part for day in days for part in _split(str(day))}
        numbers = self._numbers
        return any(one in numbers for one in _readings(digits)) or all(one in numbers for one in _split(digits))


def _values(passage: Knowledge, language: str, point: Point) -> set[Key]:
    """Return the values of a passage; without a day, so that they are read once for all conversations."""
    return {value.key for value in find_values(passage.text, language, point.market)}


def _as_business_days(value: Value) -> tuple[Key, ...]:
    """Return the same number of business days: people say "two days" for two business days."""
    if value.kind != "duration" or value.unit != "minute" or not isinstance(value.normal, Decimal):
        return ()
    days, rest = divmod(value.normal, 1440)
    return (("duration", days, "business_day"),) if not rest else ()


def _readings(digits: str) -> list[Decimal]:
    """Return what a token of digits may mean as one number: all separators group, or the last is a point."""
    head, _, tail = re.sub(r"\D", ".", digits).rpartition(".")
    whole = Decimal(re.sub(r"\D", "", digits))
    return [whole, Decimal(f"{head.replace('.', '')}.{tail}")] if head else [whole]


def _split(digits: str) -> list[Decimal]:
    return [Decimal(one) for one in re.findall(r"\d+", digits)]


def _sums(plain: str, structured: Iterable[Facts]) -> Iterator[Key]:
    """Return sums and differences of two of the amounts that stand in the documents."""
    amounts = sorted({Decimal(one) for one in _MONEY.findall(plain)} - {Decimal(0)})[:40]
    units = {unit for facts in structured for kind, _, unit in facts.keys if kind == "amount" and unit}
    for place, small in enumerate(amounts):
        for big in amounts[place:]:
            for unit in units:
                yield ("amount", big + small, unit)
                yield ("amount", big - small, unit)
