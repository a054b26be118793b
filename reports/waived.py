"""Known failures: what is waived, by whom and until when; and what stopping early means for the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatparity.gate.result import Findings, GateResult
from chatparity.gate.text import early_text, waiver_lines

from . import words
from .words import Names


@dataclass(frozen=True)
class Waiver:
    """One gate that a waiver bears on: what it measured, its own verdict, what it counts for, and the waivers."""

    what: str
    verdict: str
    effect: str
    lines: tuple[str, ...]


def waivers(findings: Findings, names: Names) -> tuple[Waiver, ...]:
    """Return every gate that a waiver bears on, expired ones first."""
    touched = [gate for gate in findings.gates if gate.waivers]
    ranked = sorted(touched, key=lambda gate: not any(one.expired for one in gate.waivers))
    return tuple(
        Waiver(
            what=f"{words.metric_name(gate.dimension, gate.metric, gate.grader)}{names.within(gate.slice)}",
            verdict=gate.verdict,
            effect=gate.effect,
            lines=tuple(waiver_lines(gate)),
        )
        for gate in ranked
    )


def waived_of(gates: Sequence[GateResult]) -> int:
    """Return how many gates did not pass and are waived."""
    return sum(gate.waived for gate in gates)


def early(findings: Findings) -> str:
    """Return what looking early did and what it means for the figures; an empty text where one look was taken."""
    if findings.early is None:
        return ""
    told = early_text(findings.early)
    if findings.early.stopped:
        meaning = (
            "The intervals of rates and differences hold at whatever look the run ended. Those of waiting times and of "
            "a standardised case mix are of a single look, so they are somewhat too short."
        )
    else:
        meaning = (
            "The gates' intervals make up for the looks that were taken. Those of figures that no gate asks for, by "
            "slice or against people, are of a single look at the end."
        )
    return f"{told[:1].upper()}{told[1:]}. {meaning}"
