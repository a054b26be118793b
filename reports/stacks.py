"""Bars that are cut into parts: the drawing that score distributions, timing of handovers and case mix share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import fonts, style
from .text import clipped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW = 0.30
ROW_NARROW = 0.50
GAP = 0.16
HATCHES = ("", "", "", "", "////", "....")
LABEL = 32


@dataclass(frozen=True)
class Stack:
    """One bar: how many of `n` are in each part, in the order of the legend. `group` opens a new group of bars."""

    label: str
    counts: tuple[int, ...]
    group: str = ""

    @property
    def n(self) -> int:
        """Return how many there are in all."""
        return sum(self.counts)


@dataclass(frozen=True)
class Part:
    """What a part of a bar stands for and how dark it is: 0 to 3 are the shades, 4 and 5 are hatched."""

    name: str
    shade: int


def draw(bars: Sequence[Stack], parts: Sequence[Part], *, narrow: bool = False) -> Figure:
    """Draw the bars one below the other, each as long as the others, with counts where they fit."""
    step = ROW_NARROW if narrow else ROW
    lines = _legend_lines(parts, narrow=narrow)
    head = 0.10 + 0.22 * lines
    places: list[float] = []
    y = 0.0
    for bar in bars:
        y += GAP / step if bar.group and places else 0
        places.append(y)
        y += 1
    height = head + step * y + 0.08
    figure = style.canvas(height, narrow=narrow)
    left, width = (0.02, 0.95) if narrow else (0.36, 0.53)
    axes = figure.add_axes((left, 0.06 / height, width, step * y / height))
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(y - 0.5, -0.5)
    for bar, place in zip(bars, places, strict=True):
        _bar(axes, bar, parts, place, narrow=narrow)
    _legend(figure, parts, height, narrow=narrow)
    return figure


def _bar(axes: Axes, bar: Stack, parts: Sequence[Part], y: float, *, narrow: bool) -> None:
    """Draw one bar with its label and n."""
    from matplotlib.transforms import blended_transform_factory

    figure = axes.get_figure()
    if figure is None:
        raise ValueError("axes without a figure")
    across = blended_transform_factory(figure.transFigure, axes.transData)
    place, thick = (y + 0.2, 0.48) if narrow else (y, 0.74)
    start = 0.0
    for part, count in zip(parts, bar.counts, strict=True):
        share = count / bar.n if bar.n else 0
        if not count:
            continue
        axes.barh(place, share, left=start, height=thick, edgecolor=style.INK, linewidth=0.6, **_fill(part))
        if share > 0.045:
            paper = {"facecolor": style.PAPER, "edgecolor": "none", "pad": 0.8} if part.shade > 3 else None
            axes.text(start + share / 2, place, f"{count:,}", ha="center", va="center", fontsize=7.8, bbox=paper)
        start += share
    label = clipped(bar.label, LABEL if not narrow else 44)
    letters = fonts.families(label)
    counted = f"n = {bar.n:,}"
    if narrow:
        axes.text(
            0.02, y - 0.28, f"{label}: {counted}", transform=across, va="center", fontsize=7.8, fontfamily=letters
        )
        return
    axes.text(0.002, y, label, transform=across, va="center", fontfamily=letters)
    axes.text(0.998, y, counted, transform=across, va="center", ha="right", fontsize=8, color=style.MUTED)


def _fill(part: Part) -> dict[str, Any]:
    """Return how a part is filled."""
    if part.shade < len(style.SHADES):
        return {"facecolor": style.SHADES[part.shade]}
    return {"facecolor": style.PAPER, "hatch": HATCHES[part.shade]}


def _columns(narrow: bool) -> int:
    """Return how many entries of the legend stand on a line."""
    return 2 if narrow else 4


def _legend_lines(parts: Sequence[Part], *, narrow: bool) -> int:
    """Return how many lines the legend takes."""
    return -(-len(parts) // _columns(narrow))


def _legend(figure: Figure, parts: Sequence[Part], height: float, *, narrow: bool) -> None:
    """Draw what each part stands for, above the bars."""
    from matplotlib.patches import Rectangle

    columns = _columns(narrow)
    for number, part in enumerate(parts):
        line, column = divmod(number, columns)
        x = 0.002 + column * (0.998 / columns)
        y = 1 - (0.04 + 0.22 * line + 0.13) / height
        box = Rectangle(
            (x, y), 0.035 if narrow else 0.018, 0.13 / height, edgecolor=style.INK, linewidth=0.6, **_fill(part)
        )
        box.set_transform(figure.transFigure)
        figure.add_artist(box)
        figure.text(x + (0.05 if narrow else 0.026), y + 0.02 / height, part.name, fontsize=8, va="bottom")
