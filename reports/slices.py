"""Two sides by language, market, intent, channel and difficulty, corrected for looking at so many slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatparity.gate.compare import chance
from chatparity.gate.measure import Table, difference_of, paired
from chatparity.gate.result import GateResult, Rate, SliceRate

from . import intervals, words
from .scorecard import turned
from .text import clipped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEAST = 20
DRAWN = 14
LABEL = 38
ALPHA = 0.05
KINDS = ("language", "market", "intent", "channel", "difficulty")
SAID = {"worse": ("FAIL", "✗"), "better": ("PASS", "✓"), "unclear": ("", "")}
CAPTION = (
    "The slices in which the AI does worst come first; the tick is the margin of the whole. With so many slices some "
    "look bad by chance: a slice is called worse or better only when it stays so after Holm’s correction over all "
    "slices of its measure. Where less is better (“turned”) the sign is turned round. A line clear of zero that is "
    "called unclear may be such chance. All of it, also the slices with fewer than "
    f"{LEAST} pairs, which are reported and not judged, stands in the table."
)


@dataclass(frozen=True)
class Measure:
    """What is compared: a metric of a grader, which way is good, and the margin if there is a gate."""

    dimension: str
    metric: str
    grader: str
    good_is_high: bool
    margin: float | None

    @property
    def name(self) -> str:
        """Return what it is called in a table."""
        return words.metric_name(self.dimension, self.metric, self.grader)


@dataclass(frozen=True)
class SliceRow:
    """One measure on one slice; right is better. `p` is after Holm's correction, None where it was not judged.

    `said` is "worse", "better" or "unclear"; of too few pairs "not judged".
    """

    measure: Measure
    slice: str
    rate: Rate
    p: float | None
    said: str

    @property
    def judged(self) -> bool:
        """Say whether there were enough pairs."""
        return self.said != "not judged"


def measures(gates: Sequence[GateResult], differences: Sequence[SliceRate], kind: str = "margin") -> list[Measure]:
    """Return what two sides are compared on: all that has a gate of this kind, else the rate of each dimension."""
    gated = [gate for gate in gates if gate.kind == kind]
    margins = {(one.dimension, one.metric, one.grader): one for one in reversed(gated) if one.slice == "all"}
    margins = {(one.dimension, one.metric, one.grader): one for one in gated} | margins
    if margins:
        return [Measure(*key, good_is_high=one.good_is_high, margin=one.threshold) for key, one in margins.items()]
    found = {(one.dimension, one.metric, one.grader): one for one in differences if one.metric == "rate"}
    return [Measure(*key, good_is_high=one.good_is_high, margin=None) for key, one in found.items()]


def by_slice(table: Table, other: Table, arm: str, wanted: Sequence[Measure], *, least: int = LEAST) -> list[SliceRow]:
    """Compare the AI's rows of one table with an arm of another on every slice, the worst first.

    Slices with fewer than `least` pairs are not judged and stand last. Holm's step-down procedure [1] holds the chance
    of one false word or more among all slices of a measure at 5 %.

    [1] S. Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian J. of Statistics 6, 65-70.
    """
    rows: list[SliceRow] = []
    for measure in wanted:
        rows += _measured(table, other, arm, measure, least)
    return sorted(rows, key=_worst_first)


def _measured(table: Table, other: Table, arm: str, measure: Measure, least: int) -> list[SliceRow]:
    """Return all slices of one measure, corrected for their number."""
    from chatparity.stats.multiplicity import holm

    rates: dict[str, Rate] = {}
    chances: dict[str, float | None] = {}
    for label in _labels(table, measure):
        key = (measure.grader, measure.metric, label)
        pairs = paired(table.get("ai", key), other.get(arm, key))
        rate = difference_of(pairs, measure.metric, 1 - ALPHA, table.largest(key)).rate
        if rate.n:
            rates[label] = rate
            chances[label] = chance(pairs, measure.metric, largest=table.largest(key)) if rate.n >= least else None
    adjusted = holm(list(chances.values()))
    return [_row(measure, label, rate, p) for (label, rate), p in zip(rates.items(), adjusted, strict=True)]


def _row(measure: Measure, label: str, rate: Rate, p: float | None) -> SliceRow:
    """Say what a slice shows."""
    shown = rate if measure.good_is_high else turned(rate)
    said = "not judged" if p is None else "unclear"
    if p is not None and p < ALPHA and shown.estimate:
        said = "better" if shown.estimate > 0 else "worse"
    return SliceRow(measure, label, shown, p, said)


def _labels(table: Table, measure: Measure) -> list[str]:
    """Return the slices of a measure whose kind has more than one value, in the order of kinds."""
    labels = sorted({label for arm, (grader, metric, label) in table.rows if _is(measure, arm, grader, metric)})
    found: list[str] = []
    for kind in KINDS:
        values = [label for label in labels if label.startswith(f"{kind}=")]
        found += values if len(values) > 1 else []
    return found


def _is(measure: Measure, arm: str, grader: str, metric: str) -> bool:
    """Say whether rows are the AI's of a measure."""
    return (arm, grader, metric) == ("ai", measure.grader, measure.metric)


