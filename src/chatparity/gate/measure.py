"""From score rows to rates and paired differences, with the unknown counted as the worst and the best they could be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from chatparity.gate.result import Rate
from chatparity.gate.slices import Key, labels, place_of, working_icc
from chatparity.grading.rows import ScoreRow
from chatparity.stats import DifferenceEstimate, RateEstimate, cluster_rate, paired_difference

UNKNOWN = ("errored", "not_run")
Rows = list[ScoreRow]


@dataclass
class Table:
    """Score rows by arm, grader, metric and slice label; rows of languages that were not asked are left out."""

    rows: dict[tuple[str, Key], Rows] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[ScoreRow]) -> Table:
        """Sort rows into a table."""
        table = cls()
        for row in rows:
            if row.state == "skipped":
                continue
            for metric in row.metrics:
                for label in labels(row.slices):
                    table.rows.setdefault((row.arm, (row.grader, metric, label)), []).append(row)
        return table

    def get(self, arm: str, key: Key) -> Rows:
        """Return the rows of one arm, grader, metric and slice."""
        return self.rows.get((arm, key), [])


@dataclass(frozen=True)
class Measured:
    """A rate or difference as it is shown, and the estimate without the unknown, for forecasts."""

    rate: Rate
    known: RateEstimate | DifferenceEstimate


def rate_of(rows: Sequence[ScoreRow], metric: str, confidence: float) -> Measured:
    """Return the rate at which a metric holds over rows of one arm.

    Graded rows are n. Errored and not-run ones are unknown: the low bound is that of a rate in which the metric holds
    for none of them, the high bound that of one in which it holds for all. Abstained and diverged are counted apart.
    """
    graded = [row for row in rows if row.state == "graded"]
    unknown = [row for row in rows if row.state in UNKNOWN]
    values = [bool(row.metrics[metric]) for row in graded]
    clusters = [row.cluster for row in graded]
    icc = working_icc(place_of(row) for row in graded + unknown)
    known = cluster_rate(values, clusters, confidence=confidence, working_icc=icc)
    low, high, method = known.low, known.high, known.method
    if not graded:
        method = _why_nothing(rows)
    elif unknown:
        every = clusters + [row.cluster for row in unknown]
        low = cluster_rate(values + [False] * len(unknown), every, confidence=confidence, working_icc=icc).low
        high = cluster_rate(values + [True] * len(unknown), every, confidence=confidence, working_icc=icc).high
        method += f"; {len(unknown)} without a score counted as worst and as best"
    states = Counter(row.state for row in rows)
    rate = Rate(
        n=known.n,
        good=known.good,
        unknown=len(unknown),
        clusters=known.clusters,
        estimate=known.estimate,
        low=low,
        high=high,
        confidence=confidence,
        method=method,
        abstained=states["abstained"],
        diverged=states["diverged"],
    )
    return Measured(rate, known)


def _why_nothing(rows: Sequence[ScoreRow]) -> str:
    """Return why none of these rows is graded."""
    if not rows:
        return "nothing to grade"
    reasons = Counter(f"{row.state.replace('_', ' ')}: {row.reason}".splitlines()[0] for row in rows)
    return reasons.most_common(1)[0][0].rstrip(": ")


@dataclass(frozen=True)
class Pairs:
    """The same exchanges on both sides, in order; `mine` may be unknown, `other` is graded."""

    mine: Rows
    other: Rows


def paired(mine: Iterable[ScoreRow], other: Iterable[ScoreRow]) -> Pairs:
    """Pair rows by transcript, turn and trial where the other side is graded and this one is graded or unknown."""
    by_key = {row.key: row for row in other if row.state == "graded"}
    both = [(row, by_key[row.key]) for row in mine if row.key in by_key and row.state in ("graded", *UNKNOWN)]
    return Pairs([one for one, _ in both], [two for _, two in both])


def difference_of(pairs: Pairs, metric: str, confidence: float) -> Measured:
    """Return the paired difference mine − other of the rates at which a metric holds, unknown ones as in `rate_of`."""
    both = list(zip(pairs.mine, pairs.other, strict=True))
    graded = [(one, other) for one, other in both if one.state == "graded"]
    mine = [bool(one.metrics[metric]) for one, _ in graded]
    other = [bool(two.metrics[metric]) for _, two in graded]
    clusters = [one.cluster for one, _ in graded]
    icc = working_icc(place_of(one) for one in pairs.mine)
    known = paired_difference(mine, other, clusters, confidence=confidence, working_icc=icc)
    low, high, method = known.low, known.high, known.method
    unknown = [(one, two) for one, two in both if one.state != "graded"]
    if graded and unknown:
        others = other + [bool(two.metrics[metric]) for _, two in unknown]
        every = clusters + [one.cluster for one, _ in unknown]
        worst, best = mine + [False] * len(unknown), mine + [True] * len(unknown)
        low = paired_difference(worst, others, every, confidence=confidence, working_icc=icc).low
        high = paired_difference(best, others, every, confidence=confidence, working_icc=icc).high
        method += f"; {len(unknown)} without a score counted as worst and as best"
    rate = Rate(
        n=known.n,
        good=known.first_only,
        unknown=len(unknown),
        clusters=known.clusters,
        estimate=known.estimate,
        low=low,
        high=high,
        confidence=confidence,
        method=method,
    )
    return Measured(rate, known)
