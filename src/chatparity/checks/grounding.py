"""Is what a reply states supported: each value, each claimed action, each promise, against what it may rest on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from chatparity.checks.calls import calls_in, calls_of, families_of, succeeded
from chatparity.checks.facts import find_values
from chatparity.checks.groundedness import groundedness
from chatparity.checks.identify import identify, same_language
from chatparity.checks.language import written_in
from chatparity.checks.lexicon import shared
from chatparity.checks.memory import by_identity
from chatparity.checks.sources import Sources, sources_of, today, valid_passages
from chatparity.checks.statements import Statement, claimed_actions, promises
from chatparity.checks.support import follows, slipped, spelled_numbers, supported
from chatparity.checks.text import phrase_pattern
from chatparity.checks.values import CHECKABLE, Value
from chatparity.exchange import Evidence, Exchange
from chatparity.transcript import Knowledge

# So many letters of the longest passage tell its language.
_READ = 400
_OFTEN, _NEAR = 3, 3
# So many months in words are a life's, not a contract's.
_LONG = 480
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
    spelled = spelled_numbers(text, language) if any(value.kind == "amount" for value in values) else set()
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
    reckoned = follows(value, beside, sources, on, spelled)
    if reckoned or supported(value, sources):
        if not reckoned and slipped(value, beside, sources, on):
            return Finding("contradicted", f'"{value.text}" is a day off a date that is stated', *place)
        return Finding("supported", "", *place)
    if value.key in sources.refuted:
        passage = sources.refuted[value.key]
        return Finding("contradicted", f'"{value.text}" stands only in {passage}, which is not valid here', *place)
    if value.kind == "amount" and any(kind == "amount" and normal == value.normal for kind, normal, _ in sources.keys):
        return Finding("contradicted", f'"{value.text}": the amount is right, its currency is not', *place)
    return Finding("unsupported", f'"{value.text}" is in no knowledge, record, tool result or earlier turn', *place)


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
