"""Which exchanges people look at, by chance alone, and how likely each was to be looked at.

The design. Every exchange gets a random number (a hash of the seed and its own name), which puts all of them into one
uniformly random order. The *uniform part* is the first `m` of the order. The *flagged part* is the next `n - m` of
the flagged exchanges in the same order, so it holds none that the uniform part has. When there are not enough of
them, the next exchanges of the rest fill the sample up: it has exactly min(n, N) items.

The probabilities. Within a stratum (flagged, rest) all exchanges are alike to the design, so each is included with
probability E[number taken from the stratum] / size of the stratum. Of the uniform part, K are flagged, and K is
hypergeometric (N exchanges, F flagged, m drawn). The number of flagged ones in the sample is min(K + n - m, F). So

    π(flagged) = E[min(K + n - m, F)] / F        π(rest) = (min(n, N) - E[min(K + n - m, F)]) / (N - F)

With them, sum(y / π) over the sample is an unbiased estimate of the sum of y over all exchanges [1]. Numbers that stay
with their exchange make the draw independent of the order in which files are read [2], and need only the n smallest of
each stratum to be kept.

[1] D. G. Horvitz, D. J. Thompson (1952). A generalization of sampling without replacement from a finite universe.
    Journal of the American Statistical Association 47, 663-685. The estimator is their equation for T, section 3.
[2] E. Ohlsson (1995). Coordination of samples using permanent random numbers. In: Business Survey Methods, ch. 9.
"""

from __future__ import annotations

import hashlib
import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
Key = tuple[str, int, int]


@dataclass(frozen=True)
class Design:
    """How many are drawn from what: `n` of `population` exchanges, of which `flagged` are flagged.

    `share_random`, in (0, 1], is the share of `n` that is drawn uniformly from all.
    """

    n: int
    share_random: float
    population: int
    flagged: int

    def __post_init__(self) -> None:
        """Refuse a design that cannot be weighted back to the population."""
        if self.n < 1:
            raise ValueError(f"a sample has at least one item, got n = {self.n}")
        if not 0 < self.share_random <= 1:
            raise ValueError(
                f"the uniform share lies in (0, 1], got {self.share_random}: without it the rest is unseen"
            )
        if not 0 <= self.flagged <= self.population:
            raise ValueError(f"flagged exchanges are part of the population, got {self.flagged} of {self.population}")

    @property
    def size(self) -> int:
        """Return the number of items the sample has."""
        return min(self.n, self.population)

    @property
    def uniform(self) -> int:
        """Return the number of items drawn uniformly from all exchanges."""
        return min(math.ceil(self.n * self.share_random), self.population)

    def flagged_taken(self, in_uniform: int) -> int:
        """Return how many flagged exchanges the sample holds when `in_uniform` of its uniform part are flagged."""
        return min(in_uniform + self.n - math.ceil(self.n * self.share_random), self.flagged)

    @property
    def expected_flagged(self) -> float:
        """Return the expected number of flagged exchanges in the sample."""
        from scipy.stats import hypergeom

        drawn, flagged, population = self.uniform, self.flagged, self.population
        least, most = max(0, drawn - (population - flagged)), min(drawn, flagged)
        return math.fsum(
            float(hypergeom.pmf(k, population, flagged, drawn)) * self.flagged_taken(k) for k in range(least, most + 1)
        )

    @property
    def probabilities(self) -> tuple[float, float]:
        """Return the inclusion probabilities of a flagged exchange and of one of the rest; 0 for an empty stratum."""
        taken, rest = self.expected_flagged, self.population - self.flagged
        of_flagged = taken / self.flagged if self.flagged else 0.0
        of_rest = (self.size - taken) / rest if rest else 0.0
        return min(of_flagged, 1.0), min(of_rest, 1.0)


@dataclass(frozen=True)
class Drawn(Generic[T]):
    """One exchange of the sample and what was kept of it."""

    key: Key
    flagged: bool
    kept: T


class Draw(Generic[T]):
    """A draw over a stream of exchanges: each is offered once, in any order; at most 2n of them are kept."""

    def __init__(self, n: int, share_random: float, seed: int) -> None:
        self.n = n
        self.share_random = share_random
        self.seed = seed
        self.population = 0
        self.flagged = 0
        self._smallest: dict[bool, list[tuple[int, Key, T]]] = {True: [], False: []}

    def offer(self, key: Key, kept: T, *, flagged: bool) -> None:
        """Count an exchange, and keep it if it can still be in the sample."""
        self.population += 1
        self.flagged += flagged
        entry = (-number(self.seed, key), key, kept)
        heap = self._smallest[flagged]
        if len(heap) < self.n:
            heapq.heappush(heap, entry)
        elif entry[:2] > heap[0][:2]:
            heapq.heapreplace(heap, entry)

    @property
    def design(self) -> Design:
        """Return the design over all that was offered."""
        return Design(self.n, self.share_random, self.population, self.flagged)

    def result(self) -> list[Drawn[T]]:
        """Return the sample, shuffled, so that an item's place does not tell its stratum."""
        design = self.design
        order = sorted(self._entries(), key=lambda entry: entry[:2])
        in_uniform = sum(drawn.flagged for _, _, drawn in order[: design.uniform])
        wanted = {True: design.flagged_taken(in_uniform)}
        wanted[False] = design.size - wanted[True]
        chosen = []
        for flagged, count in wanted.items():
            chosen += [drawn for _, _, drawn in order if drawn.flagged == flagged][:count]
        return sorted(chosen, key=lambda drawn: number(self.seed, ("shuffle", *drawn.key)))

    def _entries(self) -> Iterator[tuple[int, Key, Drawn[T]]]:
        """Yield what was kept with its random number."""
        for flagged, heap in self._smallest.items():
            yield from ((-negative, key, Drawn(key, flagged, kept)) for negative, key, kept in heap)


def number(seed: int, key: tuple[str | int, ...]) -> int:
    """Return the random number of an exchange: 128 bits of a hash of the seed and its name."""
    text = "\x1f".join(map(str, (seed, *key)))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest())


def weighted_rate(values: Sequence[float], probabilities: Sequence[float], population: int) -> float:
    """Return the Horvitz-Thompson estimate of a mean over `population` exchanges from a sample's values.

    `probabilities` are the inclusion probabilities of the sample's items, in (0, 1]. Unbiased, and not confined to
    [0, 1]: with few items it may lie outside. Formula: sum(y / π) / N [1].
    """
    if any(not 0 < one <= 1 for one in probabilities):
        raise ValueError("an inclusion probability lies in (0, 1]")
    return math.fsum(value / one for value, one in zip(values, probabilities, strict=True)) / population
