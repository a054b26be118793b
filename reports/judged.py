"""Figures of judged and learned graders: as judged, corrected with people's labels, and how far people agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chatparity.gate.result import Findings, GateResult, Rate, SliceRate

from . import words
from .words import Names

ALL = "all"
SIDES = {"ai": "AI", "human": "people"}


@dataclass(frozen=True)
class Judged:
    """One figure: as judged with its n, corrected (how, in `method`), and the grader's agreement with people."""

    what: str
    judged: str
    n: int
    corrected: str
    method: str
    agreement: str


def judged(findings: Findings, names: Names) -> tuple[Judged, ...]:
    """Return every figure that a judged or learned grader gave: those of gates, then those over all that have none."""
    return tuple(_rows(findings, names))


def _rows(findings: Findings, names: Names) -> Iterator[Judged]:
    for gate in findings.gates:
        if gate.agreement:
            yield _row(gate, gate.difference or gate.rate, names, "AI", difference=gate.difference is not None)
    for one in findings.rates:
        if one.agreement and one.slice == ALL and one.rate.estimate is not None:
            yield _row(one, one.rate, names, SIDES.get(one.arm, one.arm), difference=False)


def _row(found: GateResult | SliceRate, rate: Rate, names: Names, side: str, *, difference: bool) -> Judged:
    text = words.difference_text if difference else words.rate_text
    name = words.metric_name(found.dimension, found.metric, found.grader)
    against = " against the other side" if difference else f", {side}"
    corrected = found.corrected
    return Judged(
        what=f"{name}{names.within(found.slice)}{against}",
        judged=text(rate),
        n=rate.n,
        corrected=text(corrected) if corrected is not None and corrected.low is not None else words.NONE,
        method=corrected.method if corrected is not None else "no labels to correct it with",
        agreement=found.agreement,
    )
