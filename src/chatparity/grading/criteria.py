"""The criteria of a scorecard that people fill in: what is asked, which answers there are, and what each is worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import msgspec

Word = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=400)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
# What a person's answers are called beside the criteria.
TAKEN = frozenset(
    {"item", "id", "turn", "trial", "customer", "reply", "note", "reviewer", "reviews", "inclusion_probability"}
    | {"stratum", "sample", "cluster", "scorecard", "card", "zeroed", "disputed", "how", "comment", "state", "seen"}
    | {"preference", "proof", "then", "quick", "show", "language", "find"}
)


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer to a criterion: its value as it is written down, and what it says.

    It is worth `points`, from 0 (bad) to 1 (good), or says what the reply had to do (`handover`) and is worth 1 where
    the reply did; with neither it is worth nothing that could be counted.
    """

    value: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    says: Text
    points: Share | None = None
    handover: bool | None = None

    def worth(self, *, handed_over: bool) -> float | None:
        """Return the points of this answer for a reply that did or did not hand over, None where it has none."""
        if self.handover is not None:
            return float(self.handover == handed_over)
        return self.points


class Criterion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question of a scorecard; `critical`: an answer worth 0 makes the whole card 0.

    `pass_at` is the points from which it counts as good; `dimension` names the graders that ask the same.
    """

    name: Word
    ask: Text
    answers: Annotated[tuple[Answer, ...], msgspec.Meta(min_length=2, max_length=9)]
    help: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    critical: bool = False
    weight: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    pass_at: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0
    dimension: str = ""

    def worth(self, value: str, *, handed_over: bool) -> float | None:
        """Return the points of a value, None where it has none or is no answer of this criterion."""
        given = next((one for one in self.answers if one.value == value), None)
        return given.worth(handed_over=handed_over) if given else None


def wrong_criteria(criteria: Sequence[Criterion]) -> Iterator[tuple[int, str, str]]:
    """Yield (place, key, what was expected) for what is wrong with criteria that are each of the right type."""
    for number, one in enumerate(criteria):
        if one.name in TAKEN:
            yield number, "name", f'expected another name: "{one.name}" stands for something else on the sheet'
        values = [answer.value for answer in one.answers]
        for twice in sorted({value for value in values if values.count(value) > 1}):
            yield number, "answers", f'expected values that differ, got "{twice}" twice'
        for answer in one.answers:
            if answer.points is not None and answer.handover is not None:
                yield number, "answers", f'expected points or handover for "{answer.value}", got both'
        if all(answer.points is None and answer.handover is None for answer in one.answers):
            yield number, "answers", "expected points (0 to 1) for at least one answer"
