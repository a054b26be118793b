"""Accuracy by rule: were the facts said that were due, and nothing that is forbidden."""

from __future__ import annotations

from chatparity.checks.said import account, due
from chatparity.grading import Exchange, Metric, Point, Score, grader


def is_due(point: Point) -> bool:
    """Hold where a fact is due."""
    return bool(due(point))


def can_err(point: Point) -> bool:
    """Hold where something is labelled as forbidden."""
    return bool(point.labels.forbidden)


METRICS = (
    Metric("rate", among=is_due),
    Metric("forbidden", among=can_err, good=lambda score: score.outcome == "forbidden", good_is_high=False),
)


@grader(
    dimension="accuracy",
    languages=("en", "de", "sv", "pl", "es", "ar"),
    applies=lambda point: is_due(point) or can_err(point),
    metrics=METRICS,
    needs=("facts",),
)
def accuracy(exchange: Exchange) -> Score:
    """Say whether this side has said the facts that are due by now, and nothing forbidden here.

    The metric `rate` counts the answers at which a fact is due, `forbidden` those that say something forbidden. A fact
    is said in any accepted form or as an equal value ("12 March" for "2026-03-12"). A fact that an agent has said in
    the recorded history before is not asked for again. Sees only what the labels name: not whether the rest of the
    answer is right, nor that a fact is denied ("it is not 25 zł") or said of the wrong thing.
    """
    found = account(exchange)
    if found.banned:
        why = "; ".join(f'"{place.text}" ({label.reason or label.id})' for label, place in found.banned)
        return Score.failed(
            f"said what is forbidden: {why}", evidence=[place for _, place in found.banned], outcome="forbidden"
        )
    if found.missing:
        why = ", ".join(f"{fact.id} ({fact.accept[0]})" for fact in found.missing)
        return Score.failed(f"not said: {why}", value=found.share, evidence=found.places, outcome="missing")
    if found.told and not found.said:
        return Score.abstained("what is due here has been said in the recorded history already")
    said = ", ".join(fact.id for fact in found.said)
    return Score.passed(f"said: {said}" if said else "nothing forbidden", evidence=found.places, outcome="complete")
