"""Handing over: what was expected of each answer against what was done, the AI beside people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatparity.gate.measure import answered_once, share_of
from chatparity.gate.result import Rate
from chatparity.gate.slices import Place, place_of
from chatparity.grading.rows import ScoreRow

from . import style
from .material import Material

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CONFIDENCE = 0.95
EXPECTED = ("now", "offer", "none")
DONE = ("handed over", "offered", "did neither")
SAID = {"now": "hand over now", "offer": "offer a person", "none": "go on alone"}
RIGHT = {("now", "handed over"), ("offer", "handed over"), ("offer", "offered"), ("none", "did neither")}
CAPTION = (
    "Rows: what the labels expect of the answer. Columns: what was done. Each cell: answers, and their share of the "
    "row with its interval. Cells with a heavy frame are right. “Offered” means in words alone."
)


@dataclass(frozen=True)
class Cell:
    """Answers of one expectation that did one thing; `rate` is their share of the row with its interval."""

    expected: str
    done: str
    rate: Rate
    right: bool


@dataclass(frozen=True)
class Matrix:
    """One side's answers by expectation and deed, row by row; `n` in all, `missing` had no score to count."""

    side: str
    cells: tuple[Cell, ...]
    n: int
    missing: int

    def row(self, expected: str) -> tuple[Cell, ...]:
        """Return the cells of one expectation, in the order of the columns."""
        return tuple(cell for cell in self.cells if cell.expected == expected)


def matrices(material: Material) -> list[Matrix]:
    """Return a matrix for each side that has a graded escalation score."""
    found = []
    for arm, side in (("ai", "AI"), ("human", material.people)):
        rows = [
            row for row in material.drawn_rows if row.dimension == "escalation" and row.arm == arm and not _whole(row)
        ]
        rows = answered_once(rows) if arm == "human" else rows
        graded = [row for row in rows if row.state == "graded"]
        if graded:
            found.append(_matrix(material, side, graded, len(rows) - len(graded)))
    return found


def _whole(row: ScoreRow) -> bool:
    """Say whether a row is about a whole conversation."""
    return row.level == "conversation"


def _matrix(material: Material, side: str, rows: Sequence[ScoreRow], missing: int) -> Matrix:
    """Count graded rows of one side; several graders of one exchange are counted once."""
    once = {row.key: row for row in rows}
    seen = [(_expected(material, row), _done(material, row), place_of(row)) for row in once.values()]
    cells = [
        Cell(
            expected=expected,
            done=done,
            rate=share(
                [(deed == done, place) for wanted, deed, place in seen if wanted == expected], material.most_in_one
            ),
            right=(expected, done) in RIGHT,
        )
        for expected in EXPECTED
        for done in DONE
    ]
    return Matrix(side=side, cells=tuple(cells), n=len(seen), missing=missing)


def _expected(material: Material, row: ScoreRow) -> str:
    """Return what the labels expect at a row's turn: a turn that they do not list is to go on alone."""
    labels = material.transcripts[row.id].labels.escalation or ()
    return next((label.expect for label in labels if label.turn == row.turn), "none")


def _done(material: Material, row: ScoreRow) -> str:
    """Return what a side did: the handover from its reply, an offer in words from what the grader found."""
    reply = material.reply(row.arm, row.key)
    if reply is not None and reply.handover:
        return "handed over"
    right_by_offer = row.outcome == "correct" and _expected(material, row) == "offer"
    return "offered" if row.outcome in ("offered", "looped") or right_by_offer else "did neither"


def share(observed: Sequence[tuple[bool, Place]], largest: int | None) -> Rate:
    """Return the share of true values with its interval over clusters, as gates make it; `largest` as in `rate_of`."""
    return Rate.of(share_of(observed, CONFIDENCE, largest))


def draw(found: Sequence[Matrix], *, narrow: bool = False) -> Figure:
    """Draw the matrices beside each other, or one above the other on a narrow page."""
    down = len(found) if narrow else 1
    height = 2.6
    figure = style.canvas(height * down, narrow=narrow)
    for place, matrix in enumerate(found):
        column, line = (0, place) if narrow else (place, 0)
        left, width = (0.28, 0.70) if narrow else (0.135 + 0.44 * column, 0.42)
        bottom = (down - 1 - line) / down + 0.03 / down
        axes = figure.add_axes((left, bottom, width, 0.76 / down))
        _grid(axes, matrix, labelled=narrow or column == 0)
    return figure


def _grid(axes: Axes, matrix: Matrix, *, labelled: bool) -> None:
    """Draw one matrix."""
    from matplotlib.patches import Rectangle

    axes.set_xlim(0, 3.02)
    axes.set_ylim(3.02, 0)
    axes.set_axis_off()
    counted = f"n = {matrix.n}" + (f", {matrix.missing} not graded" if matrix.missing else "")
    name = matrix.side[:1].upper() + matrix.side[1:]
    axes.text(0.02, -0.52, f"{name}: {counted}", fontweight="bold", fontsize=9.5, va="baseline")
    for column, done in enumerate(DONE):
        axes.text(column + 0.5, -0.14, done, ha="center", va="baseline", fontsize=8.5, color=style.MUTED)
    for line, expected in enumerate(EXPECTED):
        cells = matrix.row(expected)
        if labelled:
            axes.text(-0.06, line + 0.5, SAID[expected], ha="right", va="center", fontsize=8.5)
        for column, cell in enumerate(cells):
            share = cell.rate.estimate or 0.0
            shade = style.SHADES[min(int(share * len(style.SHADES)), len(style.SHADES) - 1)]
            axes.add_patch(
                Rectangle((column + 0.02, line + 0.03), 0.96, 0.94, facecolor=shade, edgecolor="none", linewidth=0)
            )
            if cell.right:
                axes.add_patch(
                    Rectangle(
                        (column + 0.035, line + 0.045), 0.93, 0.91, fill=False, edgecolor=style.INK, linewidth=1.6
                    )
                )
            _cell(axes, cell, column + 0.5, line)


def _cell(axes: Axes, cell: Cell, x: float, y: float) -> None:
    """Write the count, the share and its interval into a cell."""
    rate = cell.rate
    if rate.n == 0:
        axes.text(x, y + 0.5, "none seen", ha="center", va="center", fontsize=7.5, color=style.MUTED)
        return
    axes.text(x, y + 0.38, str(rate.good), ha="center", va="center", fontsize=12, fontweight="bold")
    share = f"{(rate.estimate or 0) * 100:.0f} %"
    if rate.low is not None and rate.high is not None:
        share += f" [{rate.low * 100:.0f}, {rate.high * 100:.0f}]"
    axes.text(x, y + 0.74, share, ha="center", va="center", fontsize=7.5)
