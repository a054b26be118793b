"""The labelled answers that a grader is fitted on, and whether there are enough of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chatparity.errors import UsageError
from chatparity.grading.people import LABELS, truths
from chatparity.learned.features import Features, features_of
from chatparity.points import exchanges, points_of, recorded_reply
from chatparity.transcript import Transcript

# The fewest of each kind of answer, and the fewest conversations with one: below, folds of folds have too few of the
# rarer kind for any figure about them to mean something.
NEEDED = 50
CONVERSATIONS = 20
# The fewest of each kind in a language, for the model to claim it.
IN_A_LANGUAGE = 20


@dataclass(frozen=True)
class Example:
    """One labelled answer as a model sees it."""

    features: Features
    good: bool
    language: str
    cluster: str


@dataclass(frozen=True)
class Examples:
    """The examples of the languages with enough of them, and by language how many were left out."""

    kept: tuple[Example, ...]
    languages: tuple[str, ...]
    left_out: dict[str, int]


def dimension_of(label: str) -> str:
    """Return the dimension that a label is about. Raises UsageError for one that is no rating of an answer."""
    found = next((dimension for dimension, name in LABELS.items() if name == label), None)
    if found is None:
        raise UsageError(f"--label: expected one of {', '.join(LABELS.values())}, got {label!r}")
    return found


def examples_of(transcripts: Iterable[Transcript], label: str, source: str) -> Examples:
    """Return the answers with this label. Raises UsageError where they are too few, with the number needed."""
    every = list(_examples(transcripts, dimension_of(label)))
    if not every:
        raise UsageError(f"{source}: no answer has the label {label} (labels.answers[].{label})")
    counts = Counter((one.language, one.good) for one in every)
    languages = sorted({one.language for one in every})
    kept = [one for one in languages if min(counts[one, True], counts[one, False]) >= IN_A_LANGUAGE]
    chosen = tuple(one for one in every if one.language in kept)
    left = {one: counts[one, True] + counts[one, False] for one in languages if one not in kept}
    _check(chosen, label, source, left)
    return Examples(chosen, tuple(kept), left)


def _examples(transcripts: Iterable[Transcript], dimension: str) -> Iterator[Example]:
    """Yield every labelled answer once: transcripts made of a sample hold the answers before it as well."""
    seen: set[tuple[str, int, str]] = set()
    for transcript in transcripts:
        points = points_of(transcript)
        replies = {point.turn: recorded_reply(transcript, point.turn) for point in points}
        given = {turn: reply for turn, reply in replies.items() if reply is not None and reply.text.strip()}
        for exchange in exchanges(points, given):
            said = truths(transcript, exchange.turn, exchange.reply, last=False).get(dimension)
            place = (exchange.point.cluster, exchange.turn, exchange.reply.text)
            if said is not None and place not in seen:
                seen.add(place)
                yield Example(features_of(exchange), said.good, exchange.language, exchange.point.cluster)


def _check(chosen: Sequence[Example], label: str, source: str, left: dict[str, int]) -> None:
    """Raise UsageError where there is too little to learn from."""
    missing = []
    for good, name in ((True, "good"), (False, "bad")):
        mine = [one for one in chosen if one.good is good]
        clusters = len({one.cluster for one in mine})
        if len(mine) < NEEDED or clusters < CONVERSATIONS:
            missing.append(f"{len(mine)} {name} ones in {clusters} conversations")
    if not missing:
        return
    besides = ", ".join(f"{language} ({count})" for language, count in left.items())
    told = f"; in {besides} there are fewer than {IN_A_LANGUAGE} of a kind, which counts for nothing" if left else ""
    raise UsageError(
        f"{source}: too few answers with the label {label}: {' and '.join(missing)}; a learned grader needs {NEEDED} "
        f"good and {NEEDED} bad ones, each from {CONVERSATIONS} conversations, and {IN_A_LANGUAGE} of each in a "
        f"language{told}"
    )
