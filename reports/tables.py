"""The rows of the page's tables: every gate, and every rate that no gate asks for."""

from __future__ import annotations

from dataclasses import dataclass

from chatparity.gate.result import Findings, GateResult, Rate
from chatparity.gate.text import waiver_lines

from . import words


@dataclass(frozen=True)
class GateRow:
    """One gate as a row of the scorecard; `sides` are the rates that a difference was made of."""

    what: str
    slice: str
    figures: str
    sides: tuple[str, ...]
    counted: str
    beside: tuple[str, ...]
    need: str
    verdict: str
    symbol: str
    reason: str


@dataclass(frozen=True)
class RateRow:
    """One metric on one slice with people beside the AI where they are known.

    `kind` is what sort of slice it is: `all`, `language`, or `other`.
    """

    what: str
    slice: str
    ai: str
    people: str
    why: str
    kind: str


def gate_row(gate: GateResult, names: words.Names, people: str) -> GateRow:
    """Return one row of the scorecard."""
    shown = gate.difference or gate.rate
    unit = "pair" if gate.difference else "conversation" if gate.metric == "overall" else "answer"
    other = people if gate.kind == "margin" else "baseline"
    sides = [("AI", gate.rate), (other, gate.other)] if gate.difference else []
    return GateRow(
        what=words.metric_name(gate.dimension, gate.metric, gate.grader)
        + (f", AI − {other}" if gate.difference else ""),
        slice=names.slice(gate.slice),
        figures=words.difference_text(shown) + "\u00a0points" if gate.difference else words.rate_text(shown),
        sides=tuple(f"{name} {_rate_and_n(rate)}" for name, rate in sides if rate is not None),
        counted=f"{words.count(shown.n, unit)} in {words.count(shown.clusters, 'conversation')}",
        beside=(*_beside(shown), *waiver_lines(gate)),
        need=words.need_text(gate),
        verdict=gate.verdict,
        symbol=words.SYMBOLS[gate.verdict],
        reason="" if gate.verdict == "PASS" else gate.reason,
    )


def _beside(rate: Rate) -> tuple[str, ...]:
    """Return what became of the planned answers that are not in n."""
    parts = (
        (rate.unknown, "without a score, counted as worst and best"),
        (rate.abstained, "abstained"),
        (rate.diverged, "diverged"),
    )
    return tuple(f"{number} {said}" for number, said in parts if number)


def _rate_and_n(rate: Rate) -> str:
    """Return a rate with its interval and its n."""
    return f"{words.rate_text(rate)}, {words.n_text(rate.n)}"


def rate_rows(findings: Findings, names: words.Names) -> tuple[RateRow, ...]:
    """Return what decides nothing, the AI and people of the same metric and slice on one row.

    Where only the human side is ungated, the AI's rate is taken from its gate. What nothing is known of is left out:
    it stands under what was not measured.
    """
    grouped: dict[tuple[str, str, str, str], dict[str, Rate]] = {}
    why: dict[tuple[str, str, str, str], str] = {}
    for one in findings.rates:
        key = (one.dimension, one.metric, one.grader, one.slice)
        grouped.setdefault(key, {})[one.arm] = one.rate
        if one.arm == "ai":
            why[key] = one.why
    for gate in findings.gates:
        key = (gate.dimension, gate.metric, gate.grader, gate.slice)
        if gate.difference is None and key in grouped and "ai" not in grouped[key]:
            grouped[key]["ai"] = gate.rate
            why[key] = "the AI is gated, people are not"
    return tuple(
        RateRow(
            what=words.metric_name(dimension, metric, grader),
            slice=names.slice(of),
            ai=_with_n(arms.get("ai")),
            people=_with_n(arms.get("human")),
            why=why.get((dimension, metric, grader, of), "people only"),
            kind=of.partition("=")[0] if of == "all" or of.startswith("language=") else "other",
        )
        for (dimension, metric, grader, of), arms in grouped.items()
        if any(rate.n for rate in arms.values())
    )


def _with_n(rate: Rate | None) -> str:
    """Return a rate with its interval and n, or nothing."""
    return _rate_and_n(rate) if rate else ""
