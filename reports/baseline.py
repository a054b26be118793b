"""Against a baseline run: what got better, what got worse, and which conversations flipped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from chatparity.gate.compare import graded
from chatparity.gate.measure import Table, paired
from chatparity.gate.result import SliceRate
from chatparity.grading.rows import ScoreRow

from . import intervals, slices, words
from .duels import DuelRow, duels, measured
from .scorecard import LABEL
from .text import clipped, direction

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .material import Material

SHOWN = 12
QUOTE = 220
CAPTION = (
    "The difference between this run and the baseline on the same messages, in percentage points, each with its 95 % "
    "interval and the number of messages that both were graded on. Right is better; where less is better (“turned”) "
    "the sign is turned round. The tick is what the suite allows it to be worse by, where it has such a gate."
)


@dataclass(frozen=True)
class Changed:
    """One answer whose verdict flipped: where, what the customer said, and both answers."""

    id: str
    turn: int
    language: str
    language_name: str
    measure: str
    better: bool
    quote: str
    before: str
    now: str
    why: str

    @property
    def dirs(self) -> tuple[str, str, str]:
        """Return the direction of the customer's words and of both answers."""
        return direction(self.quote), direction(self.before), direction(self.now)


@dataclass(frozen=True)
class Against:
    """All that is said of a run beside its baseline.

    `summary` are sentences, `rows` one measure each, `slices` those whose verdict stands after correction and the rest,
    `changed` the flipped answers (worse first) and `left` how many more there are.
    """

    name: str
    summary: tuple[str, ...]
    rows: tuple[DuelRow, ...]
    forest: tuple[intervals.Row, ...]
    slices: tuple[slices.SliceRow, ...]
    changed: tuple[Changed, ...]
    left: int


def against(material: Material, names: words.Names) -> Against | None:
    """Compare a run with its baseline; None when there is none."""
    before = material.baseline
    if before is None:
        return None
    table, other = material.table(material.drawn_rows), Table.of(before.rows)
    metrics = measured(material.findings)
    gated = slices.measures(material.findings.gates, metrics, "no_worse_than")
    rows = duels(table, other, "ai", metrics)
    changed = _changed(material, before, names, [(one, _pairs(table, other, one)) for one in metrics])
    worse, better = (_in_turn([one for one in changed if one.better is way]) for way in (False, True))
    shown = [*worse[:SHOWN], *better[: max(SHOWN - len(worse), SHOWN // 3)]]
    margins = {one.name: one.margin for one in gated}
    return Against(
        name=before.name,
        summary=tuple(_summary(material, before, rows, changed)),
        rows=tuple(rows),
        forest=tuple(_forest(one, margins.get(one.name)) for one in rows),
        slices=tuple(slices.by_slice(table, other, "ai", gated)),
        changed=tuple(shown),
        left=len(changed) - len(shown),
    )


def _in_turn(changed: Sequence[Changed]) -> list[Changed]:
    """Return flips of each measure in turn, so that the first few are not all of one."""
    by_measure: dict[str, list[Changed]] = {}
    for one in changed:
        by_measure.setdefault(one.measure, []).append(one)
    return [one for turn in zip_longest(*by_measure.values()) for one in turn if one is not None]


def _pairs(table: Table, other: Table, one: SliceRate) -> Sequence[tuple[ScoreRow, ScoreRow]]:
    """Return the exchanges that both runs graded on a metric."""
    key = (one.grader, one.metric, "all")
    return graded(paired(table.get("ai", key), other.get("ai", key)))


def _changed(
    material: Material,
    before: Material,
    names: words.Names,
    found: Sequence[tuple[SliceRate, Sequence[tuple[ScoreRow, ScoreRow]]]],
) -> list[Changed]:
    """Return each exchange that flipped, once, under the first measure that flipped; the worse first."""
    seen: dict[tuple[str, int, int], Changed] = {}
    for one, pairs in found:
        for now, then in pairs:
            if now.metrics[one.metric] is then.metrics[one.metric] or now.key in seen:
                continue
            ours, theirs = material.reply("ai", now.key), before.reply("ai", now.key)
            seen[now.key] = Changed(
                id=now.id,
                turn=now.turn,
                language=now.slices.get("language", ""),
                language_name=names.language(now.slices.get("language", "")),
                measure=words.metric_name(one.dimension, one.metric, one.grader),
                better=now.metrics[one.metric] is one.good_is_high,
                quote=now.quote,
                before=clipped(theirs.text, QUOTE) if theirs else "",
                now=clipped(ours.text, QUOTE) if ours else "",
                why=(then if now.metrics[one.metric] is one.good_is_high else now).reason,
            )
    return sorted(seen.values(), key=lambda one: one.better)


def _summary(
    material: Material, before: Material, rows: Sequence[DuelRow], changed: Sequence[Changed]
) -> Iterator[str]:
    """Yield what got better and worse, and what makes the comparison weaker than it looks."""
    better = [row.name for row in rows if row.difference.low is not None and row.difference.low > 0]
    worse = [row.name for row in rows if row.difference.high is not None and row.difference.high < 0]
    for told, some in (("Worse than the baseline", worse), ("Better than the baseline", better)):
        yield f"{told}: {words.listed(some) or 'no measure'}, as each interval tells by itself."
    lost = sum(not one.better for one in changed)
    yield (
        f"{words.count(len(changed), 'answer')} flipped: {lost} to worse, {len(changed) - lost} to better "
        f"(an answer that flipped in several measures is counted once)."
    )
    both = {row.key for row in material.drawn_rows} & {row.key for row in before.rows}
    only = len({row.key for row in material.drawn_rows} - both), len({row.key for row in before.rows} - both)
    if any(only):
        yield (
            f"Only what both runs asked is compared: {words.count(only[0], 'message')} of this run and {only[1]:,} of "
            "the baseline have no partner."
        )
    ours, theirs = set(material.manifest.graders), set(before.manifest.graders)
    if ours != theirs:
        changed_graders = ", ".join(sorted(ours ^ theirs))
        yield f"The graders are not the same ({changed_graders}): what they differ in may be the graders’ doing."


def _forest(row: DuelRow, margin: float | None) -> intervals.Row:
    """Return a measure as a row of the figure."""
    rate = row.difference
    clear = "better" if (rate.low or 0) > 0 else "worse" if (rate.high or 0) < 0 else "unclear"
    verdict, symbol = slices.SAID[clear]
    return intervals.Row(
        label=clipped(row.name, LABEL),
        need=f"> {words.signed(-margin)}" if margin is not None else "",
        text=f"{words.difference_text(rate)}  {words.n_text(rate.n)}",
        estimate=rate.estimate,
        low=rate.low,
        high=rate.high,
        threshold=None if margin is None else -margin,
        verdict=verdict,
        symbol=symbol,
        word=clear,
    )


def draw(found: Against, *, narrow: bool = False) -> Figure:
    """Draw the forest plot new − baseline."""
    unit = "points    ← worse · better →"
    panel = intervals.Panel("This run minus the baseline", found.forest, good_is_high=True, difference=True, unit=unit)
    return intervals.draw([panel], narrow=narrow)
