"""What people's labels say of a recorded answer, as the truth that a grader of a dimension is held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chatparity.exchange import Reply
from chatparity.transcript import AnswerLabel, Labels, Transcript

# The least rating at which people call an answer good, by datasets/GUIDELINE.md: accuracy 0.5 is "partly", politeness
# 3 is neither rude nor warm.
ACCURATE_AT = 0.75
POLITE_AT = 3


@dataclass(frozen=True)
class Truth:
    """What people said of one answer on one dimension: whether it is good, and their rating in [0, 1], 1 the best."""

    good: bool
    value: float


def _accuracy(label: AnswerLabel) -> Truth | None:
    return None if label.accuracy is None else Truth(label.accuracy >= ACCURATE_AT, label.accuracy)


def _politeness(label: AnswerLabel) -> Truth | None:
    return None if label.politeness is None else Truth(label.politeness >= POLITE_AT, (label.politeness - 1) / 4)


def _hallucination(label: AnswerLabel) -> Truth | None:
    return None if label.hallucinated is None else Truth(not label.hallucinated, float(not label.hallucinated))


RATINGS: Mapping[str, Callable[[AnswerLabel], Truth | None]] = {
    "accuracy": _accuracy,
    "politeness": _politeness,
    "hallucination": _hallucination,
}
# What the labels are called in a transcript, where they have another name than their dimension.
LABELS = {"accuracy": "accuracy", "politeness": "politeness", "hallucination": "hallucinated"}
DIMENSIONS = (*RATINGS, "escalation", "resolution")


def truths(transcript: Transcript, turn: int, reply: Reply, *, last: bool) -> dict[str, Truth]:
    """Return what people said of the recorded answer at `turn`, by dimension; what nobody said is left out.

    Accuracy, politeness and hallucination are people's ratings of that answer. Escalation follows from what they say it
    should have done and whether `reply` handed over; `offer` leaves both open. Resolution is that of the whole
    conversation, and is told of its `last` answer.
    """
    found: dict[str, Truth] = {}
    rated = {label.turn: label for label in transcript.labels.answers or ()}.get(turn)
    if rated is not None:
        told = {name: read(rated) for name, read in RATINGS.items()}
        found |= {name: truth for name, truth in told.items() if truth is not None}
    expected = expected_at(transcript.labels, turn)
    if expected is not None:
        right = expected == "offer" or reply.handover == (expected == "now")
        found["escalation"] = Truth(right, float(right))
    if last and transcript.outcome.resolved is not None:
        found["resolution"] = Truth(transcript.outcome.resolved, float(transcript.outcome.resolved))
    return found


def expected_at(labels: Labels, turn: int) -> str | None:
    """Return what people say the answer at `turn` should do (`none`, `offer`, `now`), None where they said nothing."""
    if labels.escalation is None:
        return None
    if labels.escalation_turns is not None and turn not in labels.escalation_turns:
        return None
    return {label.turn: label.expect for label in labels.escalation}.get(turn, "none")
