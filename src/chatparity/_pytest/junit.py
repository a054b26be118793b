"""What a gate leaves in JUnit XML: properties of its test case, for any server that reads the format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chatparity.gate import GateResult

DIGITS = 4


def properties(result: GateResult, run: Path) -> list[tuple[str, object]]:
    """Return the properties of one gate on one slice, in the order in which they are written.

    `rate`, `low`, `high` and `threshold` are shares between 0 and 1; where two sides are compared they are those of
    the difference, in [−1, 1]. A figure that cannot be estimated is left out. `read` are the ids of the conversations
    to read first, `run` is the run's folder.
    """
    shown = result.difference or result.rate
    found: list[tuple[str, object]] = [
        ("gate", f"{result.name} {result.kind}"),
        ("slice", result.slice),
        ("verdict", result.verdict),
        ("n", shown.n),
        ("conversations", shown.clusters),
    ]
    figures = (("rate", shown.estimate), ("low", shown.low), ("high", shown.high))
    found += [(name, round(value, DIGITS)) for name, value in figures if value is not None]
    found += [("confidence", shown.confidence), ("requirement", result.kind), ("threshold", result.threshold)]
    if result.verdict != "PASS":
        found.append(("reason", result.reason))
    if result.failures:
        found.append(("read", " ".join(dict.fromkeys(example.id for example in result.failures))))
    found.append(("run", str(run)))
    return found
