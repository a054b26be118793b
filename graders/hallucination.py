"""Hallucination by rule: does anything that the reply states rest on nothing."""

from __future__ import annotations

from chatparity.checks.calls import calls_in, calls_of
from chatparity.checks.grounding import findings
from chatparity.grading import Exchange, Score, grader

GRAVEST = ("claimed_action", "contradicted", "unsupported")


@grader(dimension="hallucination", languages=("en", "de", "sv", "pl", "es", "ar"), needs=("knowledge", "records"))
def hallucination(exchange: Exchange) -> Score:
    """Fail when a checkable statement of the reply has no support.

    Checked: amounts, dates, durations, percentages, ids and emails against the knowledge valid on this date in this
    market, the records, tool results and what was said before (with sums, differences and dates that follow from
    them); actions said to be done against successful tool calls; promises (free, guaranteed, compensation, exception)
    against the words of knowledge and records. Not seen: policy invented in other words, a true value said of the wrong
    thing, opening hours, and a value that the customer or an earlier turn invented. Where a log kept no knowledge, no
    records and no tool call, support cannot be told from invention: it abstains.
    """
    if not _kept_anything(exchange):
        return Score.abstained("no knowledge, records or tool calls were kept: nothing to hold the reply against")
    found = findings(exchange)
    bad = [one for one in found if one.standing != "supported"]
    if not bad:
        return Score.passed(f"{len(found)} checkable statements, all supported", outcome="clean")
    worst = next(standing for standing in GRAVEST if any(one.standing == standing for one in bad))
    outcome = "unsupported_value" if worst == "unsupported" else worst
    reason = f"{len(bad)} of {len(found)} checkable statements: " + "; ".join(one.reason for one in bad)
    return Score.failed(
        reason, value=1 - len(bad) / len(found), evidence=[one.evidence for one in bad], outcome=outcome
    )


def _kept_anything(exchange: Exchange) -> bool:
    """Say whether there is anything but the conversation's own words that a statement could rest on."""
    point, replies = exchange.point, [reply for _, reply in exchange.earlier]
    return bool(point.knowledge or point.records or calls_in(point.history) or calls_of([*replies, exchange.reply]))
