"""What a reply may rest on: valid knowledge, records, results of tools, and what was said before, as values."""

from __future__ import annotations

import calendar
import contextlib
import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any

import msgspec

from chatparity.checks.calls import words_of
from chatparity.checks.facts import find_values
from chatparity.checks.lexicon import shared
from chatparity.checks.memory import by_identity
from chatparity.checks.text import fold
from chatparity.checks.values import Kind, Normal, Value, duration
from chatparity.exchange import Exchange, Point
from chatparity.transcript import Knowledge, ToolCall

Key = tuple[Kind, Normal, str]
# Whether a text says the same on any day is told by reading it without a day, and on this one.
_SOME_DAY = dt.date(2026, 3, 20)
_ZERO = re.compile(r"0+(?:\.0+)?")
_MONEY = re.compile(r"-?\d+(?:\.\d+)?")
_CENTS = re.compile(r"\d+\.\d\d")
_WITHOUT_CENTS = frozenset({"JPY", "KRW", "VND", "CLP", "ISK"})
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:T[\d:.+Z-]+)?$")
# A field of these names says which one it is, and neither how much nor how often.
_ORDINAL = frozenset({"number", "no", "index", "position", "id"})
_UNITS = {"minutes": "minute", "hours": "hour", "days": "day", "weeks": "week", "months": "month", "years": "year"}


@dataclass(frozen=True)
class Facts:
    """The values of one structured source.

    `amounts` are its amounts without currency, `sums` those over its lists, `dates` its dates by each word of the
    field (`delivered` of `delivered_on`), `words` its text (not folded), `shown` the fields that are neither empty nor
    zero, and the states named.
    """

    keys: frozenset[Key] = frozenset()
    amounts: frozenset[Decimal] = frozenset()
    sums: frozenset[Key] = frozenset()
    dates: tuple[tuple[str, dt.date], ...] = ()
    words: str = ""
    ids: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()


def today(point: Point) -> dt.date | None:
    """Return the conversation's date where it took place."""
    return point.started_at.date() if point.started_at else None


def is_valid(knowledge: Knowledge, market: str | None, on: dt.date | None) -> bool:
    """Say whether a passage holds in a market on a date; an unknown market or date excludes nothing."""
    if knowledge.market is not None and market is not None and knowledge.market != market:
        return False
    if on is None:
        return True
    return (knowledge.valid_from is None or knowledge.valid_from <= on) and (
        knowledge.valid_to is None or on <= knowledge.valid_to
    )


class Sources:
    """All that may support the reply of an exchange: what was there before it, and its own successful tool calls.

    What few replies need is worked out when it is first asked for.
    """

    def __init__(self, exchange: Exchange) -> None:
        point = self._point = exchange.point
        self._on, self._market = today(point), point.market
        self._valid = _valid(point.knowledge, self._market, self._on)
        before = [call for turn in point.history for call in turn.tool_calls]
        own = [call for _, reply in exchange.earlier for call in reply.tool_calls]
        self._structured = [_record_facts(point.records, self._market, self._on)]
        calls = (*before, *own, *exchange.reply.tool_calls)
        self._structured += [_call_facts(call, self._market, self._on) for call in calls]
        # Only what is begun in this very answer leads to a date by counting from today.
        self._acts = any(
            call.ok and words_of(call.name)[0] not in shared().read_verbs for call in exchange.reply.tool_calls
        )
        self.said = [turn.text for turn in point.history] + [reply.text for _, reply in exchange.earlier]

    @property
    def known(self) -> list[str]:
        """Return the texts of the valid passages of knowledge."""
        return [passage.text for passage in self._valid]

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages that what supports a reply may be in: the conversation's, and English."""
        return tuple(dict.fromkeys((self._point.language, "en")))

    @cached_property
    def keys(self) -> set[Key]:
        """Return the values that are stated: in valid knowledge, records, results and what was said before."""
        point, on = self._point, self._on
        found = set(_policy_keys(self._valid, point.language, self._market, on))
        for facts in self._structured:
            found |= facts.keys
        for text in self.said:
            for value in find_values(text, point.language, self._market, on):
                found.update(value.keys)
        if on is not None:
            found.add(("date", on, ""))
        return found

    @cached_property
    def derived(self) -> set[Key]:
        """Return the values that follow from the stated ones: sums, differences, dates that a passage leads to."""
        found = set(_pairs(self._structured))
        for facts in self._structured:
            found |= facts.sums
        if self._on is not None:
            place = (self._point.language, self._market, self._on)
            found |= set(dates_after(self._valid, self._structured, *place, from_today=self._acts))
        return found

    @cached_property
    def refuted(self) -> dict[Key, str]:
        """Return the values of knowledge that is not valid on this date or in this market, and which passage it is."""
        found: dict[Key, str] = {}
        for passage in self._point.knowledge:
            if not is_valid(passage, self._market, self._on):
                for key in passage_keys(passage.text, self._point.language, self._market, self._on):
                    found.setdefault(key, passage.id)
        return found

    @cached_property
    def ids(self) -> set[str]:
        """Return the ids and e-mail addresses that are stated, and short texts of records that may be ids."""
        found = {str(normal) for kind, normal, _ in self.keys if kind in ("id", "email")}
        return found.union(*(facts.ids for facts in self._structured))

    @cached_property
    def words(self) -> list[str]:
        """Return the text of the knowledge, records and results, for promises."""
        return [fold(one.text).text for one in self._valid] + [fold(facts.words).text for facts in self._structured]

    @cached_property
    def shown(self) -> set[str]:
        """Return the fields and states that the records and results show."""
        return set().union(*(facts.shown for facts in self._structured))


