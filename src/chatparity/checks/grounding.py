"""Is what a reply states supported: each value, each claimed action, each promise, against what it may rest on."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import combinations, pairwise
from typing import Literal

from chatparity.checks.calls import calls_in, calls_of, families_of, succeeded
from chatparity.checks.facts import find_values
from chatparity.checks.groundedness import groundedness
from chatparity.checks.identify import identify, same_language
from chatparity.checks.language import written_in
from chatparity.checks.lexicon import lexicon, shared
from chatparity.checks.locales import base
from chatparity.checks.memory import by_identity
from chatparity.checks.sources import Sources, add, sources_of, today, valid_passages
from chatparity.checks.statements import Statement, claimed_actions, promises
from chatparity.checks.text import fold, phrase_pattern
from chatparity.checks.values import CHECKABLE, Value
from chatparity.checks.wording import forms, wording
from chatparity.exchange import Evidence, Exchange
from chatparity.transcript import Knowledge

# So many letters of the longest passage tell its language.
_READ = 400
_OFTEN, _NEAR = 3, 3
# Less money than this is what does not divide, and no claim.
_LEAST = Decimal("0.05")
# So many months in words are a life's, not a contract's.
_LONG = 120
# These end a number of days as well as a day of the month.
_DAY_OF_MONTH = "日일号號"
# "kr" is the money of four countries; which one is meant the currency of the order tells.
_CROWNS = frozenset({"DKK", "NOK", "SEK", "ISK", ""})
_WORD = re.compile(r"[^\W\d_]+")
_CROWN = re.compile(r"(?i)\bkr\b")
Standing = Literal["supported", "unsupported", "contradicted", "claimed_action"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One checkable statement of a reply, how it stands, and why."""

    standing: Standing
    reason: str
    text: str
    start: int
    end: int

    @property
    def evidence(self) -> Evidence:
        """Return the statement as a span of the reply."""
        return Evidence(text=self.text, start=self.start, end=self.end)


def findings(exchange: Exchange) -> list[Finding]:
    """Return every checkable statement of the reply with its standing, first to last."""
    point, text = exchange.point, exchange.reply.text
    language = written_in(text, point.language)
    said = find_values(text, language, point.market, today(point))
    values = [value for value in said if _checkable(value, said)]
    claims, promised = claimed_actions(text, language), promises(text, language)
    if not (values or claims or promised):
        return []
    sources = sources_of(exchange)
    spelled = _spelled(text, language) if any(value.kind == "amount" for value in values) else set()
    found = [_value_finding(value, said, sources, today(point), spelled) for value in values]
    found += [_claim_finding(claim, exchange, sources) for claim in claims]
    found += [_promise_finding(promise, sources) for promise in promised]
    return sorted(found, key=lambda finding: finding.start)


def free_text(exchange: Exchange) -> float | None:
    """Return how far the words of a reply rest on the valid knowledge, from 0 to 1.

    None where there is none, or where it is in another language than the reply, so that words cannot be compared.
    """
    point, text = exchange.point, exchange.reply.text
    passages = valid_passages(point)
    if not passages:
        return None
    known, told = _known(passages)
    language = written_in(text, point.language)
    return groundedness(text, known, language) if told is not None and same_language(told, language) else None


@by_identity(64)
def _known(passages: Sequence[Knowledge]) -> tuple[tuple[str, ...], str | None]:
    """Return the texts of passages and the language of the longest."""
    texts = tuple(one.text for one in passages)
    return texts, identify(max(texts, key=len)[:_READ]).code


def _checkable(value: Value, beside: Sequence[Value]) -> bool:
    """Say whether a value states something that can be checked: not "100 %", "tomorrow" or "a minute or two".

    Of plain numbers only "so many times" can, from three on (what happened twice is seldom stated as a number) and
    without an amount after it ("4 times 64.00").
    """
    if value.unit == "times" and isinstance(value.normal, Decimal):
        multiplies = any(one.kind == "amount" and 0 <= one.start - value.end <= _NEAR for one in beside)
        return value.normal >= _OFTEN and not multiplies
    if value.kind not in CHECKABLE or value.relative:
        return False
    if value.kind == "amount" and isinstance(value.normal, Decimal):
        return value.normal >= _LEAST
    if value.kind == "percent":
        return value.normal != 100
    if value.kind == "duration" and isinstance(value.normal, Decimal):
        small_talk = value.said == "year" and value.normal >= _LONG
        return not (value.worded and (small_talk or (value.unit == "minute" and value.normal <= 1440)))
    return True


