"""Bringing people's ratings and graders' scores of the same answers together, and saying so where they do not meet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatparity.calibrate.rated import Rated
from chatparity.errors import UsageError
from chatparity.grading.people import Truth
from chatparity.grading.rows import Arm, ScoreRow

Place = tuple[Arm, str, int, int]
ARMS: tuple[Arm, ...] = ("ai", "human")


@dataclass(frozen=True)
class Pair:
    """A grader's row and what people said of the same answer on its dimension."""

    row: ScoreRow
    truth: Truth
    probability: float

    @property
    def faulty(self) -> bool:
        """Say whether people fault the answer."""
        return not self.truth.good

    @property
    def found(self) -> bool:
        """Say whether the grader faults it; only of a graded row."""
        return self.row.verdict == "fail"

    @property
    def language(self) -> str:
        """Return the language of the conversation."""
        return self.row.slices.get("language", "")


def matched(rated: Iterable[Rated], answers: Mapping[Place, str]) -> dict[Place, Rated]:
    """Return the rated answers at the places at which the same text stands.

    An answer that stands on both arms, or in several trials, counts once. A label about a run's reply is about that
    trial; one about a recorded answer about whoever gave that very text.
    """
    texts: dict[tuple[str, int], list[Place]] = {}
    for place in sorted(answers, key=lambda one: (ARMS.index(one[0]), one[3])):
        texts.setdefault((place[1], place[2]), []).append(place)
    found: dict[Place, Rated] = {}
    for one in rated:
        for place in texts.get((one.id, one.turn), ()):
            if one.trial in (None, place[3]) and answers[place] == one.text:
                found[place] = one
                break
    return found


def check_matched(found: Mapping[Place, Rated], rated: Sequence[Rated], labels: Path, what: Path) -> None:
    """Raise UsageError when no label is about an answer that was graded, saying what they are about instead."""
    if found:
        return
    first = rated[0]
    raise UsageError(
        f"{labels}: none of its {len(rated)} rated answers is one of {what} (the first: {first.id} turn {first.turn}): "
        "a label belongs to the very text that was rated: name the transcripts or the run that the labels are of"
    )


def pairs_of(rows: Iterable[ScoreRow], found: Mapping[Place, Rated]) -> dict[str, list[Pair]]:
    """Return, by grader, its rows of the rated answers, each with what people said on the grader's dimension."""
    pairs: dict[str, list[Pair]] = {}
    for row in rows:
        rated = found.get((row.arm, row.id, row.turn, row.trial))
        truth = rated.truths.get(row.dimension) if rated is not None else None
        if rated is not None and truth is not None:
            pairs.setdefault(row.grader, []).append(Pair(row, truth, rated.probability))
    return pairs
