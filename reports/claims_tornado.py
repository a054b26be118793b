"""A tornado: how far each assumption moves a figure, the widest first, beside what the sentence asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatparity.claims.about import number_text
from chatparity.claims.result import Bar, Tornado

from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CAPTION = (
    "Each bar is the figure with one input at its two ends and all others as assumed; the written values stand at the "
    "end that they lead to. The thick line is what the sentence says, the thin one the figure as assumed."
)
ROW = 0.36
ROW_NARROW = 0.56
HEAD = 0.42
FOOT = 0.42


def draw(found: Tornado, *, narrow: bool = False) -> Figure:
    """Draw a bar an input."""
    step = ROW_NARROW if narrow else ROW
    height = HEAD + step * len(found.bars) + FOOT
    figure = style.canvas(height, narrow=narrow)
    left = 0.03 if narrow else 0.335
    axes = figure.add_axes((left, FOOT / height, 0.97 - left, step * len(found.bars) / height))
    axes.set_facecolor("none")
    values = [found.estimate, *(end for bar in found.bars for end in (bar.low, bar.high))]
    values += [found.threshold] if found.threshold is not None else []
    room = (max(values) - min(values)) * (0.24 if narrow else 0.16) or 1.0
    axes.set_xlim(min(values) - room, max(values) + room)
    axes.set_ylim(len(found.bars) - 0.5, -0.5)
    axes.set_yticks([])
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.locator_params(axis="x", nbins=4 if narrow else 6)
    axes.xaxis.set_major_formatter(lambda value, _: number_text(value, found.unit))
    axes.tick_params(axis="x", length=3, labelsize=8)
    axes.axvline(found.estimate, color=style.MUTED, linewidth=0.8, zorder=1)
    _head(axes, found, narrow=narrow)
    for place, bar in enumerate(found.bars):
        _bar(axes, bar, place + (0.16 if narrow else 0.0), found.estimate, narrow=narrow)
    return figure


def _head(axes: Axes, found: Tornado, *, narrow: bool) -> None:
    """Mark what the sentence says and what the figure is as assumed."""
    above = axes.get_xaxis_transform()
    size = 7.5 if narrow else 8
    marks = [(found.estimate, "as assumed", style.MUTED)]
    if found.threshold is not None:
        axes.axvline(found.threshold, color=style.INK, linewidth=1.8, zorder=3)
        marks.append((found.threshold, "as said", style.INK))
    apart = abs(marks[0][0] - marks[-1][0]) > 0.3 * (axes.get_xlim()[1] - axes.get_xlim()[0])
    for value, words, tone in marks:
        # Two marks close to each other are written away from each other.
        left = value == min(mark[0] for mark in marks) and len(marks) > 1
        side = "center" if apart or len(marks) == 1 else "right" if left else "left"
        text = f"{words} {number_text(value, found.unit)}"
        axes.text(value, 1.02, text, transform=above, ha=side, va="bottom", fontsize=size, color=tone)


def _bar(axes: Axes, bar: Bar, y: float, estimate: float, *, narrow: bool) -> None:
    """Draw one input's bar and write its name and its two values at the ends that they lead to."""
    from matplotlib.transforms import blended_transform_factory

    low, high = sorted((bar.low, bar.high))
    axes.barh(y, high - low, left=low, height=0.3 if narrow else 0.5, color=style.SHADES[2], linewidth=0, zorder=2)
    figure = axes.get_figure()
    if figure is None:
        raise ValueError("axes without a figure")
    across = blended_transform_factory(figure.transFigure, axes.transData)
    name = bar.name[:1].upper() + bar.name[1:]
    if narrow:
        paper = {"facecolor": style.PAPER, "edgecolor": "none", "pad": 0.5}
        axes.text(0.005, y - 0.36, name, transform=across, va="center", fontsize=8.2, bbox=paper, zorder=5)
    else:
        axes.text(0.002, y, name, transform=across, va="center", fontsize=8.8)
    for value, text in ((bar.low, bar.at_low), (bar.high, bar.at_high)):
        if text:
            side, shift = ("right", -3) if value == low else ("left", 3)
            axes.annotate(
                text,
                (value, y),
                xytext=(shift, 0),
                textcoords="offset points",
                ha=side,
                va="center",
                fontsize=7.5,
                color=style.MUTED,
            )
