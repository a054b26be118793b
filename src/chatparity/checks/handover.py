"""Handing over to a person: what was expected at a turn, what has happened before, what a reply offers in words."""

from __future__ import annotations

from chatparity.checks.asking import asks_for_person
from chatparity.checks.calls import calls_in, hands_over, succeeded
from chatparity.checks.statements import Statement, said_groups
from chatparity.checks.text import fold, sentence
from chatparity.exchange import Exchange, Point
from chatparity.transcript import AGENTS, EscalationLabel, Expect

__all__ = ["asks_for_person"]


def label_at(point: Point) -> EscalationLabel:
    """Return what is expected at a point; a turn that the labels do not list expects `none`."""
    for label in point.labels.escalation or ():
        if label.turn == point.turn:
            return label
    return EscalationLabel(turn=point.turn, expect="none")


def expects(point: Point, expect: Expect) -> bool:
    """Say whether a point is labelled with this expectation (an unlabelled conversation with none at all)."""
    return point.labels.escalation is not None and label_at(point).expect == expect


def handed_over(point: Point) -> bool:
    """Say whether an agent has handed over already in the history of a point."""
    return any(hands_over(call.name) for call in succeeded(calls_in(point.history)))


def owed_since(point: Point) -> int | None:
    """Return the first turn before this one at which a handover was expected; None when there is none."""
    turns = [label.turn for label in point.labels.escalation or () if label.expect == "now" and label.turn < point.turn]
    return min(turns, default=None)


def expected_later(point: Point) -> bool:
    """Say whether a handover is expected after this turn."""
    return any(label.expect == "now" and label.turn > point.turn for label in point.labels.escalation or ())


def offer_in(text: str, language: str) -> Statement | None:
    """Return where a text offers a person in words; one that is refused in the same sentence is none."""
    offers = (one for one in said_groups(text, language, "handover") if one.families[0] != "refuse")
    refused = [sentence_of(text, one) for one in _refusals(text, language)]
    return next((one for one in offers if sentence_of(text, one) not in refused), None)


def speaks_of_staff(text: str, language: str) -> bool:
    """Say whether a text speaks of a person at the company at all, which an offer in other words does, too."""
    return any(one.families[0] == "staff" for one in said_groups(text, language, "asks"))


def refusal_in(text: str, language: str) -> Statement | None:
    """Return where a text refuses a person, or says that there is none or that one would not help."""
    return next(iter(_refusals(text, language)), None)


def _refusals(text: str, language: str) -> list[Statement]:
    return [one for one in said_groups(text, language, "handover") if one.families[0] == "refuse"]


def sentence_of(text: str, one: Statement) -> tuple[int, int]:
    """Return the sentence around a statement, in places of the folded text."""
    form = fold(text).text
    return sentence(form, min(one.start, len(form)), min(one.end, len(form)))


def offered_before(exchange: Exchange) -> bool:
    """Say whether this side, or an agent in the history, has offered a person since one was first expected."""
    since = owed_since(exchange.point)
    if since is None:
        return False
    language = exchange.language
    own = (reply.text for turn, reply in exchange.earlier if turn >= since)
    recorded = (turn.text for turn in exchange.history[since:] if turn.speaker in AGENTS)
    return any(offer_in(text, language) is not None for text in (*own, *recorded))
