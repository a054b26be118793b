"""What graders say of a whole population, added up as it streams by: the controls of what people say of a sample."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

from chatparity.grading.rows import ScoreRow
from chatparity.sample.design import Key
from chatparity.sample.result import Automatic


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
        self.kept: dict[Key, dict[str, float]] = {}
        self._keep = keep
        self._sums: dict[str, _Sum] = {}

    def add(self, rows: Iterable[ScoreRow]) -> dict[Key, dict[str, float]]:
        """Add rows, each exchange and grader once, and return the controls of exchanges outside `keep` as well."""
        found: dict[Key, dict[str, float]] = {}
        for row in rows:
            value = fault(row)
            if value is None:
                continue
            one = self._sums.setdefault(row.grader, _Sum(row.dimension))
            one.graded += 1
            one.failed += row.verdict == "fail"
            one.total += value
            if row.key in self._keep:
                self.kept.setdefault(row.key, {})[row.grader] = value
            else:
                found.setdefault(row.key, {})[row.grader] = value
        return found

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


def fault(row: ScoreRow) -> float | None:
    """Return how bad a grader finds an exchange, 1 − value, or None where it gave no score."""
    if row.state != "graded" or row.value is None:
        return None
    return 1.0 - row.value