def sources_of(exchange: Exchange) -> Sources:
    """Gather what supports the reply of an exchange."""
    return Sources(exchange)


def valid_passages(point: Point) -> tuple[Knowledge, ...]:
    """Return the passages of the knowledge that hold at a point."""
    return _valid(point.knowledge, point.market, today(point))


@by_identity(64)
def _valid(knowledge: Sequence[Knowledge], market: str | None, on: dt.date | None) -> tuple[Knowledge, ...]:
    """Return the passages that hold in a market on a date."""
    return tuple(one for one in knowledge if is_valid(one, market, on))


@by_identity(64)
def _policy_keys(valid: Sequence[Knowledge], language: str, market: str | None, on: dt.date | None) -> frozenset[Key]:
    """Return the values of passages, and the days from and to which they hold."""
    found: set[Key] = set()
    for passage in valid:
        found |= passage_keys(passage.text, language, market, on)
        found |= {("date", day, "") for day in (passage.valid_from, passage.valid_to) if day is not None}
    return frozenset(found)


def passage_keys(text: str, language: str, market: str | None, on: dt.date | None) -> frozenset[Key]:
    """Return the values of a passage; most mean the same on any day and are read once."""
    found = _undated_keys(text, language, market)
    return _dated_keys(text, language, market, on) if found is None else found


@lru_cache(maxsize=8192)
def _undated_keys(text: str, language: str, market: str | None) -> frozenset[Key] | None:
    """Return the values of a passage; None where what it says depends on the day ("12 March", "tomorrow")."""
    found = _dated_keys(text, language, market, None)
    return found if found == _dated_keys(text, language, market, _SOME_DAY) else None


@lru_cache(maxsize=8192)
def _dated_keys(text: str, language: str, market: str | None, on: dt.date | None) -> frozenset[Key]:
    return frozenset(key for value in _both(text, language, market, on) for key in value.keys)


def _both(text: str, language: str, market: str | None, on: dt.date | None) -> Iterator[Value]:
    """Read a text in the conversation's language and in English, the language that knowledge is mostly kept in."""
    yield from find_values(text, language, market, on)
    if not language.startswith("en"):
        yield from find_values(text, "en", market, on)


@by_identity(64)
def _record_facts(records: Mapping[str, Any], market: str | None, on: dt.date | None) -> Facts:
    """Return the facts of the customer's records."""
    return facts_of(msgspec.json.encode(records), market, on)


@by_identity(512)
def _call_facts(call: ToolCall, market: str | None, on: dt.date | None) -> Facts:
    """Return the facts of a call: its result, and its arguments where it was not refused."""
    result = call.result
    if isinstance(result, str) and result[:1] in "{[":
        with contextlib.suppress(msgspec.DecodeError):
            result = msgspec.json.decode(result)
    shown = {"arguments": call.arguments, "result": result} if call.ok else {"result": result}
    return facts_of(msgspec.json.encode(shown), market, on)


