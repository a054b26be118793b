"""Win, tie, loss: of the same messages answered by both sides, how many each side alone got right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chatparity.gate.compare import Duel, duel
from chatparity.gate.measure import Table, difference_of, paired
from chatparity.gate.result import Findings, GateResult, Rate, SliceRate

from . import style, words
from .scorecard import turned
from .text import clipped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW = 0.44
ROW_NARROW = 0.62
LABEL = 30
CAPTION = (
    "Right: answers that the AI alone got right. Left, hatched: answers that only the other side got right. Ties are "
    "written and not drawn. p is McNemar’s exact test of the answers that differ; it takes answers as independent, so "
    "where a conversation has several the interval in the table is the one to go by, and where messages were asked in "
    "several trials there is no p."
)


@dataclass(frozen=True)
class DuelRow:
    """One measure's pairs by who was right, and the difference of the rates with its interval; right is better."""

    name: str
    duel: Duel
    difference: Rate

    @property
    def p(self) -> str:
        """Return McNemar's p as text."""
        if self.duel.p is None:
            return "no p" if self.duel.repeated else "no answer differs"
        return "p\u00a0<\u00a00.001" if self.duel.p < 0.001 else f"p\u00a0=\u00a0{min(self.duel.p, 1.0):.3f}"


def duels(table: Table, other: Table, arm: str, found: Sequence[SliceRate]) -> list[DuelRow]:
    """Return win, tie and loss, the worst first, for each metric that pairs the AI's rows with an arm of a table."""
    rows = []
    for one in found:
        key = (one.grader, one.metric, "all")
        pairs = paired(table.get("ai", key), other.get(arm, key))
        counted = duel(pairs, one.metric, good_is_high=one.good_is_high)
        if counted.n:
            rate = difference_of(pairs, one.metric, 0.95, table.largest(key)).rate
            name = words.metric_name(one.dimension, one.metric, one.grader)
            rows.append(DuelRow(name, counted, rate if one.good_is_high else turned(rate)))
    return sorted(rows, key=lambda row: row.duel.won - row.duel.lost)


def measured(findings: Findings) -> list[SliceRate]:
    """Return every metric that a run measured, each once, in the order of the suite."""
    found: dict[tuple[str, str, str], SliceRate] = {}
    every: list[GateResult | SliceRate] = [*findings.gates, *findings.rates]
    for one in every:
        rate = SliceRate(
            dimension=one.dimension,
            metric=one.metric,
            grader=one.grader,
            slice="all",
            arm="ai",
            rate=one.rate,
            good_is_high=one.good_is_high,
        )
        found.setdefault((one.dimension, one.metric, one.grader), rate)
    return list(found.values())


def draw(rows: Sequence[DuelRow], other: str, *, narrow: bool = False) -> Figure:
    """Draw wins to the right and losses to the left of a line."""
    step = ROW_NARROW if narrow else ROW
    height = 0.42 + step * len(rows) + 0.42
    figure = style.canvas(height, narrow=narrow)
    left, width = (0.02, 0.95) if narrow else (0.25, 0.44)
    axes = figure.add_axes((left, 0.42 / height, width, step * len(rows) / height))
    axes.set_facecolor("none")
    most = max(max(row.duel.won, row.duel.lost) for row in rows) or 1
    axes.set_xlim(-most * 1.25, most * 1.25)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_yticks([])
    for edge in ("top", "left", "right"):
        axes.spines[edge].set_visible(False)
    axes.xaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
    axes.locator_params(axis="x", nbins=6, integer=True)
    axes.tick_params(axis="x", length=3, labelsize=8)
    axes.set_xlabel("answers", fontsize=8, labelpad=3)
    axes.axvline(0, color=style.INK, linewidth=0.9, zorder=3)
    for place, row in enumerate(rows):
        _row(axes, row, place, most, narrow=narrow)
    head: dict[str, Any] = {"fontsize": 8.5, "va": "baseline", "transform": axes.get_xaxis_transform()}
    axes.text(-most * 0.04, 1.03, f"only {other} right", ha="right", color=style.HUMAN, **head)
    axes.text(most * 0.04, 1.03, "only the AI right", ha="left", color=style.AI, **head)
    return figure


def _row(axes: Axes, row: DuelRow, y: int, most: int, *, narrow: bool) -> None:
    """Draw one measure."""
    from matplotlib.transforms import blended_transform_factory

    figure = axes.get_figure()
    if figure is None:
        raise ValueError("axes without a figure")
    across = blended_transform_factory(figure.transFigure, axes.transData)
    place, thick = (y + 0.2, 0.4) if narrow else (y, 0.56)
    axes.barh(place, row.duel.won, height=thick, color=style.AI, linewidth=0, zorder=2)
    axes.barh(
        place,
        -row.duel.lost,
        height=thick,
        facecolor=style.PAPER,
        edgecolor=style.HUMAN,
        hatch="////",
        linewidth=0.9,
        zorder=2,
    )
    axes.text(row.duel.won + most * 0.03, place, str(row.duel.won), va="center", fontsize=8.5)
    axes.text(-row.duel.lost - most * 0.03, place, str(row.duel.lost), va="center", ha="right", fontsize=8.5)
    ties = f"{row.duel.tied:,} alike · {words.n_text(row.duel.n)} · {row.p}"
    if narrow:
        paper = {"facecolor": style.PAPER, "edgecolor": "none", "pad": 1}
        axes.text(0.005, y - 0.24, f"{row.name}: {ties}", transform=across, va="center", fontsize=7.8, bbox=paper)
        return
    axes.text(0.002, y, clipped(row.name, LABEL), transform=across, va="center")
    axes.text(0.71, y, ties, transform=across, va="center", fontsize=8, color=style.MUTED)
