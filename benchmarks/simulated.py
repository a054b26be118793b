"""Score rows of an agent that does not exist: what the simulations of verdicts draw from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chatparity.exchange import Exchange, Score
from chatparity.gate.measure import Table
from chatparity.gate.slices import ALL, GateSlice, Planned
from chatparity.grading import Grader, grader
from chatparity.grading.rows import ScoreRow
from chatparity.suite import GateTable


@grader(dimension="accuracy")
def accuracy(exchange: Exchange) -> Score:
    """Pass everything: nothing is graded here, the scores are drawn."""
    return Score.passed("fine")


GRADER: Grader = accuracy
KEY = (GRADER.name, GRADER.metrics[0].name, ALL)
GOOD: dict[str, bool | None] = {"rate": True}
BAD: dict[str, bool | None] = {"rate": False}


@dataclass(frozen=True)
class Talks:
    """Conversations of one or of up to `size` answers; answers within one are alike by the correlation `icc`.

    `chances` has a conversation's chance of a good answer, shape (conversations,), `sizes` its answers.
    """

    chances: NDArray[np.float64]
    sizes: NDArray[np.int64]

    @classmethod
    def drawn(cls, rng: np.random.Generator, n: int, rate: float, *, size: int, icc: float) -> Talks:
        """Draw conversations with about `n` answers in all."""
        count = round(n / ((size + 1) / 2))
        scale = (1 - icc) / icc if icc else 0.0
        chances = rng.beta(rate * scale, (1 - rate) * scale, count) if icc else np.full(count, rate)
        return cls(chances, rng.integers(1, size + 1, count))

    @property
    def clusters(self) -> list[str]:
        """Return the name of the conversation of each answer."""
        return [f"c{number}" for number, size in enumerate(self.sizes) for _ in range(size)]

    def run(self, rng: np.random.Generator) -> list[ScoreRow]:
        """Return the score rows of one run of the agent over these conversations, in order."""
        good = rng.random(int(self.sizes.sum())) < np.repeat(self.chances, self.sizes)
        return [
            ScoreRow(
                id=cluster,
                turn=place,
                trial=0,
                arm="ai",
                grader=GRADER.name,
                dimension=GRADER.dimension,
                state="graded",
                cluster=cluster,
                slices={},
                metrics=GOOD if one else BAD,
            )
            for place, (cluster, one) in enumerate(zip(self.clusters, good.tolist(), strict=True))
        ]


def gate_on(gate: GateTable, clusters: list[str]) -> GateSlice:
    """Return a gate on all answers."""
    return GateSlice(0, gate, GRADER, GRADER.metrics[0], ALL, Planned([(name, name, 0) for name in clusters]))


def table_of(rows: list[ScoreRow], largest: int | None = None) -> Table:
    """Return the rows as the engine's table; with `largest` its intervals are always-valid."""
    return Table({("ai", KEY): rows}, None if largest is None else {KEY: largest})
