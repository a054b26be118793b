"""From score rows to rates and paired differences, with the unknown counted as the worst and the best they could be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from chatparity.gate.echoes import Spot
from chatparity.gate.result import Rate
from chatparity.gate.slices import Key, Place, labels, place_of, working_icc
from chatparity.grading.rows import STOPPED_EARLY, ScoreRow
from chatparity.stats import DifferenceEstimate, RateEstimate, cluster_rate, paired_difference
from chatparity.stats.sequence import RatioSequence, SequenceEstimate

UNKNOWN = ("errored", "not_run")
Rows = list[ScoreRow]


@dataclass
class Table:
    """Score rows by arm, grader, metric and slice label.

    Rows of languages that were not asked are left out, and so are those that a run stopped by design did not come to:
    nothing about them is unknown that the run set out to know. `sizes` holds, for a run that is looked at early, the
    most exchanges planned in one cluster of a key: with it, intervals are always-valid. `echoes` are the places at
    which the agent is a recording of the person it would be compared with.
    """

    rows: dict[tuple[str, Key], Rows] = field(default_factory=dict)
    sizes: Mapping[Key, int] | None = None
    echoes: frozenset[Spot] = frozenset()

    @classmethod
    def of(
        cls, rows: Iterable[ScoreRow], sizes: Mapping[Key, int] | None = None, echoes: frozenset[Spot] = frozenset()
    ) -> Table:
        """Sort rows into a table."""
        table = cls(sizes=sizes, echoes=echoes)
        for row in rows:
            if row.state == "skipped" or (row.state == "not_run" and row.reason == STOPPED_EARLY):
                continue
            for metric in row.metrics:
                for label in labels(row.slices):
                    table.rows.setdefault((row.arm, (row.grader, metric, label)), []).append(row)
        return table

    def get(self, arm: str, key: Key) -> Rows:
        """Return the rows of one arm, grader, metric and slice."""
        return self.rows.get((arm, key), [])

    def largest(self, key: Key) -> int | None:
        """Return the most exchanges planned in one cluster of a key, or None where one look is taken."""
        return None if self.sizes is None else self.sizes.get(key, 1)


@dataclass(frozen=True)
class Measured:
    """A rate or difference as it is shown, and the estimate without the unknown, for forecasts."""

    rate: Rate
    known: RateEstimate | DifferenceEstimate


def rate_of(rows: Sequence[ScoreRow], metric: str, confidence: float, largest: int | None = None) -> Measured:
    """Return the rate at which a metric holds over rows of one arm.

    With `largest`, the most exchanges that one cluster can have, the interval is always-valid: the rows are those of
    whole clusters in random order, looked at at any time.

    Graded rows are n. Errored and not-run ones are unknown: the low bound is that of a rate in which the metric holds
    for none of them, the high bound that of one in which it holds for all. Abstained and diverged are counted apart.
    """
    graded = [row for row in rows if row.state == "graded"]
    unknown = [row for row in rows if row.state in UNKNOWN]
    values = [bool(row.metrics[metric]) for row in graded]
    clusters = [row.cluster for row in graded]
    icc = working_icc(place_of(row) for row in graded + unknown)
    known = _rate(values, clusters, confidence, largest, icc)
    low, high, method = known.low, known.high, known.method
    if not graded:
        method = _why_nothing(rows)
    elif unknown:
        every = clusters + [row.cluster for row in unknown]
        low = _rate(values + [False] * len(unknown), every, confidence, largest, icc).low
        high = _rate(values + [True] * len(unknown), every, confidence, largest, icc).high
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


def share_of(observed: Sequence[tuple[bool, Place]], confidence: float, largest: int | None = None) -> RateEstimate:
    """Return the share of true values, each with its cluster, transcript and trial, by the interval that gates use.

    `largest` is as in `rate_of`.
    """
    values, places = [value for value, _ in observed], [place for _, place in observed]
    return _rate(values, [cluster for cluster, _, _ in places], confidence, largest, working_icc(places))


def answered_once(rows: Iterable[ScoreRow]) -> Rows:
    """Return people's rows, each answer once: a person answered once, and stands beside every trial of the agent."""
    first: dict[tuple[str, str, int], ScoreRow] = {}
    for row in rows:
        first.setdefault((row.grader, row.id, row.turn), row)
    return list(first.values())


def _why_nothing(rows: Sequence[ScoreRow]) -> str:
    """Return why none of these rows is graded."""
    if not rows:
        return "nothing to grade"
    reasons = Counter(f"{row.state.replace('_', ' ')}: {row.reason}".splitlines()[0] for row in rows)
    return reasons.most_common(1)[0][0].rstrip(": ")


