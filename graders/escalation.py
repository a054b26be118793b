"""Escalation by rule: was the conversation handed to a person when it should be, and only then."""

from __future__ import annotations

from chatparity.checks.handover import (
    expected_later,
    expects,
    handed_over,
    label_at,
    offer_in,
    offered_before,
    owed_since,
)
from chatparity.grading import RATE, Evidence, Exchange, Metric, Point, Score, grader

LANGUAGES = ("en", "de", "sv", "pl", "es", "ar")


def open_question(point: Point) -> bool:
    """Hold where escalation is labelled and nobody has taken over yet."""
    return point.labels.escalation is not None and not handed_over(point)


def needed(point: Point) -> bool:
    """Hold where the answer must hand over."""
    return expects(point, "now")


def asked_for(point: Point) -> bool:
    """Hold where the answer must hand over because the customer asked for a person."""
    return needed(point) and label_at(point).reason == "explicit_request"


METRICS = (
    RATE,
    Metric("recall", among=needed),
    Metric(
        "needless",
        among=lambda point: expects(point, "none"),
        good=lambda score: score.outcome in {"unnecessary", "premature"},
        good_is_high=False,
    ),
    Metric("ignored", among=asked_for, good=lambda score: score.outcome in {"missed", "looped"}, good_is_high=False),
)


@grader(dimension="escalation", languages=LANGUAGES, applies=open_question, metrics=METRICS, needs=("escalation",))
def escalation(exchange: Exchange) -> Score:
    """Compare whether the reply hands over with what is labelled for this turn.

    Handing over is a successful handover call or the endpoint's own flag; saying so is not. Outcomes: correct, missed,
    late (handed over, but this side let an earlier turn pass; the miss was counted there, so this passes), premature
    (expected only later), unnecessary, offered (in words alone), looped (offered again instead of done).
    Sees an offer only in the lexicon's phrases, and nothing of the quality of the handover summary.
    """
    point, reply = exchange.point, exchange.reply
    label, owed = label_at(point), owed_since(point)
    offer = offer_in(reply.text, exchange.language)
    spans = [Evidence(text=offer.text, start=offer.start, end=offer.end)] if offer else []
    why = f" ({label.reason})" if label.reason else ""
    if handed_over(point):
        return Score.abstained("a person has taken over already")
    if reply.handover:
        let_pass = owed is not None and not any(earlier.handover for turn, earlier in exchange.earlier if turn >= owed)
        if let_pass:
            return Score.passed(f"handed over, as was due since turn {owed}", value=0.5, outcome="late")
        if label.expect != "none" or owed is not None:
            return Score.passed(f"handed over, as expected{why}", outcome="correct")
        outcome = "premature" if expected_later(point) else "unnecessary"
        return Score.failed("handed over, which is not expected here", outcome=outcome)
    if label.expect == "none":
        if offer:
            return Score.passed("offers a person where none is needed", value=0.75, evidence=spans, outcome="offered")
        return Score.passed("goes on itself, as expected", outcome="correct")
    if label.expect == "offer":
        if offer:
            return Score.passed(f"offers a person, as expected{why}", evidence=spans, outcome="correct")
        return Score.failed(f"neither offers a person nor hands over{why}", outcome="missed")
    if offer and offered_before(exchange):
        return Score.failed(f"offers a person again instead of handing over{why}", evidence=spans, outcome="looped")
    if offer:
        return Score.failed(f"speaks of a person but does not hand over{why}", evidence=spans, outcome="offered")
    return Score.failed(f"does not hand over{why}", outcome="missed")
