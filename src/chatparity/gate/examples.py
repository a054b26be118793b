"""Which conversations to read first: the worst of those that a gate holds against the agent."""

from __future__ import annotations

from collections.abc import Iterable

from chatparity.gate.measure import Pairs
from chatparity.gate.result import Example
from chatparity.grading.grader import Metric
from chatparity.grading.rows import ScoreRow

MOST = 6


def examples(rows: Iterable[ScoreRow], metric: Metric) -> tuple[Example, ...]:
    """Return up to six conversations in which the metric is bad, worst value first, then those without a score.

    The order is the same in every run: value, transcript, turn, trial. One exchange a conversation.
    """
    listed = list(rows)
    bad = [row for row in listed if row.state == "graded" and row.metrics[metric.name] is not metric.good_is_high]
    return _chosen([*sorted(bad, key=_order), *sorted((row for row in listed if row.state == "errored"), key=_order)])


def lost(pairs: Pairs, metric: Metric) -> tuple[Example, ...]:
    """Return up to six conversations in which the agent is bad where the other side is good."""
    good = metric.good_is_high
    worse = [
        one
        for one, other in zip(pairs.mine, pairs.other, strict=True)
        if one.state == "graded" and one.metrics[metric.name] is not good and other.metrics[metric.name] is good
    ]
    return _chosen(sorted(worse, key=_order))


def _order(row: ScoreRow) -> tuple[float, str, int, int]:
    return (row.value if row.value is not None else 0.0, row.id, row.turn, row.trial)


def _chosen(rows: Iterable[ScoreRow]) -> tuple[Example, ...]:
    first: dict[str, ScoreRow] = {}
    for row in rows:
        first.setdefault(row.id, row)
    return tuple(
        Example(
            id=row.id,
            turn=row.turn,
            outcome=row.outcome or ("errored" if row.state == "errored" else "failed"),
            quote=row.quote,
            reason=row.reason,
        )
        for row in list(first.values())[:MOST]
    )