def _worst_first(row: SliceRow) -> tuple[bool, bool, float, float]:
    """Return where a row stands: judged before not, worse before all else, then by estimate and by upper bound."""
    estimate = row.rate.estimate if row.rate.estimate is not None else 0.0
    return (not row.judged, row.said != "worse", estimate, row.rate.high if row.rate.high is not None else 1.0)


def drawn(rows: Sequence[SliceRow]) -> list[SliceRow]:
    """Return the rows for the figure: the worst that were judged."""
    return [row for row in rows if row.judged][:DRAWN]


def draw(rows: Sequence[SliceRow], names: words.Names, what: str, *, narrow: bool = False) -> Figure:
    """Draw the worst slices as a forest plot."""
    shown = drawn(rows)
    left = sum(row.judged for row in rows) - len(shown)
    more = f", the {len(shown)} worst of {len(shown) + left} slices" if left else ""
    panel = intervals.Panel(
        title=f"{what}{more}",
        rows=tuple(_as_row(row, names) for row in shown),
        good_is_high=True,
        difference=True,
        unit="points    ← worse · better →",
    )
    return intervals.draw([panel], narrow=narrow)


def _as_row(row: SliceRow, names: words.Names) -> intervals.Row:
    """Return a slice as a row of a figure."""
    verdict, symbol = SAID[row.said]
    margin = row.measure.margin
    tail = "" if row.measure.good_is_high else " (turned)"
    return intervals.Row(
        label=clipped(f"{_shown(row, names)}: {row.measure.name}", LABEL - len(tail)) + tail,
        need=f"> {words.signed(-margin)}" if margin is not None else "",
        text=f"{words.difference_text(row.rate)}  {words.n_text(row.rate.n)} pairs",
        estimate=row.rate.estimate,
        low=row.rate.low,
        high=row.rate.high,
        threshold=None if margin is None else -margin,
        verdict=verdict,
        symbol=symbol,
        word=row.said,
    )


def _shown(row: SliceRow, names: words.Names) -> str:
    """Return a slice as people write it."""
    return names.slice(row.slice).replace("_", " ")


def summary(rows: Sequence[SliceRow], names: words.Names, other: str) -> str:
    """Return what the slices show in a sentence or two, with the numbers that were looked at."""
    judged = [row for row in rows if row.judged]
    few = len(rows) - len(judged)
    if not judged:
        return f"No slice has {LEAST} pairs or more, so none is judged; all {few} stand in the table." if few else ""
    worse = [row for row in judged if row.said == "worse"]
    better = sum(row.said == "better" for row in judged)
    named = "; ".join(f"{_shown(row, names)} ({row.measure.name})" for row in worse[:6])
    told = (
        f"the AI is worse than {other} in {len(worse)}: {named}" if worse else f"the AI is worse than {other} in none"
    )
    tail = f"; {few} more, of fewer than {LEAST} pairs each, {'is' if few == 1 else 'are'} not judged" if few else ""
    return (
        f"Of {words.count(len(judged), 'slice')} judged (each of {LEAST} pairs or more), {told}; better in {better}, "
        f"unclear in {len(judged) - len(worse) - better}{tail}."
    )


def p_text(p: float | None) -> str:
    """Return a p value as it stands in a table."""
    if p is None:
        return "not judged"
    return "p\u00a0<\u00a00.001" if p < 0.001 else "p\u00a0=\u00a01" if p > 0.9995 else f"p\u00a0=\u00a0{p:.3f}"
