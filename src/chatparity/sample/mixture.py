"""A draw that seeks several kinds of exchanges at once, each with its share, and knows every probability exactly.

The cells. An exchange belongs to a cell: the set of kinds that it is of (it failed *and* is a risk) and, where the mix
has a `stratified` share, its stratum. Exchanges of one cell are alike to the design.

The allocation. Of the n items, the share of `uniform` is spread over all cells as they are large, that of another kind
over the cells that hold it as they are large, that of `stratified` equally over the strata and within each as its cells
are large. No cell gets more than it has; what is left over so goes to all cells that have more, as they have more. So
cell g is to get a_g items, Σ a_g = min(n, N): numbers that follow from the cells' sizes N_g alone, not from chance.

The draw. One random number u rounds them, systematically: n_g = ⌊A_g + u⌋ − ⌊A_(g−1) + u⌋ with A_g = a_1 + … + a_g, so
that E[n_g] = a_g and the total is kept [1]. Of each cell the n_g exchanges with the smallest random numbers are taken,
and the numbers stay with their exchange, as in `design`. So every exchange of cell g is included with probability

    π = a_g / N_g

exactly, whatever kinds it is of. It is above 0 where `uniform` or `stratified` has a share, which is why one must.

[1] C.-E. Särndal, B. Swensson, J. Wretman (1992), Model Assisted Survey Sampling, section 3.4: systematic sampling.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from chatparity.errors import UsageError
from chatparity.sample.design import Key, number

T = TypeVar("T")
UNIFORM, STRATIFIED = "uniform", "stratified"
# Kinds that only some exchanges are of, and what is in each.
SOUGHT = {
    "failures": "in which a grader found a fault, or that it could not grade",
    "disagreement": "of which graders of one dimension, or judges of one panel, say different things",
    "near": "to which a grader gave a value near the one at which its verdict turns",
    "risk": "at which a person should be offered or is asked for, or at which words of a risk were said",
    "novelty": "in which customers write of what was not seen before",
}
KINDS = (UNIFORM, STRATIFIED, *SOUGHT)
STRATA = 500


@dataclass(frozen=True, order=True)
class Cell:
    """What is alike to the design: the kinds sought that an exchange is of, sorted, and its stratum."""

    kinds: tuple[str, ...]
    stratum: str

    @property
    def what(self) -> str:
        """Return what is in it, for people: `failures and risk, language sv`."""
        kinds = " and ".join(self.kinds) or "none of the kinds sought"
        return f"{kinds}, {self.stratum}" if self.stratum else kinds


def parse_mix(text: str) -> dict[str, float]:
    """Read `uniform=0.5,failures=0.3,risk=0.2`. Raises UsageError for what is no mix that can be weighted back."""
    found: dict[str, float] = {}
    for part in text.split(","):
        name, equals, share = part.strip().partition("=")
        if name not in KINDS or not equals:
            raise UsageError(f'--mix: expected KIND=SHARE with a kind of {", ".join(KINDS)}, got "{part.strip()}"')
        if name in found:
            raise UsageError(f"--mix: expected each kind once, got {name} twice")
        try:
            value = float(share)
        except ValueError as error:
            raise UsageError(f'--mix: {name}: expected a share above 0 and up to 1, got "{share}"') from error
        if not 0 < value <= 1:
            raise UsageError(f"--mix: {name}: expected a share above 0 and up to 1, got {share}")
        found[name] = value
    total = math.fsum(found.values())
    if abs(total - 1) > 1e-6:
        raise UsageError(f"--mix: expected shares that add up to 1, got {total:g}")
    if UNIFORM not in found and STRATIFIED not in found:
        raise UsageError("--mix: expected a share of uniform or stratified: without one the other answers are unseen")
    return found


@dataclass(frozen=True)
class MixDesign:
    """How many items each cell is to get: `n` in all by the shares of `mix`, of cells of these sizes."""

    n: int
    mix: Mapping[str, float]
    cells: Mapping[Cell, int]

    @property
    def population(self) -> int:
        """Return the number of exchanges in all cells."""
        return sum(self.cells.values())

    @property
    def allocation(self) -> dict[Cell, float]:
        """Return a_g, the expected number of items of each cell, in the order in which they are rounded."""
        wanted = dict.fromkeys(sorted(self.cells), 0.0)
        for kind, share in self.mix.items():
            for cell, part in self._spread(kind).items():
                wanted[cell] += self.n * share * part
        taken = {cell: min(one, float(self.cells[cell])) for cell, one in wanted.items()}
        left = min(self.n, self.population) - math.fsum(taken.values())
        room = {cell: self.cells[cell] - one for cell, one in taken.items()}
        free = math.fsum(room.values())
        if left > 0 and free > 0:
            share = min(left / free, 1.0)
            taken = {cell: one + share * room[cell] for cell, one in taken.items()}
        return taken

    def _spread(self, kind: str) -> dict[Cell, float]:
        """Return the parts, adding up to 1, in which the share of a kind goes to cells; nothing where none is of it."""
        if kind == STRATIFIED:
            sizes: dict[str, int] = {}
            for cell, size in self.cells.items():
                sizes[cell.stratum] = sizes.get(cell.stratum, 0) + size
            return {cell: size / sizes[cell.stratum] / len(sizes) for cell, size in self.cells.items()}
        held = {cell: size for cell, size in self.cells.items() if kind == UNIFORM or kind in cell.kinds}
        total = sum(held.values())
        return {cell: size / total for cell, size in held.items()}

    @property
    def probabilities(self) -> dict[Cell, float]:
        """Return the inclusion probability of an exchange of each cell."""
        return {cell: min(one / self.cells[cell], 1.0) for cell, one in self.allocation.items()}

    def rounded(self, u: float) -> dict[Cell, int]:
        """Return n_g, how many of each cell are taken, for a random number in [0, 1)."""
        counts: dict[Cell, int] = {}
        reached, before = 0.0, 0
        total = min(self.n, self.population)
        allocation = self.allocation
        for place, (cell, one) in enumerate(allocation.items(), 1):
            reached += one
            # A sum of fractions may end a hair beside the whole number that it is.
            upto = total if place == len(allocation) else math.floor(reached + u + 1e-9)
            counts[cell] = min(upto - before, self.cells[cell])
            before += counts[cell]
        return counts


@dataclass(frozen=True)
class Mixed(Generic[T]):
    """One exchange of the sample, its cell, and what was kept of it."""

    key: Key
    cell: Cell
    kept: T


class MixDraw(Generic[T]):
    """A draw over a stream of exchanges: each is offered once, in any order; at most n of each cell are kept."""

    def __init__(self, n: int, mix: Mapping[str, float], seed: int) -> None:
        self.n = n
        self.mix = mix
        self.seed = seed
        self.cells: dict[Cell, int] = {}
        self._smallest: dict[Cell, list[tuple[int, Key, T]]] = {}
        self._strata: set[str] = set()

    @property
    def population(self) -> int:
        """Return how many exchanges were offered."""
        return sum(self.cells.values())

    @property
    def design(self) -> MixDesign:
        """Return the design over all that was offered."""
        return MixDesign(self.n, self.mix, self.cells)

    def offer(self, key: Key, kept: T, *, kinds: frozenset[str], stratum: str = "") -> None:
        """Count an exchange, and keep it if it can still be in the sample.

        Raises UsageError once there are more strata than can be told apart in a sample.
        """
        cell = Cell(tuple(sorted(kinds & self.mix.keys())), stratum if STRATIFIED in self.mix else "")
        self.cells[cell] = self.cells.get(cell, 0) + 1
        self._strata.add(cell.stratum)
        if len(self._strata) > STRATA:
            raise UsageError(f"--by: more than {STRATA} strata: name a field with fewer values")
        heap = self._smallest.setdefault(cell, [])
        entry = (-number(self.seed, key), key, kept)
        if len(heap) < self.n:
            heapq.heappush(heap, entry)
        elif entry[:2] > heap[0][:2]:
            heapq.heapreplace(heap, entry)

    def result(self) -> list[Mixed[T]]:
        """Return the sample, shuffled, so that an item's place does not tell its cell."""
        u = number(self.seed, ("round", self.n)) / 2**128
        chosen: list[Mixed[T]] = []
        for cell, count in self.design.rounded(u).items():
            order = sorted(self._smallest[cell], key=lambda entry: (-entry[0], entry[1]))
            chosen += [Mixed(key, cell, kept) for _, key, kept in order[:count]]
        return sorted(chosen, key=lambda one: number(self.seed, ("shuffle", *one.key)))