def _value_finding(
    value: Value, beside: Sequence[Value], sources: Sources, on: dt.date | None, spelled: Set[Decimal]
) -> Finding:
    """Judge one value against the sources, and against what follows from the values and numbers beside it."""
    place = (value.text, value.start, value.end)
    follows = (
        _between(value, beside, sources, on)
        or _counted(value, beside, sources, on)
        or _reckoned(value, beside, sources, spelled)
    )
    if follows or _supported(value, sources):
        if not follows and _slipped(value, beside, sources, on):
            return Finding("contradicted", f'"{value.text}" is a day off a date that is stated', *place)
        return Finding("supported", "", *place)
    if value.key in sources.refuted:
        passage = sources.refuted[value.key]
        return Finding("contradicted", f'"{value.text}" stands only in {passage}, which is not valid here', *place)
    if value.kind == "amount" and any(kind == "amount" and normal == value.normal for kind, normal, _ in sources.keys):
        return Finding("contradicted", f'"{value.text}": the amount is right, its currency is not', *place)
    return Finding("unsupported", f'"{value.text}" is in no knowledge, record, tool result or earlier turn', *place)


def _supported(value: Value, sources: Sources) -> bool:
    """Say whether a value is stated in the sources or follows from them."""
    if value.kind in ("id", "email"):
        return str(value.normal).upper() in sources.ids or str(value.normal) in sources.ids
    if any(key in sources.keys or key in sources.derived for key in value.keys):
        return True
    if value.unit == "times":
        return _so_often(value, sources)
    if value.kind == "amount":
        if _CROWN.search(value.text) and any(("amount", value.normal, unit) in sources.keys for unit in _CROWNS):
            return True
        bare = ("amount", value.normal, "")
        if bare in sources.keys or bare in sources.derived:
            # An amount without a currency supports any, unless the same amount has one elsewhere.
            return not any(k == "amount" and normal == value.normal and unit for k, normal, unit in sources.keys)
        return value.worded and _rounded(value, sources)
    if value.kind == "duration" and value.said == "day" and isinstance(value.normal, Decimal):
        days = value.normal / 1440
        if value.text[-1] in _DAY_OF_MONTH and any(one.day == days for one in _days(sources)):
            return True
        # "5 days" for five business days: loose, but whether it matters is beyond a rule.
        return ("duration", days, "business_day") in sources.keys
    return False


def _so_often(value: Value, sources: Sources) -> bool:
    """Say whether a number of times is stated: as one, as a count of a record, or as any number in the conversation.

    A number of instalments or an amount is none, however often it stands in the knowledge.
    """
    if ("number", value.normal, "times") in sources.keys:
        return True
    if any(kind == "number" and normal == value.normal for kind, normal, _ in sources.told):
        return True
    if any(value.normal in _spelled(text, language) for text in sources.said for language in sources.languages):
        return True
    return any(value.normal in _times_in(text, language) for text in sources.known for language in sources.languages)


def _rounded(value: Value, sources: Sources) -> bool:
    """Say whether a stated amount comes to an amount in words when its cents are rounded: "fifty" for 49.90."""
    amounts = (normal for kind, normal, unit in sources.keys if kind == "amount" and unit in (value.unit, ""))
    return any(isinstance(one, Decimal) and abs(one - Decimal(str(value.normal))) < 1 for one in amounts)


def _between(value: Value, beside: Sequence[Value], sources: Sources, on: dt.date | None) -> bool:
    """Say whether a duration lies between two supported dates of the reply, one of them and today, or two times.

    A stated date counts as one of the reply's where its day of the month is there: "nine days, until the 20th".
    """
    if value.kind != "duration" or value.unit != "minute":
        return False
    dates = {on} | {one.normal for one in beside if one.kind == "date" and _supported(one, sources)}
    numbers = {one.normal for one in beside if one.kind == "number"}
    dates |= {day for day in _days(sources) if Decimal(day.day) in numbers}
    days = [date.toordinal() * 1440 for date in dates if isinstance(date, dt.date)]
    times = [int(str(one.normal)[:2]) * 60 + int(str(one.normal)[3:]) for one in beside if one.kind == "time"]
    return any(abs(one - other) == value.normal for known in (days, times) for one, other in combinations(known, 2))


def _slipped(value: Value, beside: Sequence[Value], sources: Sources, on: dt.date | None) -> bool:
    """Say whether a date that only follows is a day beside one that is stated and that the reply does not say.

    What a passage leads to is many days; a day off a stated one is rather a slip than one of them.
    """
    if value.kind != "date" or not isinstance(value.normal, dt.date) or any(key in sources.keys for key in value.keys):
        return False
    said = {key[1] for one in beside for key in one.keys}
    near = (value.normal + dt.timedelta(days=step) for step in (-1, 1))
    return any(("date", day, "") in sources.keys and day not in said and day != on for day in near)


