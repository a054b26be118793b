"""Rows of intervals: the drawing that the scorecard and the comparison with people share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import fonts, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

ROW = 0.33
ROW_NARROW = 0.66
HEAD = 0.32
FOOT = 0.46
GAP = 0.10
FITS = 28  # characters of a label beside which its threshold still has room


@dataclass(frozen=True)
class Row:
    """One interval in shares, where its threshold lies, and what is written beside it.

    None is not known, or, for the threshold, that there is no gate; then the verdict is empty. `word` stands in the
    place of the verdict where what is said is no gate's.
    """

    label: str
    need: str
    text: str
    estimate: float | None
    low: float | None
    high: float | None
    threshold: float | None
    verdict: str
    symbol: str
    word: str = ""


@dataclass(frozen=True)
class Panel:
    """Rows on one axis. With `good_is_high` the good side of a threshold lies right of it.

    `per` is what a share is written in: 100 for per cent, 1000 for per thousand.
    """

    title: str
    rows: tuple[Row, ...]
    good_is_high: bool
    difference: bool = False
    unit: str = "%"
    per: int = 100


def draw(panels: Sequence[Panel], *, narrow: bool = False) -> Figure:
    """Draw panels of rows, one above the other: the good side shaded, its threshold ticked, the verdict in words."""
    step = ROW_NARROW if narrow else ROW
    heights = [HEAD + step * len(panel.rows) + FOOT for panel in panels]
    total = sum(heights) + GAP * (len(panels) - 1)
    figure = style.canvas(total, narrow=narrow)
    top = total
    for panel, height in zip(panels, heights, strict=True):
        left = 0.02 if narrow else _left(panels)
        width = 0.94 if narrow else 0.605 - left
        body = step * len(panel.rows)
        axes = figure.add_axes((left, (top - HEAD - body) / total, width, body / total))
        axes.set_facecolor("none")
        _panel(axes, panel, narrow=narrow)
        figure.text(0.002, (top - 0.18) / total, panel.title, fontweight="bold", fontsize=9.5, va="baseline")
        top -= height + GAP
    return figure


def _panel(axes: Axes, panel: Panel, *, narrow: bool) -> None:
    """Draw one panel on its axes."""
    low, high = _range(panel)
    axes.set_xlim(low, high)
    axes.set_ylim(len(panel.rows) - 0.5, -0.5)
    axes.set_yticks([])
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.xaxis.set_major_formatter(_ticks(panel.per, difference=panel.difference))
    axes.locator_params(axis="x", nbins=5)
    axes.tick_params(axis="x", length=3, labelsize=8)
    axes.set_xlabel(panel.unit, fontsize=8, labelpad=3)
    if panel.difference:
        axes.axvline(0, color=style.MUTED, linewidth=0.8, zorder=1.5)
    size, before = _size(panel), axes.get_position().x0 - 0.015
    for place, row in enumerate(panel.rows):
        _row(axes, panel, row, place + (0.24 if narrow else 0.0), (low, high), 0.5 if narrow else 1.0)
        _words(axes, row, place, size, before, narrow=narrow)


def _row(axes: Axes, panel: Panel, row: Row, y: float, limits: tuple[float, float], size: float) -> None:
    """Draw the good side, the threshold, the interval and the estimate of a row, `size` of a row high."""
    low, high = limits
    if row.threshold is not None:
        start, end = (row.threshold, high) if panel.good_is_high else (low, row.threshold)
        axes.barh(y, end - start, left=start, height=0.46 * size, color=style.ZONE, linewidth=0, zorder=1)
        axes.plot(
            [row.threshold] * 2,
            [y - 0.3 * size, y + 0.3 * size],
            color=style.INK,
            linewidth=1.6,
            zorder=3,
            clip_on=False,
        )
    tone = style.TONES.get(row.verdict, style.MUTED)
    if row.low is not None and row.high is not None:
        axes.plot(
            [row.low, row.high], [y, y], color=tone, linewidth=2.2, solid_capstyle="butt", zorder=4, clip_on=False
        )
    if row.estimate is not None:
        axes.plot([row.estimate], [y], "o", color=tone, markersize=5.5, zorder=5, clip_on=False)


def _words(axes: Axes, row: Row, y: int, size: float, before: float, *, narrow: bool) -> None:
    """Write the label, the figures and the verdict of a row; `before` is where the threshold's text ends."""
    from matplotlib.transforms import blended_transform_factory

    figure = axes.get_figure()
    if figure is None:
        raise ValueError("axes without a figure")
    across = blended_transform_factory(figure.transFigure, axes.transData)
    verdict = f"{row.symbol} {row.word or row.verdict}" if row.verdict else row.word or "no gate"
    tone = style.TONES.get(row.verdict, style.MUTED)
    weight = "bold" if row.verdict else "normal"
    letters = fonts.families(row.label)
    if narrow:
        # On paper of their own, so that the line of zero does not run through the letters.
        paper = {"facecolor": style.PAPER, "edgecolor": "none", "pad": 1}
        axes.text(
            0.005, y - 0.34, row.label, transform=across, va="center", fontsize=8.5, bbox=paper, fontfamily=letters
        )
        axes.text(
            0.995, y - 0.34, verdict, transform=across, va="center", ha="right", fontsize=8, color=tone, bbox=paper
        )
        text = f"{row.text}  {row.need}"
        axes.text(0.005, y - 0.12, text, transform=across, va="center", fontsize=7.5, color=style.MUTED, bbox=paper)
        return
    axes.text(0.002, y, row.label, transform=across, va="center", fontsize=size, fontfamily=letters)
    axes.text(before, y, row.need, transform=across, va="center", ha="right", fontsize=8, color=style.MUTED)
    axes.text(0.62, y, row.text, transform=across, va="center", fontsize=8)
    axes.text(0.998, y, verdict, transform=across, va="center", ha="right", fontsize=8, color=tone, fontweight=weight)


def _left(panels: Sequence[Panel]) -> float:
    """Return where the axes begin, as a share of the width: further right where labels are long."""
    longest = max(len(row.label) for panel in panels for row in panel.rows)
    return 0.34 if longest <= FITS else 0.405


def _size(panel: Panel) -> float:
    """Return the size of a panel's labels: a little smaller where the longest would run into its threshold."""
    longest = max(len(row.label) for row in panel.rows)
    return 9.0 if longest <= FITS + 7 else 9.0 * (FITS + 7) / longest


def _range(panel: Panel) -> tuple[float, float]:
    """Return the ends of a panel's axis: all that is drawn, with room, and never beyond what is possible."""
    values = [0.0] if panel.difference else [1.0 if panel.good_is_high else 0.0]
    for row in panel.rows:
        values += [value for value in (row.estimate, row.low, row.high, row.threshold) if value is not None]
    low, high = min(values), max(values)
    room = max((high - low) * 0.08, 0.01)
    if panel.difference:
        return low - room, high + room
    return max(low - room, 0.0), min(high + room, 1.0)


def _ticks(per: int, *, difference: bool) -> FuncFormatter:
    """Return how an axis writes its ticks: per cent (or what else a share is of) without a sign, or points with one."""
    from matplotlib.ticker import FuncFormatter

    def write(value: float, _: object) -> str:
        number = round(value * per, 6)
        if number == 0:
            return "0"
        return (f"{number:+g}" if difference else f"{number:g}").replace("-", "−")

    return FuncFormatter(write)
