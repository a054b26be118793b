"""What graders say of a whole population, added up as it streams by: the controls of what people say of a sample."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from chatparity.grading.rows import ScoreRow
from chatparity.sample.design import Key
from chatparity.sample.result import Automatic


class Faults(NamedTuple):
    """What graders say of one exchange: how bad it is by grader, from 0 to 1, and which of them fail it."""

    values: dict[str, float]
    failing: tuple[str, ...]


NO_FAULTS = Faults({}, ())


@dataclass
class _Sum:
    """One grader's sums over the population."""

    dimension: str
    graded: int = 0
    failed: int = 0
    total: float = 0.0


class Scored:
    """Sums of graders' scores over a population; the scores of the exchanges in `keep` are kept by themselves."""

    def __init__(self, keep: Container[Key] = ()) -> None:
        self.kept: dict[Key, Faults] = {}
        self._keep = keep
        self._sums: dict[str, _Sum] = {}

    def add(self, rows: Iterable[ScoreRow]) -> None:
        """Add rows, each exchange and grader once."""
        for row in rows:
            value = fault(row)
            if value is None:
                continue
            one = self._sums.setdefault(row.grader, _Sum(row.dimension))
            one.graded += 1
            one.failed += row.verdict == "fail"
            one.total += value
            if row.key in self._keep:
                self.kept[row.key] = _with(self.kept.get(row.key, NO_FAULTS), row, value)

    def automatic(self, population: int) -> tuple[Automatic, ...]:
        """Return what each grader says of `population` exchanges, by name."""
        return tuple(
            Automatic(
                grader=name,
                dimension=one.dimension,
                graded=one.graded,
                failed=one.failed,
                mean=one.total / population,
            )
            for name, one in sorted(self._sums.items())
        )


def faults_of(rows: Iterable[ScoreRow]) -> dict[Key, Faults]:
    """Return what graders say of each exchange."""
    found: dict[Key, Faults] = {}
    for row in rows:
        value = fault(row)
        if value is not None:
            found[row.key] = _with(found.get(row.key, NO_FAULTS), row, value)
    return found


def _with(faults: Faults, row: ScoreRow, value: float) -> Faults:
    failing = (*faults.failing, row.grader) if row.verdict == "fail" else faults.failing
    return Faults({**faults.values, row.grader: value}, failing)


def fault(row: ScoreRow) -> float | None:
    """Return how bad a grader finds an exchange, 1 − value, or None where it gave no score."""
    if row.state != "graded" or row.value is None:
        return None
    return 1.0 - row.value