@dataclass(frozen=True)
class Pairs:
    """The same exchanges on both sides, in order; either may be unknown.

    `echoes` pairs more were left out: in them both sides are the same recorded answer of a person.
    """

    mine: Rows
    other: Rows
    echoes: int = 0


def paired(mine: Iterable[ScoreRow], other: Iterable[ScoreRow]) -> Pairs:
    """Pair rows by transcript, turn and trial where each side is graded or unknown."""
    counted = ("graded", *UNKNOWN)
    by_key = {row.key: row for row in other if row.state in counted}
    both = [(row, by_key[row.key]) for row in mine if row.key in by_key and row.state in counted]
    return Pairs([one for one, _ in both], [two for _, two in both])


def with_people(table: Table, key: Key) -> Pairs:
    """Pair the AI's rows with people's; none where in every pair a person's own answer stands as the AI's.

    Where only some are alike, an AI may have chosen a person's words: to leave those out would leave its worst answers.
    """
    pairs = paired(table.get("ai", key), table.get("human", key))
    if pairs.mine and all(one.key in table.echoes for one in pairs.mine):
        return Pairs([], [], len(pairs.mine))
    return pairs


def difference_of(pairs: Pairs, metric: str, confidence: float, largest: int | None = None) -> Measured:
    """Return the paired difference mine − other of the rates at which a metric holds.

    Pairs graded on both sides are n. The low bound takes what is unknown of mine as not holding and what is unknown of
    the other side as holding, the high bound the other way round; `largest` is as in `rate_of`.
    """
    both = list(zip(pairs.mine, pairs.other, strict=True))
    graded = [(one, two) for one, two in both if one.state == two.state == "graded"]
    unknown = [(one, two) for one, two in both if not one.state == two.state == "graded"]
    icc = working_icc(place_of(one) for one in pairs.mine)

    def taken(chosen: Sequence[tuple[ScoreRow, ScoreRow]], lacking: bool) -> DifferenceEstimate:
        mine = [_value(one, metric, lacking) for one, _ in chosen]
        other = [_value(two, metric, not lacking) for _, two in chosen]
        return _difference(mine, other, [one.cluster for one, _ in chosen], confidence, largest, icc)

    known = taken(graded, lacking=False)
    low, high, method = known.low, known.high, known.method
    if graded and unknown:
        low, high = taken([*graded, *unknown], lacking=False).low, taken([*graded, *unknown], lacking=True).high
        method += f"; {len(unknown)} without a score counted as worst and as best"
    if pairs.echoes:
        method = "nothing to compare: both sides are the same recorded answers of people"
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


def _value(row: ScoreRow, metric: str, lacking: bool) -> bool:
    """Return whether the metric holds for a row, or what is taken for one without a score."""
    return bool(row.metrics[metric]) if row.state == "graded" else lacking


def _rate(values: list[bool], clusters: list[str], confidence: float, largest: int | None, icc: float) -> RateEstimate:
    """Return the rate of true values, at one look or, with `largest`, at any."""
    if largest is None:
        return cluster_rate(values, clusters, confidence=confidence, working_icc=icc)
    found = _sequence([int(value) for value in values], clusters, confidence, largest, bottom=0.0)
    return RateEstimate(
        n=len(values),
        good=sum(values),
        clusters=found.clusters,
        estimate=found.estimate,
        low=found.low,
        high=found.high,
        confidence=confidence,
        method=found.method,
    )


def _difference(
    mine: list[bool], other: list[bool], clusters: list[str], confidence: float, largest: int | None, icc: float
) -> DifferenceEstimate:
    """Return the difference of two paired rates, at one look or, with `largest`, at any."""
    if largest is None:
        return paired_difference(mine, other, clusters, confidence=confidence, working_icc=icc)
    differences = [int(one) - int(two) for one, two in zip(mine, other, strict=True)]
    found = _sequence(differences, clusters, confidence, largest, bottom=-1.0)
    return DifferenceEstimate(
        n=len(mine),
        first_only=differences.count(1),
        second_only=differences.count(-1),
        clusters=found.clusters,
        estimate=found.estimate,
        low=found.low,
        high=found.high,
        confidence=confidence,
        method=found.method,
    )


def _sequence(
    values: list[int], clusters: list[str], confidence: float, largest: int, *, bottom: float
) -> SequenceEstimate:
    """Return the always-valid interval of values by cluster."""
    sums: dict[str, int] = {}
    for value, cluster in zip(values, clusters, strict=True):
        sums[cluster] = sums.get(cluster, 0) + value
    sizes = Counter(clusters)
    sequence = RatioSequence(largest=max([largest, *sizes.values()]), bottom=bottom)
    sequence.add(list(sums.values()), [sizes[cluster] for cluster in sums])
    return sequence.interval(confidence)
