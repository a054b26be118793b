"""A run against its baseline: what got better, what worse, and in which conversations it flipped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from chatparity.gate.measure import Pairs, Table, difference_of, paired
from chatparity.gate.others import CONFIDENCE
from chatparity.gate.result import Flip, Flips, Rate
from chatparity.gate.slices import ALL
from chatparity.grading.grader import Grader, Metric
from chatparity.grading.rows import ScoreRow

Told = Literal["better", "worse", "not known"]


def flips(table: Table, before: Table, graders: Sequence[Grader]) -> tuple[Flips, ...]:
    """Return how each metric with exchanges graded in both runs changed, in the order of the graders."""
    return tuple(
        found for grader in graders for metric in grader.metrics for found in _metric(table, before, grader, metric)
    )


def _metric(table: Table, before: Table, grader: Grader, metric: Metric) -> Iterator[Flips]:
    """Yield the change of one metric, or nothing where no exchange was graded in both runs."""
    key = (grader.name, metric.name, ALL)
    mine, theirs = table.get("ai", key), before.get("ai", key)
    pairs = paired(mine, theirs)
    both = [(one, two) for one, two in zip(pairs.mine, pairs.other, strict=True) if one.state == two.state == "graded"]
    if not both:
        return
    kept = [one for one, _ in both], [two for _, two in both]
    good = [one.metrics[metric.name] is metric.good_is_high for one, _ in both]
    was = [two.metrics[metric.name] is metric.good_is_high for _, two in both]
    measured = difference_of(Pairs(*kept), metric.name, CONFIDENCE, table.largest(key))
    graded = sum(row.state == "graded" for row in [*mine, *theirs])
    yield Flips(
        dimension=grader.dimension,
        grader=grader.name,
        metric=metric.name,
        good_is_high=metric.good_is_high,
        n=len(both),
        both_good=sum(one and two for one, two in zip(good, was, strict=True)),
        both_bad=sum(not one and not two for one, two in zip(good, was, strict=True)),
        better=_flipped(both, [one and not two for one, two in zip(good, was, strict=True)]),
        worse=_flipped(both, [two and not one for one, two in zip(good, was, strict=True)]),
        unpaired=graded - 2 * len(both),
        difference=measured.rate,
        told=_told(measured.rate, good_is_high=metric.good_is_high),
    )


def _flipped(both: Sequence[tuple[ScoreRow, ScoreRow]], chosen: Sequence[bool]) -> tuple[Flip, ...]:
    """Return the chosen pairs, in order of transcript, turn and trial."""
    kept = [pair for pair, one in zip(both, chosen, strict=True) if one]
    return tuple(
        Flip(id=now.id, turn=now.turn, trial=now.trial, before=_found(was), now=_found(now), quote=now.quote)
        for now, was in sorted(kept, key=lambda pair: pair[0].key)
    )


def _found(row: ScoreRow) -> str:
    return row.outcome or row.verdict or "graded"


def _told(rate: Rate, *, good_is_high: bool) -> Told:
    """Say what the interval of the difference says."""
    if rate.low is None or rate.high is None or rate.low <= 0 <= rate.high:
        return "not known"
    return "better" if (rate.low > 0) is good_is_high else "worse"
