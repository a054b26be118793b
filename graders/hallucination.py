"""Hallucination by rule: does anything that the reply states rest on nothing."""

from __future__ import annotations

from chatparity.checks.calls import calls_in, calls_of
from chatparity.checks.grounding import findings, free_text
from chatparity.checks.lexicon import languages
from chatparity.grading import Exchange, Score, grader

GRAVEST = ("claimed_action", "contradicted", "unsupported")


@grader(dimension="hallucination", version="2", languages=languages(), needs=("knowledge", "records"))
def hallucination(exchange: Exchange) -> Score:
    """Fail when a checkable statement of the reply has no support.

    Checked: amounts, dates, durations, percentages, ids and emails against the knowledge valid on this date in this
    market, the records, tool results and what was said before (with sums, differences and dates that follow from
    them); actions said to be done against successful tool calls; promises (free, guaranteed, compensation, exception)
    against the words of knowledge and records. Not seen: policy invented in other words, a true value said of the wrong
    thing, opening hours, and a value that the customer or an earlier turn invented. Where a log kept no knowledge, no
    records and no tool call, support cannot be told from invention: it abstains.

    The verdict rests on checkable statements alone. The value says more: in the upper half for what passes, in the
    lower for what fails, it tells how far the reply's words rest on the knowledge, where both are in one language.
    Small talk rests on nothing and so has a low value; it is for ordering, not for judging.
    """
    if not _kept_anything(exchange):
        return Score.abstained("no knowledge, records or tool calls were kept: nothing to hold the reply against")
    found = findings(exchange)
    bad = [one for one in found if one.standing != "supported"]
    rests = free_text(exchange)
    if not bad:
        value = 1.0 if rests is None else 0.5 + rests / 2
        return Score.passed(f"{len(found)} checkable statements, all supported", value=value, outcome="clean")
    worst = next(standing for standing in GRAVEST if any(one.standing == standing for one in bad))
    outcome = "unsupported_value" if worst == "unsupported" else worst
    reason = f"{len(bad)} of {len(found)} checkable statements: " + "; ".join(one.reason for one in bad)
    value = (1 - len(bad) / len(found)) * 0.5 if rests is None else rests / 2
    return Score.failed(reason, value=value, evidence=[one.evidence for one in bad], outcome=outcome)


def _kept_anything(exchange: Exchange) -> bool:
    """Say whether there is anything but the conversation's own words that a statement could rest on."""
    point, replies = exchange.point, [reply for _, reply in exchange.earlier]
    return bool(point.knowledge or point.records or calls_in(point.history) or calls_of([*replies, exchange.reply]))
