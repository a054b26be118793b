"""Escalation by rule: was the conversation handed to a person when it should be, and only then."""

from __future__ import annotations

from collections.abc import Sequence

from chatparity.checks.course import course_of, summary_of
from chatparity.checks.handover import (
    expected_later,
    expects,
    handed_over,
    label_at,
    offer_in,
    offered_before,
    owed_since,
    refusal_in,
    speaks_of_staff,
)
from chatparity.checks.lexicon import languages
from chatparity.checks.statements import Statement
from chatparity.grading import RATE, Evidence, Exchange, Metric, Point, Score, grader


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
    Metric(
        "ignored",
        among=asked_for,
        good=lambda score: score.outcome in {"missed", "looped", "refused"},
        good_is_high=False,
    ),
)


@grader(
    dimension="escalation",
    version="2",
    languages=languages(),
    applies=open_question,
    metrics=METRICS,
    needs=("escalation",),
)
def escalation(exchange: Exchange) -> Score:
    """Compare whether the reply hands over with what is labelled for this turn.

    Handing over is a successful handover call or the endpoint's own flag; saying so is not. Outcomes: correct, missed,
    late (handed over, but this side let an earlier turn pass; the miss was counted there, so this passes), premature
    (expected only later), unnecessary, offered (in words alone), looped (offered again instead of done), refused (says
    that no person is to be had). A handover whose summary lacks the matter, an id that the customer gave or what was
    tried passes with a lower value and says what it lacks.
    Sees offers and refusals only in the lexicon's phrases (where an offer is expected, any word for the company's
    people counts as one), and of a summary only whether these are named.
    """
    if handed_over(exchange.point):
        return Score.abstained("a person has taken over already")
    if exchange.reply.handover:
        return _handed(exchange)
    return _kept(exchange)


def _handed(exchange: Exchange) -> Score:
    """Judge a reply that hands over."""
    point = exchange.point
    label, owed = label_at(point), owed_since(point)
    summary = summary_of(exchange)
    lacks = f"; its summary lacks: {', '.join(summary.missing)}" if summary and summary.missing else ""
    penalty = 0.1 * len(summary.missing) if summary else 0.0
    if owed is not None and not any(earlier.handover for turn, earlier in exchange.earlier if turn >= owed):
        return Score.passed(f"handed over, as was due since turn {owed}{lacks}", value=0.5 - penalty, outcome="late")
    if label.expect != "none" or owed is not None:
        return Score.passed(f"handed over, as expected{_why(point)}{lacks}", value=1 - penalty, outcome="correct")
    outcome = "premature" if expected_later(point) else "unnecessary"
    return Score.failed("handed over, which is not expected here", outcome=outcome)


def _kept(exchange: Exchange) -> Score:
    """Judge a reply that does not hand over."""
    point, reply = exchange.point, exchange.reply
    expect, why = label_at(point).expect, _why(point)
    offer, refusal = offer_in(reply.text, exchange.language), refusal_in(reply.text, exchange.language)
    spans = _spans(refusal if refusal and expect != "none" and not offer else offer)
    if expect == "none":
        if offer:
            return Score.passed("offers a person where none is needed", value=0.75, evidence=spans, outcome="offered")
        return Score.passed("goes on itself, as expected", outcome="correct")
    if refusal and not offer:
        return Score.failed(f"refuses a person{why}", evidence=spans, outcome="refused")
    if expect == "offer":
        if offer or speaks_of_staff(reply.text, exchange.language):
            return Score.passed(f"offers a person, as expected{why}", evidence=spans, outcome="correct")
        return Score.failed(f"neither offers a person nor hands over{why}", outcome="missed")
    if offer and offered_before(exchange):
        return Score.failed(f"offers a person again instead of handing over{why}", evidence=spans, outcome="looped")
    if offer:
        return Score.failed(f"speaks of a person but does not hand over{why}", evidence=spans, outcome="offered")
    return Score.failed(f"does not hand over{why}", outcome="missed")


def _why(point: Point) -> str:
    """Return the labelled reason in brackets."""
    reason = label_at(point).reason
    return f" ({reason})" if reason else ""


def _spans(one: Statement | None) -> list[Evidence]:
    """Return a statement of the reply as evidence."""
    return [Evidence(text=one.text, start=one.start, end=one.end)] if one else []


def unlabelled(point: Point) -> bool:
    """Hold where nobody has labelled escalation."""
    return point.labels.escalation is None


@grader(
    dimension="escalation",
    languages=languages(),
    level="conversation",
    applies=unlabelled,
    metrics=[Metric("asked")],
)
def escalation_asked(conversation: Sequence[Exchange]) -> Score:
    """Say, of a log without labels, what came of the customer's requests for a person.

    Outcomes: correct (handed over in the answer to the first request), late (and how many answers, how often asked),
    missed, looped, refused. Where nobody asked it abstains: a handover may have been needed for other reasons, or not.
    Sees requests, offers and refusals by the lexicon's cues, and a handover only as a call or the endpoint's own flag.
    """
    course = course_of(conversation)
    if course.fate in ("unasked", "unprompted"):
        return Score.abstained("the customer did not ask for a person", outcome=course.fate)
    asked = f"asked {len(course.asked)} times, first at turn {course.asked[0]}"
    if course.fate == "correct":
        return Score.passed(f"handed over at once; {asked}", outcome="correct")
    if course.fate == "late":
        return Score.failed(
            f"handed over after {course.waited} other answers; {asked}, {course.times} before it was done",
            value=0.5,
            outcome="late",
        )
    told = f"; refused at turn {course.refused[-1]}" if course.refused else ""
    return Score.failed(f"not handed over; {asked}{told}", outcome=course.fate)