@lru_cache(maxsize=4096)
def facts_of(source: bytes, market: str | None, on: dt.date | None) -> Facts:
    """Return the facts of a JSON document: a number is money in the nearest `currency`, or counts the unit it names."""
    reader = _Reader(market, on)
    reader.read(msgspec.json.decode(source), "", "")
    return Facts(
        keys=frozenset(reader.keys),
        amounts=frozenset(reader.amounts),
        sums=frozenset(reader.sums),
        dates=tuple(reader.dates),
        words=" ".join(reader.words),
        ids=frozenset(reader.ids),
        shown=frozenset(reader.shown),
    )


class _Reader:
    """Walks a JSON document and collects its facts."""

    def __init__(self, market: str | None, on: dt.date | None) -> None:
        self.market, self.on = market, on
        self.keys: set[Key] = set()
        self.amounts: set[Decimal] = set()
        self.sums: set[Key] = set()
        self.dates: list[tuple[str, dt.date]] = []
        self.words: list[str] = []
        self.ids: set[str] = set()
        self.shown: set[str] = set()

    def read(self, value: Any, name: str, currency: str) -> None:
        """Read one value that stands under `name`, in the currency of the nearest object that names one."""
        if value is False or (not value and not isinstance(value, (int, float))):
            return
        if name:
            self.words.append(name)
        if isinstance(value, dict):
            self._show(name)
            currency = str(value.get("currency") or currency)
            for key, inner in value.items():
                self.read(inner, key, currency)
        elif isinstance(value, list):
            self._show(name)
            self._add_sums(value, currency)
            for inner in value:
                self.read(inner, name, currency)
        elif value is True:
            self._show(name)
        else:
            self._leaf(str(value), name, currency)

    def _show(self, name: str) -> None:
        if name:
            self.shown.add(name)

    def _leaf(self, text: str, name: str, currency: str) -> None:
        self.words.append(text)
        if text[0].isdigit() or text[0] == "-":
            if not _ZERO.fullmatch(text):
                self._show(name)
            if _MONEY.fullmatch(text):
                self._number(Decimal(text), name, currency)
                return
        else:
            self._show(name)
        self.shown.add(text)
        if len(text) <= 40 and " " not in text:
            self.ids.add(text.upper())
        day = _day(text)
        if day is not None:
            self.keys.add(("date", day, ""))
            self.dates += [(word, day) for word in words_of(name)]
        elif " " in text or "@" in text:
            self.keys |= {value.key for value in find_values(text, "en", self.market, self.on)}

    def _number(self, number: Decimal, name: str, currency: str) -> None:
        measure, whole = _measure(name), number == number.to_integral_value()
        if measure == "percent":
            self.keys.add(("percent", number, ""))
        elif measure and whole:
            count, smallest = duration(int(number), measure)
            self.keys.add(("duration", count, smallest))
        elif not _ORDINAL.intersection(words_of(name)):
            size = abs(number)
            self.keys.add(("amount", size, currency))
            self.amounts.add(size)
            if number.as_tuple().exponent == 0:
                self.keys.add(("number", size, "times"))

    def _add_sums(self, items: Sequence[Any], currency: str) -> None:
        """Add sums over a list of objects (instalments): all, those of each status, those that are still open.

        Each is taken for every money field by itself and for all of them together (amount and late fee).
        """
        objects: list[Mapping[str, Any]] = [item for item in items if isinstance(item, dict)]
        if len(objects) < 2:
            return
        groups: dict[str, list[dict[str, Decimal]]] = {}
        for item in objects:
            money = {name: Decimal(str(value)) for name, value in item.items() if _is_money(value, currency)}
            status = str(item.get("status", ""))
            groups.setdefault("all", []).append(money)
            groups.setdefault(f"status {status}", []).append(money)
            if status and status not in shared().closed_states:
                groups.setdefault("open", []).append(money)
        for group in groups.values():
            columns: dict[str, Decimal] = {}
            for money in group:
                for name, amount in money.items():
                    columns[name] = columns.get(name, Decimal(0)) + amount
            for total in (*columns.values(), sum(columns.values(), Decimal(0))):
                self.sums.add(("amount", total, currency))


