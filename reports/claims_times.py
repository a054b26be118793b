"""Times to resolution of both arms: which share is not yet resolved after so long, with the medians."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chatparity.claims.result import Curve, Curves

from . import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CAPTION = (
    "The share of conversations not yet resolved after so many minutes, both arms in one mix of cases; the band is the "
    "interval at each time. Conversations that ended unresolved count until their end. The dot is the median."
)
TONES = (style.AI, style.HUMAN)
LINES: Sequence[str] = ("-", "--")
HEAD = 0.34
FOOT = 0.5


def draw(found: Curves, *, narrow: bool = False) -> Figure:
    """Draw both curves on one axis, each named where it has room."""
    height = 2.9 if narrow else 3.1
    figure = style.canvas(height, narrow=narrow)
    left = 0.115 if narrow else 0.06
    axes = figure.add_axes((left, FOOT / height, 0.985 - left, (height - HEAD - FOOT) / height))
    axes.set_facecolor("none")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.set_xlim(0, found.until / 60)
    axes.set_ylim(0, 1.0)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1.0], ["0", "25", "50", "75", "100 %"])
    axes.tick_params(length=3, labelsize=8)
    axes.set_xlabel("minutes since the first message", fontsize=8, labelpad=3)
    axes.axhline(0.5, color=style.RULE, linewidth=0.8, zorder=1)
    figure.text(0.002, (height - 0.2) / height, "Not yet resolved", fontweight="bold", fontsize=9.5, va="baseline")
    for place, (curve, tone, line) in enumerate(zip(found.curves, TONES, LINES, strict=True)):
        _curve(axes, curve, tone, line, found.until, place, narrow=narrow)
    return figure


def _curve(axes: Axes, curve: Curve, tone: str, line: str, until: float, place: int, *, narrow: bool) -> None:
    """Draw one arm: its band, its line, its median and its name, stacked at the right where both curves are low."""
    minutes = [one / 60 for one in curve.seconds]
    axes.fill_between(minutes, curve.low, curve.high, color=tone, alpha=0.16, linewidth=0, zorder=2)
    axes.plot(minutes, curve.open, line, color=tone, linewidth=1.8, zorder=3)
    if curve.median is not None and curve.median <= until:
        axes.plot([curve.median / 60], [0.5], "o", color=tone, markersize=6, zorder=4)
    median = f"median {curve.median / 60:.1f} min" if curve.median is not None else "no median: too few resolved"
    name = curve.name[:1].upper() + curve.name[1:]
    counted = f"n = {curve.n:,}, {curve.resolved:,} resolved"
    y = 0.95 - place * (0.22 if narrow else 0.17)
    words = {"transform": axes.transAxes, "ha": "right", "va": "top"}
    axes.text(1.0, y, f"{name}: {median}", color=tone, fontsize=8.5, fontweight="bold", **words)  # type: ignore[arg-type]
    axes.text(1.0, y - (0.085 if narrow else 0.07), counted, color=style.MUTED, fontsize=8, **words)  # type: ignore[arg-type]
