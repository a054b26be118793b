"""Always-valid intervals: confidence sequences for a rate or a paired difference that may be looked at at any time.

A fixed-sample interval holds for one look. Whoever looks again after every batch, and stops when the look is good, is
wrong far more often than it says. The intervals here hold at all times at once: whenever one looks and for whatever
reason one stops, the truth is outside with no more than the probability named.

How: for each value θ that the truth might have, a gambler bets against it. If θ is the truth, every bet is fair, so
the capital K is a martingale that begins at 1, and it ever reaches 1/α with probability at most α (Ville [1]). The
interval is all θ whose gambler has not become that rich [2].

The unit is the cluster (the conversation): cluster i has `sums[i]` of `sizes[i]` answers, and the truth is the ratio
E[sum] / E[size], the rate of answers, as in `cluster_rate`. The bet at θ is on the sign of sum − θ · size, whose mean
is zero when θ is that ratio, whatever the sizes and however answers within a cluster hang together. A bet may not
lose more than it has: the largest size that a cluster can have, `largest`, must be known before anyone replies. The
clusters must come in random order.

The stakes are not tuned along the way but mixed: the capital is the mean over a fixed grid of stakes (the method of
mixtures, a discrete version of [2], section 4.3 and appendix D). Only the multiset of clusters enters, so their order
is not needed to compute the interval again.

[1] J. Ville (1939), Étude critique de la notion de collectif, p. 84.
[2] I. Waudby-Smith, A. Ramdas (2023), Estimating means of bounded random variables by betting, Journal of the Royal
    Statistical Society B 86, 1-27, theorem 1 and section 4.
[3] H. Robbins (1970), Statistical methods related to the law of the iterated logarithm, Annals of Mathematical
    Statistics 41, 1397-1409: the mixture for coin tosses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chatparity.stats.interval import check_confidence

Numbers = NDArray[np.float64]

# Shares of the largest stake that cannot lose all: the small ones find small differences, the large ones large ones.
STAKES: Numbers = np.concatenate([np.geomspace(0.004, 0.8, 32), [0.88, 0.94, 0.98]])
# The edges of an interval are found to within 1 / PARTS ** ROUNDS of the range.
PARTS, ROUNDS = 24, 6


@dataclass(frozen=True)
class SequenceEstimate:
    """A rate (or difference) with an interval that holds at all times at once, as shares of the answers.

    `n` answers in `clusters` clusters were seen. `estimate` is None when nothing was.
    """

    n: int
    clusters: int
    estimate: float | None
    low: float | None
    high: float | None
    confidence: float
    method: str


class RatioSequence:
    """The confidence sequence of a ratio of means, fed with clusters as they come.

    `bottom` and `top` are the limits of one answer's value: 0 and 1 for a rate, −1 and 1 for a paired difference.
    `largest` is the largest size of a cluster, known beforehand. Clusters with the same sum and size are kept as a
    count, so that looking costs the same after ten as after ten thousand.
    """

    def __init__(self, *, largest: int, bottom: float = 0.0, top: float = 1.0) -> None:
        if largest < 1:
            raise ValueError(f"largest: expected at least 1, got {largest}")
        if not bottom < top:
            raise ValueError(f"bottom, top: expected bottom < top, got {bottom} and {top}")
        self._largest, self._bottom, self._top = largest, bottom, top
        self._counts: dict[tuple[float, int], int] = {}

    def add(self, sums: Sequence[float], sizes: Sequence[int]) -> None:
        """Add clusters: the sum of the values of each one's answers, and how many answers it has.

        A cluster without answers tells nothing and is left out. Raises ValueError for one that cannot be.
        """
        if len(sums) != len(sizes):
            raise ValueError(f"sums, sizes: expected the same length, got {len(sums)} and {len(sizes)}")
        for value, size in zip(sums, sizes, strict=True):
            if not 0 <= size <= self._largest:
                raise ValueError(f"sizes: expected 0 to {self._largest} (largest), got {size}")
            if not self._bottom * size <= value <= self._top * size:
                raise ValueError(f"sums: expected {self._bottom} to {self._top} an answer, got {value} of {size}")
            if size:
                key = (float(value), int(size))
                self._counts[key] = self._counts.get(key, 0) + 1

    def interval(self, confidence: float = 0.95) -> SequenceEstimate:
        """Return the estimate with its interval now; each side is missed, ever, with at most (1 − confidence) / 2."""
        check_confidence(confidence)
        clusters = sum(self._counts.values())
        n = sum(size * count for (_, size), count in self._counts.items())
        method = (
            "always-valid (betting)" if self._largest == 1 else f"always-valid (betting, up to {self._largest} each)"
        )
        if n == 0:
            return SequenceEstimate(0, 0, None, None, None, confidence, "nothing observed")
        total = sum(value * count for (value, _), count in self._counts.items())
        estimate = total / n
        rich = math.log(2 / (1 - confidence))
        low = self._edge(self._bottom, estimate, rich, rising=True)
        high = self._edge(self._top, estimate, rich, rising=False)
        return SequenceEstimate(n, clusters, estimate, low, high, confidence, method)

    def evidence(self, value: float) -> tuple[float, float]:
        """Return the logarithms of the capital of those who bet that the truth is above, and below, `value`.

        exp(−evidence) is a p-value that holds at all times, capped at 1, for "at most" and "at least" `value`.
        """
        return self._capital(value, above=True), self._capital(value, above=False)

    def _edge(self, limit: float, estimate: float, rich: float, *, rising: bool) -> float:
        """Return where the capital crosses `rich` between a limit of the range and the estimate.

        Who bets on "above" is the poorer the higher the value bet against, and the other way round for "below": the
        crossing is closed in on by cutting what holds it into parts.
        """
        outside, inside = limit, estimate
        for _ in range(ROUNDS if estimate != limit else 0):
            inner = np.linspace(outside, inside, PARTS + 1)[1:-1]
            beaten = int((self._capitals(inner, above=rising) >= rich).sum())
            edges = [outside, *inner.tolist(), inside]
            outside, inside = edges[beaten], edges[beaten + 1]
        return outside

    def _capital(self, value: float, *, above: bool) -> float:
        room = (value - self._bottom) if above else (self._top - value)
        if room <= 0:
            # No truth lies beyond the limit of the range: betting against the limit itself wins at any gain.
            gains = [total - value * size if above else value * size - total for total, size in self._counts]
            return math.inf if any(gain > 0 for gain in gains) else 0.0
        return float(self._capitals(np.array([value]), above=above)[0])

    def _capitals(self, values: Numbers, *, above: bool) -> Numbers:
        """Return the logarithms of the capital on one side against each of some values, shape (values,)."""
        sums = np.array([key[0] for key in self._counts], dtype=np.float64)
        sizes = np.array([key[1] for key in self._counts], dtype=np.float64)
        counts = np.array(list(self._counts.values()), dtype=np.float64)
        room = (values - self._bottom) if above else (self._top - values)
        factors = _log_factors(sums, sizes, values, room=room, largest=self._largest, above=above)
        return _log_mean(np.einsum("vcs,c->vs", factors, counts))


def log_capital_path(
    sums: ArrayLike,
    sizes: ArrayLike,
    value: float,
    *,
    largest: int,
    bottom: float = 0.0,
    top: float = 1.0,
) -> tuple[Numbers, Numbers]:
    """Return, after each cluster in turn, the logarithms of the capital on "above" and on "below" `value`.

    Each has shape (clusters,). The interval of `RatioSequence` at `confidence` leaves `value` out on its low side
    exactly where the first is at least log(2 / (1 − confidence)): its coverage at all times is read off one path.
    """
    values, counted = np.asarray(sums, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    if not bottom < value < top:
        raise ValueError(f"value: expected a number between {bottom} and {top}, got {value}")
    paths = []
    for above, room in ((True, value - bottom), (False, top - value)):
        against, rooms = np.array([value]), np.array([room])
        factors = _log_factors(values, counted, against, room=rooms, largest=largest, above=above)
        paths.append(_log_mean(np.cumsum(factors[0], axis=0)))
    return paths[0], paths[1]


def _log_factors(
    sums: Numbers, sizes: Numbers, values: Numbers, *, room: Numbers, largest: int, above: bool
) -> Numbers:
    """Return log(1 + λ (sum − value · size)) for each value, cluster and stake, shape (values, clusters, stakes).

    λ = stake / (room · largest) is the share of what would lose everything on the worst cluster there can be [2].
    """
    gains = sums - np.multiply.outer(values, sizes)
    scaled = (gains if above else -gains) / (room * largest)[:, None]
    factors: Numbers = np.log1p(np.multiply.outer(scaled, STAKES))
    return factors


def _log_mean(logs: Numbers) -> Numbers:
    """Return the logarithm of the mean of exp over the last axis: the capital of all stakes together."""
    most = logs.max(axis=-1)
    mean: Numbers = most + np.log(np.exp(logs - np.expand_dims(most, -1)).mean(axis=-1))
    return mean


def rate_sequence(
    good: Sequence[int], sizes: Sequence[int], *, largest: int | None = None, confidence: float = 0.95
) -> SequenceEstimate:
    """Return the rate of good answers over clusters in random order, with its always-valid interval.

    `good` of `sizes` answers, one pair a cluster; `largest` defaults to the largest size given, which is only right
    when that was known beforehand.
    """
    sequence = RatioSequence(largest=largest or max([1, *sizes]))
    sequence.add(good, sizes)
    return sequence.interval(confidence)


def difference_sequence(
    differences: Sequence[int], sizes: Sequence[int], *, largest: int | None = None, confidence: float = 0.95
) -> SequenceEstimate:
    """Return the paired difference of two rates over clusters in random order, with its always-valid interval.

    `differences` is, a cluster, how many of its `sizes` pairs are good for the first side less how many for the
    second; `largest` as in `rate_sequence`.
    """
    sequence = RatioSequence(largest=largest or max([1, *sizes]), bottom=-1.0, top=1.0)
    sequence.add(differences, sizes)
    return sequence.interval(confidence)
