"""How long the customer waited: the AI against people, on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import style
from .material import Material

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RESAMPLES = 1000  # a fifth of it where conversations are so many that the interval is narrow anyway
CONFIDENCE = 0.95
DOTS = 300
MANY = 2000
FLOOR = 0.001
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
    "Each dot is an answer. The diamond is the median, the triangle the 90th percentile, each with its interval; "
    "the scale is logarithmic. The AI’s time runs from the request to the whole reply; a person’s from the customer’s "
    "message to the end of the recorded answer, with reading, looking up and other chats in between."
)


@dataclass(frozen=True)
class Quantile:
    """A quantile of times in seconds with its interval; the ends are None where it cannot be estimated."""

    name: str
    estimate: float
    low: float | None
    high: float | None

    @property
    def text(self) -> str:
        """Return the quantile as text: "median 1.2 s [0.9 s, 1.4 s]"."""
        if self.low is None or self.high is None:
            return f"{self.name} {seconds(self.estimate)} [interval cannot be estimated]"
        return f"{self.name} {seconds(self.estimate)} [{seconds(self.low)}, {seconds(self.high)}]"


@dataclass(frozen=True)
class Times:
    """One side's times in seconds, sorted, from `clusters` conversations, with their median and 90th percentile."""

    side: str
    values: tuple[float, ...]
    clusters: int
    quantiles: tuple[Quantile, ...]

    @property
    def tone(self) -> str:
        """Return the colour of this side."""
        return style.AI if self.side == "AI" else style.HUMAN


def times(material: Material) -> tuple[list[Times], list[str]]:
    """Return the times of each side that has any, and a sentence for each that has none."""
    ours: dict[str, list[float]] = {}
    theirs: dict[str, list[float]] = {}
    for (name, turn, trial), record in sorted(material.records.items()):
        transcript = material.transcripts.get(name)
        cluster = transcript.cluster or name if transcript else name
        if record.reply is not None and record.reply.latency is not None:
            ours.setdefault(cluster, []).append(record.reply.latency)
        person = material.reply("human", (name, turn, trial)) if trial == 0 else None
        if person is not None and person.latency is not None:
            theirs.setdefault(cluster, []).append(person.latency)
    found = [_side(side, values) for side, values in (("AI", ours), (material.people, theirs)) if values]
    missing = [
        sentence
        for values, sentence in (
            (ours, "Latency of the AI: not measured, because its replies carry no times (a recorded agent has none)."),
            (theirs, "Latency of people: not measured, because no answer of a person carries times."),
        )
        if not values
    ]
    return found, missing


def _side(side: str, values: dict[str, list[float]]) -> Times:
    """Return one side's times with their quantiles."""
    every = tuple(sorted(value for group in values.values() for value in group))
    quantiles = tuple(_quantile(name, share, values) for name, share in (("median", 0.5), ("90th percentile", 0.9)))
    return Times(side=side, values=every, clusters=len(values), quantiles=quantiles)


def _quantile(name: str, share: float, values: dict[str, list[float]]) -> Quantile:
    """Return a quantile with a percentile-bootstrap interval that draws whole conversations [1], seeded.

    [1] A. C. Davison, D. V. Hinkley (1997), Bootstrap Methods and their Application, section 3.8.
    """
    import numpy as np

    groups = [np.asarray(group) for group in values.values()]
    estimate = float(np.quantile(np.concatenate(groups), share))
    if len(groups) < 2:
        return Quantile(name, estimate, None, None)
    random = np.random.default_rng(20)
    drawn = [
        np.quantile(np.concatenate([groups[one] for one in random.integers(0, len(groups), len(groups))]), share)
        for _ in range(RESAMPLES if len(groups) <= MANY else RESAMPLES // 5)
    ]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Quantile(name, estimate, float(low), float(high))


def seconds(value: float) -> str:
    """Return a duration for people: "42 ms", "1.3 s", "74 s", "6.2 min", "1.5 h"."""
    if value < 0.9995:
        return f"{value * 1000:.3g} ms"
    if value < 119.5:
        return f"{value:.3g} s"
    if value < 7170:
        return f"{value / 60:.3g} min"
    return f"{value / 3600:.3g} h"


def draw(found: Sequence[Times], *, narrow: bool = False) -> Figure:
    """Draw one row a side: its answers as dots, its median and 90th percentile with their intervals."""
    step = 1.22 if narrow else 0.95
    height = step * len(found) + 0.45
    figure = style.canvas(height, narrow=narrow)
    axes = figure.add_axes((0.005, 0.40 / height, 0.985, step * len(found) / height))
    axes.set_facecolor("none")
    axes.set_xscale("log")
    values = [max(value, FLOOR) for side in found for value in side.values]
    low, high = min(values) / 1.6, max(values) * 1.6
    axes.set_xlim(low, high)
    axes.set_ylim(len(found), 0)
    axes.set_yticks([])
    for edge in ("top", "left", "right"):
        axes.spines[edge].set_visible(False)
    ticks = [(place, name) for place, name in TICKS if low <= place <= high]
    axes.set_xticks([place for place, _ in ticks], [name for _, name in ticks], fontsize=8)
    axes.minorticks_off()
    for place, side in enumerate(found):
        _strip(axes, side, place, narrow=narrow)
    return figure


def _strip(axes: Axes, side: Times, y: int, *, narrow: bool) -> None:
    """Draw one side's row."""
    shown = _thinned(side.values)
    # A low-discrepancy sequence spreads the dots evenly and alike every time, which a random jitter would not.
    heights = [y + 0.70 + 0.22 * ((number * 0.618034) % 1 - 0.5) for number in range(len(shown))]
    axes.plot(
        [max(value, FLOOR) for value in shown],
        heights,
        "o",
        markersize=3.2,
        markeredgewidth=0,
        color=side.tone,
        alpha=0.45,
        zorder=2,
        clip_on=False,
    )
    for quantile, marker in zip(side.quantiles, ("D", "^"), strict=True):
        if quantile.low is not None and quantile.high is not None:
            ends = [max(quantile.low, FLOOR), max(quantile.high, FLOOR)]
            axes.plot(ends, [y + 0.70] * 2, color=style.INK, linewidth=2, zorder=4)
        axes.plot(
            [max(quantile.estimate, FLOOR)],
            [y + 0.70],
            marker,
            markersize=7,
            color=style.INK,
            markeredgecolor=style.PAPER,
            zorder=5,
        )
    name = side.side[:1].upper() + side.side[1:]
    across = axes.get_yaxis_transform()
    counted = f"n = {len(side.values)} answers in {side.clusters} conversations"
    axes.text(0, y + 0.12, f"{name}: {counted}", transform=across, fontweight="bold", va="center")
    texts = [quantile.text for quantile in side.quantiles]
    if narrow:
        for line, text in enumerate(texts):
            axes.text(0, y + 0.27 + 0.13 * line, text, transform=across, fontsize=7.8, va="center", color=style.MUTED)
    else:
        axes.text(0, y + 0.33, " · ".join(texts), transform=across, fontsize=8.5, va="center", color=style.MUTED)


def _thinned(values: Sequence[float]) -> list[float]:
    """Return at most `DOTS` of sorted values, evenly by rank, ends included: more would be a blot."""
    if len(values) <= DOTS:
        return list(values)
    last = len(values) - 1
    return [values[round(number * last / (DOTS - 1))] for number in range(DOTS)]
