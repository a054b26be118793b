"""Accuracy by rule: were the facts said that were due, and nothing that is forbidden."""

from __future__ import annotations

from chatparity.checks.said import agents_said, due, find_fact, find_forbidden, side_said
from chatparity.grading import Exchange, Point, Score, grader

LANGUAGES = ("en", "de", "sv", "pl", "es", "ar")


def is_due(point: Point) -> bool:
    """Hold where a fact is due; what is forbidden is checked there too, and at the last answer in any case."""
    return point.labels.facts is not None and bool(due(point) or (point.last and point.labels.forbidden))


@grader(dimension="accuracy", languages=LANGUAGES, applies=is_due)
def accuracy(exchange: Exchange) -> Score:
    """Say whether this side has said the facts that are due by now, and nothing forbidden so far.

    A fact is said in any accepted form or as an equal value ("12 March" for "2026-03-12"). A fact that an agent has
    said in the recorded history before is not asked for again. Sees only what the labels name: not whether the rest
    of the answer is right, nor that a fact is denied ("it is not 25 zł") or said of the wrong thing.
    """
    point, texts, recorded = exchange.point, side_said(exchange), agents_said(exchange.point)
    asked = {fact: find_fact(fact, texts, point) for fact in due(point)}
    counted = {fact: place for fact, place in asked.items() if place or not find_fact(fact, recorded, point)}
    banned = [one for text in texts for one in find_forbidden(point.labels.forbidden or (), text, point)]
    said = [fact for fact, place in counted.items() if place]
    share = len(said) / len(counted) if counted else 1.0
    if banned:
        spans = [place for _, place in find_forbidden(point.labels.forbidden or (), exchange.reply.text, point)]
        why = "; ".join(f'"{place.text}" ({label.reason or label.id})' for label, place in banned)
        return Score.failed(f"said what is forbidden: {why}", value=0.0, evidence=spans, outcome="forbidden")
    if asked and not counted:
        return Score.abstained("what is due here has been said in the recorded history already")
    missing = [f"{fact.id} ({fact.accept[0]})" for fact in counted if fact not in said]
    if missing:
        return Score.failed(f"not said: {', '.join(missing)}", value=share, outcome="missing")
    spans = [
        place for place in counted.values() if place and exchange.reply.text[place.start : place.end] == place.text
    ]
    names = ", ".join(fact.id for fact in said)
    return Score.passed(f"said: {names}" if names else "nothing forbidden was said", evidence=spans, outcome="complete")
