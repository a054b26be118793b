"""How scores are spread on each side: wrong, partly right, right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatparity.gate.measure import answered_once
from chatparity.grading.rows import ScoreRow

from . import stacks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = ("1", "0.5 and more", "below 0.5", "0")
PARTS = tuple(stacks.Part(f"score {name}", shade) for name, shade in zip(NAMES, (0, 1, 2, 3), strict=True))
CAPTION = (
    "Every graded score of each side by its value, from 1 (best, light) to 0 (dark). Counts stand in the bars where "
    "they fit, all of them in the table. Abstentions and errors have no value: they stand in the ledger."
)


@dataclass(frozen=True)
class Spread:
    """One grader's scores on one side: how many have the value 1, at least 0.5, below 0.5, and 0; mean and n."""

    grader: str
    side: str
    counts: tuple[int, ...]
    mean: float

    @property
    def n(self) -> int:
        """Return how many scores."""
        return sum(self.counts)


def spreads(rows: Sequence[ScoreRow], people: str) -> list[Spread]:
    """Return how the values of each grader are spread, side by side."""
    values: dict[tuple[str, str], list[float]] = {}
    theirs = answered_once(row for row in rows if row.arm == "human")
    for row in (*(row for row in rows if row.arm == "ai"), *theirs):
        if row.state == "graded" and row.value is not None:
            values.setdefault((row.grader, row.arm), []).append(row.value)
    graders = sorted({grader for grader, _ in values})
    return [
        Spread(grader, side, _counts(values[grader, arm]), sum(values[grader, arm]) / len(values[grader, arm]))
        for grader in graders
        for arm, side in (("ai", "AI"), ("human", people))
        if (grader, arm) in values
    ]


def _counts(values: Sequence[float]) -> tuple[int, ...]:
    """Count values by part."""
    ones, zeros = sum(value >= 1 for value in values), sum(value <= 0 for value in values)
    low = sum(0 < value < 0.5 for value in values)
    return ones, len(values) - ones - zeros - low, low, zeros


def draw(found: Sequence[Spread], *, narrow: bool = False) -> Figure:
    """Draw two bars a grader."""
    bars, before = [], ""
    for one in found:
        label = one.side if one.grader == before else f"{one.grader.replace('_', ' ')}: {one.side}"
        bars.append(stacks.Stack(label, one.counts, "" if one.grader == before else one.grader))
        before = one.grader
    return stacks.draw(bars, PARTS, narrow=narrow)