@lru_cache(maxsize=4096)
def _measure(name: str) -> str:
    """Return what the number of a field of this name measures: "percent", a unit of time, or nothing that it names."""
    words = words_of(name)
    if "percent" in words or "rate" in words:
        return "percent"
    unit = next((_UNITS[word] for word in words if word in _UNITS), "")
    return "business_day" if unit == "day" and {"business", "banking", "working"} & set(words) else unit


def _is_money(value: Any, currency: str) -> bool:
    """Say whether a field holds money as records write it: two decimals, none where the currency has no cents."""
    if currency in _WITHOUT_CENTS:
        return isinstance(value, str) and re.fullmatch(r"\d+", value) is not None
    return isinstance(value, (str, float)) and _CENTS.fullmatch(str(value)) is not None


def _day(text: str) -> dt.date | None:
    """Return the day of a text that is an ISO date or time."""
    if not text[0].isdigit() or not _ISO.match(text):
        return None
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        return None


def _pairs(structured: Iterable[Facts]) -> Iterator[Key]:
    """Return sums of two amounts of one source, in any of the currencies it knows.

    Also twice an amount, for two equal instalments. Only amounts of one document are combined, and of no more than 24,
    so that few wrong amounts come out right.
    """
    for facts in structured:
        currencies = {unit for kind, _, unit in facts.keys if kind == "amount"}
        ordered = sorted(amount for amount in facts.amounts if amount)[:24]
        for index, small in enumerate(ordered):
            for unit in currencies:
                yield ("amount", small * 2, unit)
            for big in ordered[index + 1 :]:
                for unit in currencies:
                    yield ("amount", big + small, unit)


def dates_after(
    valid: Iterable[Knowledge],
    structured: Sequence[Facts],
    language: str,
    market: str | None,
    on: dt.date,
    *,
    from_today: bool = True,
) -> Iterator[Key]:
    """Return the dates that a passage of the knowledge leads to: "28 days after delivery" from `delivered_on`.

    Durations count from the dates of the records that the same passage speaks of, and `from_today`. What a passage on
    pauses leads to is a due date: the days of grace count from there too.
    """
    dates = [one for facts in structured for one in facts.dates]
    passages = [(_events_of(one.text), lasting) for one in valid if (lasting := _lasting(one.text, language, market))]
    # What is reported is reported in the conversation, whoever calls the tool.
    begun: dict[bool, set[dt.date]] = {True: {on}, False: {on} if from_today else set()}
    paused: set[dt.date] = set()
    for events, lasting in passages:
        if "reported" in events:
            paused |= set(_ends(_starts(events, dates) | {on}, lasting))
    for events, lasting in passages:
        starts = _starts(events, dates) | begun["reported" in events]
        if "due" in events:
            starts |= paused
        for after in _ends(starts, lasting):
            yield ("date", after, "")


@lru_cache(maxsize=8192)
def _lasting(text: str, language: str, market: str | None) -> frozenset[Value]:
    """Return the durations of a passage, which are the same on any day."""
    return frozenset(value for value in _both(text, language, market, None) if value.kind == "duration")


@lru_cache(maxsize=8192)
def _events_of(text: str) -> frozenset[str]:
    """Return the events of the records that a passage speaks of."""
    low = text.lower()
    return frozenset(event for event, words in shared().events.items() if any(word in low for word in words))


def _starts(events: frozenset[str], dates: Iterable[tuple[str, dt.date]]) -> set[dt.date]:
    """Return the days of the records from which the durations of a passage on these events may count."""
    return {date for name, date in dates if name in events}


def _ends(starts: Iterable[dt.date], lasting: Iterable[Value]) -> Iterator[dt.date]:
    """Return the days that are a duration after one of the days."""
    for value in lasting:
        for start in starts:
            after = add(start, value)
            if after is not None:
                yield after


def add(start: dt.date, lasting: Value) -> dt.date | None:
    """Return the date a duration after another; business days are Monday to Friday, and the first is the day after."""
    assert isinstance(lasting.normal, Decimal)
    count = int(lasting.normal)
    if lasting.unit == "minute" and count % 1440 == 0:
        return start + dt.timedelta(days=count // 1440)
    if lasting.unit == "business_day" and count <= 366:
        date = start
        while count:
            date += dt.timedelta(days=1)
            count -= date.weekday() < 5
        return date
    if lasting.unit == "month" and count <= 1200:
        year, month = divmod(start.year * 12 + start.month - 1 + count, 12)
        return dt.date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))
    return None
