"""The scorecard: every gate with its interval, its threshold and its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from chatparity.gate.result import GateResult, Rate, SliceRate

from . import intervals, words
from .text import clipped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAPTION = (
    "Each row is one gate. The shaded side of the tick is where the whole interval must lie; the dot is the estimate, "
    "the line its interval. Gates against people stand in the figure “AI minus people”."
)
LABEL = 34


def draw(gates: Sequence[GateResult], names: words.Names, people: str, *, narrow: bool = False) -> Figure:
    """Draw the scorecard: rates that must be high, rates that must stay low, differences from the baseline.

    Differences from people have a figure of their own, unless they are all there is.
    """
    fixed = [gate for gate in gates if gate.difference is None]
    high = [_absolute(gate, names) for gate in fixed if _upward(gate)]
    low = [_absolute(gate, names) for gate in fixed if not _upward(gate)]
    with_people = [compared(gate, names) for gate in gates if gate.difference and gate.kind == "margin"]
    with_before = [compared(gate, names) for gate in gates if gate.difference and gate.kind != "margin"]
    panels = [
        intervals.Panel("Must be high", tuple(high), good_is_high=True, unit="% of answers"),
        intervals.Panel("Must stay low", tuple(low), good_is_high=False, unit="% of answers"),
        comparison([] if fixed or with_before else with_people, people),
        comparison(with_before, "the baseline run"),
    ]
    return intervals.draw([panel for panel in panels if panel.rows], narrow=narrow)


def comparison(rows: Sequence[intervals.Row], other: str) -> intervals.Panel:
    """Return rows that compare the AI with another side as one panel, on which right is better for the AI."""
    unit = "points    ← AI worse · AI better →"
    return intervals.Panel(f"AI minus {other}", tuple(rows), good_is_high=True, difference=True, unit=unit)


def compared(found: GateResult | SliceRate, names: words.Names) -> intervals.Row:
    """Return a difference, gated or not, as a row; where less is better its sign is turned, and the label says so."""
    gate = found if isinstance(found, GateResult) else None
    rate = found.difference if isinstance(found, GateResult) else found.rate
    if rate is None:
        raise ValueError(f"{found.dimension} {found.metric}: a comparison without a difference")
    shown = rate if found.good_is_high else turned(rate)
    return intervals.Row(
        label=_label(found, names, "" if found.good_is_high else " (people − AI)"),
        need=f"> {words.signed(-gate.threshold)}" if gate else "",
        text=f"{words.difference_text(shown)}  {words.n_text(shown.n)} pairs",
        estimate=shown.estimate,
        low=shown.low,
        high=shown.high,
        threshold=-gate.threshold if gate else None,
        verdict=gate.verdict if gate else "",
        symbol=words.SYMBOLS[gate.verdict] if gate else "",
    )


def turned(rate: Rate) -> Rate:
    """Return a difference seen from the other side: people − AI instead of AI − people."""
    return msgspec.structs.replace(
        rate,
        estimate=None if rate.estimate is None else -rate.estimate,
        low=None if rate.high is None else -rate.high,
        high=None if rate.low is None else -rate.low,
    )


def _upward(gate: GateResult) -> bool:
    """Say whether the good side of a gate on a rate lies above its threshold."""
    return gate.kind == "at_least" or (gate.kind == "zero" and gate.good_is_high)


def _absolute(gate: GateResult, names: words.Names) -> intervals.Row:
    """Return a gate on a rate as a row."""
    return intervals.Row(
        label=_label(gate, names, ""),
        need=_need(gate),
        text=f"{words.rate_text(gate.rate)}  {words.n_text(gate.rate.n)}",
        estimate=gate.rate.estimate,
        low=gate.rate.low,
        high=gate.rate.high,
        # "None" of something good that is missed is a rate of 100 %, whatever the gate has as its threshold.
        threshold=float(gate.good_is_high) if gate.kind == "zero" else gate.threshold,
        verdict=gate.verdict,
        symbol=words.SYMBOLS[gate.verdict],
    )


def _label(found: GateResult | SliceRate, names: words.Names, tail: str) -> str:
    """Return what is measured, short enough for a row of a figure."""
    name = words.metric_name(found.dimension, found.metric, found.grader)
    where = "" if found.slice == "all" else f", {names.slice(found.slice)}"
    return clipped(name + where, LABEL - len(tail)) + tail


def _need(gate: GateResult) -> str:
    """Return the side and the place of a threshold: "≥ 90 %", "≤ 3 %", "none"."""
    if gate.kind == "zero":
        return "none"
    return f"{'≥' if gate.kind == 'at_least' else '≤'} {words.threshold_text(gate.threshold)}"