def _counted(value: Value, beside: Sequence[Value], sources: Sources, on: dt.date | None) -> bool:
    """Say whether a date is a duration that the reply says as well after today or, where it is supported, a stated day.

    "In 5 business days, by 27 March"; "14 days after the due date, that is 29 January".
    """
    if value.kind != "date" or on is None:
        return False
    lasting = [one for one in beside if one.kind == "duration"]
    if any(add(on, one) == value.normal for one in lasting):
        return True
    return any(add(day, one) == value.normal for one in lasting if _supported(one, sources) for day in _days(sources))


def _days(sources: Sources) -> list[dt.date]:
    """Return the days that are stated, first to last."""
    return sorted({day for _, day, _ in sources.keys if isinstance(day, dt.date)})


def _reckoned(value: Value, beside: Sequence[Value], sources: Sources, spelled: Set[Decimal]) -> bool:
    """Say whether an amount is the sum of two to four supported amounts of the reply, the difference of two, or a part.

    A part is what is paid so many times, where the number stands in the reply ("4 payments of 24.00", "four") and they
    make up a supported amount but for the cents that do not divide.
    """
    if value.kind != "amount" or not isinstance(value.normal, Decimal):
        return False
    times = {one.normal for one in beside if one.kind == "number" and isinstance(one.normal, Decimal)} | spelled
    wholes = {normal for kind, normal, unit in sources.keys if kind == "amount" and unit in (value.unit, "")}
    if any(_makes_up(value.normal, number, whole) for number in times for whole in wholes):
        return True
    known = {
        one.normal
        for one in beside
        if one.kind == "amount"
        and one.unit == value.unit
        and isinstance(one.normal, Decimal)
        and _supported(one, sources)
    }
    terms = sorted(known)[:8]
    pairs = combinations(terms, 2)
    sums = (sum(some) for number in (2, 3, 4) for some in combinations(terms, number))
    return any(big - small == value.normal for small, big in pairs) or any(total == value.normal for total in sums)


def _spelled(text: str, language: str) -> set[Decimal]:
    """Return the numbers that a text has in words."""
    told, counts = fold(text).text, _counts(base(language))
    if lexicon(language).unspaced:
        return {Decimal(count) for word, count in counts.items() if word in told}
    return {Decimal(counts[word]) for word in _WORD.findall(told) if word in counts}


@lru_cache(maxsize=4096)
def _times_in(text: str, language: str) -> frozenset[Decimal]:
    """Return the numbers of times that a passage has in words: "three times"."""
    counts, times = _counts(base(language)), forms(wording(language).times)
    words = _WORD.findall(fold(text).text)
    return frozenset(Decimal(counts[one]) for one, other in pairwise(words) if one in counts and other in times)


@lru_cache(maxsize=64)
def _counts(language: str) -> dict[str, int]:
    return wording(language).counts()


def _makes_up(part: Decimal, number: Decimal, whole: object) -> bool:
    """Say whether a part paid 2 to 12 times is a whole, to less than a cent each.

    Where it does not divide, the last payment may be told apart: "three of 62.30 and a last one that is a cent more".
    """
    if not isinstance(whole, Decimal) or not 2 <= number <= 12 or number % 1:
        return False
    return abs(part * number - whole) < number / 100 or 0 < abs(part * (number + 1) - whole) < (number + 1) / 100


def _claim_finding(claim: Statement, exchange: Exchange, sources: Sources) -> Finding:
    """Judge a claimed action: a successful call of its family, or for an impersonal claim a record of it."""
    place = (claim.text, claim.start, claim.end)
    earlier = [reply for _, reply in exchange.earlier]
    calls = succeeded([*calls_in(exchange.history), *calls_of([*earlier, exchange.reply])])
    done = set().union(*(families_of(call.name) for call in calls)) if calls else set()
    if exchange.reply.handover or any(reply.handover for reply in earlier):
        done.add("handover")
    if done & set(claim.families):
        return Finding("supported", "", *place)
    records = {word for family in claim.families for word in shared().action[family].records}
    # A result may show it too: cancelling an order registers its refund.
    shown = {word for word in sources.shown if word in records}
    if shown and (not claim.personal or calls):
        return Finding("supported", "", *place)
    needed = " or ".join(claim.families)
    return Finding("claimed_action", f'"{claim.text}" is claimed, but no {needed} call succeeded', *place)


def _promise_finding(promise: Statement, sources: Sources) -> Finding:
    """Judge a promise: some word of its family must stand in the knowledge, the records or a result."""
    place = (promise.text, promise.start, promise.end)
    words = [word for family in promise.families for word in shared().promise[family].words]
    if any(phrase_pattern(word).search(text) for word in words for text in sources.words):
        return Finding("supported", "", *place)
    family = promise.families[0]
    return Finding(
        "unsupported", f'"{promise.text}" promises {family}, which no valid knowledge or record does', *place
    )
