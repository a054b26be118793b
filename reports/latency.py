"""How long the customer waited: the AI against people on each clock, on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from . import style
from .clocks import CLOCKS, Times

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOTS = 300
FLOOR = 0.001
HEAD = 0.30
TICKS = (
    (0.001, "1 ms"),
    (0.01, "10 ms"),
    (0.1, "0.1 s"),
    (1.0, "1 s"),
    (10.0, "10 s"),
    (60.0, "1 min"),
    (600.0, "10 min"),
    (3600.0, "1 h"),
    (86400.0, "1 day"),
)
CAPTION = (
    "Each dot is an answer or a conversation. The diamond is the median, the triangle the 90th percentile, each with "
    "its interval; the scale is logarithmic. What each clock measures stands in the table."
)


def draw(found: Sequence[Times], *, narrow: bool = False) -> Figure:
    """Draw a panel a clock, one row a side: its times as dots, median and 90th percentile with their intervals."""
    step = 0.98 if narrow else 0.66
    clocks = list(dict.fromkeys(one.clock for one in found))
    height = sum(HEAD + step * _rows(found, clock) for clock in clocks) + 0.45
    figure = style.canvas(height, narrow=narrow)
    values = [max(value, FLOOR) for side in found for value in side.values]
    room = 3.5 if narrow else 1.8  # so that the names of the outermost ticks stay on the paper
    limits = (min(values) / room, max(values) * room)
    top = height
    for clock in clocks:
        sides = [one for one in found if one.clock == clock]
        body = step * len(sides)
        axes = figure.add_axes((0.005, (top - HEAD - body) / height, 0.985, body / height))
        figure.text(0.002, (top - 0.20) / height, CLOCKS[clock][0], fontweight="bold", fontsize=9.5, va="baseline")
        _panel(axes, sides, limits, last=clock == clocks[-1], narrow=narrow)
        top -= HEAD + body
    return figure


def _rows(found: Sequence[Times], clock: str) -> int:
    """Return how many sides a clock has."""
    return sum(one.clock == clock for one in found)


def _panel(axes: Axes, sides: Sequence[Times], limits: tuple[float, float], *, last: bool, narrow: bool) -> None:
    """Draw one clock; only the last has its ticks written."""
    low, high = limits
    axes.set_facecolor("none")
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(len(sides), 0)
    axes.set_yticks([])
    for edge in ("top", "left", "right"):
        axes.spines[edge].set_visible(False)
    ticks = [(place, name) for place, name in TICKS if low <= place <= high]
    if narrow and len(ticks) > 6:
        ticks = [tick for tick in ticks if tick[1] not in ("10 ms", "10 s", "10 min")]
    names = [name if last else "" for _, name in ticks]
    axes.set_xticks([place for place, _ in ticks], names, fontsize=8)
    axes.minorticks_off()
    for place, side in enumerate(sides):
        _strip(axes, side, place, narrow=narrow)


def _strip(axes: Axes, side: Times, y: int, *, narrow: bool) -> None:
    """Draw one side's row: words above, dots below them."""
    shown = _thinned(side.values)
    middle, spread = (y + 0.76, 0.20) if narrow else (y + 0.66, 0.30)
    # A low-discrepancy sequence spreads the dots evenly and alike every time, which a random jitter would not.
    heights = [middle + spread * ((number * 0.618034) % 1 - 0.5) for number in range(len(shown))]
    axes.plot(
        [max(value, FLOOR) for value in shown],
        heights,
        "o" if side.is_ai else "s",
        markersize=3.0,
        markeredgewidth=0,
        color=style.AI if side.is_ai else style.HUMAN,
        alpha=0.42,
        zorder=2,
        clip_on=False,
    )
    for quantile, marker in zip(side.quantiles, ("D", "^"), strict=True):
        if quantile.low is not None and quantile.high is not None:
            ends = [max(quantile.low, FLOOR), max(quantile.high, FLOOR)]
            axes.plot(ends, [middle] * 2, color=style.INK, linewidth=2, zorder=4)
        axes.plot(
            [max(quantile.estimate, FLOOR)],
            [middle],
            marker,
            markersize=6.5,
            color=style.INK,
            markeredgecolor=style.PAPER,
            zorder=5,
        )
    across = axes.get_yaxis_transform()
    name = side.side[:1].upper() + side.side[1:]
    counted = f"n = {len(side.values):,} {side.unit}{'' if len(side.values) == 1 else 's'}"
    if side.unit == "answer":
        counted += f" in {side.clusters:,} conversation{'' if side.clusters == 1 else 's'}"
    texts = [quantile.text for quantile in side.quantiles]
    size: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center", "color": style.MUTED}
    if narrow:
        axes.text(0, y + 0.10, f"{name}: {counted}", transform=across, va="center", fontsize=8)
        for line, text in enumerate(texts):
            axes.text(0, y + 0.27 + 0.16 * line, text, fontsize=7.6, **size)
        return
    axes.text(0, y + 0.22, f"{name}: {counted}", transform=across, va="center", fontsize=8.5)
    axes.text(1, y + 0.22, " · ".join(texts), ha="right", fontsize=8, **size)


def _thinned(values: Sequence[float]) -> list[float]:
    """Return at most `DOTS` of sorted values, evenly by rank, ends included: more would be a blot."""
    if len(values) <= DOTS:
        return list(values)
    last = len(values) - 1
    return [values[round(number * last / (DOTS - 1))] for number in range(DOTS)]
