"""Two sides of the same exchanges beyond their difference: who was right how often, and whether it may be chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatparity.gate.measure import Pairs, difference_of
from chatparity.grading.rows import ScoreRow
from chatparity.stats import two_sided_p


@dataclass(frozen=True)
class Duel:
    """Graded pairs by who was right: `won` only the first side, `lost` only the second, `both`, `neither`.

    `p` is McNemar's exact two-sided p of the pairs that differ, None where none differ, nothing is paired, or trials
    are `repeated`: a second trial of the same message is no second message. It takes pairs as independent: of
    conversations with several pairs the interval of the difference tells more.
    """

    won: int
    lost: int
    both: int
    neither: int
    clusters: int
    p: float | None
    repeated: bool = False

    @property
    def n(self) -> int:
        """Return how many pairs there are."""
        return self.won + self.lost + self.both + self.neither

    @property
    def tied(self) -> int:
        """Return in how many pairs the sides were equally right or wrong."""
        return self.both + self.neither


def duel(pairs: Pairs, metric: str, *, good_is_high: bool = True) -> Duel:
    """Count graded pairs by who was right on a metric, with McNemar's exact test [1] of the pairs that differ.

    [1] Q. McNemar (1947), Psychometrika 12, 153-157; exact as the sign test of the discordant pairs.
    """
    from scipy.stats import binomtest

    both = graded(pairs)
    seen = [(one.metrics[metric] is good_is_high, two.metrics[metric] is good_is_high) for one, two in both]
    won, lost = seen.count((True, False)), seen.count((False, True))
    repeated = len({(one.id, one.turn) for one, _ in both}) < len(both)
    return Duel(
        won=won,
        lost=lost,
        both=seen.count((True, True)),
        neither=seen.count((False, False)),
        clusters=len({one.cluster for one, _ in both}),
        p=float(binomtest(won, won + lost).pvalue) if won + lost and not repeated else None,
        repeated=repeated,
    )


def chance(pairs: Pairs, metric: str, *, confidence: float = 0.95, largest: int | None = None) -> float | None:
    """Return the two-sided p of the paired difference: 1 − the confidence at which its interval just reaches zero.

    So p and the interval that is shown are one test, clusters included. Where the interval at `confidence` holds zero
    it is 1.0: no correction for multiplicity could make it small. None where there is no interval. `largest` is as in
    `rate_of`.
    """

    def bounds(level: float) -> tuple[float | None, float | None]:
        rate = difference_of(pairs, metric, level, largest).rate
        return rate.low, rate.high

    return two_sided_p(bounds, confidence)


def graded(pairs: Pairs) -> Sequence[tuple[ScoreRow, ScoreRow]]:
    """Return the pairs of which both sides have a score."""
    both = zip(pairs.mine, pairs.other, strict=True)
    return [(one, two) for one, two in both if one.state == "graded" and two.state == "graded"]
